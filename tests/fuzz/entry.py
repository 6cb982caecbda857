"""The real entry: the stage `Split`, and the codec where no stage decodes a topic; and the checks.

Whatever comes is a value in a shard's bucket or a pointer in quarantine: both, or neither, is a
fault.
"""

import contextlib
import gc
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.documents import Envelope, Versions, parsed
from pipeline.documents.envelope import _loaded
from pipeline.errors import Undecodable
from pipeline.events import Event
from pipeline.instants import Instant
from pipeline.records import applied
from pipeline.rules import Planner
from pipeline.transforms.read import Batch
from pipeline.transforms.split import Bucket, Split
from pipeline.transports import open_broker
from pipeline.transports.contract import Message
from pipeline.transports.topics import Topics
from pipeline.wire.codec import Codec
from tests.fuzz.mutate import MARK, PERSON
from tests.fuzz.seeds import OWN, SINGLE, settings
from tests.wire.values import DERIVED

MAX_MILLISECONDS = 100.0
"""Of CPU, for one input."""
MAX_MEBIBYTES = 256
"""By which the peak of the process may grow over what it takes before the first input."""
SUSPECT = 5.0
"""Milliseconds that pass, from which on the CPU is measured."""
_STATUS, _FORGET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_OFFSET = 1 << 40
_NOW = Instant(1_772_355_600_000)


class Fault(Exception):
    """An input did what none may do; the kind, and what happened, which may repeat the payload."""

    def __init__(self, kind: str, what: str) -> None:
        super().__init__(f"{kind}: {what}")
        self.kind = kind


class Outcome(NamedTuple):
    """What became of an input: why it was refused, or empty; and what it took at most."""

    refused: str
    milliseconds: float


