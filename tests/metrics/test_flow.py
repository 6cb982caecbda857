"""How far everything is: positions, lag, restarts and replays; each exporter just started."""

import pytest

from pipeline.documents import enveloped
from pipeline.errors import InvalidInput
from pipeline.instants import DAY, HOUR, Instant
from pipeline.metrics.catalogue import METRICS
from pipeline.metrics.figures import MAX_STORES, Figures
from pipeline.receipts import Receipt
from tests.metrics.build import START, Desk, lasting, read
from tests.support.build import control, event, hold, notice, policy, rule


def test_flow_is_counted_by_positions(desk: Desk) -> None:
    events = desk.scene.events_topic
    desk.happen(*[event(f"r{n}", at=START) for n in range(4)])
    desk.clock(START + 10_000)
    desk.scene.happen(event(f"r{n}", at=START) for n in range(6))
    desk.clock(START + 25_000)
    assert desk.value("events_published_total", events) == 10
    assert desk.value("events_acknowledged_total", events) == 4
    assert desk.value("consumer_lag_messages", events) == 6
    assert desk.value("watermark_lag_seconds") == 15
    desk.acknowledge()
    assert desk.value("consumer_lag_messages", events) == 0
    assert desk.value("watermark_lag_seconds") == 0


def test_a_message_stamped_ahead_does_not_hide_that_it_waits(desk: Desk) -> None:
    key, value = b"r", desk.scene.codec.encode_event(event(at=START))
    ahead = Instant(START + 900 * DAY)
    desk.scene.producer.send(desk.scene.events_topic, key, value, timestamp=ahead)
    desk.scene.producer.flush()
    follower = desk.follower()
    desk.clock(START + 40_000)
    assert read(follower).figures()["retention_watermark_lag_seconds"][()] == 40


def test_the_lag_of_a_running_exporter_grows_until_everything_is_acknowledged(desk: Desk) -> None:
    follower = desk.follower()
    desk.clock(START + 10_000)
    desk.scene.happen([event(at=START)])

    def lag() -> float:
        return read(follower).figures()["retention_watermark_lag_seconds"][()]

    desk.clock(START + 60_000)
    assert lag() == 60
    desk.acknowledge()
    assert lag() == 0


def everything(desk: Desk) -> None:
    """Let something of every kind be in the topics."""
    desk.measure("ledger_now_ms", START)
    desk.happen(*[event(f"r{n}", at=START, stores=("images", "index")) for n in range(40)])
    desk.happen(event("u", at=START, residency=None, purpose=None), event("n", at=START, stores=()))
    desk.publish(hold(records=("r1", "r2")))
    desk.publish(notice(stop=(START, START + DAY), delete=(START + DAY, START + 9 * DAY)))
    desk.until(START + DAY)
    desk.answer(store="images")
    desk.until(START + DAY + 3 * HOUR)
    desk.answer("FAILED", store="index")
    desk.quarantine(1, 2, 3)
    desk.measure("governor_withheld_commands", 3)
    desk.send("records", "r9", None)


def test_an_exporter_that_was_there_and_one_that_starts_say_the_same(desk: Desk) -> None:
    follower = desk.follower()
    everything(desk)
    there = lasting(read(follower).figures())
    assert there == lasting(desk.figures())
    assert there["retention_commands_total"]["RESTRICT", "notice"] > 0
    assert sum(there["retention_records"].values()) == 41


def distinct(figures: Figures) -> Figures:
    """Return the numbers in which what is sent again counts once."""
    return {metric.name: figures[metric.name] for metric in METRICS if metric.distinct}


def test_a_replay_of_the_topics_changes_nothing(desk: Desk) -> None:
    everything(desk)
    follower = desk.follower()
    before = distinct(follower.figures())
    desk.repeat_everything()
    assert distinct(read(follower).figures()) == before
    assert distinct(desk.figures()) == before
    idle = {name for name, values in before.items() if not any(values.values())}
    assert idle == {
        "retention_observed_deletions",
        "retention_returned_records",
        "retention_unlimited_records",
    }


def test_compaction_changes_nothing(desk: Desk) -> None:
    everything(desk)
    before = lasting(desk.figures())
    assert desk.scene.broker.compact() > 0  # type: ignore[attr-defined]
    assert lasting(desk.figures()) == before


