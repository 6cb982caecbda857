"""Lineage and natural keys when something goes wrong: rows, mail and clocks that lie."""

import msgspec
import pytest

from pipeline.events import Event, checked
from pipeline.identifiers import RecordId
from pipeline.instants import DAY, HOUR, Instant
from pipeline.ledger.book import Ledger
from pipeline.ledger.parts import Part, Span
from pipeline.records import GONE
from tests.ledger.kin import PHOTO, alone, asked, derived, family, gone, kept, notice, told
from tests.ledger.looks import LONG
from tests.support.build import control, event, hold, policy, rule
from tests.support.drive import Drive

LIMIT = policy(rule(limit="PT10S"))
DUE = 11_100
"""When the limit of the template ends."""
OPEN = Span("records", 0, 0, 1, 0, 1)
GATED = {"records": 1}
LATER = Instant(3_660 * DAY)


def keyed(name: str, at: int, key: str = "H", **options: str) -> Event:
    made = event(name, at=at, **options)  # type: ignore[arg-type]
    return msgspec.structs.replace(made, natural_key_hash=key)


def found(drive: Drive) -> list[str]:
    return [one.kind for one in drive.findings]


def rebuilding(*, posts: bool = True) -> Drive:
    drive = Drive(awaited=GATED, posts=posts)
    drive.ledger = Ledger(0, GATED)
    return drive


def erased(*events: Event) -> Drive:
    drive = Drive()
    drive.give(Part(envelopes=(LIMIT,), events=events))
    drive.until(12_000)
    drive.answer_all(at=12_500)
    drive.until(13_000)
    return drive


def test_what_came_back_may_have_children() -> None:
    drive = erased(keyed("first", 1_000))
    drive.give(Part(events=(keyed("second", 14_000),)))
    drive.until(15_000)
    drive.give(Part(events=(derived("template", "second", at=14_500),)))
    drive.until(16_000)
    assert found(drive).count("COLLECTED_AGAIN") == 1


def test_what_is_forgotten_and_collected_again_in_one_go_is_kept() -> None:
    row = erased(event("a", at=1_000)).ledger.holdings.get(RecordId("a"))
    assert row is not None
    drive = Drive(awaited=GATED)
    drive.give(
        Part(envelopes=(LIMIT,)),
        Part(events=(event("a", at=LATER - 1_000),)),
        Part(rows=(row,), spans=(OPEN,)),
        Part(tick=LATER),
    )
    assert RecordId("a") in drive.ledger.holdings
    assert drive.removed == []
    drive.rebuilt()
    drive.until(LATER + 20_000)
    assert [c.record_id for c in drive.deletions] == ["a"]


def test_an_empty_key_is_none() -> None:
    assert checked(keyed("a", 1_000, "")).natural_key_hash is None
    assert checked(keyed("a", 1_000, "H")).natural_key_hash == "H"


def test_after_a_rebuild_an_old_word_of_a_parent_is_not_enough() -> None:
    paused, resumed = control("pause", "all", 1), control("resume", "all", 2)
    saved = hold(records=("photo",))
    drive = Drive(posts=False)
    drive.give(Part(envelopes=(LIMIT, paused), events=(derived(),)))
    drive.until(20_000)
    drive.give(Part(mails=(told(at=20_000, version=20_000),)))
    drive.until(21_000)
    rows = tuple(drive.ledger.holdings.records())
    fresh = rebuilding(posts=False)
    fresh.give(
        Part(envelopes=(LIMIT, paused, saved, resumed)),
        Part(rows=rows, spans=(OPEN,)),
        Part(tick=Instant(22_000)),
    )
    fresh.until(23_000)
    assert gone(fresh) == {}


def test_after_a_restart_documents_are_known_from_the_first_tick_on() -> None:
    """The time is of before the restart until then, and a word of then knows nothing of them."""
    drive = Drive(posts=False)
    drive.give(Part(envelopes=(LIMIT, control("pause", "all", 1)), events=(derived(),)))
    drive.until(20_000)
    drive.give(Part(mails=(told(at=50_000, version=50_000),)))
    drive.until(80_000)
    drive.rebuilt(ticks=False)
    resumed = control("resume", "all", 2)
    drive.give(Part(envelopes=(resumed, hold(records=("photo",)))))
    drive.rebuilt(ticks=False)
    drive.until(90_000)
    drive.until(91_000)
    assert gone(drive) == {}
    assert drive.ledger.planner.since == 90_000


