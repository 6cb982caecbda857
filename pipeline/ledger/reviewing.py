"""Looking at everything again, and knowing when that is done.

After documents changed, every record is looked at, some at a time, so that input goes on meanwhile.
Once nothing is left, and the watermark has come so far, the shard confirms: nothing stays commanded
which the documents do not call for. A governor lets nothing go that waits until then.
"""

from collections import deque
from collections.abc import Iterable, Iterator

from pipeline.instants import MIN_INSTANT, Instant

LOOKS = 200
"""Records looked at in one go, in each of the shards: the rest follow with the next ticks.

A bundle holds all shards; what it commands leaves at its end, and input waits so long.
"""


class Review:
    """The records of one shard that are still to be looked at.

    Attributes:
        resending: whether what they have commanded is sent again too, as after a rebuild.
    """

    def __init__(self) -> None:
        self.resending = False
        self._left: deque[bytes] = deque()

    def __len__(self) -> int:
        return len(self._left)

    def start(self, keys: Iterable[bytes], *, resending: bool) -> None:
        """Begin anew, with what was left first: documents that come often starve no record."""
        left = self._left
        if left:
            known = frozenset(left)
            left.extend(key for key in keys if key not in known)
        self._left = left or deque(keys)
        self.resending = resending

    def some(self) -> Iterator[bytes]:
        """Yield the keys of the next records, at most `LOOKS`."""
        for _ in range(min(LOOKS, len(self._left))):
            yield self._left.popleft()


class Confirmation:
    """Whether and when a shard says that it obeys the documents in force.

    Attributes:
        at: the time that the watermark must have reached first; None: nothing is to be said.
    """

    def __init__(self) -> None:
        self.at: Instant | None = None
        self._said = ""

    def withdraw(self) -> None:
        """Say nothing for now: other documents are in force."""
        self.at = None

    def prepare(self, now: Instant, fingerprint: str) -> None:
        """Everything was looked at: say so once the watermark has come to `now`."""
        if now > MIN_INSTANT and self.at is None and self._said != fingerprint:
            self.at = now

    def given(self, now: Instant, fingerprint: str) -> str | None:
        """Return the fingerprint to confirm at `now`; None: it is not time, or was said."""
        if self.at is None or self.at > now:
            return None
        self.at = None
        self._said = fingerprint
        return fingerprint
