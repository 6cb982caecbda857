"""A duty to keep means what it names: other fields of the record go when they would have gone."""

import itertools
from collections import Counter

import msgspec
import pytest

from pipeline.events import Field
from pipeline.identifiers import RecordId
from pipeline.instants import DAY, Instant
from pipeline.ledger.parts import Part
from pipeline.ledger.unanswered import unanswered
from pipeline.records import Record
from pipeline.records.commanded import MAX_COMMANDS
from pipeline.rules import Planner
from tests.ledger.files import NOTE, PASSPORT, PHOTO, bank, driven, file, keep, redaction, told
from tests.ledger.looks import found, planner, publish, say
from tests.support.build import control, hold, notice, request, rule
from tests.support.drive import Drive


def test_the_photo_goes_at_its_limit_and_the_identity_document_is_kept() -> None:
    drive = driven()
    assert told(drive) == [("REDACT", ("photo",)), ("RESTRICT", ())]
    one = redaction(drive)
    assert (one.cause, one.cause_version) == ("policy:acme/gb-search", 1)
    assert (one.not_before, one.complete_by, one.data_until) == (11_000, 11_000, 11_000)


def test_it_is_not_erased_before_its_limit() -> None:
    assert told(driven(until=10_999)) == []


def test_when_the_duty_ends_the_whole_goes() -> None:
    drive = driven()
    drive.answer_all(at=12_500)
    drive.until(3_602_000)
    assert told(drive) == [("DELETE", ()), ("REDACT", ("photo",)), ("RESTRICT", ())]
    (deletion,) = drive.deletions
    assert deletion.not_before == 3_601_000
    drive.answer_all(at=3_602_000)
    assert drive.outstanding == 0


def test_an_erased_field_does_not_end_the_life_of_the_record() -> None:
    drive = driven()
    drive.answer_all(at=12_500)
    record = drive.ledger.holdings.get(RecordId("r1"))
    assert record is not None
    assert record.alive
    assert (record.returned, record.gone_everywhere) == ((), 0)


def test_what_a_record_without_named_fields_owes_is_as_before() -> None:
    drive = driven(events=(msgspec.structs.replace(file(), fields=()),), until=5_000)
    assert drive.commands == []
    without = msgspec.structs.replace(file(), fields=(), categories=("pd:Passport",))
    assert told(driven(events=(without,))) == [("RESTRICT", ())]


@pytest.mark.parametrize(
    ("fields", "goes"),
    [
        ((PASSPORT, PHOTO, NOTE), ("note", "photo")),
        ((PASSPORT, Field("mixed", ("pd:Picture", "pd:Passport"))), ()),
        ((PASSPORT, Field("blob")), ()),
        ((Field("id_document", ("pd:Passport",)), Field("id_document", ("pd:Picture",))), ()),
    ],
)
def test_a_field_is_kept_where_a_duty_means_anything_in_it(
    fields: tuple[Field, ...], goes: tuple[str, ...]
) -> None:
    drive = driven(events=(file(*fields),))
    assert [c.fields for c in drive.commands if c.kind == "REDACT"] == ([goes] if goes else [])


def test_a_duty_that_names_no_category_keeps_every_field() -> None:
    general = rule("aml", "{residency: [GB]}", limit="PT1H") + "    bound: minimum\n"
    assert told(driven(bank(general))) == [("RESTRICT", ())]


def test_a_foreign_duty_keeps_nothing() -> None:
    drive = driven(bank(keep(law="US")))
    assert told(drive) == [("DELETE", ())]


def test_of_two_duties_each_keeps_what_it_means_for_as_long_as_it_lasts() -> None:
    drive = driven(bank(keep(), keep("tax", "pd:Name", "PT30S")), events=(file(NOTE, PASSPORT),))
    assert told(drive) == [("RESTRICT", ())]
    drive.until(31_000)
    assert redaction(drive).fields == ("note",)
    assert redaction(drive).not_before == 31_000


def test_a_duty_that_ended_before_the_limit_keeps_nothing_beyond_it() -> None:
    drive = driven(bank(keep(), keep("tax", "pd:Picture", "PT5S")))
    assert redaction(drive).not_before == 11_000


def test_a_field_that_is_named_later_goes_by_a_command_of_its_own() -> None:
    drive = driven()
    drive.give(Part(events=(file(NOTE, at=20_000, what="updated"),)))
    drive.until(21_000)
    one, other = [c for c in drive.commands if c.kind == "REDACT"]
    assert (one.fields, other.fields) == (("photo",), ("note",))
    assert one.command_id != other.command_id
    assert other.data_until == 11_000


def test_what_was_commanded_of_a_field_is_commanded_once() -> None:
    drive = driven()
    drive.answer_all(at=12_500)
    drive.give(Part(events=(file(at=20_000, what="updated"),)))
    drive.until(30_000)
    assert redaction(drive).attempt == 1


def test_the_order_of_events_decides_nothing() -> None:
    events = (
        msgspec.structs.replace(file(), fields=()),
        file(PASSPORT, at=2_000, what="updated"),
        file(PHOTO, at=3_000, what="updated"),
    )
    said = []
    for order in itertools.permutations(events):
        drive = Drive()
        drive.give(Part(envelopes=(bank(),)), *(Part(events=(one,)) for one in order))
        drive.until(12_000)
        said.append({(c.command_id, c.kind, c.fields) for c in drive.commands})
    assert all(one == said[0] for one in said)
    assert ("REDACT", ("photo",)) in {one[1:] for one in said[0]}


