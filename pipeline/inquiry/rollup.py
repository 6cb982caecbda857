"""What became of people's requests: the receipts of all their records and stores, rolled up.

Rows come in any order and more than once; of each record the newest version counts.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from pipeline.documents import Request
from pipeline.errors import InvalidInput
from pipeline.identifiers import Cause, RecordId
from pipeline.inheritance import inherited
from pipeline.inquiry.explanation import Result
from pipeline.inquiry.one_life import Life
from pipeline.inquiry.requested import ordered_by, request_considered
from pipeline.instants import Instant
from pipeline.ledger.present import Present
from pipeline.records import Issued, Record, is_open
from pipeline.rules import Planner
from pipeline.vocabulary import SETTLED, CommandKind

_DELETE = CommandKind.DELETE.value
_REVIEW = CommandKind.REVIEW_MODEL.value


class InStore(msgspec.Struct, frozen=True):
    """How many records a store was told of under a request, and how many it has settled."""

    store: str
    told: int
    settled: int


class Rollup(msgspec.Struct, frozen=True, kw_only=True):
    """A request, and what became of it.

    Attributes:
        deadline: exclusive end of the time to answer.
        answered: when the person was told; None: not yet.
        is_open: whether the person waits for an answer.
        records: that it names, or that are about a person whom it names.
        outcomes: of them by what came of each: `deleted`, `restricted`, `outstanding`, `held`,
            `kept` (by a duty), `unanswered` (kept until the person is answered), `answered`,
            `refused: CODE`, `undecided`, `in part` (held for something else too: a person must
            tell apart what must stop), `not meant`.
        stores: what each was told.
    """

    request_id: str
    version: int
    kind: str
    state: str
    citation: str
    received: Instant
    deadline: Instant
    extended: bool
    answered: Instant | None
    is_open: bool
    records: int
    outcomes: dict[str, int]
    stores: tuple[InStore, ...]

    @property
    def is_done(self) -> bool:
        """Whether nothing of it is left to be done by a store, or decided by a person.

        One that means no record looks like one whose ids are mistyped, until it is answered.
        """
        found = self.records or self.answered is not None or self.state in {"refused", "withdrawn"}
        return bool(found) and not any(self.outcomes.get(word) for word in _LEFT)


_LEFT = ("outstanding", "held", "kept", "unanswered", "undecided", "in part")
_WORDS = {
    Result.UNDECIDED.value: "undecided",
    Result.UNANSWERED.value: "unanswered",
    Result.ANSWERED.value: "answered",
}
_WORST = (*_LEFT, "restricted", "refused", "answered", "not meant", "deleted")
"""Of several lives, or of several things that came of one, the first of these is told."""

_Seen = tuple[int, dict[Cause, tuple[str, dict[str, bool]]]]
"""Of one record: its version, and by request what came of it and which stores have settled."""


class Requests:
    """A roll-up in the making.

    Args:
        planner: the documents in force.
    """

    def __init__(self, planner: Planner) -> None:
        self._planner = planner
        self._requests = {one.cause: one for one in planner.in_force.requests}
        self._seen: dict[RecordId, _Seen] = {}

    def take(self, record: Record) -> None:
        """Take one version of a record."""
        known = self._seen.get(record.record_id)
        if known is not None and known[0] >= record.version:
            return
        asked = self._planner.requests_on(record, inherited(record))
        named = {one.cause: one for one in asked}
        # Of what is gone is forgotten whom it was about, not what was commanded.
        told = {item.cause for item in record.issued} & self._requests.keys()
        found = named | {cause: self._requests[cause] for cause in told}
        if found or known is not None:
            outcomes = {cause: self._of(one, record) for cause, one in found.items()}
            self._seen[record.record_id] = (record.version, outcomes)

    def forget(self, record_id: RecordId) -> None:
        """Take note that a row was removed."""
        self._seen.pop(record_id, None)

    def done(self) -> tuple[Rollup, ...]:
        """Return every request with what became of it, by deadline."""
        found = [self._rollup(one) for one in self._requests.values()]
        return tuple(sorted(found, key=lambda one: (one.deadline, one.request_id)))

    def _rollup(self, request: Request) -> Rollup:
        seen = [of[request.cause] for _, of in self._seen.values() if request.cause in of]
        told = Counter(store for _, stores in seen for store in stores)
        settled = Counter(store for _, stores in seen for store, done in stores.items() if done)
        return Rollup(
            request_id=request.document_id,
            version=request.version,
            kind=request.kind,
            state=request.state,
            citation=request.citation.text,
            received=request.received,
            deadline=request.deadline,
            extended=request.extended,
            answered=request.answered,
            is_open=request.is_open,
            records=len(seen),
            outcomes=dict(sorted(Counter(outcome for outcome, _ in seen).items())),
            stores=tuple([InStore(store, told[store], settled[store]) for store in sorted(told)]),
        )

    def _of(self, request: Request, record: Record) -> tuple[str, dict[str, bool]]:
        told = [item for item in record.issued if item.cause == request.cause]
        given = [item for item in told if not item.withdrawn and item.withdraws is None]
        stores: dict[str, bool] = {}
        for item in given:
            stores[item.store] = stores.get(item.store, True) and item.outcome in SETTLED
        # Nobody may use again, or still delete, before a store says that it was told otherwise.
        back = [item for item in told if item.withdraws is not None and is_open(item)]
        outcomes = ["outstanding"] if back else []
        outcomes += list(self._outcomes(request, record, given)) or ["deleted"]
        return min(outcomes, key=_rank), stores

    def _outcomes(self, request: Request, record: Record, given: Iterable[Issued]) -> Iterator[str]:
        present = Present(record)
        for gone, stores in record.lives().items():
            try:
                plan = self._planner.plan(record, gone)
            except InvalidInput:  # as in the job: what cannot be worked out deletes nothing
                yield "outstanding"
                continue
            life = Life(record, record.of_life(gone), gone, tuple(stores), plan)
            step = ordered_by(life, request)
            now = self._planner.in_force.at
            if step is None or (request.state == "refused" and step.kind != _DELETE):
                yield self._not_ordered(life, request)
            elif step.kind == _DELETE:
                kept = step.kept_until > now
                yield "held" if plan.holds else "kept" if kept else "outstanding"
            elif step.kind == _REVIEW:
                yield "outstanding"
            elif request.state == "received" and request.kind != "restriction":
                yield "undecided"
            elif not stores:
                yield "outstanding"
            else:
                there = [item for item in given if present.reaches(item)]
                done = {item.store for item in there if item.outcome in SETTLED}
                yield "restricted" if done.issuperset(stores) else "outstanding"

    def _not_ordered(self, life: Life, request: Request) -> str:
        said = request_considered(self._planner, life, request)
        if said.result == Result.IN_PART:
            return "in part"
        if request.state == "refused":
            whole = next((one for one in request.refusals if one.is_whole), None)
            return "not meant" if whole is None else f"refused: {whole.code}"
        if said.result == Result.REFUSED:
            return f"refused: {said.suppressed_by[0]}"
        return _WORDS.get(said.result, "not meant")


def _rank(outcome: str) -> int:
    return _WORST.index(outcome.partition(":")[0])
