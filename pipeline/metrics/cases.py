"""Which findings are open: the cases of `inquiry.cases`, followed message by message in few bytes.

Of a finding are held about 250 bytes, whatever it says.
"""

from collections import Counter

from pipeline.findings import Finding
from pipeline.inquiry.cases import is_resolution, resolution_of
from pipeline.instants import MIN_INSTANT, Instant
from pipeline.metrics.kept import Kept, key_of
from pipeline.transports.contract import Position


class Cases:
    """Findings by kind and severity: all that the topic keeps, and those of them that are open."""

    def __init__(self) -> None:
        self._every = Kept()
        self._open = Kept()
        self._told: dict[int, int] = {}
        self._newest: dict[int, Instant] = {}
        self._resolved: dict[int, Instant] = {}

    @property
    def counts(self) -> Counter[tuple[str, ...]]:
        """How many there are, by kind and severity."""
        return self._every.counts

    @property
    def open_counts(self) -> Counter[tuple[str, ...]]:
        """How many are open, by kind and severity."""
        return self._open.counts

    def add(self, partition: int, position: Position, item: Finding) -> None:
        """Take a raising or a resolution."""
        key = key_of(item.finding_id)
        if is_resolution(item):
            self._resolved[key] = seen = resolution_of(item).raised_at
            if self._newest.get(key, MIN_INSTANT) <= seen:
                self._open.drop(item.finding_id)
            return
        labels = (item.kind, item.severity)
        self._every.add(partition, position, item.finding_id, labels)
        occasion = key_of(item.told_as)
        if occasion not in self._told:
            self._told[occasion] = key
            self._newest[key] = max(item.at, self._newest.get(key, MIN_INSTANT))
        if self._newest[key] > self._resolved.get(key, MIN_INSTANT):
            self._open.add(partition, position, item.finding_id, labels)

    def forget(self, partition: int, oldest: Position) -> None:
        """Forget what was told only below the oldest position that a partition keeps."""
        self._open.forget(partition, oldest)
        if self._every.forget(partition, oldest):
            kept = self._every
            self._told = {name: key for name, key in self._told.items() if key in kept}
            self._newest = {key: at for key, at in self._newest.items() if key in kept}
            self._resolved = {key: at for key, at in self._resolved.items() if key in kept}
