"""What the job measures of itself: the newest number of each shard, from `measurements`."""

from pipeline.findings import Measurement
from pipeline.inquiry.overview import SILENT_AFTER
from pipeline.instants import MIN_INSTANT, SECOND, Instant
from pipeline.ledger.clocks import CLOCK_TOLERANCE


class Shards:
    """The newest numbers by name and shard. Of shards that the running job has not, none counts."""

    def __init__(self) -> None:
        self._numbers: dict[str, dict[int, float]] = {}
        self._partitions: dict[str, tuple[Instant, int]] = {}
        self._reported = MIN_INSTANT

    def put(self, row: Measurement) -> None:
        """Take a number, which replaces the former one of its shard."""
        if row.name == "job_partitions":
            self._partitions[row.labels.get("topic", "")] = (row.at, int(row.value))
            self._reported = max(self._reported, row.at)
        else:
            self._numbers.setdefault(row.name, {})[row.shard] = row.value

    def assigned(self, now: Instant) -> dict[str, int]:
        """Return the partitions that the running job reads, by topic; none when it is silent."""
        if now - self._reported > SILENT_AFTER:
            return {}
        return {
            topic: count for topic, (at, count) in self._partitions.items() if at >= self._reported
        }

    def _of(self, name: str) -> dict[int, float]:
        many = "job_governors" if name.startswith("governor_") else "job_shards"
        count = self._numbers.get(many, {}).get(0)
        found = self._numbers.get(name, {})
        return {shard: value for shard, value in found.items() if count is None or shard < count}

    def _values(self, name: str) -> list[float]:
        return list(self._of(name).values())

    def total(self, name: str) -> float:
        """Return the sum over the shards; 0 before any has written."""
        return sum(self._values(name))

    def most(self, name: str) -> float:
        """Return the greatest number of a shard; 0 before any has written."""
        return max(self._values(name), default=0)

    def paused(self) -> int:
        """Return how many shards command no deletion because clocks differ."""
        found = self._values("ledger_clock_difference_ms")
        return sum(value > CLOCK_TOLERANCE for value in found)

    def time_lag(self, now: Instant, since: Instant) -> float:
        """Return how many seconds ago the slowest shard heard the time.

        Args:
            now: the broker's time.
            since: from when to count while no shard has ever said so: no job has run.
        """
        heard = min(self._values("ledger_now_ms"), default=since)
        return max(0.0, (now - heard) / SECOND)

    def wake_lag(self, now: Instant) -> float:
        """Return for how many seconds the next deadline that a shard has told of has been due."""
        wakes = [at for at in self._values("ledger_next_wake_ms") if at]
        return max(0.0, (now - min(wakes, default=now)) / SECOND)
