"""The Flink harness itself: what it starts, kills and restarts must lose nothing."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.io.unbounded_source import ReadFromUnboundedSource

from pipeline.testing.flink import FlinkFailed, FlinkJob, build_flink, pipeline_proto
from pipeline.testing.ports import free_port
from tests.integration.flink_fixture_source import KEYS, Collect, Numbers, keyed

pytestmark = pytest.mark.integration


def rows(file: Path) -> list[dict[str, Any]]:
    """The complete lines of the file; a killed worker may leave half a line, before a whole one."""
    found = []
    for line in file.read_text().splitlines() if file.exists() else []:
        try:
            found.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return found


def bags(lines: list[dict[str, Any]]) -> dict[int, list[int]]:
    """The last bag written of each key."""
    return {row["key"]: row["bag"] for row in lines if "key" in row}


def until(what: str, condition: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited {seconds} s until {what}"
        time.sleep(0.3)


def numbers_pipeline(file: Path, port: int) -> bytes:
    pipeline = beam.Pipeline()
    source = ReadFromUnboundedSource(
        Numbers(time.time()), poll_interval=1.2, max_read_time_seconds=0.5
    )
    key = beam.Map(keyed).with_output_types(tuple[int, int])
    _ = pipeline | "numbers" >> source | "key" >> key | "collect" >> beam.ParDo(Collect(file))
    return pipeline_proto(pipeline, port)


def highest_watermark(job: FlinkJob) -> int:
    return max((mark for marks in job.watermarks().values() for mark in marks), default=0)


def covered(file: Path, skip: int, number: int) -> bool:
    """Whether every key's bag, written after the first `skip` rows, reaches this number."""
    found = bags(rows(file)[skip:])
    return len(found) == KEYS and min(max(bag) for bag in found.values()) >= number


def test_a_killed_worker_and_a_killed_jvm_lose_no_element_no_state_and_no_timer(
    tmp_path: Path,
) -> None:
    file, began = tmp_path / "rows.jsonl", time.time()
    proto = numbers_pipeline(file, free_port())
    with FlinkJob(proto, tmp_path / "flink") as job:
        until("timers fire for every key", lambda: covered(file, 0, 2 * KEYS))
        until("a checkpoint is complete", lambda: job.completed_checkpoints() > 0)
        assert job.status() == "RUNNING"

        before = len(rows(file))
        seen = max(row["seen"] for row in rows(file) if "seen" in row)
        job.kill_worker()
        until("timers fire after the worker died", lambda: covered(file, before, seen + 20))

        done = job.completed_checkpoints()
        until("the job checkpoints again", lambda: job.completed_checkpoints() >= done + 2)
        job.kill_jvm()
        assert job.status() == "DEAD"
        before = len(rows(file))
        seen = max(row["seen"] for row in rows(file) if "seen" in row)
        job.restart(restore=True)
        until("timers fire after the JVM died", lambda: covered(file, before, seen + 20))
        until("Flink shows the watermark", lambda: highest_watermark(job) > began * 1000)
        job.cancel()
        assert job.status() == "DEAD"
        kept = job.latest_checkpoint()
    assert kept is not None
    cancelled = len(rows(file))
    with FlinkJob(proto, tmp_path / "second", restore_from=kept):
        until("timers fire in a new job", lambda: covered(file, cancelled, seen + 40))
    assert "The job is cancelled" in (tmp_path / "second/logs/jvm.log").read_text()

    lines = rows(file)
    after = [row["seen"] for row in lines[before:] if "seen" in row]
    assert min(after) > 0, "a new JVM began at the source's start, not at the checkpoint"
    for key, bag in bags(lines).items():
        assert bag == list(range(key, max(bag) + 1, KEYS))
    early = [row["due"] - row["written"] for row in lines if "key" in row]
    assert max(early) <= 0, "a timer fired before its time"


def test_a_pipeline_that_was_not_made_for_the_worker_pool_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FlinkFailed, match=r"pipeline_proto\(\)"):
        FlinkJob(b"", tmp_path)


@pytest.mark.parametrize(("present", "named"), [([], "java"), (["java"], "mvn")])
def test_a_missing_tool_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, present: list[str], named: str
) -> None:
    for tool in present:
        (tmp_path / tool).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FlinkFailed, match=f"{named} is not on the PATH"):
        build_flink(tmp_path)
