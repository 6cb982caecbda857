"""What records that were derived from each other tell each other, and the deletions that wait."""

import itertools

import pytest

from pipeline.identifiers import RecordId
from pipeline.ledger.parts import Part
from pipeline.records import MAX_DEPTH, MAX_VALUES, TOLD, Mail
from tests.ledger.kin import (
    OTHER,
    PHOTO,
    alone,
    asked,
    deliver,
    derived,
    family,
    gone,
    kept,
    notice,
    told,
)
from tests.ledger.looks import LONG, publish
from tests.support.build import control, event, hold, policy, rule
from tests.support.drive import Drive

NOTICE = "notice:ico-1"
LIMIT = policy(rule(limit="PT10S"))
DUE = 11_100
"""When the limit of the template ends."""
HOLD = hold(records=("photo",))
RELEASED = hold(records=("photo",), version=2, state="released")


# -- deletion waits for the parents' word --------------------------------------------------------


def test_a_template_asks_at_first_sight_and_for_the_instant_at_which_it_falls_due() -> None:
    drive = alone(LIMIT)
    assert drive.mails == [asked(), asked(at=DUE)]
    drive.until(80_000)
    assert drive.mails == [asked(), asked(at=DUE)]
    assert gone(drive) == {}


@pytest.mark.parametrize("known", [True, False])
def test_it_goes_once_its_photo_has_told_what_it_knew_then(known: bool) -> None:
    drive = alone(LIMIT)
    drive.give(Part(mails=(told(at=DUE - 1, version=1, known=known),)))
    drive.until(21_000)
    assert gone(drive) == {}
    drive.give(Part(mails=(told(at=DUE, version=1, known=known),)))
    drive.until(22_000)
    assert gone(drive) == {"template": "policy:acme/gb-search"}
    [deletion] = drive.deletions
    assert deletion.not_before == DUE


def test_a_hold_on_the_photo_that_is_told_of_while_it_waits_saves_it() -> None:
    drive = alone(LIMIT)
    drive.give(Part(envelopes=(HOLD,)), Part(mails=(told("hold:h1"),)))
    drive.until(30_000)
    assert gone(drive) == {}
    assert gone(drive, "RESTRICT") == {"template": "hold:h1"}


def test_a_hold_that_is_published_while_the_answer_is_under_way_is_asked_for_again() -> None:
    """What the photo said of earlier documents decides nothing under later ones."""
    drive = alone(LIMIT)
    drive.give(Part(envelopes=(HOLD,)), Part(mails=(told(at=DUE, version=1),)))
    drive.until(30_000)
    assert gone(drive) == {}
    assert drive.mails[-1] == asked(at=20_000)
    drive.give(Part(mails=(told("hold:h1", at=20_000, version=2),)))
    drive.until(31_000)
    assert gone(drive) == {}
    drive.give(Part(mails=(told(at=32_000, version=3),), envelopes=(RELEASED,)))
    drive.until(33_000)
    deliver(drive, told(at=33_000, version=4))
    drive.until(34_000)
    assert set(gone(drive)) == {"template"}


def test_it_waits_for_each_of_its_parents() -> None:
    both = derived("template", "photo", "other")
    drive = family(LIMIT, events=(both,), posts=False, until=20_000)
    drive.give(Part(mails=(told(at=DUE),)))
    drive.until(21_000)
    assert gone(drive) == {}
    drive.give(Part(mails=(told(at=DUE, by="other"),)))
    drive.until(22_000)
    assert set(gone(drive)) == {"template"}


def test_a_hold_that_does_not_stand_any_more_saves_nothing() -> None:
    drive = alone(LIMIT)
    drive.give(Part(mails=(told("hold:h1"),)))
    drive.until(21_000)
    assert set(gone(drive)) == {"template"}


# -- the parent's answers ------------------------------------------------------------------------


