"""What a notice orders of the controller itself: to stop collecting, and to attest."""

from pipeline.documents import Envelope, enveloped
from pipeline.identifiers import shard_of
from pipeline.instants import DAY, Instant, format_instant
from pipeline.ledger.book import Ledger
from pipeline.ledger.parts import Part
from pipeline.receipts import Receipt
from tests.ledger.kin import PHOTO
from tests.ledger.looks import LONG
from tests.support.drive import Drive

STOP = "retention:notice/ico-1/stop"
ATTEST = "retention:notice/ico-1/attest"


def ordered(
    *, version: int = 1, state: str = "in_force", mode: str = "enforce", crawler: str = "crawler"
) -> Envelope:
    """Return a notice that has a crawler stopped by 8,000 and an officer attest by 9,000."""

    def step(name: str, action: str, who: str, by: int) -> str:
        return f"""  - id: {name}
    action: {action}
    tell: [{who}]
    not_before: "{format_instant(Instant(5_000))}"
    complete_by: "{format_instant(Instant(by))}"
"""

    text = f"""
notice: ico-1
version: {version}
authority: GB-ICO
citation: {{law: DPA 2018, article: s.149, url: "https://example.org/149"}}
state: {state}
mode: {mode}
match: {{residency: [GB]}}
steps:
{step("stop", "stop_collection", crawler, 8_000)}{step("attest", "attest", "officer", 9_000)}"""
    return enveloped("notices", text, "counsel")


def served(*documents: Envelope, until: int = 6_000) -> Drive:
    """Let a photo be there and notices be published."""
    drive = Drive()
    drive.give(Part(envelopes=(LONG, *documents), events=(PHOTO,)))
    drive.until(until)
    return drive


def test_the_crawler_is_told_to_stop_and_the_officer_to_attest() -> None:
    drive = served(ordered(), until=4_999)
    assert drive.commands == []
    drive.until(6_000)
    told = [(c.kind, c.store, c.record_id, c.complete_by) for c in drive.commands]
    assert sorted(told) == [
        ("ATTEST", "officer", ATTEST, 9_000),
        ("STOP_COLLECTION", "crawler", STOP, 8_000),
    ]
    assert {c.cause for c in drive.commands} == {"notice:ico-1/stop", "notice:ico-1/attest"}


def test_nobody_answers_and_it_is_overdue_and_said_again() -> None:
    drive = served(ordered(), until=2 * DAY)
    overdue = {one.subject for one in drive.findings if one.kind == "OVERDUE"}
    assert overdue == {c.command_id for c in drive.commands}
    assert {c.kind for c in drive.commands if c.attempt == 2} == {"STOP_COLLECTION", "ATTEST"}
    drive.answer_all(at=2 * DAY)
    assert drive.outstanding == 0


def test_once_the_notice_is_withdrawn_collection_may_go_on() -> None:
    drive = served(ordered())
    [stop] = [c for c in drive.commands if c.kind == "STOP_COLLECTION"]
    drive.give(
        Part(
            receipts=(
                Receipt(stop.command_id, stop.record_id, stop.store, "COMPLETED", Instant(6_000)),
            )
        ),
        Part(envelopes=(ordered(version=2, state="withdrawn"),)),
    )
    drive.until(7_000)
    back = {(c.kind, c.store) for c in drive.commands if c.withdraws is not None}
    # What was obeyed lasts, so it is ended; what was not obeyed yet is cancelled.
    assert back == {("RELEASE", "crawler"), ("CANCEL", "officer")}


def test_a_notice_that_is_only_observed_tells_nobody() -> None:
    assert served(ordered(mode="observe")).commands == []


def test_each_step_is_told_by_one_shard_only() -> None:
    told = []
    for shard in range(4):
        drive = Drive()
        drive.ledger = Ledger(shard, {}, (), 4)
        drive.give(Part(envelopes=(LONG, ordered())))
        drive.until(6_000)
        told += [(shard, c.record_id) for c in drive.commands]
    assert sorted(told) == sorted([(shard_of(STOP, 4), STOP), (shard_of(ATTEST, 4), ATTEST)])


def test_what_a_notice_orders_of_the_controller_touches_no_record() -> None:
    drive = served(ordered(), until=10_000)
    assert {c.record_id for c in drive.commands} == {STOP, ATTEST}
    assert all(one.kind != "NO_RULE" or STOP not in one.subject for one in drive.findings)


def test_the_entry_has_no_limit_and_is_never_deleted() -> None:
    drive = served(ordered(), until=2_000 * DAY)
    assert {c.record_id for c in drive.deletions} == {"photo"}


def test_who_is_not_to_be_told_any_more_may_go_on() -> None:
    drive = served(ordered())
    drive.give(Part(envelopes=(ordered(version=2, crawler="other"),)))
    drive.until(7_000)
    stops = {c.store for c in drive.commands if c.kind == "STOP_COLLECTION"}
    assert stops == {"crawler", "other"}
    assert {c.store for c in drive.commands if c.kind == "RELEASE"} == {"crawler"}
