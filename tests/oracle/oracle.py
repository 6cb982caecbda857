"""What the specification asks for at an instant, worked out from scratch from what is known.

Precedence: a hold, then a minimum that qualifies, then a notice, a request, then a maximum.

Where the specification leaves a choice, it is read so:
- a rule that is only observed covers nothing: the default limit stays;
- a deletion that a pause or minimum blocks is not due, and hides no other that is: not even if it
  was commanded before;
- only signs of data name stores, a reported deletion does not;
- what is restricted is the record, with what is stored under its id later;
- a minimum, and a deletion that is blocked, may restrict but need not.
"""

from dataclasses import dataclass, field, replace
from enum import Enum

from tests.oracle.asked import asked_of, cause_of, times_of
from tests.oracle.history import Control, Document, Notice, Policy, Request, Rule
from tests.oracle.kin import Heard, holds_on, kinship, meant
from tests.oracle.lives import Known, Life, lives
from tests.oracle.words import ELSEWHERE, LIKELY, POSSIBLE, RESIDENT, reach, same_law

NEVER = 10**15
"""Later than everything: what waits for a clock that has not started."""
DAY = 86_400_000
DEFAULT_LEAD = DAY


class Why(Enum):
    """Why no deletion may be commanded, if so."""

    DUE = ""
    EARLY = "not due yet"
    KEPT = "below a minimum"
    PAUSED = "paused"
    HELD = "held"


@dataclass(frozen=True, order=True)
class Order:
    """A deletion that a rule or notice asks for.

    `due`: from then on; no minimum that qualifies ends later. `end`: when it must be done.
    """

    due: int
    end: int
    cause: str
    version: int
    paused: bool = False
    wanted: int = field(default=0, compare=False)

    @property
    def is_maximum(self) -> bool:
        """Whether a policy asks for it, not a notice."""
        return self.cause.startswith("policy:")


@dataclass(frozen=True)
class Expected:
    """What is asked for of one life at one instant.

    Attributes:
        orders: every deletion asked for, now or later.
        due: the one that must be commanded by now, or None; `why` and `forbidden` say why not.
        restrict: why the data must be restricted by now; empty: it need not be.
        may_restrict: whether anything at all speaks for a restriction; what a minimum keeps past
            the instant at which it would be deleted is such a thing.
        shadowed: whether an earlier deletion than `due` is blocked by a pause or a minimum.
        limit: the instant at which a maximum or the default ends, holds and the like aside.
        unsure: whether it was derived from what is gone: what that passed on is not worked out.
        paused: scopes of what is paused.
    """

    life: Life
    orders: tuple[Order, ...]
    due: Order | None
    why: Why
    forbidden: str
    restrict: str
    may_restrict: bool
    shadowed: bool
    limit: int
    unsure: bool = False
    paused: frozenset[str] = frozenset()


def in_force(known: Known, now: int) -> list[Document]:
    """Return of each document the highest version that has taken effect."""
    newest: dict[tuple[type, str], Document] = {}
    for document in known.documents:
        since = document.effective_from if isinstance(document, Policy) else None
        key = (type(document), document.name)
        if (since is None or since <= now) and (
            key not in newest or newest[key].version < document.version
        ):
            newest[key] = document
    return [_at(one, now) if isinstance(one, Notice) else one for one in newest.values()]


def _at(notice: Notice, now: int) -> Notice:
    """Return a notice with the steps that stand, after what has happened to it."""
    if notice.served is None:
        return notice
    begin, stayed = notice.served, NEVER
    for what, at in notice.life:
        if at > now:
            break
        if what == "cancelled":
            return replace(notice, steps=())
        if what == "stayed":
            stayed = at
        if what == "stay_ended":
            begin, stayed = at, NEVER
    if now < notice.served:
        return replace(notice, steps=())
    return replace(
        notice,
        steps=tuple(
            replace(step, not_before=begin, complete_by=begin + step.complete_by - step.not_before)
            for step in notice.steps
            if stayed == NEVER or (step.keeps and begin <= stayed)
        ),
    )


def expected(known: Known, now: int) -> list[Expected]:
    """Return what is asked for of each life."""
    documents = in_force(known, now)
    heard = kinship(known, documents)
    return [_of_life(life, documents, now, heard(life)) for life in lives(known)]


def changes(known: Known, asked: list[Expected]) -> set[int]:
    """Return the instants that something written in documents or orders speaks of."""
    found: set[int] = set()
    for document in known.documents:
        if isinstance(document, Notice):
            found |= {step.not_before for step in document.steps}
            found |= {at for _, at in document.life}
            found |= set() if document.served is None else {document.served}
        if isinstance(document, Policy) and document.effective_from is not None:
            found.add(document.effective_from)
    return found | {order.due for item in asked for order in item.orders}


