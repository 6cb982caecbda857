"""What `test_flink_harness.py` runs on Flink's workers, which must be able to import it."""

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam import coders
from apache_beam.io.unbounded_source import CheckpointMark, UnboundedReader, UnboundedSource
from apache_beam.transforms.timeutil import TimeDomain
from apache_beam.transforms.userstate import BagStateSpec, TimerSpec, on_timer
from apache_beam.utils.timestamp import Duration, Timestamp

INTERVAL = 0.1
KEYS = 4


@dataclass(frozen=True)
class Position(CheckpointMark):
    """The next number to emit."""

    next: int


class Numbers(UnboundedSource):
    """0, 1, 2, ... for ever, number n at `start + n * INTERVAL` seconds, never before that."""

    def __init__(self, start: float) -> None:
        self._start = start

    def split(self, desired_num_splits: int, options: object = None) -> Iterable[UnboundedSource]:
        return [self]

    def create_reader(self, options: object, checkpoint_mark: Position | None) -> "NumbersReader":
        return NumbersReader(self._start, checkpoint_mark.next if checkpoint_mark else 0)

    def get_checkpoint_mark_coder(self) -> coders.Coder:
        return coders.PickleCoder()


class NumbersReader(UnboundedReader):
    """Its watermark is the time of the next number, so it stays behind the clock while it waits."""

    def __init__(self, start: float, position: int) -> None:
        self._start = start
        self._next = position

    def _time(self, number: int) -> Timestamp:
        return Timestamp(self._start + number * INTERVAL)

    def start(self) -> bool:
        return self.advance()

    def advance(self) -> bool:
        if self._time(self._next) > Timestamp(time.time()):
            return False
        self._next += 1
        return True

    def get_current(self) -> int:
        return self._next - 1

    def get_current_timestamp(self) -> Timestamp:
        return self._time(self._next - 1)

    def get_watermark(self) -> Timestamp:
        return self._time(self._next - 1)

    def get_checkpoint_mark(self) -> Position:
        return Position(self._next)


WAKE = TimerSpec("wake", TimeDomain.WATERMARK)
_BAG = beam.DoFn.StateParam(BagStateSpec("bag", coders.VarIntCoder()))
_WAKE = beam.DoFn.TimerParam(WAKE)


class Collect(beam.DoFn):
    """Keeps each key's numbers in a bag and writes the whole bag to the file once a second.

    Lines: `{"seen": n}` and `{"key": k, "due": seconds, "written": seconds, "bag": [n, ...]}`.
    Only an empty bag arms the timer; after that the timer arms itself.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def process(
        self,
        element: tuple[int, int],
        timestamp: Timestamp = beam.DoFn.TimestampParam,
        bag: Any = _BAG,
        wake: Any = _WAKE,
    ) -> None:
        if not list(bag.read()):
            wake.set(timestamp + Duration(1))
        bag.add(element[1])
        self._write({"seen": element[1]})

    @on_timer(WAKE)
    def wake_up(
        self,
        key: int = beam.DoFn.KeyParam,
        timestamp: Timestamp = beam.DoFn.TimestampParam,
        bag: Any = _BAG,
        wake: Any = _WAKE,
    ) -> Iterator[None]:
        due = timestamp.micros / 1e6
        row = {"key": key, "due": due, "written": time.time(), "bag": sorted(bag.read())}
        self._write(row)
        wake.set(timestamp + Duration(1))
        yield from ()

    def _write(self, row: dict[str, object]) -> None:
        with self._file.open("a") as file:
            file.write(json.dumps(row) + "\n")


def keyed(number: int) -> tuple[int, int]:
    """Pair: number n belongs to key n modulo KEYS."""
    return number % KEYS, number
