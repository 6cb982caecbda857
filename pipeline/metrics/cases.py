"""Which findings are open: the cases of `inquiry.cases`, followed message by message in few bytes.

Of a finding are held about 340 bytes, whatever it says.
"""

from collections import Counter

from pipeline.findings import Finding
from pipeline.inquiry.cases import is_resolution, resolution_of
from pipeline.metrics.kept import Kept, key_of
from pipeline.transports.contract import Position


class Cases:
    """Findings by kind and severity: all that the topic keeps, and those of them that are open."""

    def __init__(self) -> None:
        self._every = Kept()
        self._open = Kept()
        self._raised: dict[int, frozenset[int]] = {}
        self._resolved: dict[int, frozenset[int]] = {}
        self._shared: dict[frozenset[int], frozenset[int]] = {}

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
            seen = resolution_of(item).occasions
            occasions = self._raised.get(key, frozenset())
            if seen is not None:
                occasions = frozenset(map(key_of, seen))
            self._resolved[key] = self._resolved.get(key, frozenset()) | occasions
        else:
            occasions = self._raised.get(key, frozenset()) | {key_of(item.occasion)}
            # Most findings share their occasions with others: one set stands for all.
            self._raised[key] = self._shared.setdefault(occasions, occasions)
            self._every.add(partition, position, item.finding_id, (item.kind, item.severity))
        if self._raised.get(key, frozenset()) <= self._resolved.get(key, frozenset()):
            self._open.drop(item.finding_id)
        elif not is_resolution(item):
            self._open.add(partition, position, item.finding_id, (item.kind, item.severity))

    def forget(self, partition: int, oldest: Position) -> None:
        """Forget what was told only below the oldest position that a partition keeps."""
        self._open.forget(partition, oldest)
        if self._every.forget(partition, oldest):
            kept = self._every
            self._raised = {key: seen for key, seen in self._raised.items() if key in kept}
            self._resolved = {key: seen for key, seen in self._resolved.items() if key in kept}
            self._shared = {seen: seen for seen in self._raised.values()}
