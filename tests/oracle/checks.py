"""Holds what the ledger commanded against what the oracle asks for, instant by instant."""

from collections import defaultdict
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

from pipeline.receipts import Receipt
from tests.oracle.history import WINDOW
from tests.oracle.kin import generations
from tests.oracle.oracle import NEVER, Expected, Why, changes, expected
from tests.oracle.simulate import POST, SETTLED, Emitted, Moment, Run


class Wrong(StrEnum):
    """What the ledger may do, or fail to do, against the specification."""

    EARLY = "DELETE early"
    HELD = "DELETE under a hold"
    PAUSED = "DELETE under a pause"
    KEPT = "DELETE below a minimum"
    ENDED = "DELETE for a life that has ended"
    SECOND = "second DELETE in a life"
    REPEATED = "DELETE commanded twice"
    CAUSE = "DELETE with another cause"
    MISSING = "DELETE missing"
    STANDS = "DELETE not taken back under a hold"
    UNRESTRICTED = "RESTRICT missing"
    RESTRICTED_ENDED = "RESTRICT for a life that has ended"
    UNASKED = "RESTRICT that nothing asks for"
    UNLISTED = "row missing"
    UNPLANNED = "no limit planned"
    BACKDATED = "issued_at is another instant"


_FORBIDDEN = {
    Why.EARLY: Wrong.EARLY,
    Why.HELD: Wrong.HELD,
    Why.PAUSED: Wrong.PAUSED,
    Why.KEPT: Wrong.KEPT,
}


@dataclass(frozen=True)
class Failure:
    """Something wrong. `note` tells variants apart that may have causes of their own."""

    wrong: Wrong
    at: int
    record: str
    store: str
    note: str = ""
    detail: str = ""

    @property
    def kind(self) -> str:
        """Name what is wrong, with its variant."""
        return f"{self.wrong} ({self.note})" if self.note else str(self.wrong)


@dataclass
class _Place:
    """Commands about a record in a store that reach its present life and are not taken back.

    `since`: what is missing or wrong, with its variant, since when.
    """

    after: int = -1
    deletes: list[Emitted] = field(default_factory=list)
    restricts: list[Emitted] = field(default_factory=list)
    since: dict[tuple[Wrong, str], int] = field(default_factory=dict)


