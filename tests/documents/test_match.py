"""How surely a match means a record: axis by axis, by tables of what is concluded and named."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec
import pytest

from pipeline.documents import Match, Reach
from pipeline.events import Evidence, Subject
from pipeline.identifiers import SubjectId
from pipeline.instants import Instant
from pipeline.tags import Judge, Residency
from tests.documents.states import (
    GB,
    IN_EU,
    NOW,
    OUT_OF_EU,
    Band,
    conclusion,
    record,
    resident,
)

NO, UNKNOWN, POSSIBLE, LIKELY, CERTAIN = Reach
UNSURE: dict[str, Band] = {"GB": "LIKELY"}
SURE: dict[str, Band] = {"GB": "RESIDENT"}


def reach(
    match: Match,
    judged: Residency = GB,
    at: Instant = NOW,
    *,
    words: Mapping[str, str] = MappingProxyType({}),
) -> Reach:
    """Return how surely a record is meant that has at most one word an axis."""
    axes = {axis: (word,) for axis, word in words.items()}
    return match.reach(msgspec.structs.replace(record(), **axes), judged, at)


def test_reaches_are_in_the_order_of_how_sure_they_are() -> None:
    assert NO < UNKNOWN < POSSIBLE < LIKELY < CERTAIN


@pytest.mark.parametrize(
    ("named", "found", "expected"),
    [
        (("GB",), ("GB",), CERTAIN),
        (("GB",), ("FR",), NO),
        (("GB",), ("JE",), NO),
        (("GB",), ("GI",), NO),
        (("GB",), ("GB-ENG",), CERTAIN),
        (("GB", "FR"), ("FR",), CERTAIN),
        (("GB",), ("FR", "GB"), CERTAIN),
        (("US",), ("US-CA",), CERTAIN),
        (("US-CA",), ("US-CA",), CERTAIN),
        (("US-CA",), ("US-IL",), NO),
        # Somewhere in the US may be in California.
        (("US-CA",), ("US",), POSSIBLE),
        (("US-CA",), ("US", "FR"), POSSIBLE),
        (("US-CA", "FR"), ("US", "FR"), CERTAIN),
        (("EU",), ("FR",), CERTAIN),
        (("EU",), ("FR-IDF",), CERTAIN),
        (("EU",), ("RE",), CERTAIN),
        (("EU",), ("GB",), NO),
        (("EU",), ("NO",), NO),
        (("EU",), ("CH",), NO),
        (("EU",), ("GL",), NO),
        (("EEA",), ("NO",), CERTAIN),
        (("EEA",), ("DE",), CERTAIN),
        (("EEA",), ("CH",), NO),
        ((), ("BR",), CERTAIN),
        ((), (), CERTAIN),
    ],
)
def test_residency_is_matched_by_code_country_and_group(
    named: tuple[str, ...], found: tuple[str, ...], expected: Reach
) -> None:
    assert reach(Match(residency=named), resident(*found)) is expected


@pytest.mark.parametrize(
    ("named", "tags", "candidates", "unknown", "expected"),
    [
        # Concluded.
        (("GB",), SURE, (), False, CERTAIN),
        (("GB",), UNSURE, (), False, LIKELY),
        (("GB",), {"FR": "RESIDENT"}, ("GB",), False, NO),
        (("GB",), {"FR": "RESIDENT", "GB": "LIKELY"}, (), False, LIKELY),
        (("GB", "FR"), {"FR": "RESIDENT", "GB": "LIKELY"}, (), False, CERTAIN),
        (("GB-ENG",), UNSURE, (), False, POSSIBLE),
        # Not concluded: nothing hints anywhere, something hints here, something hints elsewhere.
        (("GB",), {}, (), True, POSSIBLE),
        (("GB",), {}, ("GB",), True, POSSIBLE),
        (("GB",), {}, ("GB-ENG",), True, POSSIBLE),
        (("GB-ENG",), {}, ("GB",), True, POSSIBLE),
        (("EU",), {}, ("FR",), True, POSSIBLE),
        (("GB",), {}, ("FR",), True, UNKNOWN),
        (("GB-ENG",), {}, ("GB-SCT",), True, UNKNOWN),
        (("EU",), {}, ("GB",), True, UNKNOWN),
        (("GB",), {}, ("FR", "GB"), True, POSSIBLE),
        # Of one person something is concluded, of another nothing.
        (("GB",), SURE, (), True, CERTAIN),
        (("GB",), UNSURE, (), True, LIKELY),
        (("GB",), {"FR": "RESIDENT"}, (), True, UNKNOWN),
        (("GB",), {"FR": "RESIDENT"}, ("GB",), True, POSSIBLE),
        (("US-IL",), {"US": "RESIDENT"}, ("FR",), True, POSSIBLE),
        # Who names UNKNOWN means it.
        (("UNKNOWN",), {}, (), True, CERTAIN),
        (("UNKNOWN",), {}, ("FR",), True, CERTAIN),
        (("GB", "UNKNOWN"), {}, ("FR",), True, CERTAIN),
        (("GB", "UNKNOWN"), {"FR": "RESIDENT"}, (), True, CERTAIN),
        (("GB", "UNKNOWN"), UNSURE, (), False, LIKELY),
        (("UNKNOWN",), SURE, (), False, NO),
        (("UNKNOWN",), SURE, ("FR",), False, NO),
    ],
)
def test_what_is_concluded_decides_how_surely_a_record_is_meant(
    named: tuple[str, ...],
    tags: dict[str, Band],
    candidates: tuple[str, ...],
    unknown: bool,
    expected: Reach,
) -> None:
    found = conclusion(tags, candidates=candidates, unknown=unknown)

    assert reach(Match(residency=named), Residency(resident=found)) is expected
    assert reach(Match(present=named), Residency(present=found)) is expected
    assert reach(Match(), Residency(resident=found, present=found)) is CERTAIN


def test_somebody_of_whom_nothing_hints_anywhere_may_be_meant_beside_one_who_is_known() -> None:
    subjects = (
        Subject(SubjectId("s-1"), (Evidence("declared", "FR", NOW),)),
        Subject(SubjectId("s-2")),
    )

    assert reach(Match(residency=("GB",)), Judge().judge(subjects)) is POSSIBLE


@pytest.mark.parametrize(
    ("residency", "present", "expected"),
    [
        # The record's person resides in GB and is, likely, in FR.
        ((), (), CERTAIN),
        (("GB",), (), CERTAIN),
        ((), ("FR",), LIKELY),
        (("GB",), ("FR",), LIKELY),
        (("FR",), ("FR",), NO),
        (("GB",), ("GB",), NO),
        ((), ("EU",), LIKELY),
        (("EU",), (), NO),
    ],
)
def test_where_people_are_is_an_axis_of_its_own(
    residency: tuple[str, ...], present: tuple[str, ...], expected: Reach
) -> None:
    judged = Residency(resident=conclusion(SURE), present=conclusion({"FR": "LIKELY"}))

    assert reach(Match(residency=residency, present=present), judged) is expected


def test_presence_that_is_certain_is_certain() -> None:
    judged = Residency(present=conclusion({"FR": "PRESENT"}))

    assert reach(Match(present=("FR",)), judged) is CERTAIN
    assert reach(Match(residency=("GB",), present=("FR",)), judged) is POSSIBLE


@pytest.mark.parametrize(
    ("named", "found", "at", "expected"),
    [
        ("EU", "GB", IN_EU, CERTAIN),
        ("EU", "GB", OUT_OF_EU, NO),
        ("EU", "GB-SCT", IN_EU, CERTAIN),
        ("EU", "GB-SCT", OUT_OF_EU, NO),
        ("EEA", "GI", IN_EU, CERTAIN),
        ("EEA", "GI", OUT_OF_EU, NO),
        ("GB", "GB", OUT_OF_EU, CERTAIN),
    ],
)
def test_membership_is_asked_of_the_instant(
    named: str, found: str, at: Instant, expected: Reach
) -> None:
    assert reach(Match(residency=(named,)), resident(found), at) is expected


def test_a_hint_at_a_former_member_hints_elsewhere_since() -> None:
    judged = Residency(resident=conclusion(candidates=("GB",)))

    assert reach(Match(residency=("EU",)), judged, IN_EU) is POSSIBLE
    assert reach(Match(residency=("EU",)), judged, OUT_OF_EU) is UNKNOWN


@pytest.mark.parametrize(
    ("axis", "named", "found", "expected"),
    [
        ("purposes", "dpv:Marketing", "dpv:Marketing", CERTAIN),
        ("purposes", "dpv:Marketing", "dpv:Advertising", CERTAIN),
        ("purposes", "dpv:Advertising", "dpv:Marketing", NO),
        ("purposes", "dpv:Advertising", "dpv:DirectMarketing", NO),
        ("purposes", "dpv:Purpose", "dpv:ServiceProvision", CERTAIN),
        ("categories", "pd:Biometric", "pd:FacialPrint", CERTAIN),
        ("categories", "dpv:SpecialCategoryPersonalData", "pd:FacialPrint", CERTAIN),
        ("categories", "dpv:SpecialCategoryPersonalData", "pd:Picture", NO),
        ("categories", "pd:FacialPrint", "pd:Biometric", NO),
        ("lawful_bases", "dpv:Consent", "eu-gdpr:A6-1-a", CERTAIN),
        ("lawful_bases", "dpv:Contract", "eu-gdpr:A6-1-b", CERTAIN),
        ("lawful_bases", "dpv:Consent", "eu-gdpr:A6-1-b", NO),
        ("lawful_bases", "eu-gdpr:A6-1-a", "dpv:Consent", NO),
        ("sources", "web", "web", CERTAIN),
        ("sources", "web", "web-archive", NO),
    ],
)
def test_a_word_covers_what_lies_below_it(
    axis: str, named: str, found: str, expected: Reach
) -> None:
    assert reach(Match(**{axis: (named,)}), words={axis: found}) is expected
    assert reach(Match(**{axis: (named,)})) is NO, "a record without a word is not meant"


_WORDS = {
    "purposes": ("dpv:Marketing", "dpv:ServiceProvision", "dpv:ResearchAndDevelopment"),
    "categories": ("pd:Picture", "pd:Name", "pd:Location"),
    "lawful_bases": ("dpv:Consent", "dpv:Contract", "dpv:LegalObligation"),
    "sources": ("web", "api", "import"),
}


@pytest.mark.parametrize("axis", _WORDS)
def test_every_named_axis_needs_a_word_in_common(axis: str) -> None:
    first, second, third = _WORDS[axis]
    match = Match(**{axis: (first, second)})

    assert reach(match, words={axis: second}) is CERTAIN
    assert reach(match, words={axis: third}) is NO
    assert reach(match) is NO
    others = {other: words[0] for other, words in _WORDS.items() if other != axis}
    assert reach(match, words=others) is NO


def test_one_word_of_several_is_enough() -> None:
    found = record(categories=("pd:Name", "pd:Picture"))

    assert Match(categories=("pd:Picture",)).reach(found, GB, NOW) is CERTAIN


def test_one_axis_that_differs_is_enough_to_not_match() -> None:
    match = Match(residency=("GB",), purposes=("dpv:Marketing",), categories=("pd:Name",))
    good = {"purposes": "dpv:Marketing", "categories": "pd:Name"}
    bad = {"purposes": "dpv:Marketing", "categories": "pd:Picture"}

    assert reach(match, words=good) is CERTAIN
    assert reach(match, words=bad) is NO
    assert reach(match, resident(), words=bad) is NO
    assert reach(match, resident("FR"), words=good) is NO


def test_a_match_without_words_covers_everything() -> None:
    assert Match().is_everything
    assert reach(Match(), resident("BR"), words={"sources": "s"}) is CERTAIN


@pytest.mark.parametrize("axis", [*_WORDS, "residency", "present"])
def test_a_match_that_names_an_axis_is_not_everything(axis: str) -> None:
    assert not Match(**{axis: ("x",)}).is_everything


@pytest.mark.parametrize(("signal", "expected"), [("declared", NO), ("page_cctld", UNKNOWN)])
def test_who_is_in_one_subdivision_is_not_in_another(signal: str, expected: Reach) -> None:
    californian = Subject(SubjectId("s-1"), (Evidence(signal, "US-CA", NOW),))

    assert reach(Match(residency=("US-IL",)), Judge().judge((californian,))) is expected
