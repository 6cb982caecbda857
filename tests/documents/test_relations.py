"""How two matches relate: by tables, and by what must then hold of every record."""

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pipeline.documents import Match, Reach
from pipeline.documents.relations import covers_all, may_meet
from pipeline.records import Record
from pipeline.tags import Residency
from tests.documents.states import GB, NOW, conclusion, record


def match(**axes: str) -> Match:
    """Return a match of words written with spaces between them."""
    return Match(**{axis: tuple(words.split()) for axis, words in axes.items()})


@pytest.mark.parametrize(
    ("wide", "narrow", "covers"),
    [
        (match(), match(), True),
        (match(), match(residency="GB", sources="web"), True),
        (match(residency="GB"), match(), False),
        (match(residency="GB"), match(residency="GB"), True),
        (match(residency="GB"), match(residency="GB-ENG"), True),
        (match(residency="GB-ENG"), match(residency="GB"), False),
        (match(residency="GB FR"), match(residency="FR"), True),
        (match(residency="FR"), match(residency="GB FR"), False),
        (match(residency="EU"), match(residency="FR DE-BE"), True),
        (match(residency="EU"), match(residency="GB"), False),
        (match(residency="EEA"), match(residency="EU NO"), True),
        (match(residency="EU"), match(residency="EEA"), False),
        (match(residency="EU NO"), match(residency="EU"), True),
        (match(residency="EU"), match(residency="UNKNOWN"), True),
        (match(residency="UNKNOWN"), match(residency="GB"), False),
        (match(residency="UNKNOWN GB"), match(residency="GB"), True),
        # The axes of places are two.
        (match(present="GB"), match(present="GB-ENG"), True),
        (match(present="GB"), match(residency="GB"), False),
        (match(residency="GB"), match(residency="GB", present="FR"), True),
        (match(purposes="dpv:Marketing"), match(purposes="dpv:Advertising"), True),
        (match(purposes="dpv:Advertising"), match(purposes="dpv:Marketing"), False),
        (match(categories="pd:Biometric"), match(categories="pd:FacialPrint"), True),
        (match(categories="pd:Biometric"), match(categories="pd:FacialPrint pd:Name"), False),
        (match(lawful_bases="dpv:Consent"), match(lawful_bases="eu-gdpr:A6-1-a"), True),
        (match(lawful_bases="dpv:Consent"), match(lawful_bases="dpv:Contract"), False),
        (match(sources="web"), match(sources="web"), True),
        (match(sources="web"), match(sources="web-archive"), False),
        (match(sources="web", residency="GB"), match(sources="web", residency="FR"), False),
    ],
)
def test_what_covers_all_of_what(wide: Match, narrow: Match, covers: bool) -> None:
    assert covers_all(wide, narrow) is covers


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        (match(), match(residency="GB"), True),
        (match(residency="GB"), match(purposes="dpv:Marketing"), True),
        (match(residency="GB"), match(residency="FR"), False),
        (match(residency="GB FR"), match(residency="FR DE"), True),
        (match(residency="EU"), match(residency="FR-IDF"), True),
        (match(residency="EU"), match(residency="GB"), False),
        (match(residency="US-CA"), match(residency="US"), True),
        (match(residency="US-CA"), match(residency="US-IL"), False),
        (match(residency="UNKNOWN"), match(residency="GB"), True),
        (match(residency="GB"), match(present="FR"), True),
        (match(present="GB"), match(present="FR"), False),
        (match(purposes="dpv:Advertising"), match(purposes="dpv:Marketing"), True),
        (match(purposes="dpv:Advertising"), match(purposes="dpv:ServiceProvision"), False),
        (match(categories="pd:Name"), match(categories="dpv:PersonalData"), True),
        (match(lawful_bases="dpv:Contract"), match(lawful_bases="dpv:Consent"), False),
        (match(sources="web"), match(sources="api"), False),
        (match(residency="GB", sources="web"), match(residency="GB", sources="api"), False),
    ],
)
def test_what_may_mean_one_record(one: Match, other: Match, meet: bool) -> None:
    assert may_meet(one, other) is meet
    assert may_meet(other, one) is meet


_PLACES = "GB GB-ENG FR FR-IDF NO US US-CA US-IL BR".split()
_NAMED = [*_PLACES, "EU", "EEA"]
_VOCABULARY = {
    "purposes": ["dpv:Purpose", "dpv:Marketing", "dpv:Advertising", "dpv:ServiceProvision"],
    "categories": ["dpv:Data", "dpv:PersonalData", "pd:Biometric", "pd:FacialPrint", "pd:Name"],
    "lawful_bases": ["dpv:LegalBasis", "dpv:Consent", "eu-gdpr:A6-1-a", "dpv:Contract"],
    "sources": ["web", "api"],
}
_BELOW = {
    "GB": ["GB-ENG"],
    "FR": ["FR-IDF"],
    "US": ["US-CA", "US-IL"],
    "EU": ["FR", "FR-IDF"],
    "EEA": ["EU", "FR", "NO"],
    "dpv:Purpose": ["dpv:Marketing", "dpv:Advertising", "dpv:ServiceProvision"],
    "dpv:Marketing": ["dpv:Advertising"],
    "dpv:Data": ["dpv:PersonalData", "pd:Name"],
    "dpv:PersonalData": ["pd:Biometric", "pd:FacialPrint"],
    "pd:Biometric": ["pd:FacialPrint"],
    "dpv:LegalBasis": ["dpv:Consent", "dpv:Contract"],
    "dpv:Consent": ["eu-gdpr:A6-1-a"],
}