def test_a_message_of_somebody_else_is_counted_and_stops_nothing(desk: Desk) -> None:
    desk.happen(event(at=START))
    desk.send("records", "x", b"\x00rubbish")
    desk.send("measurements", "x", b"\x00rubbish")
    desk.send("policies", "x", b"\x00rubbish")
    assert desk.value("records", "ACTIVE", "RESIDENT") == 1
    assert desk.figures()["retention_unreadable_messages"] == {
        (desk.scene.topics.name("records"),): 1,
        (desk.scene.topics.name("measurements"),): 1,
    }


def test_stores_beyond_a_number_share_one_label(desk: Desk) -> None:
    for number in range(MAX_STORES + 3):
        desk.happen(event(f"r{number}", at=START, stores=(f"s{number}",)))
    found = desk.figures()["retention_overdue_commands"]
    assert len(found) == MAX_STORES + 1
    assert ("other",) in found


@pytest.mark.parametrize("status", ["COMPLETED", "FAILED"])
def test_a_receipt_that_comes_again_counts_once(desk: Desk, status: str) -> None:
    desk.happen(event(at=START))
    desk.until(START + DAY)
    desk.answer(status)
    desk.answer(status)
    assert desk.value("answered_commands", status) == 1


def test_a_receipt_for_nothing_known_is_no_answer(desk: Desk) -> None:
    desk.scene.send_receipt(Receipt("c", "r", "images", "COMPLETED", Instant(START)))  # type: ignore[arg-type]
    assert desk.value("answered_commands", "COMPLETED") == 0


def test_what_is_only_observed_is_no_command(desk: Desk) -> None:
    desk.happen(event(at=START))
    text = policy(rule(limit="PT2H"), version=2, default="P60D").text
    desk.publish(enveloped("policies", text.replace("mode: enforce", "mode: observe"), "counsel"))
    desk.until(START + 3 * HOUR)
    assert desk.value("observed_deletions") == 1
    assert sum(desk.figures()["retention_commands_total"].values()) == 0
    assert desk.value("records", "ACTIVE", "RESIDENT") == 1


def test_a_command_that_was_taken_back_is_not_outstanding(desk: Desk) -> None:
    desk.happen(event(at=START))
    desk.until(START + DAY)
    assert desk.value("outstanding_commands", "images", "DELETE") == 1
    desk.publish(hold(records=("r1",)))
    desk.until(START + DAY + HOUR)
    assert desk.value("outstanding_commands", "images", "DELETE") == 0
    assert desk.value("outstanding_commands", "images", "CANCEL") == 1
    assert desk.value("commands_total", "CANCEL", "policy") == 1


def test_a_notice_that_was_withdrawn_has_no_deadline(desk: Desk) -> None:
    desk.happen(event(at=START))
    steps, later = (START, START + DAY), (START + HOUR, START + DAY)
    desk.publish(notice(stop=steps, delete=later))
    desk.until(START + 1)
    assert desk.value("notice_scope_records", "ico-1", "stop") == 1
    assert desk.value("restricted_records") == 1
    desk.publish(notice(stop=steps, delete=later, version=2, state="withdrawn"))
    desk.until(START + HOUR)
    assert desk.value("restricted_records") == 0
    assert desk.value("commands_total", "RELEASE", "notice") == 1
    assert desk.figures()["retention_notice_deadline_timestamp_seconds"] == {}
    assert desk.value("notice_scope_records", "ico-1", "delete") == 0


def test_a_record_that_cannot_be_worked_out_has_no_limit(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise InvalidInput("a period ends after 9999")

    desk.happen(event(at=START))
    monkeypatch.setattr("pipeline.rules.Planner.plan", refuse)
    assert desk.value("unlimited_records") == 1
    assert desk.value("records", "ACTIVE", "UNKNOWN") == 1
    assert desk.value("unknown_residency_records") == 1


def test_a_counter_of_a_running_exporter_never_falls(desk: Desk) -> None:
    desk.happen(event(at=START))
    desk.until(START + DAY)
    follower = desk.follower()
    assert follower.figures()["retention_commands_total"]["DELETE", "policy"] == 1
    desk.send("records", "r1", None)
    found = read(follower).figures()
    assert found["retention_commands_total"]["DELETE", "policy"] == 1
    assert found["retention_outstanding_commands"] == {}


def test_a_pause_changes_no_limit_and_causes_no_reading_again(desk: Desk) -> None:
    desk.happen(event(at=START))
    follower = desk.follower()
    before = follower._current
    desk.publish(control("pause"))
    assert read(follower)._current is before
    desk.publish(hold(records=("r1",)))
    assert read(follower)._current is not before
