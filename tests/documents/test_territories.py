"""Groups of territories: who belongs to which, and since or until when."""

import pycountry
import pytest

from pipeline.documents import names_covering
from pipeline.documents.territories import (
    CHANGES,
    GROUPS,
    era,
    members,
    next_era,
    residency_entry,
)
from pipeline.errors import InvalidInput
from pipeline.instants import MAX_INSTANT, MIN_INSTANT, Instant, parse_instant
from tests.documents.states import NOW

COUNTRIES = [country.alpha_2 for country in pycountry.countries]
OVERSEAS = {"AX", "GF", "GP", "MQ", "RE", "YT", "MF"}
CROATIA = "2013-06-30T22:00:00Z"
"""1 July 2013 in Brussels."""
GDPR_IN_EEA = "2018-07-19T22:00:00Z"
EXIT = "2020-12-31T23:00:00Z"


def before(text: str) -> Instant:
    return Instant(parse_instant(text) - 1)


def named(group: str, at: Instant) -> set[str]:
    return {code for code in COUNTRIES if group in names_covering(code, at)}


def test_the_eu_has_27_countries_and_the_eea_30() -> None:
    eu, eea = named("EU", NOW) - OVERSEAS, named("EEA", NOW) - OVERSEAS

    assert len(eu) == 27
    assert eea - eu == {"IS", "LI", "NO"}
    assert GROUPS == ("EEA", "EU")


@pytest.mark.parametrize(
    ("group", "since", "come", "gone"),
    [
        ("EU", CROATIA, {"HR"}, set()),
        ("EEA", CROATIA, {"HR"}, set()),
        ("EU", GDPR_IN_EEA, set(), set()),
        ("EEA", GDPR_IN_EEA, {"IS", "LI", "NO"}, set()),
        ("EU", EXIT, set(), {"GB", "GI"}),
        ("EEA", EXIT, set(), {"GB", "GI"}),
    ],
)
def test_membership_changes_at_its_instant_and_not_a_millisecond_before(
    group: str, since: str, come: set[str], gone: set[str]
) -> None:
    old, new = members(group, before(since)), members(group, parse_instant(since))

    assert new - old == come
    assert old - new == gone
    assert named(group, before(since)) == old
    assert named(group, parse_instant(since)) == new


def test_eu_law_applied_in_28_countries_and_gibraltar() -> None:
    assert len(named("EU", before(EXIT)) - OVERSEAS) == 29
    assert "JE" not in named("EU", before(EXIT)), "the Crown dependencies were outside"


@pytest.mark.parametrize(
    ("code", "at", "names"),
    [
        ("FR", EXIT, {"FR", "EU", "EEA"}),
        ("FR-IDF", EXIT, {"FR-IDF", "FR", "EU", "EEA"}),
        ("GB-ENG", EXIT, {"GB-ENG", "GB"}),
        ("GB-ENG", GDPR_IN_EEA, {"GB-ENG", "GB", "EU", "EEA"}),
        ("NO", EXIT, {"NO", "EEA"}),
        ("NO", CROATIA, {"NO"}),
        ("RE", EXIT, {"RE", "EU", "EEA"}),
        ("US-CA", EXIT, {"US-CA", "US"}),
        ("UNKNOWN", EXIT, {"UNKNOWN"}),
    ],
)
def test_a_territory_is_covered_by_itself_its_country_and_its_groups(
    code: str, at: str, names: set[str]
) -> None:
    assert names_covering(code, parse_instant(at)) == names


@pytest.mark.parametrize(
    ("at", "last", "following"),
    [
        (MIN_INSTANT, MIN_INSTANT, CROATIA),
        (before(CROATIA), MIN_INSTANT, CROATIA),
        (parse_instant(CROATIA), parse_instant(CROATIA), GDPR_IN_EEA),
        (before(EXIT), parse_instant(GDPR_IN_EEA), EXIT),
        (parse_instant(EXIT), parse_instant(EXIT), None),
        (MAX_INSTANT, parse_instant(EXIT), None),
    ],
)
def test_between_two_changes_lies_an_era(at: Instant, last: Instant, following: str | None) -> None:
    assert era(at) == last
    assert next_era(at) == (parse_instant(following) if following else None)


def test_within_an_era_nobody_joins_or_leaves() -> None:
    for at in (MIN_INSTANT, *CHANGES):
        last = Instant((next_era(at) or MAX_INSTANT) - 1)
        assert [members(group, at) for group in GROUPS] == [
            members(group, last) for group in GROUPS
        ]


def test_a_group_that_does_not_exist_has_no_members() -> None:
    assert members("MERCOSUR", NOW) == frozenset()


def test_entries_are_normalised_and_unknown_ones_refused() -> None:
    assert residency_entry("UK") == "GB"
    assert residency_entry("EL") == "GR"
    assert residency_entry("EEA") == "EEA"
    assert residency_entry("UNKNOWN") == "UNKNOWN"
    with pytest.raises(InvalidInput, match="neither an ISO 3166 code"):
        residency_entry("XX")