class Recorder:
    """A producer that keeps what it is handed."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes | None]] = []

    def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        *,
        timestamp: Instant | None = None,
    ) -> None:
        self.sent.append((topic, value))

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass


class Entry:
    """Takes inputs one by one."""

    def __init__(self, folder: Path) -> None:
        configured = settings(folder)
        with open_broker(configured.broker_url, clock_topic="clock") as broker:
            broker.create(Topics(configured.prefix, configured.events).specs(partitions=1))
        self.topics = Topics(configured.prefix, configured.events)
        self.split = Split(configured)
        self.split.setup()
        self.codec = Codec.from_settings(configured)
        self.recorder = Recorder()
        assert self.split._sink is not None
        self.split._sink._producer.close()
        self.split._sink._producer = self.recorder
        self._clock: Callable[[], float] = time.perf_counter
        self._at = 0
        forget_peak()
        self._base = peak()

    def close(self) -> None:
        self.split.teardown()

    def take(self, topic: str, value: bytes) -> Outcome:
        """Feed one input and check everything about it.

        Raises:
            Fault: it did what none may do.
        """
        outcome = self._fed(topic, value)
        if outcome.milliseconds < SUSPECT / 5:
            return outcome  # too short to have taken much memory either
        if outcome.milliseconds > SUSPECT:
            outcome = min((self._again(topic, value) for _ in range(2)), key=_milliseconds)
        if outcome.milliseconds > MAX_MILLISECONDS:
            raise Fault("slow", f"{outcome.milliseconds:.0f} ms")
        if self.grown() > MAX_MEBIBYTES:
            raise Fault("memory", f"the peak has grown by {self.grown():.0f} MiB")
        return outcome

    def _again(self, topic: str, value: bytes) -> Outcome:
        """Measure the CPU: dear to ask for, and never more than the time that passed."""
        gc.collect()  # what others left behind is not this input's fault
        _loaded.cache_clear()  # a document that was read already would pass
        self._clock = time.thread_time
        try:
            return self._fed(topic, value)
        finally:
            self._clock = time.perf_counter

    def grown(self) -> float:
        """By how many MiB the peak has grown."""
        return peak() - self._base

    def _fed(self, topic: str, value: bytes) -> Outcome:
        try:
            return self._own(topic, value) if topic in OWN else self._staged(topic, value)
        except Fault:
            raise
        except Exception as error:
            raise Fault("crash", f"{type(error).__name__}: {error}") from error

    # -- through the stage ----------------------------------------------------------------------

    def _staged(self, topic: str, value: bytes) -> Outcome:
        self._at += 1
        offset = _OFFSET + self._at
        message = Message(topic, 0, offset, _NOW, b"key", value)
        batch = Batch(topic, 0, offset, offset + 1, offset, offset + 1, [message])
        self.recorder.sent.clear()
        self.split.start_bundle()
        began = self._clock()
        self.split.process(batch)
        spent = (self._clock() - began) * 1_000
        values = _values(list(self.split._ledgers.values()))
        pointers = self._pointers(topic, offset, len(value))
        if len(values) + len(pointers) != 1:
            raise Fault("lost", f"{len(values)} values and {len(pointers)} pointers")
        if pointers:
            return Outcome(pointers[0], spent)
        _check_use(values[0])
        self._check_again(topic, values[0])
        return Outcome("", spent)

    def _pointers(self, topic: str, offset: int, size: int) -> list[str]:
        """The reasons of the pointers that were written; nothing of it may repeat the payload."""
        reasons = []
        for name, value in self.recorder.sent:
            if PERSON.encode() in (value or b""):
                raise Fault("repeated", f"what was written to {name} repeats an id")
            # A finding about a document repeats the word that is wrong: people must find it.
            if name == self.topics.name("quarantine"):
                if MARK.encode() in (value or b""):
                    raise Fault("repeated", f"what was written to {name} repeats the payload")
                item = self.codec.decode_quarantine(value)
                if (item.topic, item.partition, item.offset, item.size) != (topic, 0, offset, size):
                    raise Fault("misplaced", f"{item}")
                if not (item.reason.isidentifier() and item.detail):
                    raise Fault("unreasoned", f"{item}")
                reasons.append(item.reason)
        return reasons

    # -- through the codec ----------------------------------------------------------------------

    def _own(self, name: str, value: bytes) -> Outcome:
        decode: Callable[[bytes], Any] = getattr(self.codec, f"decode_{name}")
        began = self._clock()
        try:
            found = decode(value)
        except Undecodable as error:
            spent = (self._clock() - began) * 1_000
            if MARK in f"{error}{error.__cause__}":
                raise Fault("repeated", str(error)) from None
            return Outcome(error.reason, spent)
        spent = (self._clock() - began) * 1_000
        self._check_again(name, found)
        return Outcome("", spent)

    # -- what was taken -------------------------------------------------------------------------

    def _check_again(self, topic: str, value: Any) -> None:
        """What is written anew is read as the same; compared as bytes, since NaN is not NaN."""
        encode, decode = self._both(topic)
        once = encode(value)
        if encode(decode(once)) != once:
            raise Fault("changed", "what was taken is not the same when it is written and read")

    def _both(self, topic: str) -> tuple[Callable[[Any], bytes], Callable[[bytes], Any]]:
        codec = self.codec
        if topic == "record":
            return lambda row: codec.encode_record(row, DERIVED), codec.decode_record
        if topic in OWN:
            return getattr(codec, f"encode_{topic}"), getattr(codec, f"decode_{topic}")
        if topic == self.topics.name("receipts"):
            return codec.encode_receipt, codec.decode_receipt
        if topic == self.topics.name("lineage"):
            return codec.encode_mail, codec.decode_mail
        if topic in self.topics.documents:
            kind = topic.removeprefix(self.topics.prefix)
            return codec.encode_envelope, lambda data: codec.decode_envelope(kind, data)
        return codec.encode_event, lambda data: codec.decode_event(SINGLE, data)


def _values(buckets: list[Bucket]) -> list[Any]:
    """What reached the shards; a document reaches each and counts once."""
    single = [
        one for bucket in buckets for one in (*bucket.events, *bucket.receipts, *bucket.mails)
    ]
    return single + [envelope for bucket in buckets[:1] for envelope in bucket.envelopes]


def _check_use(value: Any) -> None:
    """What was taken must not break what comes after the stage."""
    if isinstance(value, Event):
        applied(None, value)
    elif isinstance(value, Envelope):
        parsed(value)
        Planner(Versions.of((value,)).in_force(_NOW))


def _milliseconds(outcome: Outcome) -> float:
    return outcome.milliseconds


def peak() -> float:
    """The most memory that the process has had since it was forgotten, in MiB."""
    if not _STATUS.exists():  # not Linux: the most it ever had, its parent's included
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    [line] = [one for one in _STATUS.read_text().splitlines() if one.startswith("VmHWM:")]
    return int(line.split()[1]) / 1024


def forget_peak() -> None:
    """Begin anew: what the process had before would hide what an input takes."""
    with contextlib.suppress(OSError):
        _FORGET.write_text("5")
