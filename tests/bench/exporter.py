"""The exporter with many records: time to its first page, time of a scrape, bytes a record.

By itself, without a Kafka: `python -m tests.bench.exporter [RECORDS]`.
"""

import multiprocessing
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterable
from multiprocessing.process import BaseProcess
from pathlib import Path

from pipeline.instants import DAY, Instant
from pipeline.ledger.book import Ledger
from pipeline.ledger.inventory import derived
from pipeline.ledger.outcome import Row
from pipeline.ledger.parts import Part
from pipeline.stories.scene import Scene
from pipeline.testing.ports import free_port
from tests.bench.world import (
    ROOT,
    SHARDS,
    STORE,
    environment,
    full_documents,
    log_file,
    new_scene,
    varied_event,
)

SCRAPES = 200
BATCH = 10_000
AGES_DAYS = 900
"""Records were collected over so many days: some are due, and commanded."""
LIMIT_SECONDS = 1_800
UPDATED = 20_000
"""Rows that are written again while it is scraped."""


def measure(*, url: str, records: int) -> dict[str, float]:
    """Return seconds to the first answer, milliseconds of scrapes, and bytes a record."""
    scene, empty = new_scene(url), new_scene(url)
    try:
        for each in (scene, empty):
            each.publish(*full_documents())
        at = scene.now()
        _publish_rows(scene, range(records), at)
        bare = _Running(empty)
        bare.wait()
        least = bare.resident()
        bare.stop()
        running = _Running(scene)
        try:
            found = {"ready": running.wait()}
            found["memory"] = (running.resident() - least) / records
            found |= {f"idle_{name}": ms for name, ms in running.scrapes().items()}
            # In a process of its own: in a thread it would delay the scrapes that are timed here.
            spawning = multiprocessing.get_context("spawn")
            writing = spawning.Process(target=_rewrite, args=(scene.url, scene.prefix, at + 1))
            writing.start()
            found |= {f"busy_{name}": ms for name, ms in running.scrapes(writing).items()}
            writing.join()
            found["bytes"] = len(running.scrape())
            if _counted(running.scrape()) != records:
                raise RuntimeError("the exporter does not count every record once")
        finally:
            running.stop()
    finally:
        scene.close()
        empty.close()
    return {"records": records, **found}


def _counted(page: bytes) -> float:
    """Return how many records a page tells of."""
    lines = [line for line in page.decode().splitlines() if line.startswith("retention_records{")]
    return sum(float(line.rpartition(" ")[2]) for line in lines)


class _Running:
    """The exporter in a process of its own."""

    def __init__(self, scene: Scene) -> None:
        self.port = free_port()
        self._log = log_file("exporter").open("wb")
        options = ("--broker", scene.url, "--prefix", scene.prefix, "--events", scene.events_topic)
        command = [sys.executable, "-m", "pipeline", "metrics", *options, "--port", str(self.port)]
        self._process = subprocess.Popen(
            command, env=environment(), cwd=ROOT, stdout=self._log, stderr=self._log
        )

    def wait(self) -> float:
        """Return the seconds until it answers."""
        began = time.monotonic()
        while time.monotonic() < began + LIMIT_SECONDS and self._process.poll() is None:
            try:
                self.scrape()
            except OSError:
                time.sleep(0.1)
            else:
                return time.monotonic() - began
        raise RuntimeError("the exporter did not answer; see .cache/bench/exporter.log")

    def scrape(self) -> bytes:
        """Return the page."""
        url = f"http://127.0.0.1:{self.port}/metrics"
        with urllib.request.urlopen(url, timeout=10) as answer:
            page: bytes = answer.read()
        return page

    def scrapes(self, until: BaseProcess | None = None) -> dict[str, float]:
        """Return median, 99th percentile and maximum of scrapes in ms, while a process lives."""
        found: list[float] = []
        while until.is_alive() if until else len(found) < SCRAPES:
            began = time.perf_counter()
            self.scrape()
            found.append((time.perf_counter() - began) * 1_000)
            time.sleep(0.02)
        late = statistics.quantiles(found, n=100)[-1]
        return {"median": statistics.median(found), "p99": late, "max": max(found)}

    def resident(self) -> int:
        """Return the resident set in bytes."""
        lines = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) * 1_024

    def stop(self) -> None:
        """SIGTERM."""
        self._process.terminate()
        self._process.wait(timeout=20)
        self._log.close()


def _rewrite(url: str, prefix: str, at: int) -> None:
    scene = Scene(url, prefix, stores=(STORE,), shards=SHARDS)
    _publish_rows(scene, range(UPDATED), at)
    scene.close()


def _publish_rows(scene: Scene, numbers: Iterable[int], at: int) -> None:
    """Write the rows that a job would have written, what is due commanded."""
    ledger = Ledger(0, {})
    ledger.apply(Part(envelopes=full_documents()))
    ledger.apply(Part(tick=Instant(at)))
    topic = scene.topics.name("records")
    numbers = list(numbers)
    for start in range(0, len(numbers), BATCH):
        rows: dict[bytes, Row] = {}
        events = []
        for number in numbers[start : start + BATCH]:
            then = Instant(at - number % AGES_DAYS * DAY)
            events.append(varied_event(number, then))
        rows |= {
            r.record.record_id.encode(): r for r in ledger.apply(Part(events=tuple(events))).rows
        }
        rows |= {r.record.record_id.encode(): r for r in ledger.wake(Instant(at)).rows}
        for key, row in rows.items():
            value = scene.codec.encode_record(row.record, derived(row.record, row.plan))
            scene.producer.send(topic, key, value)
        scene.producer.flush()


def main(records: int = 1_000_000) -> None:
    """Measure over an embedded log and print."""
    with tempfile.TemporaryDirectory(prefix="retention-bench-") as folder:
        found = measure(url=f"sqlite://{folder}/log.db", records=records)
    for name, value in found.items():
        print(f"{name:12} {value:,.1f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
