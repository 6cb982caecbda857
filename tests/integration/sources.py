"""Sources that misbehave in the ways a job must survive. Importable, for workers on Flink."""

import time
from typing import Any

from apache_beam.utils.timestamp import MAX_TIMESTAMP, MIN_TIMESTAMP, Timestamp

from pipeline.instants import HOUR, SECOND, Instant
from pipeline.transforms import sharded
from pipeline.transforms.marks import Mark
from pipeline.transforms.read import LogReader, LogSource
from pipeline.transforms.ticks import TickMark, TickReader, TickSource

DELAY_SECONDS = 6.0


class EndingSource(LogSource):
    """Ends for good, with the maximum watermark, as soon as it has read what there is."""

    def create_reader(self, options: Any, checkpoint_mark: Mark | None) -> LogReader:
        return EndingReader(self, checkpoint_mark)


class EndingReader(LogReader):
    def get_watermark(self) -> Timestamp:
        watermark = super().get_watermark()
        return MAX_TIMESTAMP if watermark > MIN_TIMESTAMP else watermark


class LateDocuments(LogSource):
    """Hands out steering documents only some seconds after everything else was read."""

    def create_reader(self, options: Any, checkpoint_mark: Mark | None) -> LogReader:
        if self.history and self.follow:
            return LateReader(self, checkpoint_mark)
        return LogReader(self, checkpoint_mark)


class LateHistory(LogSource):
    """Hands out the inventory only some seconds after everything else was read."""

    def create_reader(self, options: Any, checkpoint_mark: Mark | None) -> LogReader:
        if self.history and not self.follow:
            return LateReader(self, checkpoint_mark)
        return LogReader(self, checkpoint_mark)


class LateReader(LogReader):
    """Holds everything back after what it was given first; its watermark waits with it."""

    _began: float | None = None

    def advance(self) -> bool:
        if self._began is None:
            self._began = time.monotonic()
        if time.monotonic() < self._began + DELAY_SECONDS:
            return False
        return super().advance()

    def get_watermark(self) -> Timestamp:
        if self._began is None or time.monotonic() < self._began + DELAY_SECONDS:
            return MIN_TIMESTAMP
        return super().get_watermark()


class StalledPartition(LogSource):
    """Is never handed anything of partition 0 of what arrives, as if nobody served it."""

    def create_reader(self, options: Any, checkpoint_mark: Mark | None) -> LogReader:
        if self.history:
            return LogReader(self, checkpoint_mark)
        return StalledReader(self, checkpoint_mark)


class StalledReader(LogReader):
    def _assign(self) -> None:
        assert self._consumer is not None
        places = self._places.items()
        self._consumer.assign({p: place.position for p, place in places if p.number != 0})


class HourAhead(LogSource):
    """Sets the clock of the process that reads an hour ahead; the stages run in the same one."""

    def create_reader(self, options: Any, checkpoint_mark: Mark | None) -> LogReader:
        sharded.worker_now = _hour_ahead
        return super().create_reader(options, checkpoint_mark)


def _hour_ahead() -> Instant:
    return Instant(int(time.time() * SECOND) + HOUR)


class EndingTicks(TickSource):
    """The broker's time, until it ends for good after some seconds."""

    def create_reader(self, options: Any, checkpoint_mark: TickMark | None) -> TickReader:
        return EndingTickReader(self.settings, checkpoint_mark)


class EndingTickReader(TickReader):
    _began: float | None = None

    def get_watermark(self) -> Timestamp:
        if self._began is None:
            self._began = time.monotonic()
        if time.monotonic() > self._began + DELAY_SECONDS:
            return MAX_TIMESTAMP
        return super().get_watermark()

    def advance(self) -> bool:
        return self.get_watermark() < MAX_TIMESTAMP and super().advance()