# -- who else wants it erased ----------------------------------------------------------------------


def test_what_a_notice_orders_is_erased_but_for_what_must_be_kept() -> None:
    order = notice(stop=(2_000, 9_000), delete=(5_000, 90_000))
    drive = driven(bank(limit="P900D"), order, until=6_000)
    assert redaction(drive).cause == "notice:ico-1/delete"
    assert (redaction(drive).not_before, redaction(drive).complete_by) == (5_000, 90_000)


def test_what_a_person_wants_erased_is_but_for_what_must_be_kept() -> None:
    drive = driven(bank(limit="P900D"), request(received=2_000), until=6_000)
    assert redaction(drive).cause == "request:dsr-1/erasure"
    assert redaction(drive).fields == ("photo",)


# -- what stores answer ----------------------------------------------------------------------------


def test_it_is_sent_again_and_reported_and_given_anew_as_any_command() -> None:
    drive = driven(bank(keep(limit="P900D")))
    one = redaction(drive)
    drive.until(40 * 86_400_000)
    again = [c for c in drive.commands if c.kind == "REDACT"]
    assert {c.fields for c in again} == {("photo",)}
    assert len({c.command_id for c in again}) == 2
    assert max(c.attempt for c in again if c.command_id == one.command_id) > 1
    assert {"OVERDUE", "EXPIRED"} <= set(found(drive))


def test_a_store_that_cannot_do_it_is_told_of() -> None:
    drive = driven()
    say(drive, redaction(drive), "NOT_SUPPORTED")
    assert "REFUSED_BY_STORE" in found(drive)


def resent(record: Record, plans: Planner, *, commanding: bool = True) -> list[str]:
    names = {item.command_id for item in record.issued}
    again = unanswered(record, names, plans, Instant(13_000), commanding=commanding)
    return [command.kind for command in again]


def test_after_a_rebuild_it_leaves_again_only_if_it_is_still_wanted() -> None:
    drive = driven()
    drive.rebuilt()
    record = drive.ledger.holdings.get(RecordId("r1"))
    assert record is not None
    assert sorted(resent(record, planner(bank()))) == ["REDACT", "RESTRICT"]
    assert resent(record, planner(bank(), hold(records=("r1",)))) == ["RESTRICT"]
    assert resent(record, planner(bank(keep(), keep("photos", "pd:Picture")))) == ["RESTRICT"]
    assert resent(record, planner(bank(), control("pause"))) == ["RESTRICT"]
    assert resent(record, planner(bank()), commanding=False) == ["RESTRICT"]  # clocks differ


def test_every_store_is_told_and_one_settles_nothing_for_another() -> None:
    drive = driven(events=(file(stores=("images", "index")),))
    say(drive, next(c for c in drive.commands if c.kind == "REDACT"), "COMPLETED")
    assert {c.store for c in drive.commands if c.kind == "REDACT"} == {"images", "index"}
    assert drive.outstanding == 3


def test_however_many_fields_were_named_one_by_one_each_is_commanded_once() -> None:
    """Of what a life before had commanded few are kept: not so of what stands."""
    drive = Drive()
    drive.give(Part(envelopes=(bank(keep(limit="P900D")),), tick=Instant(400 * DAY)))
    drive.give(Part(events=(file(at=100 * DAY), file(at=200 * DAY, what="deleted"))))
    drive.give(Part(events=(file(at=400 * DAY),)))
    for number in range(2 * MAX_COMMANDS):
        at = 400 * DAY + 20_000 + 1_000 * number
        named = file(Field(f"f{number:02}", ("pd:Name",)), at=at, what="updated")
        drive.give(Part(events=(named,)))
        drive.until(at + 500)
        drive.answer_all(at=at + 500)
    drive.until(401 * DAY)
    counted = Counter(c.fields for c in drive.commands if c.kind == "REDACT")
    assert len(counted) == 2 * MAX_COMMANDS
    assert set(counted.values()) == {1}


def test_what_was_put_into_an_erased_field_goes_when_a_person_wants_it_erased() -> None:
    drive = driven(bank(keep(limit="P900D")))
    drive.answer_all(at=12_500)
    drive.give(Part(events=(file(at=20_000, what="updated"),)))
    drive.until(25_000)
    publish(drive, request(received=30_000), until=31_000)
    drive.give(Part(events=(file(at=40_000, what="updated"),)))
    drive.until(50_000)
    first, other = [c for c in drive.commands if c.kind == "REDACT"]
    assert (first.data_until, other.data_until) == (11_000, 30_000)
    assert (other.cause, other.fields) == ("request:dsr-1/erasure", ("photo",))
    assert first.command_id != other.command_id


def test_nobody_erases_again_what_nothing_was_put_into() -> None:
    drive = driven(bank(keep(limit="P900D")))
    drive.answer_all(at=12_500)
    publish(drive, request(received=30_000), until=31_000)
    assert redaction(drive).cause == "policy:acme/gb-search"
