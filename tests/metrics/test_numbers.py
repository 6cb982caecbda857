"""What the numbers say, of topics that a ledger wrote; each from an exporter that just started."""

import pytest
from msgspec.structs import replace

from pipeline.documents import enveloped
from pipeline.errors import InvalidInput
from pipeline.findings import finding
from pipeline.instants import DAY, HOUR, Instant
from pipeline.metrics.catalogue import METRICS
from pipeline.metrics.figures import MAX_STORES, Figures
from pipeline.receipts import Receipt
from pipeline.vocabulary import FindingKind
from tests.metrics.build import START, Desk, lasting, read
from tests.support.build import control, event, hold, notice, policy, rule


def test_records_by_status_and_band(desk: Desk) -> None:
    desk.happen(
        event("sure", at=START),
        event("unknown", at=START, residency=None),
        event("far", at=START, purpose="dpv:CustomerCare"),
    )
    assert desk.value("records", "ACTIVE", "RESIDENT") == 2
    assert desk.value("records", "ACTIVE", "UNKNOWN") == 1
    assert desk.value("unknown_residency_records") == 1
    desk.until(START + DAY)
    assert desk.value("records", "DELETE_COMMANDED", "RESIDENT") == 1
    desk.answer()
    assert desk.value("records", "DELETED", "NONE") == 2
    assert desk.value("records", "ACTIVE", "RESIDENT") == 1
    assert desk.value("unknown_residency_records") == 0


def test_limits_ahead_follow_the_policy_in_force_not_the_row(desk: Desk) -> None:
    desk.happen(*[event(f"r{n}", at=START) for n in range(3)])
    desk.happen(event("far", at=START, purpose="dpv:CustomerCare"))

    def due() -> list[float]:
        found = desk.figures()["retention_limits_due_records"]
        return [found[(within,)] for within in ("passed", "1d", "7d", "30d")]

    assert due() == [0, 3, 3, 3]
    rows = len(desk.scene.rows())
    desk.publish(policy(rule(limit="P10D"), version=2, default="P20D"))
    assert len(desk.scene.rows()) == rows
    assert due() == [0, 0, 0, 4]
    desk.clock(START + 12 * DAY)
    assert due() == [3, 3, 3, 4]


def test_a_running_exporter_turns_to_a_policy_when_it_takes_effect(desk: Desk) -> None:
    desk.happen(event(at=START))
    follower = desk.follower()
    assert follower.figures()["retention_limits_due_records"][("1d",)] == 1
    later = "\neffective_from: 2026-01-01T06:00:00Z"
    text = policy(rule(limit="P10D"), version=2).text
    desk.scene.publish(enveloped("policies", text.replace("\nzone", f"{later}\nzone"), "counsel"))
    assert read(follower).figures()["retention_limits_due_records"][("1d",)] == 1
    desk.clock(START + 6 * HOUR)
    assert read(follower).figures()["retention_limits_due_records"][("1d",)] == 0
    assert follower.figures()["retention_limits_due_records"][("30d",)] == 1


def test_a_record_without_a_policy_has_no_limit(desk: Desk) -> None:
    desk.happen(event(at=START))
    assert desk.value("unlimited_records") == 0
    # The exporter waits for an approval that nobody gave: no policy is in force for it.
    assert desk.figures(approvals=("policies",))["retention_unlimited_records"][()] == 1


def test_commands_are_counted_once_however_often_they_are_sent(desk: Desk) -> None:
    desk.happen(*[event(f"r{n}", at=START, stores=("images", "index")) for n in range(5)])
    desk.until(START + DAY)
    for command in desk.scene.commands():
        topic = desk.scene.topics.commands(command.store)
        again = desk.scene.codec.encode_command(replace(command, attempt=2))
        desk.scene.producer.send(topic, command.record_id.encode(), again)
    desk.scene.producer.flush()
    assert desk.value("commands_total", "DELETE", "policy") == 10
    assert desk.value("command_messages_total", "images") == 10
    assert desk.value("outstanding_commands", "index", "DELETE") == 5


def test_answers_settle_what_is_outstanding(desk: Desk) -> None:
    desk.happen(*[event(f"r{n}", at=START, stores=("images", "index")) for n in range(5)])
    desk.until(START + DAY)
    desk.clock(START + DAY + 90_000)
    assert desk.value("oldest_outstanding_age_seconds") == 90
    desk.answer(store="images")
    desk.answer("FAILED", store="index")
    assert desk.value("answered_commands", "COMPLETED") == 5
    assert desk.value("answered_commands", "FAILED") == 5
    assert desk.value("outstanding_commands", "images", "DELETE") == 0
    assert desk.value("outstanding_commands", "index", "DELETE") == 5
    desk.answer(store="index")
    assert desk.value("answered_commands", "COMPLETED") == 10
    assert desk.value("oldest_outstanding_age_seconds") == 0
    assert desk.value("receipts_acknowledged_total") == 15


