"""What the numbers say, of topics that a ledger wrote; each from an exporter that just started."""

from msgspec.structs import replace

from pipeline.documents import enveloped
from pipeline.findings import RESOLVED_BY, finding
from pipeline.instants import DAY, HOUR, Instant
from pipeline.vocabulary import FindingKind
from tests.metrics.build import START, Desk, read
from tests.support.build import event, hold, notice, policy, rule


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
    for kind in ("policies", "simulations"):
        assert desk.figures(approvals=(kind,))["retention_unlimited_records"][()] == 1


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


def test_what_came_back_after_its_deletion_is_counted(desk: Desk) -> None:
    desk.happen(event("gone", at=START), event("back", at=START))
    desk.until(START + DAY)
    desk.answer()
    assert desk.value("returned_records") == 0
    desk.happen(event("back", at=START + 2 * DAY, event_id="again"))
    assert desk.value("returned_records") == 1
    assert desk.value("findings", "COLLECTED_AGAIN", "warning") == 1


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
    events = desk.scene.events_topic
    one = finding(FindingKind.NO_STORE, "r1", "x", "y", Instant(1))
    desk.find(
        [
            one,
            replace(one, at=Instant(2)),
            replace(
                finding(FindingKind.OVERDUE, "c", "x", "y", Instant(1)),
                details={RESOLVED_BY: "counsel"},
            ),
            finding(FindingKind.NO_STORE, "r2", "x", "y", Instant(1)),
        ]
    )
    desk.quarantine(4, 5, 4)
    desk.quarantine(6, reason="empty")
    desk.quarantine(7, reason="replayed")
    assert not desk.value("findings", "OVERDUE", "error")
    assert not desk.value("quarantined_messages", events, "replayed")
    assert desk.value("quarantined_messages", events, "bad_id") == 2
    assert desk.value("findings", "NO_STORE", "error") == 2
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
    assert found["retention_wake_lag_seconds"] == 35
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