def test_a_parent_answers_only_once_the_instant_has_passed() -> None:
    drive = family(events=(PHOTO,), posts=False, until=5_000)
    drive.give(Part(mails=(asked(at=9_000),)))
    drive.until(8_999)
    assert drive.mails == []
    drive.until(9_000)
    [answer] = drive.mails
    assert (answer.record_id, answer.other_id, answer.what) == ("template", "photo", TOLD)
    assert (answer.at, answer.known, answer.taints) == (9_000, True, ())
    drive.until(20_000)
    assert drive.mails == [answer]


def test_a_parent_that_nobody_knows_answers_so() -> None:
    drive = family(events=(OTHER,), posts=False)
    drive.give(Part(mails=(asked(),)))
    assert [(mail.known, mail.taints) for mail in drive.mails] == [(False, ())]
    assert drive.commands == []


def test_a_parent_tells_its_children_when_what_means_it_changes_and_only_then() -> None:
    drive = family(events=(PHOTO,), posts=False)
    drive.give(Part(mails=(asked(),)))
    drive.mails.clear()
    publish(drive, control("pause", "store:elsewhere"), until=3_000)
    assert drive.mails == []
    publish(drive, HOLD, until=4_000)
    assert [[one.document for one in mail.taints] for mail in drive.mails] == [["hold:h1"]]
    publish(drive, RELEASED, until=5_000)
    assert [mail.taints for mail in drive.mails[1:]] == [()]


def test_a_parent_that_was_not_looked_at_yet_answers_under_the_newest_documents() -> None:
    drive = family(events=(PHOTO,), posts=False)
    drive.give(Part(mails=(asked(),)))
    drive.mails.clear()
    drive.give(Part(envelopes=(HOLD,), mails=(asked(),)))
    for mail in drive.mails:
        assert [one.document for one in mail.taints] == ["hold:h1"]


def test_a_parent_with_more_children_than_are_remembered_still_answers_who_asks() -> None:
    drive = family(events=(PHOTO,), posts=False)
    asks = [asked(f"child-{number:04}") for number in range(MAX_VALUES + 1)]
    drive.give(Part(mails=tuple(asks)))
    assert {mail.record_id for mail in drive.mails} == {mail.other_id for mail in asks}
    assert len(kept(drive, "photo").children) == MAX_VALUES
    drive.mails.clear()
    publish(drive, HOLD, until=3_000)
    assert len(drive.mails) == MAX_VALUES
    drive.mails.clear()
    drive.give(Part(mails=(asks[-1],)))
    assert [[one.document for one in mail.taints] for mail in drive.mails] == [["hold:h1"]]


# -- mail that comes twice, late, or in another order --------------------------------------------


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_newest_word_counts_whatever_comes_first_and_however_often(
    order: tuple[int, ...],
) -> None:
    words = (
        told(NOTICE, at=2_000, version=2),
        told(at=3_000, version=3),
        told("hold:h1", at=4_000, version=4),
    )
    drive = alone(LONG, until=5_000)
    drive.give(*(Part(mails=(words[place],)) for place in (*order, *order)))
    [heard] = kept(drive).heard
    assert (heard.version, heard.at) == (4, 4_000)
    assert [one.document for one in heard.taints] == ["hold:h1"]


def test_the_same_word_again_changes_nothing() -> None:
    drive = alone(LONG, notice())
    drive.give(Part(mails=(told(NOTICE),)))
    drive.until(21_000)
    before = (kept(drive), len(drive.commands), drive.rows)
    drive.give(Part(mails=(told(NOTICE), told(at=5_000, version=5_000))))
    drive.until(22_000)
    assert (kept(drive), len(drive.commands), drive.rows) == before
    assert set(gone(drive)) == {"template"}


def test_the_latest_instant_of_one_version_counts() -> None:
    drive = alone(LIMIT)
    drive.give(Part(mails=(told(at=DUE, version=1), told(at=DUE - 1, version=1))))
    drive.until(21_000)
    assert set(gone(drive)) == {"template"}


def test_the_word_of_one_who_is_no_parent_is_not_kept() -> None:
    drive = alone(LONG, notice())
    drive.give(Part(mails=(told(NOTICE, by="stranger"), told())))
    drive.until(21_000)
    assert gone(drive) == {}
    assert [one.parent_id for one in kept(drive).heard] == ["photo"]


