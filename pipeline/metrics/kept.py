"""Things that a topic tells of and forgets again, each counted once."""

from collections import Counter
from hashlib import blake2b

from pipeline.transports.contract import Position

STRIDE = 1_000
"""Positions that are forgotten together: so many messages more than the topic keeps may count."""


class Kept:
    """Distinct things of one topic, by label, while the topic keeps a message that tells of them.

    Of each thing are held 8 bytes of a hash and one number: about 90 bytes.
    """

    def __init__(self) -> None:
        self._last: dict[int, tuple[int, int, tuple[str, ...]]] = {}
        self._places: dict[tuple[int, int, tuple[str, ...]], tuple[int, int, tuple[str, ...]]] = {}
        self._oldest: dict[int, int] = {}
        self.counts: Counter[tuple[str, ...]] = Counter()

    def add(self, partition: int, position: Position, name: str, labels: tuple[str, ...]) -> None:
        """Take note of a message about the thing of a name."""
        key = key_of(name)
        place = (partition, position // STRIDE, labels)
        former = self._last.get(key)
        self._last[key] = self._places.setdefault(place, place)
        if former is None:
            self.counts[labels] += 1
        elif former[2] != labels:
            self.counts[former[2]] -= 1
            self.counts[labels] += 1

    def drop(self, name: str) -> None:
        """Take note that the thing of a name counts no more, until there is a message about it."""
        former = self._last.pop(key_of(name), None)
        if former is not None:
            self.counts[former[2]] -= 1

    def __contains__(self, key: int) -> bool:
        return key in self._last

    def forget(self, partition: int, oldest: Position) -> bool:
        """Forget what was told only below the oldest position that a partition keeps.

        Returns:
            Whether there was something to look for.
        """
        stride = oldest // STRIDE
        if stride <= self._oldest.get(partition, 0):
            return False
        self._oldest[partition] = stride
        for key, (number, last, labels) in list(self._last.items()):
            if number == partition and last < stride:
                del self._last[key]
                self.counts[labels] -= 1
        places = self._places
        self._places = {p: p for p in places if p[0] != partition or p[1] >= stride}
        return True


def key_of(name: str) -> int:
    """Return what stands for a name."""
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big")