def _of_life(life: Life, documents: list[Document], now: int, heard: Heard) -> Expected:
    policies = [item for item in documents if isinstance(item, Policy)]
    notices = [item for item in documents if isinstance(item, Notice) and item.in_force]
    requests = [item for item in documents if isinstance(item, Request)]
    asked = [(item, asked_of(item, life, named=item.name in heard.requests)) for item in requests]
    paused = {
        item.name for item in documents if isinstance(item, Control) and item.action == "pause"
    }
    holds = holds_on(life, documents, heard)

    maxima = [order for policy in policies for order in _maxima(life, policy)]
    ordered = [
        order
        for notice in notices
        for order in _deletions(life, notice, policies, meant(life, notice, heard))
    ]
    ordered += [
        Order(
            *times_of(item, life, derived=item.name in heard.requests),
            cause_of(item),
            item.version,
        )
        for item, what in asked
        if what == "delete"
    ]
    laws = _laws(policies, notices) | {cause_of(item): item.law for item, _ in asked}
    scopes = {"all", f"store:{life.store}"} & paused
    orders = []
    for order in (*maxima, *ordered):
        until = _minimum(life, policies, laws[order.cause])
        rule = order.cause.replace("policy:", "rule:")
        stopped = bool(scopes) or rule in paused
        later = max(order.due, until)
        orders.append(Order(later, order.end, order.cause, order.version, stopped, order.due))
    orders.sort()

    due = [order for order in orders if order.due <= now]
    free = [order for order in due if not order.paused]
    restrict = [
        name
        for notice in notices
        for name in _restrictions(notice, now, meant(life, notice, heard))
    ]
    restrict += [f"hold:{name}" for name in holds if due]
    restrict += [
        cause_of(item) for item, what in asked if what == "restrict" and item.received <= now
    ]
    why = Why.HELD if holds else Why.DUE if free else _why_not(due, orders, now)
    return Expected(
        life=life,
        orders=tuple(orders),
        due=_first(free) if why is Why.DUE else None,
        why=why,
        forbidden=f"{why.value} by {', '.join(holds)}" if holds else why.value,
        restrict=", ".join(restrict),
        may_restrict=bool(restrict or holds) or any(order.wanted <= now for order in orders),
        shadowed=any(order.wanted <= now and order not in free for order in orders),
        limit=min([order.end for order in maxima], default=NEVER),
        unsure=heard.unsure,
        paused=frozenset(paused),
    )


def _first(free: list[Order]) -> Order:
    """Return which is commanded: of maxima the first to end, of it and notices the earliest."""
    maxima = sorted((order.end, order.cause, order) for order in free if order.is_maximum)
    return min([*(order for *_, order in maxima[:1]), *(o for o in free if not o.is_maximum)])


def _why_not(due: list[Order], orders: list[Order], now: int) -> Why:
    if due:
        return Why.PAUSED
    return Why.KEPT if any(order.wanted <= now for order in orders) else Why.EARLY


def _maxima(life: Life, policy: Policy) -> list[Order]:
    """Return what the policy's maxima ask for, or its default where none with a clock covers."""
    found = []
    for rule in policy.rules:
        start = life.start(rule.clock)
        if (
            rule.bound == "maximum"
            and rule.mode == "enforce"
            and start is not None
            and reach(rule.match, life.said, life.subjects) >= ELSEWHERE
        ):
            found.append(_order(life, policy, rule.name, start, rule.limit))
    return found or [_order(life, policy, "default", life.collected, policy.default)]


def _order(life: Life, policy: Policy, name: str, start: int, seconds: int) -> Order:
    end = start + seconds * 1_000
    due = max(start, end - _lead(life.store, [policy]))
    return Order(due, end, f"policy:{policy.name}/{name}", policy.version)


def _lead(store: str, policies: list[Policy]) -> int:
    said = [dict(policy.leads)[store] for policy in policies if store in dict(policy.leads)]
    return max([lead * 1_000 for lead in said], default=DEFAULT_LEAD)


def _minimum(life: Life, policies: list[Policy], law: str | None) -> int:
    """Return when the last minimum ends that keeps the data against a cause of this law."""
    ends = [-1]
    for policy in policies:
        for rule in policy.rules:
            if _keeps(rule, life, law):
                start = life.start(rule.clock)
                ends.append(NEVER if start is None else start + rule.limit * 1_000)
    return max(ends)


def _keeps(rule: Rule, life: Life, law: str | None) -> bool:
    return (
        rule.bound == "minimum"
        and same_law(rule.law, law)
        and reach(rule.match, life.said, life.subjects) >= LIKELY
    )


def _deletions(life: Life, notice: Notice, policies: list[Policy], sure: int) -> list[Order]:
    found = []
    for step in notice.steps:
        if step.action != "delete" or sure < LIKELY:
            continue
        due = step.not_before
        if sure < RESIDENT:
            due = max(due, step.complete_by - _lead(life.store, policies))
        cause = f"notice:{notice.name}/{step.name}"
        found.append(Order(due, step.complete_by, cause, notice.version))
    return found


def _restrictions(notice: Notice, now: int, sure: int) -> list[str]:
    if sure < POSSIBLE or (sure == POSSIBLE and notice.unknown == "leave"):
        return []
    return [
        f"notice:{notice.name}/{step.name}"
        for step in notice.steps
        if step.not_before <= now and (step.action == "restrict" or sure < RESIDENT)
    ]


def _laws(policies: list[Policy], notices: list[Notice]) -> dict[str, str | None]:
    laws: dict[str, str | None] = {}
    for policy in policies:
        laws[f"policy:{policy.name}/default"] = policy.law
        laws |= {f"policy:{policy.name}/{rule.name}": rule.law for rule in policy.rules}
    for notice in notices:
        laws |= {f"notice:{notice.name}/{step.name}": notice.law for step in notice.steps}
    return laws