def test_a_word_that_was_lost_is_asked_for_again_and_told_of() -> None:
    drive = alone(LIMIT)
    drive.mails.clear()
    drive.rebuilt()
    drive.until(20_000 + 3 * HOUR)
    assert {(mail.what, mail.record_id) for mail in drive.mails} == {("ASK", "photo")}
    assert found(drive).count("AWAITING_PARENT") == 1
    drive.give(Part(mails=(told(at=20_000, version=20_000),)))
    drive.until(20_000 + 4 * HOUR)
    assert set(gone(drive)) == {"template"}


def test_the_journal_keeps_a_question_that_follows_an_answer() -> None:
    for rebuilt in (False, True):
        drive = rebuilding(posts=False)
        drive.give(
            Part(envelopes=(LONG,)),
            Part(events=(PHOTO,)),
            Part(mails=(asked(at=0),)),
            Part(mails=(asked(at=9_000),)),
            Part(spans=(OPEN,)),
            Part(tick=Instant(5_000)),
        )
        if rebuilt:
            drive.rebuilt()
        drive.until(20_000)
        assert [mail.at for mail in drive.mails] == [0, 9_000]


def test_a_stores_clock_does_not_decide_when_a_deletion_is_forgotten() -> None:
    begin = 20 * 365 * DAY
    drive = Drive()
    drive.give(Part(envelopes=(LIMIT,)))
    drive.until(begin)
    drive.give(Part(events=(keyed("a", 1_000),)))
    drive.until(begin + 10_000)
    drive.answer_all(at=1_000)
    drive.until(begin + 30_000)
    assert drive.removed == []
    assert [mail.what for mail in drive.mails if mail.what == GONE]


def test_what_merely_happens_to_a_photo_makes_it_no_model() -> None:
    touched = msgspec.structs.replace(event("photo", at=1_500, what="accessed"), kind="model")
    for events in ((PHOTO, touched), (touched, PHOTO)):
        drive = family(LONG, notice(), events=events, until=9_000)
        assert set(gone(drive)) == {"photo"}
        assert {c.kind for c in drive.commands} == {"RESTRICT", "DELETE"}


def test_a_key_touches_nobody_who_certainly_lives_elsewhere() -> None:
    drive = Drive()
    drive.give(Part(envelopes=(LONG, notice()), events=(keyed("hostile", 1_000),)))
    drive.until(6_000)
    drive.answer_all(at=6_500)
    drive.until(7_000)
    drive.give(Part(events=(keyed("victim", 7_500, residency="FR"),)))
    drive.until(20_000)
    assert [c.kind for c in drive.commands if c.record_id == "victim"] == []
    assert "COLLECTED_AGAIN" in found(drive)


def test_ids_that_are_only_named_count_as_no_records() -> None:
    drive = family(LONG, events=(derived("template", *[f"p{n}" for n in range(50)]),))
    assert len(drive.ledger.holdings) == 51
    assert drive.ledger.progress()["ledger_records"] == 1
    drive.rebuilt()
    assert drive.ledger.progress()["ledger_records"] == 1


@pytest.mark.parametrize("late", [False, True])
def test_an_older_word_that_comes_late_vouches_for_its_instant_all_the_same(late: bool) -> None:
    """The newer word knows what the older vouched for, and cannot vouch for parents of its own."""
    drive = alone(LIMIT)
    answer, news = told(at=DUE, version=1, known=False), told(at=0, version=2)
    drive.give(*[Part(mails=(one,)) for one in ((news, answer) if late else (answer, news))])
    drive.until(21_000)
    assert set(gone(drive)) == {"template"}
    [heard] = kept(drive).heard
    assert (heard.version, heard.known) == (2, True)