def test_a_command_past_its_deadline_is_overdue(desk: Desk) -> None:
    desk.happen(event(at=START))
    desk.until(START + DAY)
    assert desk.value("overdue_commands", "images") == 0
    desk.until(START + DAY + 2 * HOUR)
    assert desk.value("overdue_commands", "images") == 1
    assert desk.value("findings", "OVERDUE", "error") == 1
    desk.answer()
    assert desk.value("overdue_commands", "images") == 0


def test_holds_and_restrictions(desk: Desk) -> None:
    desk.happen(event("held", at=START), event("free", at=START))
    desk.publish(hold(records=("held",)))
    assert desk.value("held_records") == 1
    assert desk.value("restricted_records") == 0
    assert desk.value("limits_due_records", "1d") == 1
    desk.until(START + DAY)
    assert desk.value("restricted_records") == 1
    assert desk.value("records", "RESTRICTED", "RESIDENT") == 1
    assert desk.value("commands_total", "RESTRICT", "hold") == 1


def test_a_notice_is_settled_when_every_store_has_done_what_it_orders(desk: Desk) -> None:
    desk.happen(*[event(f"r{n}", at=START, stores=("images", "index")) for n in range(3)])
    desk.happen(event("fr", at=START, residency="FR", purpose="dpv:CustomerCare"))
    now = START + HOUR
    desk.until(now)
    desk.publish(notice(stop=(now, now + DAY), delete=(now, now + 9 * DAY)))

    def step(name: str) -> tuple[float, float]:
        labels = ("ico-1", name)
        return (
            desk.value("notice_scope_records", *labels),
            desk.value("notice_settled_records", *labels),
        )

    deadline = desk.value("notice_deadline_timestamp_seconds", "ico-1", "delete")
    assert deadline == (now + 9 * DAY) / 1_000
    desk.until(now + 1)
    assert (step("stop"), step("delete")) == ((3, 0), (3, 0))
    desk.answer(store="images")
    assert (step("stop"), step("delete")) == ((3, 0), (3, 0))
    desk.answer(store="index")
    assert (step("stop"), step("delete")) == ((3, 3), (3, 3))


def test_a_notice_that_is_to_come_is_in_scope_and_not_settled(desk: Desk) -> None:
    desk.happen(event(at=START))
    later = START + 2 * DAY
    desk.publish(notice(stop=(later, later + DAY), delete=(later, later + DAY)))
    assert desk.value("notice_scope_records", "ico-1", "delete") == 1
    assert desk.value("notice_settled_records", "ico-1", "delete") == 0


def test_findings_and_quarantine_count_each_thing_once(desk: Desk) -> None:
    one = finding(FindingKind.NO_STORE, "r1", "x", "y", Instant(1))
    desk.find(
        [
            one,
            replace(one, at=Instant(2)),
            finding(FindingKind.NO_STORE, "r2", "x", "y", Instant(1)),
        ]
    )
    desk.quarantine(4, 5, 4)
    desk.quarantine(6, reason="empty")
    assert desk.value("findings", "NO_STORE", "error") == 2
    events = desk.scene.events_topic
    assert desk.value("quarantined_messages", events, "bad_id") == 2
    assert desk.value("quarantined_messages", events, "empty") == 1


def test_what_the_job_measures_of_itself(desk: Desk) -> None:
    now = START + HOUR
    desk.clock(now)
    desk.measure("job_shards", 2)
    desk.measure("job_governors", 1)
    for shard, (heard, wake, difference) in enumerate(
        [(now - 5_000, now - 35_000, 1_500), (now - 7_000, now + DAY, 400_000), (1, 1, 10**9)]
    ):
        desk.measure("ledger_now_ms", heard, shard)
        desk.measure("ledger_next_wake_ms", wake, shard)
        desk.measure("ledger_clock_difference_ms", difference, shard)
        desk.measure("ledger_unreviewed_records", 10, shard)
        desk.measure("governor_withheld_commands", 3, shard)
        desk.measure("governor_unconfirmed_shards", 2, shard)
    found = {name: values[()] for name, values in desk.figures().items() if () in values}
    assert found["retention_shard_time_lag_seconds"] == 7
    assert found["retention_wake_lag_seconds"] == 30
    assert found["retention_clock_difference_seconds"] == 400
    assert found["retention_paused_shards"] == 1
    assert found["retention_unreviewed_records"] == 20
    assert found["retention_withheld_commands"] == 3
    assert found["retention_unconfirmed_shards"] == 2


def test_partitions_that_the_job_reads_and_those_there_are(desk: Desk) -> None:
    events = desk.scene.events_topic
    assert desk.value("existing_partitions", events) == 4
    assert desk.value("assigned_partitions", events) == 0
    desk.measure("job_partitions", 4, topic=events)
    assert desk.value("assigned_partitions", events) == 4


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
    assert idle == {"retention_observed_deletions", "retention_unlimited_records"}


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