def _lists(words: list[str], at_least: int = 0) -> st.SearchStrategy[tuple[str, ...]]:
    few = st.lists(st.sampled_from(words), min_size=at_least, max_size=2, unique=True)
    return few.map(tuple)


def _axes(places: list[str]) -> dict[str, list[str]]:
    return {"residency": places, "present": places, **_VOCABULARY}


def _matches(places: list[str]) -> st.SearchStrategy[Match]:
    return st.builds(Match, **{axis: _lists(words) for axis, words in _axes(places).items()})


@st.composite
def _pairs(draw: st.DrawFn) -> tuple[Match, Match]:
    """Draw a match and one that it covers: each of its words is one of the wide one or below."""
    wide, narrow = {}, {}
    for axis, words in _axes(_NAMED).items():
        wide[axis] = draw(st.just(()) | _lists(words))
        below = [word for top in wide[axis] for word in (top, *_BELOW.get(top, ()))]
        narrow[axis] = draw(_lists(sorted(set(below)), 1) if below else _lists(words))
    return Match(**wide), Match(**narrow)


_CONCLUSIONS = st.builds(
    conclusion,
    st.dictionaries(
        st.sampled_from(_PLACES), st.sampled_from(["RESIDENT", "PRESENT", "LIKELY"]), max_size=2
    ),
    candidates=_lists(_PLACES),
    unknown=st.sampled_from([None, True]),
)
_RESIDENCIES = st.builds(Residency, resident=_CONCLUSIONS, present=_CONCLUSIONS)
_RECORDS = st.builds(
    record,
    purposes=_lists(_VOCABULARY["purposes"]),
    categories=_lists(_VOCABULARY["categories"]),
    lawful_bases=_lists(_VOCABULARY["lawful_bases"]),
    sources=_lists(_VOCABULARY["sources"]),
)
_FACTS = st.lists(st.tuples(_RECORDS, _RESIDENCIES), min_size=1, max_size=5)


@given(_pairs(), _FACTS)
def test_what_covers_all_reaches_every_record_as_surely(
    pair: tuple[Match, Match], facts: list[tuple[Record, Residency]]
) -> None:
    wide, narrow = pair

    assert covers_all(wide, narrow)
    for found, judged in facts:
        assert wide.reach(found, judged, NOW) >= narrow.reach(found, judged, NOW)


@settings(max_examples=300, suppress_health_check=[HealthCheck.filter_too_much])
@given(st.data())
def test_of_one_axis_whatever_covers_all_reaches_as_surely(data: st.DataObject) -> None:
    axis, words = data.draw(st.sampled_from(sorted(_axes(_NAMED).items())))
    wide, narrow = (Match(**{axis: data.draw(_lists(words, 1))}) for _ in range(2))
    assume(covers_all(wide, narrow))

    found, judged = data.draw(_RECORDS), data.draw(_RESIDENCIES)
    assert wide.reach(found, judged, NOW) >= narrow.reach(found, judged, NOW)


_WITH_UNKNOWN = [*_NAMED, "UNKNOWN"]


@given(_lists(_WITH_UNKNOWN), _lists(_WITH_UNKNOWN), _RESIDENCIES)
def test_what_covers_all_reaches_unknown_residency_too_though_less_surely(
    some: tuple[str, ...], few: tuple[str, ...], judged: Residency
) -> None:
    wide, narrow = Match(residency=some), Match(residency=few)
    assume(covers_all(wide, narrow))

    if narrow.reach(record(), judged, NOW) > Reach.NO:
        assert wide.reach(record(), judged, NOW) > Reach.NO


@given(_matches(_WITH_UNKNOWN), _matches(_WITH_UNKNOWN))
def test_the_relations_agree_with_each_other(one: Match, other: Match) -> None:
    assert covers_all(one, one)
    assert covers_all(Match(), one)
    assert may_meet(one, other) is may_meet(other, one)
    if covers_all(one, other):
        assert may_meet(one, other)


@given(st.sampled_from(sorted(_axes(_NAMED).items())), st.data())
def test_to_cover_all_passes_on(axis: tuple[str, list[str]], data: st.DataObject) -> None:
    name, words = axis
    wide, middle, narrow = (Match(**{name: data.draw(_lists(words))}) for _ in range(3))

    if covers_all(wide, middle) and covers_all(middle, narrow):
        assert covers_all(wide, narrow)


def test_a_list_of_every_member_does_not_count_as_the_group() -> None:
    """It would be true today only: who joins tomorrow would be missing."""
    france_and_all = match(residency="FR DE")

    assert not covers_all(france_and_all, match(residency="EU"))


def test_terms_that_share_a_narrower_one_may_meet() -> None:
    one, other = match(categories="pd:External"), match(categories="dpv:SensitivePersonalData")
    found = record(categories=("pd:FacialPrint",))
    assert one.reach(found, GB, NOW) is other.reach(found, GB, NOW) is Reach.CERTAIN

    assert may_meet(one, other)