def test_the_same_question_again_is_answered_again_and_kept_once() -> None:
    drive = family(events=(PHOTO,), posts=False)
    drive.give(Part(mails=(asked(),)))
    drive.give(Part(mails=(asked(), asked())))
    assert len({mail.record_id for mail in drive.mails}) == 1
    assert kept(drive, "photo").children == ("template",)


def cyclic(posts: bool) -> Drive:
    """Two records that are each said to be derived from the other; one is of somebody in GB."""
    one = derived("one", "two", residency="GB")
    two = derived("two", "one", at=1_200, residency="FR")
    return family(LONG, events=(one, two), posts=posts)


def test_records_that_are_derived_from_each_other_fall_silent() -> None:
    drive = cyclic(posts=False)
    for until, *documents in ((3_000,), (9_000, notice()), (60_000, HOLD)):
        publish(drive, *documents, until=until)
        for _ in range(20):
            if not drive.mails:
                break
            mails, drive.mails = drive.mails, []
            drive.give(Part(mails=tuple(mails)))
            drive.until(until)
        assert drive.mails == []
    assert set(gone(drive)) == {"one", "two"}


def test_in_a_cycle_a_notice_that_is_withdrawn_means_nobody() -> None:
    drive = cyclic(posts=True)
    publish(drive, notice(delete=80_000), until=9_000)
    assert set(gone(drive, "RESTRICT")) == {"one", "two"}
    publish(drive, notice(delete=80_000, version=2, state="withdrawn"), until=10_000)  # type: ignore[arg-type]
    assert set(gone(drive, "RELEASE")) == {"one", "two"}


def test_a_word_that_was_taken_back_does_not_go_round_in_a_cycle() -> None:
    """The notice may mean the second by its own words, until its parents are known."""
    first = derived("first", "second", residency="FR")
    drive = family(LONG, notice(), events=(first, derived("second", "first")), posts=False)
    for _ in range(20):
        mails, drive.mails = drive.mails, []
        drive.give(Part(mails=tuple(mails)))
    assert drive.mails == []


# -- generations ---------------------------------------------------------------------------------


def test_a_deletion_waits_for_the_word_of_its_parents_parents() -> None:
    """The photo's word is under way when the copy of its template asks the template."""
    photo, made = event("photo", at=3_000), derived(at=3_000)
    copy = derived("copy", "template", at=1_050)
    drive = family(LIMIT, events=(photo, made, copy), posts=False, until=3_000)
    deliver(drive)
    drive.give(Part(envelopes=(HOLD,)))
    late: list[Mail] = []
    for until in range(4_000, 12_500, 100):
        drive.until(until)
        late += [mail for mail in drive.mails if mail.other_id == "photo"]
        others = [mail for mail in drive.mails if mail.other_id != "photo"]
        drive.mails = []
        drive.give(Part(mails=tuple(others)))
    assert gone(drive) == {}
    deliver(drive, *late)
    drive.until(20_000)
    assert set(gone(drive, "RESTRICT")) == {"photo", "template", "copy"}


def test_records_that_name_each_other_as_parents_are_deleted_all_the_same() -> None:
    drive = family(LIMIT, events=(derived("first", "second"), derived("second", "first")))
    drive.until(90_000)
    assert set(gone(drive)) == {"first", "second"}
    assert kept(drive, "first").depth == MAX_DEPTH
    deep = {one.subject for one in drive.findings if one.kind == "LINEAGE_TOO_DEEP"}
    assert deep == {"first", "second"}


def test_a_parent_that_was_forgotten_answers_and_unsays_nothing() -> None:
    drive = family(LIMIT, posts=False, until=2_000)
    deliver(drive)
    drive.ledger.holdings.remove(RecordId("photo"))
    before = kept(drive)
    drive.until(12_000)
    deliver(drive)
    drive.until(13_000)
    assert "template" in gone(drive)
    assert kept(drive).heard[0].known
    assert kept(drive).heard[0].taints == before.heard[0].taints
