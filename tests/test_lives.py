"""Lives of a record: what ends them, where, and what the next one knows of the former."""

import itertools

import msgspec
import pytest

from pipeline.events import Event, Evidence, Field, Subject
from pipeline.identifiers import Cause, CommandId, EventId, RecordId, StoreName, SubjectId
from pipeline.instants import Instant
from pipeline.records import Issued, Record, applied
from tests.support.build import event


def all_of(events: list[Event], record: Record | None = None) -> Record:
    for item in events:
        record = applied(record, item)
    assert record is not None
    return record


def test_only_what_happened_after_the_cut_belongs_to_the_present_life() -> None:
    events = [event(at=1_000), event(at=2_000, what="deleted"), event(at=3_000)]
    record = all_of(events)
    assert record.alive
    assert record.generation(record.cut) == "e-r1-created-3000"
    assert record.anchor("collected", record.cut) == 3_000


def test_a_deletion_at_the_very_instant_of_a_birth_ends_it() -> None:
    record = all_of([event(at=2_000), event(at=2_000, what="deleted")])
    assert not record.alive
    assert record.life(record.cut) == ()
    assert record.anchor("collected", record.cut) is None


def test_a_deletion_of_a_record_never_seen_is_no_life() -> None:
    record = all_of([event(at=2_000, what="deleted")])
    assert not record.alive
    assert record.anchor("collected", record.cut) is None


def test_a_clock_that_started_in_a_former_life_has_not_started_in_this_one() -> None:
    events = [
        event(at=1_000),
        event(at=2_000, what="purpose_ended"),
        event(at=3_000, what="deleted"),
        event(at=4_000),
    ]
    assert all_of(events).anchor("purpose_ended", all_of(events).cut) is None


def test_an_interaction_of_a_former_life_leaves_the_collection_of_this_one() -> None:
    """A record that nobody used since it came back is as old as its collection."""
    events = [
        event(at=1_000),
        event(at=2_000, what="accessed"),
        event(at=3_000, what="deleted"),
        event(at=4_000),
    ]
    assert all_of(events).anchor("last_interaction", Instant(3_000)) == 4_000


def test_a_former_life_lends_nothing_to_the_next() -> None:
    """Purposes, people and stores of what was erased do not come back with the record's id."""
    first = event(at=1_000, purpose="dpv:Marketing", stores=("images",))
    again = event(at=9_000, purpose="dpv:CustomerCare", stores=("index",))
    record = all_of([first, event(at=5_000, what="deleted"), again])
    assert record.of_life(Instant(5_000)).purposes == ("dpv:CustomerCare",)
    assert record.lives() == {5_000: ["index"]}
    assert all_of([again, first, event(at=5_000, what="deleted")]) == record


def test_what_a_field_held_in_a_former_life_it_need_not_hold_in_the_next() -> None:
    first = msgspec.structs.replace(event(at=1_000), fields=(Field("f", ("pd:Passport",)),))
    again = msgspec.structs.replace(event(at=9_000), fields=(Field("f", ("pd:Picture",)),))
    record = all_of([first, event(at=5_000, what="deleted"), again])
    assert record.fields == (("f", "pd:Passport"), ("f", "pd:Picture"))
    assert record.of_life(Instant(5_000)).fields == (("f", "pd:Picture"),)
    assert record.of_life(Instant(5_000)).categories == ("pd:Picture",)
    assert all_of([again, first, event(at=5_000, what="deleted")]) == record


def test_a_sign_that_names_no_store_may_be_of_data_in_any() -> None:
    used = event(at=9_000, what="accessed", stores=())
    record = all_of([event(at=1_000), event(at=5_000, what="deleted"), used])
    assert record.lives() == {5_000: ["images"]}


ENDED = event(at=5_000, what="deleted")


def bare(at: int, *stores: str, **said: object) -> Event:
    """Return the birth of a record of which nothing else is said but what is named."""
    nothing = Event(EventId(f"e{at}"), "created", Instant(at), RecordId("r1"))
    return msgspec.structs.replace(nothing, stores=stores, **said)


