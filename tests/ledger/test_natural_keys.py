"""Data that comes back under another id, and how long its deletion is remembered."""

import msgspec
import pytest

from pipeline.documents import enveloped
from pipeline.errors import Undecodable
from pipeline.events import Event, checked
from pipeline.identifiers import RecordId, shard_of
from pipeline.instants import DAY, Instant
from pipeline.ledger.parts import Part, Span
from pipeline.records import ASK, GONE, key_id
from tests.ledger.kin import kept, notice
from tests.ledger.looks import LONG
from tests.support.build import event, policy, request, rule
from tests.support.drive import Drive

HASH = "9f86d081"
KEY = key_id(HASH)
SIX_YEARS = 6 * 365 * DAY + 2 * DAY


def photo(name: str, *, at: int, residency: str | None = "GB", hashed: str = HASH) -> Event:
    """Return what tells of a photo of which the content is known by its natural key."""
    return msgspec.structs.replace(event(name, at=at, residency=residency), natural_key_hash=hashed)


def deleted(*events: Event) -> Drive:
    """Let a notice delete what was collected, and the stores say so."""
    drive = Drive()
    drive.give(Part(envelopes=(LONG, notice()), events=events))
    drive.until(6_000)
    drive.answer_all(at=6_000)
    drive.until(7_000)
    return drive


def commanded(drive: Drive, name: str) -> list[tuple[str, str]]:
    """Return what was commanded of a record, and why."""
    return [(one.kind, one.cause) for one in drive.commands if one.record_id == name]


def test_what_comes_back_under_another_id_is_commanded_under_the_same_cause() -> None:
    drive = deleted(photo("first", at=1_000))
    drive.give(Part(events=(photo("second", at=8_000, residency=None),)))
    drive.until(9_000)
    assert ("DELETE", "notice:ico-1/delete") in commanded(drive, "second")
    assert ("RESTRICT", "notice:ico-1/stop") in commanded(drive, "second")
    found = [one for one in drive.findings if one.kind == "COLLECTED_AGAIN"]
    assert [one.subject for one in found] == ["notice:ico-1 on 1970-01-01"]
    assert kept(drive, "second").came_back


def test_what_has_another_key_did_not_come_back() -> None:
    drive = deleted(photo("first", at=1_000))
    drive.give(Part(events=(photo("second", at=8_000, residency="FR", hashed="other"),)))
    drive.until(9_000)
    assert commanded(drive, "second") == []
    assert not kept(drive, "second").came_back


def test_what_was_there_before_the_deletion_did_not_come_back() -> None:
    drive = deleted(photo("first", at=1_000))
    drive.give(Part(events=(photo("second", at=5_500, residency="FR"),)))
    drive.until(9_000)
    assert not kept(drive, "second").came_back
    assert [one for one in drive.findings if one.kind == "COLLECTED_AGAIN"] == []
    assert commanded(drive, "second") == []


def test_what_came_back_is_not_meant_by_a_notice_about_what_was_collected_earlier() -> None:
    drive = deleted(photo("first", at=1_000))
    text = notice().text.replace("version: 1", "version: 2")
    text = text.replace("state:", 'collected_before: "1970-01-01T00:00:07Z"\nstate:')
    again = enveloped("notices", text, "counsel")
    drive.give(Part(envelopes=(again,), events=(photo("second", at=8_000, residency="FR"),)))
    drive.until(9_000)
    assert commanded(drive, "second") == []
    assert kept(drive, "second").came_back


def test_what_a_notice_that_was_withdrawn_deleted_may_come_back() -> None:
    drive = deleted(photo("first", at=1_000))
    text = notice().text.replace("version: 1", "version: 2").replace("in_force", "withdrawn")
    gone = enveloped("notices", text, "counsel")
    drive.give(Part(envelopes=(gone,), events=(photo("second", at=8_000, residency="FR"),)))
    drive.until(9_000)
    assert commanded(drive, "second") == []


def test_a_request_reaches_what_comes_back_too() -> None:
    drive = Drive()
    asked = request(subjects=("s-first",), more="collected_before: none")
    drive.give(Part(envelopes=(LONG, asked), events=(photo("first", at=1_000),)))
    drive.until(6_000)
    drive.answer_all(at=6_000)
    strangers = photo("strangers", at=8_000)
    second = msgspec.structs.replace(photo("second", at=8_000), subjects=())
    drive.give(Part(events=(strangers, second)))
    drive.until(9_000)
    assert ("DELETE", "request:dsr-1/erasure") in commanded(drive, "second")
    # What names other people is theirs, whatever its key.
    assert commanded(drive, "strangers") == []


def test_what_a_limit_deleted_has_a_limit_of_its_own_when_it_comes_back() -> None:
    drive = Drive()
    drive.give(Part(envelopes=(policy(rule(limit="P30D")),), events=(photo("first", at=1_000),)))
    drive.until(40 * DAY)
    drive.answer_all(at=40 * DAY)
    drive.give(Part(events=(photo("second", at=41 * DAY),)))
    drive.until(41 * DAY)
    assert commanded(drive, "first")
    assert commanded(drive, "second") == []
    assert [one.kind for one in drive.findings if "policy:" in one.subject] == ["COLLECTED_AGAIN"]


