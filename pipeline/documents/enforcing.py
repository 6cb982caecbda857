"""What a version of a document newly enforces beside the one before it: what it may destroy sooner.

Whoever switches something to `enforce` can be made to have it simulated first (`choice`).
"""

import msgspec

from pipeline.documents.policy import (
    DEFAULT_LEAD,
    DEFAULT_RULE,
    DefaultLimit,
    Duty,
    Policy,
    Rule,
)
from pipeline.documents.values import Document, Notice
from pipeline.identifiers import StoreName
from pipeline.instants import DAY
from pipeline.periods import Period
from pipeline.vocabulary import Anchor

Entry = Rule | Duty | DefaultLimit

_SLACK_DAYS = 3
"""By so much two zones, or two ways of counting, can move the ends of equal periods apart."""


def enforces_newly(document: Document, before: Document | None) -> bool:
    """Tell whether a version enforces anything that the version before does not in the same words.

    A policy does, if it has

    - a rule or a duty in mode enforce, or a default limit, that is not in the other one,
      identical in every field, its citation too;
    - no rule any more that the other one enforces, in the same words, where the data may be
      deleted sooner for it: every minimum; every maximum, unless the default limit, which takes
      its place, counts from the same start, is not shorter and gives way to the same minima;
    - another method of residency, or a longer lead of a store.

    An enforcement notice that orders anything does, unless the other one orders too and differs in
    nothing but its version and what was added at the end of its life: what has happened is not for
    approval. Other documents enforce nothing of their own.

    Args:
        document: the version that is to take effect.
        before: the version in force without it; None: none is.
    """
    if isinstance(document, Policy):
        return not isinstance(before, Policy) or _policy(document, before)
    if isinstance(document, Notice):
        known = before if isinstance(before, Notice) else None
        return _orders(document) and (known is None or not _same_order(document, known))
    return False


def _policy(policy: Policy, before: Policy) -> bool:
    stores = {*policy.stores, *before.stores}
    known, now = _enforced(before), _enforced(policy)
    gone = [one for name, one in known.items() if now.get(name) != one]
    return (
        any(known.get(name) != one for name, one in now.items())
        or any(isinstance(one, Rule) and _kept(one, policy.default) for one in gone)
        or policy.method != before.method
        or any(_lead(policy, store) > _lead(before, store) for store in stores)
    )


def _enforced(policy: Policy) -> dict[str, Entry]:
    entries: tuple[Rule | Duty, ...] = (*policy.rules, *policy.duties)
    named: dict[str, Entry] = {one.rule_id: one for one in entries if one.mode == "enforce"}
    return {DEFAULT_RULE: policy.default, **named}


def _kept(rule: Rule, default: DefaultLimit) -> bool:
    """Whether a rule may have kept from deletion what is left to the default limit without it."""
    if rule.bound == "minimum" or rule.clock != Anchor.COLLECTED:
        return True
    regime = default.citation.jurisdiction
    if regime is not None and regime != rule.citation.jurisdiction:
        return True  # a minimum that held the rule back need not hold the default back
    if (rule.limit, rule.reckoning) == (default.limit, default.reckoning):
        return False
    return _days(rule.limit, 31) + _SLACK_DAYS > _days(default.limit, 28)


def _days(period: Period, of_month: int) -> float:
    return period.total_months * of_month + period.total_days + period.clock_ms / DAY


def _lead(policy: Policy, store: StoreName) -> int:
    settings = policy.stores.get(store)
    return DEFAULT_LEAD if settings is None else settings.lead


def _orders(notice: Notice) -> bool:
    return notice.mode == "enforce" and notice.state == "in_force" and bool(notice.orders)


def _same_order(notice: Notice, before: Notice) -> bool:
    lived = notice.life[: len(before.life)] == before.life
    as_before = msgspec.structs.replace(notice, version=before.version, life=before.life)
    return lived and as_before == before
