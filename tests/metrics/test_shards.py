"""What the job measured of itself: the newest of each shard, of the job that runs now."""

from pipeline.findings import Measurement
from pipeline.inquiry.overview import SILENT_AFTER
from pipeline.instants import Instant
from pipeline.metrics.shards import Shards


def put(
    shards: Shards, name: str, value: float, shard: int = 0, at: int = 1, **labels: str
) -> None:
    shards.put(Measurement(name, labels, value, shard, Instant(at)))


def test_before_a_job_has_run_there_is_nothing() -> None:
    shards = Shards()
    assert shards.time_lag(Instant(9_000), Instant(2_000)) == 7, "since the exporter's start"
    assert (shards.wake_lag(Instant(1)), shards.paused(), shards.total("x"), shards.most("x")) == (
        0,
        0,
        0,
        0,
    )
    assert shards.assigned(Instant(1)) == {}


def test_a_topic_that_the_job_no_longer_reads_is_not_assigned() -> None:
    shards = Shards()
    put(shards, "job_partitions", 4, at=1, topic="old")
    put(shards, "job_partitions", 4, at=1, topic="kept")
    put(shards, "job_partitions", 6, at=9, topic="kept")
    assert shards.assigned(Instant(9)) == {"kept": 6}


def test_nothing_is_assigned_to_a_job_that_is_silent() -> None:
    shards = Shards()
    put(shards, "job_partitions", 4, at=1, topic="events")
    assert shards.assigned(Instant(1 + SILENT_AFTER)) == {"events": 4}
    assert shards.assigned(Instant(2 + SILENT_AFTER)) == {}


def test_a_deadline_ahead_or_none_is_no_lag() -> None:
    shards = Shards()
    put(shards, "ledger_now_ms", 5_000)
    put(shards, "ledger_next_wake_ms", 9_000)
    put(shards, "ledger_now_ms", 5_000, shard=1)
    put(shards, "ledger_next_wake_ms", 0, shard=1)
    assert shards.wake_lag(Instant(9_000)) == 0


def test_a_deadline_goes_on_being_late_while_the_job_stands() -> None:
    shards = Shards()
    put(shards, "ledger_now_ms", 5_000)
    put(shards, "ledger_next_wake_ms", 9_000)
    assert shards.wake_lag(Instant(69_000)) == 60


def test_the_newest_number_of_a_shard_replaces_the_former() -> None:
    shards = Shards()
    put(shards, "governor_withheld_commands", 7)
    put(shards, "governor_withheld_commands", 2)
    put(shards, "governor_withheld_commands", 3, shard=1)
    assert shards.total("governor_withheld_commands") == 5
