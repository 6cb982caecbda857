"""Things that a topic tells of and forgets again, each counted once."""

from collections import Counter
from hashlib import blake2b

from pipeline.transports.contract import Position

MANY = 10_000
"""So many things are looked through at once; more only when there is much to forget."""
STRIDE = 1_000
"""Of more things: positions that are forgotten together."""
_PARTITIONS = _LABELS = 1 << 16


class Kept:
    """Distinct things of one topic, by label, while the topic keeps a message that tells of them.

    Of each thing are held 8 bytes of a hash and one number: about 125 bytes.
    """

    def __init__(self) -> None:
        self._last: dict[int, int] = {}
        self._oldest: dict[int, Position] = {}
        self._numbers: dict[tuple[str, ...], int] = {}
        self._labels: list[tuple[str, ...]] = []
        self.counts: Counter[tuple[str, ...]] = Counter()

    def __len__(self) -> int:
        return len(self._last)

    def __contains__(self, key: int) -> bool:
        return key in self._last

    def add(self, partition: int, position: Position, name: str, labels: tuple[str, ...]) -> None:
        """Take note of a message about the thing of a name."""
        self.drop(name)
        number = self._numbers.setdefault(labels, len(self._labels))
        if number == len(self._labels):
            self._labels.append(labels)
        place = (position * _PARTITIONS + partition) * _LABELS + number
        self._last[key_of(name)] = place
        self.counts[labels] += 1

    def drop(self, name: str) -> None:
        """Take note that the thing of a name counts no more, until there is a message about it."""
        former = self._last.pop(key_of(name), None)
        if former is not None:
            self.counts[self._labels[former % _LABELS]] -= 1

    def forget(self, partition: int, oldest: Position) -> bool:
        """Forget what was told only below the oldest position that a partition keeps.

        Returns:
            Whether there was something to look for.
        """
        passed = oldest - self._oldest.get(partition, 0)
        if passed <= 0 or (len(self._last) > MANY and passed < STRIDE):
            return False
        self._oldest[partition] = oldest
        for key, place in list(self._last.items()):
            position, number = divmod(place // _LABELS, _PARTITIONS)
            if number == partition and position < oldest:
                del self._last[key]
                self.counts[self._labels[place % _LABELS]] -= 1
        return True


def key_of(name: str) -> int:
    """Return what stands for a name."""
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big")
