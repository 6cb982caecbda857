"""Ticks: the broker's time as elements.

A timer's timestamp proves nothing by itself: when an input ends or a job is drained, the watermark
jumps to the end of time and every timer fires. Shards believe only the highest tick they have seen.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from apache_beam.coders import Coder
from apache_beam.io.unbounded_source import CheckpointMark, UnboundedReader, UnboundedSource
from apache_beam.utils.timestamp import MIN_TIMESTAMP, Timestamp

from pipeline.instants import Instant
from pipeline.settings import Settings
from pipeline.transforms.pulse import asked
from pipeline.transforms.sampler import Sampler, sampler


class TickMark(CheckpointMark):
    """The last tick handed out."""

    def __init__(self, at: Instant) -> None:
        self.at = at

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TickMark) and other.at == self.at

    def __hash__(self) -> int:
        return hash(self.at)


class TickMarkCoder(Coder):
    """Encodes a tick mark as decimal text."""

    def encode(self, value: TickMark) -> bytes:
        """Encode."""
        return str(value.at).encode()

    def decode(self, encoded: bytes) -> TickMark:
        """Decode."""
        return TickMark(Instant(int(encoded)))

    def is_deterministic(self) -> bool:
        """Say that equal marks encode equally."""
        return True


@dataclass(frozen=True)
class TickSource(UnboundedSource):
    """Hands out the broker's time, at most every `settings.tick_ms`."""

    settings: Settings

    def split(self, desired_num_splits: int, options: Any = None) -> Iterable["TickSource"]:
        """Never split."""
        del desired_num_splits, options
        return [self]

    def create_reader(self, options: Any, checkpoint_mark: TickMark | None) -> "TickReader":
        """Create a reader that goes on after the mark."""
        del options
        return TickReader(self.settings, checkpoint_mark)

    def get_checkpoint_mark_coder(self) -> Coder:
        """Return the coder of marks."""
        return TickMarkCoder()


class TickReader(UnboundedReader):
    """Looks at the newest sample; never blocks."""

    def __init__(self, settings: Settings, mark: TickMark | None) -> None:
        self._settings = settings
        self._at = mark.at if mark else Instant(0)
        self._sampler: Sampler | None = None

    def start(self) -> bool:
        """Join the process's sampler."""
        self._sampler = sampler(self._settings.broker_url, f"{self._settings.prefix}clock")
        self._sampler.watch(())
        return self.advance()

    def advance(self) -> bool:
        """Take the newest sample when it is a tick's length after the last one."""
        asked()
        sample = self._sampler.latest() if self._sampler is not None else None
        # A story's clock moves in steps of its driver's choice: every step is a tick.
        least = 1 if self._settings.story else self._settings.tick_ms
        if sample is None or sample.now < self._at + least:
            return False
        self._at = sample.now
        return True

    def get_current(self) -> Instant:
        """Return the broker's time."""
        return self._at

    def get_current_timestamp(self) -> Timestamp:
        """Return the minimum timestamp, so that a tick never waits behind a pending timer."""
        return MIN_TIMESTAMP

    def get_watermark(self) -> Timestamp:
        """Return the last tick less the margin: no watermark passes what no tick has said."""
        return Timestamp(micros=max(0, self._at - self._settings.margin_ms) * 1_000)

    def get_checkpoint_mark(self) -> TickMark:
        """Return the last tick."""
        return TickMark(self._at)
