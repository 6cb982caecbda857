"""One stateful stage for both state machines: the ledgers, and the governors.

It reads the head, takes the machine from the process's cache when its token matches (else folds the
journal), applies, writes what changed and sets the one timer. What leaves goes to the sink and, for
commands of a ledger, on to the governors.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

import apache_beam as beam
import msgspec
from apache_beam.coders import BytesCoder
from apache_beam.transforms.timeutil import TimeDomain
from apache_beam.transforms.userstate import (
    BagStateSpec,
    ReadModifyWriteStateSpec,
    TimerSpec,
    on_timer,
)
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.timestamp import MIN_TIMESTAMP, Timestamp
from apache_beam.utils.windowed_value import WindowedValue

from pipeline.commands import Command
from pipeline.identifiers import shard_of
from pipeline.instants import SECOND, Instant
from pipeline.ledger.journal import FIRST_TOKEN, next_token
from pipeline.ledger.outcome import Outcome
from pipeline.ledger.parts import Part, decode_part, encode_part
from pipeline.settings import Settings
from pipeline.transforms.acknowledge import Piece, encode_pieces
from pipeline.transforms.garbage import collect_seldom
from pipeline.transforms.machines import (
    Machine,
    MachineKind,
    folded_machine,
    new_machine,
    next_chunk,
)
from pipeline.transforms.pulse import begun, finished
from pipeline.transforms.sink import Sink

V = TypeVar("V")

TO_ACKNOWLEDGE = "acknowledge"
COMPACT_FACTOR = 4
"""A journal this many times as long as its last whole chunk is written afresh."""
COMPACT_LEAST_BYTES = 1 << 20


class Head(msgspec.Struct, array_like=True):
    """What is read first: does the cache hold, how long is the journal, which wake is armed.

    `ahead` says that a timer fired before its tick came, and that ticks alone arm from there.
    """

    token: bytes = FIRST_TOKEN
    number: int = 0
    journal_bytes: int = 0
    whole_bytes: int = 0
    armed: Instant | None = None
    ahead: bool = False


_HEADS = msgspec.msgpack.Decoder(Head)
_ENCODER = msgspec.msgpack.Encoder()
_CACHE: dict[tuple[str, str, int], tuple[bytes, Machine]] = {}
"""Decoded machines of this process by run, kind and shard. Valid only with the stored token."""


def worker_now() -> Instant:
    """Return this worker's own clock: compared with the ticks, never used for a deadline."""
    return Instant(int(time.time() * SECOND))