def test_a_key_remembers_what_was_deleted_and_not_who_asked() -> None:
    drive = Drive()
    drive.give(Part(envelopes=(LONG,), events=(photo("first", at=1_000),)))
    drive.until(2_000)
    assert [mail.what for mail in drive.mails] == [ASK]
    assert drive.ledger.holdings.get(KEY) is None
    drive = deleted(photo("first", at=1_000))
    assert {mail.what for mail in drive.mails if mail.record_id == KEY} == {ASK, GONE}
    assert kept(drive, KEY).children == ()


def test_that_it_was_deleted_is_forgotten_in_the_end() -> None:
    drive = deleted(photo("first", at=1_000))
    drive.until(SIX_YEARS - DAY)
    assert RecordId("first") in drive.ledger.holdings
    assert KEY in drive.ledger.holdings
    drive.until(SIX_YEARS + DAY)
    assert len(drive.ledger.holdings) == 0
    assert sorted(drive.removed) == sorted(["first", KEY])
    # The journal has forgotten it too.
    drive.rebuilt()
    assert len(drive.ledger.holdings) == 0


def test_what_is_there_is_not_forgotten() -> None:
    drive = Drive()
    drive.give(Part(envelopes=(LONG,), events=(photo("first", at=1_000),)))
    drive.until(40 * DAY)
    drive.until(SIX_YEARS + 50 * DAY)  # no store has answered
    assert RecordId("first") in drive.ledger.holdings


def test_ids_of_our_own_are_refused() -> None:
    with pytest.raises(Undecodable, match="reserved"):
        checked(event(KEY))
    assert shard_of(KEY, 64) != shard_of(RecordId("first"), 64)


def test_a_rebuilt_ledger_asks_again_whether_its_data_came_back() -> None:
    drive = deleted(photo("first", at=1_000))
    drive.give(Part(events=(photo("second", at=8_000),)))
    rows = tuple(drive.ledger.holdings.records())
    fresh = Drive(awaited={"records": 1})
    span = Span("records", 0, 0, 1, 0, 1)
    fresh.give(Part(rows=rows, spans=(span,), envelopes=(LONG,), tick=Instant(9_000)))
    told = {(mail.what, mail.other_id) for mail in fresh.mails if mail.record_id == KEY}
    assert told == {(GONE, "first"), (ASK, "second")}


def test_a_restart_does_not_decide_over_what_was_there_before_the_deletion() -> None:
    drive = deleted(photo("first", at=1_000), photo("copy", at=1_500, residency="FR"))
    assert commanded(drive, "copy") == []
    fresh = Drive(awaited={"records": 1})
    rows = tuple(drive.ledger.holdings.records())
    span = Span("records", 0, 0, 1, 0, 1)
    fresh.give(Part(rows=rows, spans=(span,), envelopes=(LONG, notice()), tick=Instant(9_000)))
    fresh.until(12_000)
    assert commanded(fresh, "copy") == []


def test_what_is_collected_anew_under_a_known_id_asks_again() -> None:
    drive = deleted(photo("first", at=1_000), photo("copy", at=1_500, residency=None))
    drive.give(Part(events=(photo("copy", at=8_000, residency=None),)))
    drive.until(9_000)
    assert ("DELETE", "notice:ico-1/delete") in commanded(drive, "copy")
    # That it was only looked at is no collection.
    other = deleted(photo("first", at=1_000), photo("copy", at=1_500, residency=None))
    other.give(Part(events=(event("copy", at=8_000, what="accessed", residency=None),)))
    other.until(9_000)
    assert ("DELETE", "notice:ico-1/delete") not in commanded(other, "copy")


def test_its_key_is_asked_when_data_comes_and_comes_again_and_at_no_other_time() -> None:
    drive = Drive(posts=False)

    def asks(*events: Event) -> int:
        drive.mails.clear()
        drive.give(Part(envelopes=(LONG,), events=events))
        drive.until(drive.ledger.now + 1_000)
        return sum(mail.what == ASK and mail.record_id == KEY for mail in drive.mails)

    assert asks(photo("r1", at=1_000)) == 1
    touched = msgspec.structs.replace(photo("r1", at=1_500), what="accessed")
    assert asks(touched) == 0
    assert asks(event("r1", at=2_000, what="purpose_ended")) == 0
    assert asks(photo("r1", at=2_500)) == 1, "a later birth"
    assert asks(photo("r1", at=2_500)) == 0, "the same event again"
    assert asks(photo("r1", at=500)) == 0, "an earlier one"
    assert asks(event("r2", at=3_000)) == 0, "nobody hashed its key"
    assert asks(event("r2", at=3_500)) == 0
