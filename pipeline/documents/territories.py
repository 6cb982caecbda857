"""Which groups a territory belongs to: what a `residency` list of a document may name.

Territories are ISO 3166 codes (`vocabulary.territory`). Groups are expanded here, so that `EU`
covers `FR` and `US` covers `US-CA`. Membership has dates: which law applies is asked of an instant.
"""

from functools import lru_cache
from typing import NamedTuple

from pipeline.errors import InvalidInput
from pipeline.instants import MAX_INSTANT, MIN_INSTANT, Instant, parse_instant
from pipeline.vocabulary import UNKNOWN, territory


class Membership(NamedTuple):
    """Territories that belong to a group from one instant until just before another."""

    group: str
    territories: frozenset[str]
    since: Instant = MIN_INSTANT
    until: Instant = MAX_INSTANT


_EU = frozenset(
    """
    AT BE BG CY CZ DE DK EE ES FI FR GR HU IE IT LT LU LV MT NL PL PT RO SE SI SK
    AX GF GP MQ RE YT MF
    """.split()
)
# The second line: territories with ISO codes of their own in which EU law applies (TFEU
# art 355(1), art 52 TEU); FO, GL, NC, PF and the like are outside.
_CROATIA = frozenset({"HR"})
_CROATIA_JOINED = parse_instant("2013-07-01T00:00:00+02:00")
_LEFT = frozenset({"GB", "GI"})
_IP_COMPLETION = parse_instant("2020-12-31T23:00:00Z")
"""Until then EU law applied in the UK (European Union (Withdrawal Agreement) Act 2020 s.39)."""
_EFTA = frozenset({"IS", "LI", "NO"})
_EEA_GDPR = parse_instant("2018-07-20T00:00:00+02:00")
"""From then on the GDPR is in the EEA Agreement (Joint Committee Decision 154/2018)."""

MEMBERSHIPS = (
    Membership("EU", _EU),
    Membership("EU", _CROATIA, since=_CROATIA_JOINED),
    Membership("EU", _LEFT, until=_IP_COMPLETION),
    Membership("EEA", _EU),
    Membership("EEA", _CROATIA, since=_CROATIA_JOINED),
    Membership("EEA", _LEFT, until=_IP_COMPLETION),
    Membership("EEA", _EFTA, since=_EEA_GDPR),
)

GROUPS = tuple(sorted({membership.group for membership in MEMBERSHIPS}))
"""Groups of territories that a residency list may name."""

CHANGES = tuple(
    sorted(
        {
            instant
            for membership in MEMBERSHIPS
            for instant in (membership.since, membership.until)
            if MIN_INSTANT < instant < MAX_INSTANT
        }
    )
)
"""Instants at which a membership begins or ends."""


def members(group: str, at: Instant) -> frozenset[str]:
    """Return the territories that belong to a group at an instant; none for an unknown group."""
    return frozenset().union(
        *(
            membership.territories
            for membership in MEMBERSHIPS
            if membership.group == group and membership.since <= at < membership.until
        )
    )


def era(at: Instant) -> Instant:
    """Return the last change of any membership up to an instant; until the next nothing changes."""
    return max((change for change in CHANGES if change <= at), default=MIN_INSTANT)


def next_era(at: Instant) -> Instant | None:
    """Return the next change of any membership after an instant, or None."""
    return min((change for change in CHANGES if change > at), default=None)


def names_covering(code: str, at: Instant) -> frozenset[str]:
    """Return every residency entry that covers a territory: itself, its country, its groups.

    Args:
        code: an ISO 3166 code. `UNKNOWN` is covered by `UNKNOWN` only.
        at: when membership is asked.
    """
    return _names_covering(code, era(at))


@lru_cache(maxsize=8_192)
def _names_covering(code: str, at: Instant) -> frozenset[str]:
    country = code.partition("-")[0]
    groups = {group for group in GROUPS if not {code, country}.isdisjoint(members(group, at))}
    return frozenset({code, country} | groups)


def residency_entry(word: str, *, unknown: bool = True) -> str:
    """Normalise one entry of a residency list: `UK` to `GB`, groups and `UNKNOWN` as they are.

    Args:
        word: what is written.
        unknown: whether `UNKNOWN` may be.

    Raises:
        InvalidInput: it is neither an ISO 3166 code, nor a group, nor `UNKNOWN` where that may be.
    """
    if (word == UNKNOWN and unknown) or word in GROUPS:
        return word
    try:
        return territory(word)
    except InvalidInput as error:
        message = (
            f"`{word[:12]}` is neither an ISO 3166 code (GB, US-CA), nor {' or '.join(GROUPS)}"
        ) + (f", nor {UNKNOWN}" if unknown else "")
        raise InvalidInput(message) from error
