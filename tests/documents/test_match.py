"""Which records a match covers, axis by axis, and what unknown residency means."""

import pytest

from pipeline.documents import Match
from pipeline.documents.territories import names_covering, residency_entry
from pipeline.errors import InvalidInput


def covers(
    match: Match,
    tags: dict[str, str] | None = None,
    *,
    residency: tuple[str, ...] = ("GB",),
    unknown: bool = False,
) -> bool:
    found = {axis: (word,) for axis, word in (tags or {}).items()}
    return match.covers(
        residency=residency,
        purposes=found.get("purposes", ()),
        categories=found.get("categories", ()),
        lawful_bases=found.get("lawful_bases", ()),
        sources=found.get("sources", ()),
        unknown_residency_covered=unknown,
    )


_AXES = ("purposes", "categories", "lawful_bases", "sources")


@pytest.mark.parametrize(
    ("named", "found", "expected"),
    [
        (("GB",), ("GB",), True),
        (("GB",), ("FR",), False),
        (("GB",), ("JE",), False),
        (("GB",), ("GI",), False),
        (("GB",), ("GB-ENG",), True),
        (("GB", "FR"), ("FR",), True),
        (("GB",), ("FR", "GB"), True),
        (("US",), ("US-CA",), True),
        (("US-CA",), ("US-CA",), True),
        (("US-CA",), ("US-IL",), False),
        (("US-CA",), ("US",), False),
        (("EU",), ("FR",), True),
        (("EU",), ("FR-IDF",), True),
        (("EU",), ("RE",), True),
        (("EU",), ("GB",), False),
        (("EU",), ("NO",), False),
        (("EU",), ("CH",), False),
        (("EU",), ("GL",), False),
        (("EEA",), ("NO",), True),
        (("EEA",), ("DE",), True),
        (("EEA",), ("CH",), False),
        ((), ("BR",), True),
        ((), (), True),
    ],
)
def test_residency_is_matched_by_code_country_and_group(
    named: tuple[str, ...], found: tuple[str, ...], expected: bool
) -> None:
    assert covers(Match(residency=named), residency=found) is expected


@pytest.mark.parametrize("found", [(), ("UNKNOWN",), ("FR", "UNKNOWN")])
def test_unknown_residency_is_covered_by_a_maximum_only(found: tuple[str, ...]) -> None:
    match = Match(residency=("GB",))

    assert covers(match, residency=found, unknown=True)
    assert not covers(match, residency=found, unknown=False)


@pytest.mark.parametrize("found", [(), ("UNKNOWN",), ("FR", "UNKNOWN")])
def test_a_match_that_names_unknown_reaches_unknown_residency(found: tuple[str, ...]) -> None:
    assert covers(Match(residency=("GB", "UNKNOWN")), residency=found)


def test_known_residency_elsewhere_is_not_covered_by_failing_closed() -> None:
    assert not covers(Match(residency=("GB",)), residency=("FR",), unknown=True)


@pytest.mark.parametrize("axis", _AXES)
def test_every_named_axis_needs_a_word_in_common(axis: str) -> None:
    match = Match(**{axis: ("a", "b")})

    assert covers(match, {axis: "b"})
    assert not covers(match, {axis: "c"})
    assert not covers(match)
    assert not covers(match, {other: "a" for other in _AXES if other != axis})


def test_one_axis_that_differs_is_enough_to_not_match() -> None:
    match = Match(residency=("GB",), purposes=("p",), categories=("c",))

    assert covers(match, {"purposes": "p", "categories": "c"})
    assert not covers(match, {"purposes": "p", "categories": "d"})
    assert not covers(match, {"purposes": "p", "categories": "d"}, residency=(), unknown=True)


def test_a_match_without_words_covers_everything() -> None:
    assert Match().is_everything
    assert covers(Match(), {"purposes": "p", "sources": "s"}, residency=("BR",))
    assert not Match(sources=("s",)).is_everything


def test_the_eu_has_27_countries_and_the_eea_30() -> None:
    import pycountry

    countries = [country.alpha_2 for country in pycountry.countries]
    overseas = {"AX", "GF", "GP", "MQ", "RE", "YT", "MF"}
    eu = {code for code in countries if "EU" in names_covering(code)} - overseas
    eea = {code for code in countries if "EEA" in names_covering(code)} - overseas

    assert len(eu) == 27
    assert eea - eu == {"IS", "LI", "NO"}


def test_entries_are_normalised_and_unknown_ones_refused() -> None:
    assert residency_entry("UK") == "GB"
    assert residency_entry("EL") == "GR"
    assert residency_entry("EEA") == "EEA"
    with pytest.raises(InvalidInput, match="neither an ISO 3166 code"):
        residency_entry("XX")