def signs(*observed: int) -> tuple[Subject, ...]:
    return (
        Subject(SubjectId("s"), tuple(Evidence("declared", "GB", Instant(at)) for at in observed)),
    )


def observed(record: Record, gone: int = 5_000) -> list[int]:
    """Return when the evidence was observed that counts for a life."""
    people = record.of_life(Instant(gone)).subjects
    return [item.observed_at for person in people for item in person.evidence]


@pytest.mark.parametrize("again", [bare(9_000, "images"), bare(9_000)])
@pytest.mark.parametrize("between", [[], [event(at=2_000, what="consent_withdrawn")]])
def test_a_new_life_uses_nothing_that_was_said_of_the_old_one_alone(
    between: list[Event], again: Event
) -> None:
    parents, recipients = (RecordId("p1"),), ("x",)
    first = msgspec.structs.replace(event(at=1_000), parents=parents, recipients=recipients)
    record = all_of([first, *between, ENDED, again])
    gone = Instant(5_000)
    assert record.lives() == {gone: ["images"]}
    life = record.of_life(gone)
    assert (life.subjects, life.purposes, life.lawful_bases, life.categories) == ((), (), (), ())
    assert (life.parents, life.recipients, life.sources) == ((), (), ())
    assert record.anchor("collected", gone) == 9_000
    assert record.anchor("consent_withdrawn", gone) is None
    assert record.of_life(Instant(0)).purposes == ("dpv:SearchFunctionalities",)


def test_a_new_life_uses_what_was_said_before_only_where_it_is_said_again() -> None:
    again = bare(9_000, "images", purpose="dpv:SearchFunctionalities", categories=("pd:Name",))
    life = all_of([event(at=1_000), ENDED, again]).of_life(Instant(5_000))
    assert (life.purposes, life.categories) == (("dpv:SearchFunctionalities",), ("pd:Name",))
    assert life.lawful_bases == ()


@pytest.mark.parametrize(
    ("before", "after", "counts"),
    [
        ((), (400,), [400]),
        ((600,), (400,), [400]),
        ((400,), (600,), [600]),
        ((400,), (400,), [400]),
        # First and last observation are of the former life; that in between was stated last.
        ((300, 700), (500,), [500]),
        ((300, 700), (300,), [300]),
        ((300, 500, 700), (), []),
    ],
)
def test_evidence_that_is_stated_again_survives_the_end_of_the_former_life(
    before: tuple[int, ...], after: tuple[int, ...], counts: list[int]
) -> None:
    first = bare(1_000, "images", subjects=signs(*before) if before else ())
    again = bare(9_000, "images", subjects=signs(*after) if after else ())
    events = [first, ENDED, again]
    for some in itertools.permutations(events):
        record = all_of(list(some))
        assert observed(record) == counts


def test_a_life_in_one_store_ends_and_goes_on_in_another() -> None:
    """Only a settled deletion ends it, of that store, up to what it covers."""
    record = all_of([event(at=1_000, stores=("images", "index"))])
    done = Issued(
        CommandId("c1"), "DELETE", StoreName("images"), Cause("policy:acme/a"), "Act s.1",
        EventId("e1"), Instant(1), Instant(1), Instant(1_000), Instant(9), Instant(1),
        outcome="COMPLETED",
    )  # fmt: skip
    half = msgspec.structs.replace(record, issued=(done,))
    assert half.lives() == {0: ["index"]}
    assert half.gone_everywhere == 0
    other = msgspec.structs.replace(done, command_id=CommandId("c2"), store=StoreName("index"))
    assert msgspec.structs.replace(half, issued=(done, other)).lives() == {}
    for change in (
        {"outcome": "FAILED"},
        {"outcome": None},
        {"kind": "RESTRICT"},
    ):
        other = msgspec.structs.replace(done, **change)
        assert msgspec.structs.replace(record, issued=(other,)).lives() == {0: ["images", "index"]}
    early = msgspec.structs.replace(done, data_until=Instant(999))
    assert msgspec.structs.replace(record, issued=(early,)).lives() == {
        999: ["images"],
        0: ["index"],
    }