class Check:
    """One run, gone through in order. Nothing may be missing for longer than `window` (ms).

    Of a derived record also not for longer than it takes to ask each generation before it.
    """

    def __init__(self, run: Run, window: int = WINDOW) -> None:
        self._run = run
        self._window = window
        self._places: dict[tuple[str, str], _Place] = defaultdict(_Place)
        self._answers: dict[str, str] = {}
        self._failures: list[Failure] = []

    def done(self) -> list[Failure]:
        """Return everything that is wrong, in order."""
        run = self._run
        for number, moment in enumerate(run.moments):
            last = number + 1 == len(run.moments)
            end = run.history.end if last else run.moments[number + 1].at
            commands = [item for item in run.emitted if item.moment == number]
            self._moment(moment, commands, end)
        return self._failures

    def _moment(self, moment: Moment, commands: list[Emitted], end: int) -> None:
        for what in moment.told:
            if isinstance(what, Receipt) and self._answers.get(what.command_id) not in SETTLED:
                self._answers[what.command_id] = what.status
        instants = {moment.at, end} | {item.at for item in commands}
        done: set[int] = set()
        while pending := sorted(instants - done):
            at = pending[0]
            done.add(at)
            asked = expected(moment.known, at)
            instants |= {when for when in changes(moment.known, asked) if at < when < end}
            for life in asked:
                self._begun(life)
            for item in commands:
                if item.at == at:
                    self._command(item, asked)
            for life in asked:
                self._life(life, at)
            if at == moment.at:
                self._plan(moment, asked)

    def _begun(self, asked: Expected) -> None:
        """Forget commands about a life that has ended, but for data of this one."""
        place, after = self._place(asked), asked.life.after
        if after > place.after:
            place.after = after
            place.since.clear()
            for kept in (place.deletes, place.restricts):
                kept[:] = [one for one in kept if one.command.data_until > after]

    def _command(self, item: Emitted, asked: list[Expected]) -> None:
        command = item.command
        if command.attempt == 1 and command.issued_at != item.at:
            self._fail(Wrong.BACKDATED, item, detail=f"{(command.issued_at - item.at) / 1_000} s")
        if command.withdraws is not None:
            for place in self._places.values():
                for kept in (place.deletes, place.restricts):
                    kept[:] = [one for one in kept if one.command.command_id != command.withdraws]
        if command.kind not in ("DELETE", "RESTRICT"):
            return
        there = [one for one in asked if (one.life.record, one.life.store) == _where(item)]
        deleting = command.kind == "DELETE"
        if not there:
            self._fail(Wrong.ENDED if deleting else Wrong.RESTRICTED_ENDED, item, self._again(item))
        elif there[0].unsure or self._overtaken(item, there[0]):
            place = self._place(there[0])
            (place.deletes if deleting else place.restricts).append(item)
        elif deleting:
            self._delete(item, there[0])
        else:
            if not there[0].may_restrict and not self._was_asked(item, there[0]):
                self._fail(Wrong.UNASKED, item, self._again(item) or _later(there[0]))
            self._place(there[0]).restricts.append(item)

    def _overtaken(self, item: Emitted, asked: Expected) -> bool:
        """Whether something was told after a command fell due, which is under way to children."""
        since = item.command.not_before
        return bool(asked.life.parents) and any(
            moment.told and since < moment.at <= item.at for moment in self._run.moments
        )

    def _was_asked(self, item: Emitted, asked: Expected) -> bool:
        """Whether a restriction follows from what was known before, and is under way to it yet."""
        life, since = asked.life, item.at - self._under_way(asked)
        moments = self._run.moments[: item.moment + 1] if life.parents else []
        # What was known at a moment was so until the next.
        known = [one.known for one, after in pairwise(moments) if since <= after.at]
        former = [one for found in known for one in expected(found, item.at)]
        return any(one.may_restrict and one.life.record == life.record for one in former)

    def _delete(self, item: Emitted, asked: Expected) -> None:
        command, deletes, due = item.command, self._place(asked).deletes, asked.due
        first = command.attempt == 1
        others = [one.command for one in deletes if one.command.command_id != command.command_id]
        # What was stored after what a former command covers needs a further one.
        if first and any(one.data_until >= asked.life.newest for one in others):
            self._fail(Wrong.SECOND, item, detail=f"after {others[0].command_id[:6]}")
        if first and len(deletes) > len(others):
            self._fail(Wrong.REPEATED, item)
        if due is None:
            note = self._again(item) or _later(asked)
            self._fail(_FORBIDDEN[asked.why], item, note, asked.forbidden)
        elif first and (command.cause, command.cause_version) != (due.cause, due.version):
            self._fail(Wrong.CAUSE, item, _later(asked), f"not {due.cause}@{due.version}")
        deletes.append(item)

    def _life(self, asked: Expected, at: int) -> None:
        place = self._place(asked)
        wrong = [] if asked.unsure else self._wrong(asked, place)
        patience = self._window + self._under_way(asked)
        for key, since in list(place.since.items()):
            if since != NEVER and at - since > patience:
                life, (name, note) = asked.life, key
                detail = f"asked for by {asked.due.cause if asked.due else asked.restrict}"
                self._failures.append(Failure(name, since, life.record, life.store, note, detail))
                place.since[key] = NEVER  # once is enough
            if key not in wrong and since != NEVER:
                del place.since[key]
        for key in wrong:
            place.since.setdefault(key, at)

    def _under_way(self, asked: Expected) -> int:
        """Return how long question and answer may take between a life and its forebears (ms)."""
        return 2 * POST * generations(self._run.moments[-1].known, asked.life.record)

    def _wrong(self, asked: Expected, place: _Place) -> list[tuple[Wrong, str]]:
        """Return what is wrong with a life if it stays so."""
        found = []
        open_ = [one for one in place.deletes if self._answer(one) not in SETTLED]
        said = next((self._answer(one) for one in open_ if self._answer(one)), "")
        said = f"a DELETE was answered {said}" if said else ""
        if asked.due is not None and all(self._waits(one, asked) for one in place.deletes):
            blocked = "behind one that is blocked" if asked.shadowed else _later(asked)
            found.append((Wrong.MISSING, blocked))
        if asked.why is Why.HELD and open_:
            found.append((Wrong.STANDS, said or _later(asked)))
        if asked.restrict and not place.restricts:
            found.append((Wrong.UNRESTRICTED, said or _later(asked)))
        return found

    def _waits(self, item: Emitted, asked: Expected) -> bool:
        """Whether a deletion may wait for the end of a pause: its store has not begun with it."""
        rule = item.command.cause.replace("policy:", "rule:")
        return rule in asked.paused and self._answer(item) in ("", "FAILED")

    def _plan(self, moment: Moment, asked: list[Expected]) -> None:
        """Every living record is in the inventory, and the ledger will wake for its limit."""
        for one in asked:
            life = one.life
            if life.store not in moment.rows.get(life.record, ()):
                failure = Failure(Wrong.UNLISTED, moment.at, life.record, life.store)
                self._failures.append(failure)
            later = [order.due for order in one.orders if moment.at < order.due < NEVER]
            waits = one.why is Why.EARLY and not one.unsure and not self._place(one).deletes
            late = bool(later) and (moment.wake is None or moment.wake > min(later))
            # What parents pass on may be under way.
            if one.limit == NEVER or (waits and late and not life.parents):
                detail = f"next wake {moment.wake}, due {min(later, default=NEVER)}"
                failure = Failure(
                    Wrong.UNPLANNED, moment.at, life.record, life.store, _later(one), detail
                )
                self._failures.append(failure)

    def _place(self, asked: Expected) -> _Place:
        return self._places[asked.life.record, asked.life.store]

    def _answer(self, item: Emitted) -> str:
        return self._answers.get(item.command.command_id, "")

    def _again(self, item: Emitted) -> str:
        if item.command.attempt == 1:
            return ""
        return f"sent again after {self._answer(item) or 'no answer'}"

    def _fail(self, wrong: Wrong, item: Emitted, note: str = "", detail: str = "") -> None:
        text = f"{item.command.cause} {detail}".strip()
        self._failures.append(Failure(wrong, item.at, *_where(item), note, text))


def _where(item: Emitted) -> tuple[str, str]:
    return str(item.command.record_id), str(item.command.store)


def _later(asked: Expected) -> str:
    return "later life" if asked.life.after >= 0 else ""
