"""What the pipeline keeps under ids of its own is no record; what it waits for is waited for."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from pipeline.documents import Envelope, enveloped
from pipeline.events import Event
from pipeline.identifiers import RecordId
from pipeline.instants import DAY, HOUR, Instant, format_instant
from pipeline.ledger.parts import Part
from pipeline.metrics.figures import Figures
from pipeline.records import ASK, Mail
from tests.metrics.build import START, Desk
from tests.support.build import event, policy, rule

STEP = "retention:notice/ico-1/stop"
KEY = "9f86d081"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Topics under a policy; mail of the ledger is delivered to it at once."""
    made = Posted(tmp_path, policy(rule(limit="P30D"), default="P60D"))
    yield made
    made.scene.close()


class Posted(Desk):
    """A desk whose only shard gets its own mail."""

    def give(self, part: Part) -> None:
        outcome = self.ledger.apply(part)
        self.write(outcome)
        if outcome.mails:
            self.give(Part(mails=tuple(outcome.mails)))

    def until(self, now: int) -> None:
        self.clock(now)
        self.give(Part(tick=Instant(now)))
        outcome = self.ledger.wake(Instant(now))
        self.write(outcome)
        if outcome.mails:
            self.give(Part(mails=tuple(outcome.mails)))


def ordered(action: str, *, tell: str = "", state: str = "in_force", version: int = 1) -> Envelope:
    text = f"""
notice: ico-1
version: {version}
authority: GB-ICO
citation: {{law: DPA 2018, article: s.149, url: "https://example.org/149"}}
state: {state}
match: {{residency: [GB]}}
steps:
  - id: stop
    action: {action}{tell}
    not_before: "{format_instant(Instant(START))}"
    complete_by: "{format_instant(Instant(START + DAY))}"
"""
    return enveloped("notices", text, "counsel")


def told(**options: object) -> Envelope:
    return ordered("stop_collection", tell="\n    tell: [index]", **options)  # type: ignore[arg-type]


def photo(name: str, *, at: int) -> Event:
    return replace(event(name, at=at), natural_key_hash=KEY)


def records(figures: Figures) -> float:
    """Return how many records are counted, of every status and band."""
    return sum(figures["retention_records"].values())


# -- steps of notices ----------------------------------------------------------------------------


def test_a_step_that_is_told_is_no_record(desk: Desk) -> None:
    desk.happen(event(at=START))
    before = desk.figures()
    desk.publish(told())
    figures = desk.figures()
    assert RecordId(STEP) in desk.ledger.holdings
    assert figures["retention_records"] == before["retention_records"]
    for name in ("unknown_residency", "unlimited", "restricted", "held", "returned"):
        assert figures[f"retention_{name}_records"].get((), 0.0) == 0.0
    for within in ("passed", "1d", "7d", "30d", "90d"):
        limits = "retention_limits_due_records"
        assert figures[limits].get((within,)) == before[limits].get((within,))


def test_what_a_step_is_told_is_outstanding_until_it_is_answered(desk: Desk) -> None:
    desk.publish(told())
    desk.clock(START + 90_000)
    assert desk.value("commands_total", "STOP_COLLECTION", "notice") == 1
    assert desk.value("outstanding_commands", "index", "STOP_COLLECTION") == 1
    assert desk.value("oldest_outstanding_age_seconds") == 90
    assert desk.value("notice_scope_records", "ico-1", "stop") == 1
    assert desk.value("notice_settled_records", "ico-1", "stop") == 0
    desk.answer()
    assert desk.value("outstanding_commands", "index", "STOP_COLLECTION") == 0
    assert desk.value("answered_commands", "COMPLETED") == 1
    assert desk.value("notice_settled_records", "ico-1", "stop") == 1
    assert records(desk.figures()) == 0


def test_what_a_step_is_told_becomes_overdue(desk: Desk) -> None:
    desk.publish(told())
    desk.until(START + DAY + 2 * HOUR)
    assert desk.value("overdue_commands", "index") == 1
    assert desk.value("findings", "OVERDUE", "error") == 1


def test_what_ended_with_its_notice_is_no_record_either(desk: Desk) -> None:
    desk.publish(told())
    desk.answer()
    desk.publish(told(state="withdrawn", version=2))
    assert desk.value("commands_total", "RELEASE", "notice") == 1
    assert records(desk.figures()) == 0
    desk.answer()
    assert desk.value("outstanding_commands", "index", "RELEASE") == 0
    assert records(desk.figures()) == 0


# -- keys, and parents that nobody told of -------------------------------------------------------


def test_what_is_remembered_of_a_key_is_no_record(desk: Desk) -> None:
    desk.happen(photo("first", at=START))
    desk.publish(ordered("delete"))
    desk.until(START + HOUR)
    desk.answer()
    desk.until(START + 2 * HOUR)
    rows = {row.record_id for row in desk.scene.newest()}
    assert rows == {"first", f"retention:key/{KEY}"}
    figures = desk.figures()
    assert figures["retention_records"]["DELETED", "NONE"] == 1
    assert records(figures) == 1


def test_what_came_back_under_another_id_is_counted(desk: Desk) -> None:
    desk.happen(photo("first", at=START))
    desk.publish(ordered("delete"))
    desk.until(START + HOUR)
    desk.answer()
    assert desk.value("returned_records") == 0
    desk.happen(photo("second", at=START + 2 * HOUR))
    desk.until(START + 2 * HOUR)
    assert desk.value("returned_records") == 1
    assert desk.value("findings", "COLLECTED_AGAIN", "warning") == 1
    assert records(desk.figures()) == 2


def test_a_parent_that_nobody_told_of_is_no_record(desk: Desk) -> None:
    made = replace(event("template", at=START), what="derived", parents=(RecordId("photo"),))
    desk.happen(replace(made, kind="template"))
    rows = {row.record_id for row in desk.scene.newest()}
    assert rows == {"photo", "template"}
    assert records(desk.figures()) == 1
    desk.happen(event("photo", at=START))
    assert records(desk.figures()) == 2


def test_mail_alone_makes_no_record(desk: Desk) -> None:
    asked = Mail(RecordId("photo"), RecordId("template"), ASK, Instant(START))
    desk.give(Part(mails=(asked,)))
    assert records(desk.figures()) == 0