class Sharded(beam.DoFn):
    """`(shard, part)` in; for ledgers, `(governor, part)` with commands out; pieces by tag.

    Args:
        settings: of the job.
        kind: which state machine.
        awaited: partitions of history by topic.
        assigned: partitions by topic that this run of the job reads, for its `measurements`.
    """

    JOURNAL = BagStateSpec("journal", BytesCoder())
    HEAD = ReadModifyWriteStateSpec("head", BytesCoder())
    WAKE = TimerSpec("wake", TimeDomain.WATERMARK)

    def __init__(
        self,
        settings: Settings,
        kind: MachineKind,
        awaited: Mapping[str, int],
        assigned: Mapping[str, int] | None = None,
    ) -> None:
        self._settings = settings
        self._kind = kind
        self._awaited = dict(awaited)
        self._assigned = dict(assigned or {})
        self._measured: dict[int, Instant] = {}
        self._sink: Sink | None = None

    def setup(self) -> None:
        """Open the producer."""
        collect_seldom()
        self._sink = Sink(self._settings, signs=self._kind == "governor")

    def teardown(self) -> None:
        """Release the producer."""
        if self._sink is not None:
            self._sink.close()

    def start_bundle(self) -> None:
        """Begin with nothing to acknowledge."""
        begun()
        self._pieces: dict[Any, int] = {}
        self._commands: list[Command] = []
        self._census: dict[int, int] = {}
        self._confirmed: dict[int, str] = {}

    def process(
        self,
        element: tuple[int, bytes],
        journal: Any = beam.DoFn.StateParam(JOURNAL),  # noqa: B008
        head: Any = beam.DoFn.StateParam(HEAD),  # noqa: B008
        wake: Any = beam.DoFn.TimerParam(WAKE),  # noqa: B008
    ) -> None:
        """Apply one delivery."""
        shard, data = element
        part = decode_part(data)
        found, machine = self._load(shard, journal, head)
        told = Outcome()
        if part.tick is not None and not self._settings.story:
            # The first tick after a rebuild already sends again: compare before it does.
            machine.observe_clock(worker_now(), part.tick, told)
        outcome = machine.apply(part)
        outcome.findings += told.findings
        self._emit(shard, part, machine, outcome)
        self._arm(found, machine, wake)
        self._store(shard, found, machine, journal, head)

    @on_timer(WAKE)
    def fire(
        self,
        shard: int = beam.DoFn.KeyParam,
        timestamp: Timestamp = beam.DoFn.TimestampParam,
        journal: Any = beam.DoFn.StateParam(JOURNAL),  # noqa: B008
        head: Any = beam.DoFn.StateParam(HEAD),  # noqa: B008
        wake: Any = beam.DoFn.TimerParam(WAKE),  # noqa: B008
    ) -> None:
        """Issue everything that is due, then arm once."""
        fired = Instant(timestamp.micros // 1_000)
        found, machine = self._load(shard, journal, head)
        outcome = machine.wake(fired)
        found.armed = None
        self._emit(shard, None, machine, outcome)
        self._arm(found, machine, wake, fired)
        self._store(shard, found, machine, journal, head)

    def finish_bundle(self) -> Iterator[Any]:
        """Flush, then pass commands on and acknowledge."""
        if self._sink is not None:
            self._sink.flush()
        by_governor: dict[int, list[Command]] = {}
        for command in self._commands:
            governor = shard_of(command.store, self._settings.governors)
            by_governor.setdefault(governor, []).append(command)
        for governor, commands in by_governor.items():
            yield _early((governor, encode_part(Part(commands=tuple(commands)))))
        if self._census or self._confirmed:
            part = encode_part(
                Part(census=tuple(self._census.items()), confirmed=tuple(self._confirmed.items()))
            )
            for governor in range(self._settings.governors):
                yield _early((governor, part))
        pieces = [Piece(origin, count) for origin, count in self._pieces.items()]
        for pair in encode_pieces(pieces):
            yield beam.pvalue.TaggedOutput(TO_ACKNOWLEDGE, _early(pair))
        finished(anything=bool(pieces or by_governor))

    # -- state ----------------------------------------------------------------------------------

    def _load(self, shard: int, journal: Any, head: Any) -> tuple[Head, Machine]:
        stored = head.read()
        if not stored:
            return Head(), new_machine(self._kind, shard, self._awaited, self._settings)
        found = _HEADS.decode(stored)
        token, machine = _CACHE.get(self._cache_key(shard), (FIRST_TOKEN, None))
        if machine is None or token != found.token:
            chunks = list(journal.read())
            machine = folded_machine(self._kind, shard, self._awaited, self._settings, chunks)
        # Until `_store` has written the new token the machine belongs to this call only.
        _CACHE.pop(self._cache_key(shard), None)
        return found, machine

    def _store(self, shard: int, found: Head, machine: Machine, journal: Any, head: Any) -> None:
        number = found.number + 1
        limit = max(COMPACT_LEAST_BYTES, COMPACT_FACTOR * found.whole_bytes)
        chunk = next_chunk(machine, number, whole=found.journal_bytes > limit)
        if chunk is not None:
            data, whole = chunk
            if whole:
                journal.clear()
                found.journal_bytes, found.whole_bytes = 0, len(data)
            journal.add(data)
            found.token = next_token(found.token, data)
            found.number = number
            found.journal_bytes += len(data)
        head.write(_ENCODER.encode(found))
        _CACHE[self._cache_key(shard)] = (found.token, machine)

    def _cache_key(self, shard: int) -> tuple[str, str, int]:
        return (self._settings.run_id, self._kind, shard)

    def _arm(self, found: Head, machine: Machine, wake: Any, fired: Instant | None = None) -> None:
        """Set the timer when the wake changed.

        A timer that fired ahead of the ticks (an input ended, or its tick is under way) is not set
        again: the watermark has passed it, it would spin. The tick that vouches for it sets it.
        """
        desired = machine.next_wake()
        if desired is None:
            return
        vouched = desired <= machine.now
        if fired is not None and not vouched and desired <= fired:
            found.ahead = True
        if found.ahead and not vouched:
            return
        found.ahead = False
        # What is overdue goes in one firing at the present, not one by one in the past.
        target = Instant(max(desired, machine.now)) if vouched else desired
        if found.armed is None or target < found.armed:
            wake.set(Timestamp(micros=target * 1_000))
            found.armed = target

    # -- what leaves ----------------------------------------------------------------------------

    def _emit(self, shard: int, part: Part | None, machine: Machine, outcome: Outcome) -> None:
        sink = self._sink
        assert sink is not None, "setup was not called"  # noqa: S101
        _each(sink.row, outcome.rows)
        _each(sink.removed, outcome.removed)
        _each(sink.state, outcome.states)
        _each(sink.mail, outcome.mails)
        _each(sink.finding, outcome.findings)
        _each(sink.decision, outcome.decisions)
        if self._kind == "ledger":
            self._pass_on(shard, outcome)
        else:
            for command in outcome.commands:
                sink.command(command, machine.in_force.fingerprint, machine.now)
        for origin in outcome.origins:
            self._pieces[origin] = self._pieces.get(origin, 0) + 1
        if part is None or part.tick is not None:
            self._measure(shard, machine, sink)

    def _measure(self, shard: int, machine: Machine, sink: Sink) -> None:
        """Write how far the machine is; the first shard also says what the job reads and with what.

        Of several instances of this stage each keeps its own time: a shard may be written more
        often, which changes nothing.
        """
        now, last = machine.now, self._measured.get(shard)
        if not self._settings.story:
            if last is not None and now - last < self._settings.measure_ms:
                return
            self._measured[shard] = now
        sink.progress(shard, machine.progress(), now)
        if shard == 0 and self._kind == "ledger" and now != last:
            self._measured[shard] = now
            counts = {
                "job_shards": self._settings.shards,
                "job_governors": self._settings.governors,
            }
            sink.progress(shard, counts, now)
            for topic, count in self._assigned.items():
                sink.progress(shard, {"job_partitions": count}, now, {"topic": topic})

    def _pass_on(self, shard: int, outcome: Outcome) -> None:
        """Keep what governors must hear of a ledger until the bundle is flushed."""
        self._commands += outcome.commands
        if outcome.census is not None:
            self._census[shard] = outcome.census
        if outcome.confirmed is not None:
            self._confirmed[shard] = outcome.confirmed


def _each(write: Callable[[V], None], items: Iterable[V]) -> None:
    for item in items:
        write(item)


def _early(value: Any) -> WindowedValue:
    return WindowedValue(value, MIN_TIMESTAMP, [GlobalWindow()])
