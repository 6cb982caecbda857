"""The exporter in a soak: killed like the rest, and held to the numbers that it has once told."""

import time
from pathlib import Path

from pipeline.metrics.catalogue import METRICS
from pipeline.stories.scene import Scene, wait_for
from pipeline.testing.prometheus import LocalExporter

READY_SECONDS = 600.0
COUNTERS = tuple(metric.name for metric in METRICS if metric.type == "counter")
STANDING = (
    "retention_records",
    "retention_commands_total",
    "retention_command_messages_total",
    "retention_answered_commands",
    "retention_outstanding_commands",
    "retention_events_published_total",
    "retention_events_acknowledged_total",
    "retention_receipts_acknowledged_total",
    "retention_findings",
    "retention_quarantined_messages",
)
"""What stays as it is when nothing happens."""

Numbers = dict[str, float]


def numbers(page: str, names: tuple[str, ...]) -> Numbers:
    """Return the samples of some metrics, by name with labels."""
    found = {}
    for line in page.splitlines():
        series, _, value = line.rpartition(" ")
        if series.partition("{")[0] in names:
            found[series] = float(value)
    return found


class Exporter:
    """`retention metrics`, which can be killed."""

    def __init__(self, scene: Scene, folder: Path) -> None:
        self._process = LocalExporter(scene, folder)
        self.told: Numbers = {}
        """The counters as it told them last; those of the one before until it has told any."""
        self.rolled_back = False
        """Whether the job went back to a checkpoint since this exporter began.

        What it had restricted since, and has no reason to restrict again because the hold has
        ended, is in the command topics and in no row of the inventory any more.
        """

    def start(self) -> None:
        """Start it; it answers in some moments."""
        self._process.__enter__()

    def page(self) -> str | None:
        """Return its page; None while it has none."""
        try:
            return self._process.page()
        except OSError:
            return None

    def wait(self) -> str:
        """Return its page as soon as there is one."""
        found: list[str] = []

        def there() -> bool:
            page = self.page()
            found.extend([] if page is None else [page])
            return bool(found)

        wait_for("the exporter answers", there, seconds=READY_SECONDS)
        return found[0]

    def kill(self) -> None:
        """`kill -9`; what it said last is remembered.

        Raises:
            RuntimeError: it had ended by itself.
        """
        process = self._process._process
        if process is None or process.poll() is not None:
            raise RuntimeError("the exporter had ended before it was killed")
        self.told = numbers(self.page() or "", COUNTERS) or self.told
        self._process.kill()

    def returned(self) -> list[str]:
        """Start it again; return which counters have begun anew."""
        forgiven, self.rolled_back = self.rolled_back, False
        self.start()
        now = numbers(self.wait(), COUNTERS)
        told, self.told = self.told, now
        return [
            f"{series} fell from {value:.0f} to {now.get(series, 0):.0f} with the exporter's death"
            for series, value in told.items()
            if now.get(series, 0) < value and not (forgiven and 'kind="RESTRICT"' in series)
        ]

    def unlike_itself(self) -> list[str]:
        """Kill it where nothing happens; return which numbers its next life tells otherwise."""
        # Its page is a second old at most.
        time.sleep(3)
        before = numbers(self.wait(), STANDING)
        self._process.kill()
        self.start()
        after = numbers(self.wait(), STANDING)
        if not before:
            return ["the exporter told none of the numbers that are to stay"]
        return [
            f"{series}: {before.get(series)} before the exporter's death, {after.get(series)} after"
            for series in sorted(before.keys() | after.keys())
            if before.get(series) != after.get(series)
        ]

    def close(self) -> None:
        """Stop it."""
        self._process.__exit__()
