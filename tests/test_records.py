"""Records are a lattice: whatever order, repetition or grouping of the same events, one result."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.events import Event, Evidence, Field, Subject
from pipeline.identifiers import EventId, RecordId, StoreName, SubjectId
from pipeline.instants import Instant
from pipeline.records import LATE, MAX_SIGNS, MAX_VALUES, Record, applied, is_full, pruned
from pipeline.records.joining import MAX_EVIDENCE
from pipeline.records.record import AXES
from pipeline.vocabulary import Happening, RecordKind
from tests.support.build import event

INSTANTS = st.integers(1, 60).map(Instant)
SUBJECTS = st.builds(
    Subject,
    st.sampled_from(["s1", "s2", "s3"]).map(SubjectId),
    st.lists(
        st.builds(Evidence, st.sampled_from(["declared", "sim_mcc"]), st.just("GB"), INSTANTS),
        max_size=3,
    ).map(tuple),
)


def some_of(*words: str) -> st.SearchStrategy[tuple[str, ...]]:
    """Return tuples of words in any order, repetitions included: producers promise nothing."""
    return st.lists(st.sampled_from(words), max_size=4).map(tuple)


EVENTS = st.builds(
    Event,
    event_id=st.integers(0, 40).map(lambda number: EventId(f"e{number}")),
    # Births in plenty: what is kept of many of them is the delicate part.
    what=st.just("created") | st.sampled_from([item.value for item in Happening]),
    happened_at=INSTANTS,
    record_id=st.just(RecordId("r1")),
    kind=st.sampled_from([item.value for item in RecordKind]),
    parents=some_of("p1", "p2", "p3"),
    subjects=st.lists(SUBJECTS, max_size=3).map(tuple),
    purpose=st.sampled_from([None, "dpv:Marketing", "dpv:CustomerCare"]),
    lawful_basis=st.sampled_from([None, "dpv:Consent", "dpv:Contract"]),
    categories=some_of("pd:Picture", "pd:Name"),
    source=st.sampled_from([None, "web", "shop"]),
    stores=some_of("images", "index"),
    recipients=some_of("x", "y"),
    collected_at=st.none() | INSTANTS,
    natural_key_hash=st.sampled_from([None, "h1", "h2"]),
    fields=st.lists(
        st.builds(Field, st.sampled_from(["f1", "f2"]), some_of("pd:Picture", "pd:Passport")),
        max_size=3,
    ).map(tuple),
)
LONG = st.lists(EVENTS, min_size=1, max_size=16)


def all_of(events: list[Event], record: Record | None = None) -> Record:
    for item in events:
        record = applied(record, item)
    assert record is not None
    return record


@given(LONG, st.data())
def test_any_order_and_any_repetition_give_the_same_record(
    events: list[Event], data: st.DataObject
) -> None:
    repeated = data.draw(st.lists(st.sampled_from(events), max_size=10))
    shuffled = data.draw(st.permutations([*events, *repeated]))
    assert all_of(list(shuffled)) == all_of(events)


@given(LONG, EVENTS, EVENTS)
def test_two_events_commute_on_every_record(events: list[Event], one: Event, other: Event) -> None:
    record = all_of(events)
    assert all_of([one, other], record) == all_of([other, one], record)


@given(LONG)
def test_events_that_are_known_add_nothing(events: list[Event]) -> None:
    record = all_of(events)
    assert all_of(events, record) == record


@given(LONG, st.data())
def test_a_record_that_was_packed_in_between_joins_on_unchanged(
    events: list[Event], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(events) - 1))
    early = all_of(events[: cut + 1])
    packed = msgspec.msgpack.decode(msgspec.msgpack.encode(early), type=Record)
    whole = all_of(events)
    assert (all_of(events[cut + 1 :], packed) if events[cut + 1 :] else packed) == whole


@given(LONG)
def test_facts_only_grow_until_the_data_is_gone(events: list[Event]) -> None:
    record = applied(None, events[0])
    for item in events:
        before, record = record, applied(record, item)
        assert before.cut <= record.cut
        if before.cut == record.cut:
            for name in [axis for axis in AXES if axis not in ("subjects", "stores")]:
                assert set(getattr(before, name)) <= set(getattr(record, name))
        assert set(before.stores) <= set(record.stores)


HOURS = st.lists(st.integers(1, 24 * 400), min_size=1, max_size=3 * MAX_SIGNS, unique=True)


def crawled(hours: list[int]) -> Record:
    return all_of([event(at=3_600_000 * hour) for hour in hours])


@given(HOURS, st.data())
@settings(max_examples=40)
def test_of_many_births_the_same_are_kept_in_any_order(
    hours: list[int], data: st.DataObject
) -> None:
    record = crawled(hours)
    assert crawled(list(data.draw(st.permutations(hours)))) == record
    assert len(record.births) <= MAX_SIGNS + 1
    assert list(record.births) == sorted(set(record.births))
    assert record.births[0].at == 3_600_000 * min(hours)
    assert record.births[-1].at == 3_600_000 * max(hours)
    assert (record.spacing == 0) == (len(hours) <= MAX_SIGNS)


@given(HOURS)
@settings(max_examples=40)
def test_a_birth_that_is_not_kept_has_an_earlier_one_close_by(hours: list[int]) -> None:
    record = crawled(hours)
    kept = [birth.at for birth in record.births]
    for hour in hours:
        at = 3_600_000 * hour
        assert any(at - record.spacing < other <= at for other in kept) or at in kept


def test_what_is_gone_everywhere_leaves_no_person_behind() -> None:
    created, gone = event(at=1_000), 1_000 + LATE
    record = all_of([created, event(at=gone, what="deleted")])
    assert pruned(record, late_ms=0) == record
    assert (record.subjects, record.births, record.purposes) == ((), (), ())
    assert record.cut == gone


def test_what_was_seen_shortly_before_an_erasure_stays_for_late_events() -> None:
    record = all_of([event(at=1_000), event(at=999 + LATE, what="deleted")])
    assert record.subjects
    assert record.lives() == {}
    assert pruned(record, late_ms=0).subjects == ()


def test_what_a_record_gathers_is_bounded_and_the_same_in_any_order() -> None:
    events = [
        msgspec.structs.replace(
            event(at=1), parents=tuple(RecordId(f"p{n:05}") for n in range(start, start + 400))
        )
        for start in range(0, 2_000, 400)
    ]
    record = all_of(events)
    assert len(record.parents) == MAX_VALUES
    assert is_full(record)
    assert all_of(events[::-1]) == record
    assert not is_full(all_of([event()]))


@pytest.mark.parametrize("axis", AXES)
def test_a_record_is_full_when_any_of_its_lists_is(axis: str) -> None:
    values = tuple(f"v{number:05}" for number in range(MAX_VALUES))
    for kept, full in ((values[1:], False), (values, True)):
        assert is_full(msgspec.structs.replace(all_of([event()]), **{axis: kept})) is full


def test_of_much_evidence_the_first_and_last_observation_of_each_kind_is_kept() -> None:
    items = [
        msgspec.structs.replace(
            event(at=at),
            subjects=(Subject(SubjectId("s"), (Evidence("ip_geolocation", "GB", Instant(at)),)),),
        )
        for at in range(1, 200)
    ]
    (person,) = all_of(items).subjects
    assert [item.observed_at for item in person.evidence] == [1, 199]
    assert len(person.evidence) <= MAX_EVIDENCE


def test_the_earliest_collection_of_the_present_life_counts() -> None:
    events = [event(at=5_000, collected_at=900), event(at=1_000), event(at=3_000, collected_at=400)]
    assert all_of(events).anchor("collected") == 400


def test_the_latest_interaction_counts_and_without_one_the_collection() -> None:
    created = event(at=1_000)
    assert all_of([created]).anchor("last_interaction") == 1_000
    accessed = [event(at=4_000, what="accessed"), event(at=2_000, what="accessed")]
    assert all_of([created, *accessed]).anchor("last_interaction") == 4_000


def test_use_does_not_make_a_record_younger_however_often_it_is_used() -> None:
    """The limit of a life runs from its first birth, also after a former life with many births."""
    former = [event(at=at) for at in range(1, 6)]
    record = all_of([*former, event(at=10, what="deleted"), event(at=1_000)])
    for at in range(2_000, 30_000, 1_000):
        record = applied(record, event(at=at, what="accessed"))
    assert record.generation(record.cut) == "e-r1-created-1000"
    assert record.anchor("collected", record.cut) == 1_000


def test_the_furthest_reaching_kind_holds() -> None:
    kinds = [
        msgspec.structs.replace(event(at=at), kind=kind)
        for at, kind in enumerate(("template", "model", "source"))
    ]
    assert all_of(kinds).kind == "model"


def test_stores_are_kept_once_and_sorted() -> None:
    twice = event(at=1, stores=("index", "images", "index"))
    assert all_of([twice]).stores == (StoreName("images"), StoreName("index"))
