"""What was told before: each finding leaves once, as far as is remembered."""

from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

K = TypeVar("K")

MAX_TOLD = 50_000
"""So many are remembered, by each shard."""


class Told(Generic[K]):
    """The newest of what was told, in order, e.g. the ids of findings.

    A finding that is raised again after it was forgotten leaves twice, with the same id: whoever
    reads findings takes them as one.
    """

    def __init__(self) -> None:
        self._kept: dict[K, None] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[K]:
        """Yield what is remembered, the oldest first."""
        return iter(self._kept)

    def add(self, item: K) -> bool:
        """Remember an item; return whether it is new."""
        if item in self._kept:
            return False
        self._kept[item] = None
        if len(self._kept) > MAX_TOLD:
            del self._kept[next(iter(self._kept))]
        return True

    def add_all(self, items: Iterable[K]) -> None:
        """Remember many, in order."""
        for item in items:
            self.add(item)
