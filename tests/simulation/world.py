"""One seeded scheduler: at every step one thing happens, and the promises are looked at."""

import heapq
import itertools
import random
from collections import Counter
from collections.abc import Callable, Hashable

from apache_beam.utils.timestamp import Timestamp

from pipeline.receipts import Receipt
from pipeline.settings import Settings
from pipeline.transports.topics import Topics
from pipeline.wire.codec import Codec
from tests.oracle.generate import STORES
from tests.oracle.history import BASE, WINDOW
from tests.simulation.faults import Faults
from tests.simulation.job import MARGIN, SHARDS, Checkpoint, Clocks, Job, new_settings, wired
from tests.simulation.log import Crash, Log, Sampler
from tests.simulation.plan import Input, Plan
from tests.simulation.promises import Promises
from tests.simulation.publish import write
from tests.simulation.stage import BundleFailed
from tests.simulation.stores import Stores

GRID = 20_000
"""The log's time goes on by at most so much (ms)."""
MOST_STEPS = 4_000
"""What has not come to rest after so many steps at one instant never will."""
_LATEST = Timestamp(micros=1 << 60)
_CODEC = Codec.from_settings(Settings("simulated://"))


class World:
    """A plan as it is played. Everything random comes from its seed.

    `races`: after a rollback to a checkpoint anything may reach a shard before its first tick. Rows
    written then have versions below those of before the rollback, so that a later rebuild believes
    the latter. Without it the tick comes first.
    """

    def __init__(
        self, plan: Plan, trace: Callable[[str], None] | None = None, *, races: bool = False
    ) -> None:
        self.plan, self._trace, self.races = plan, trace, races
        self.rolled_back, self.waits, self.spinning = False, False, set[Hashable]()
        self.rng = random.Random(f"{plan.seed}/schedule")
        skew = self.rng.randint(0, MARGIN) if plan.flowing else 0
        specs = Topics().specs(partitions=2, stores=STORES)
        self.log = Log(specs, BASE - 1_000, skew, f"{plan.seed}/log")
        self.clocks, self.samplers = Clocks(self.log), [Sampler(self.log)]
        self.codec = _CODEC
        self.steps = self.crashes = self.unjudged = self.hidden = self.overdue = 0
        self.injected, self.unticked = Counter[str](), False
        self.promises = Promises(self)
        self.stores = Stores(self.log, self.codec, plan.seed, self.later)
        self.faults = Faults(self, plan.faults)
        self.job: Job
        self.checkpoints: list[Checkpoint] = []
        self.published, self.receipts = list[Input](), list[Receipt]()
        self._order = itertools.count()
        self._queue: list[tuple[int, int, Receipt | Input]] = []
        self._queue += sorted((one[0], next(self._order), one) for one in plan.inputs)

    def play(self) -> "World":
        """Let everything happen, then let faults cease and look at what became of it."""
        with wired(self.log, self.clocks, self.samplers, self.codec):
            self.restart()
            if self.plan.flowing:
                self._flow()
            self._settle_until(self.plan.end)
            self._finale()
        return self

    # -- time -----------------------------------------------------------------------------------

    def _flow(self) -> None:
        """Let time go on while the job works."""
        while self.log.now < self.plan.end - 60_000:
            if not self.step() or self.rng.random() < 0.25:
                at = self._next_instant()
                self.advance(min(at, self.log.now + self.rng.choice((1, 20, 300, GRID))))

    def _settle_until(self, end: int) -> None:
        """Let time stand still until all is done, then go on to what comes next."""
        self._settle()
        while self.log.now < end:
            # A job that goes back further may not command again what is held by now.
            self.checkpoints = [self.job.checkpoint()]
            self.advance(min(self._next_instant(), end))
            self._settle()

    def _settle(self) -> None:
        for _ in range(MOST_STEPS):
            if not self.step():
                self.promises.at_rest()
                return
        self.promises.fail("does not come to rest", f"{self._enabled()}")

    def advance(self, to: int) -> None:
        """Let the log's time reach an instant and publish what is due by then, in any order."""
        self.log.now = max(to, self.log.now)
        due: list[Receipt | Input] = []
        while self._queue and self._queue[0][0] <= self.log.now:
            due.append(heapq.heappop(self._queue)[2])
        self.rng.shuffle(due)
        self.publish([one for one in due if not isinstance(one, Receipt)])
        answered = [one for one in due if isinstance(one, Receipt) and not self.stores.is_void(one)]
        for receipt in answered:
            self.answer(receipt)
        self.promises.told(answered)
        for read in self.job.reads:
            read.dirty = True

    def _next_instant(self) -> int:
        late = MARGIN - self.log.skew
        # After a restart, or where keys moved, a shard does nothing before the next tick.
        found = [self.log.now + (1 if self.unticked else GRID)]
        self.unticked = False
        found += [self._queue[0][0]] if self._queue else []
        found += [at + late for at in self.job.ledgers.timers]
        for machine in self.job.machines():
            wake = machine.next_wake()
            found += [] if wake is None else [wake, wake + late]
        return min(at for at in found if at > self.log.now)

    def later(self, at: int, receipt: Receipt) -> None:
        """Schedule a receipt."""
        heapq.heappush(self._queue, (max(at, self.log.now + 1), next(self._order), receipt))

    def publish(self, inputs: list[Input], *, again: bool = False) -> None:
        """Publish events and documents now; `again`: what was published before."""
        for one in inputs:
            self.note(f"publish {one[1]!r}"[:300])
            self.published += [] if again else [one]
            write(self.log, self.codec, one[1])
        if not again:
            self.promises.told([what for _, what in inputs if not isinstance(what, bytes)])

    def answer(self, receipt: Receipt, *, again: bool = False) -> None:
        """Publish a receipt now."""
        self.note(f"receipt {receipt}")
        self.receipts += [] if again else [receipt]
        key = receipt.record_id.encode()
        self.log.append(Topics().name("receipts"), key, self.codec.encode_receipt(receipt))

    # -- steps ----------------------------------------------------------------------------------

    def step(self) -> bool:
        """Let one thing happen; False: nothing can."""
        self.faults.strike()
        enabled = self._enabled()
        if not enabled and not self.plan.flowing and self.faults.unstall():
            enabled = self._enabled()  # time stands still until what lags has caught up
        if not enabled:
            return False
        self.steps += 1
        name, act = self.rng.choice(enabled)
        self.note(name)
        self._do(act)
        return True

    def fire_early(self) -> None:
        """Fire timers whose time has not come, as at a drain or the end of an input."""
        if any(of.timer for of in self.job.ledgers.keys.values()):
            self._do(lambda: self._timers(_LATEST))

    def _do(self, act: Callable[[], None]) -> None:
        try:
            act()
        except BundleFailed:
            self.note("  failed")
        except Crash:
            self.note("  crashed")
            self.crash()

    def _enabled(self) -> list[tuple[str, Callable[[], None]]]:
        job, rng = self.job, self.rng
        found: list[tuple[str, Callable[[], None]]] = []
        if self.rolled_back and not self.races:
            return self._ticks()
        if self.samplers[-1].is_stale:
            found.append(("sample", self._sample))
        for number, read in enumerate(job.reads):
            if read.dirty:
                found.append((f"read {number}", lambda number=number: self._read(number)))  # type: ignore[misc]
        if job.ledgers.queue:
            found.append(("ledgers", self._ledgers))
        if job.governors.queue:
            found.append(("governors", lambda: job.route(job.governors.run(rng.choice((1, 3, 9))))))
        if job.acknowledgements.queue:
            found.append(
                ("acknowledge", lambda: job.route(job.acknowledgements.run(rng.choice((1, 2, 9)))))
            )
        if set(job.ledgers.eligible(job.watermark)) - self.spinning:
            found.append(("timers", lambda: self._timers(job.watermark)))
        if self.stores.unread:
            found.append(("store", lambda: self.stores.obey(rng)))
        return found

    def _ticks(self) -> list[tuple[str, Callable[[], None]]]:
        """Return what can happen before every shard has a tick after a rollback: only that."""
        machines = self.job.machines()
        if len(machines) == SHARDS and all(machine.ticked for machine in machines):
            self.rolled_back = False
            return self._enabled()
        ready = (
            ("sample", self.samplers[-1].is_stale, self._sample),
            ("read 0", self.job.reads[0].dirty, lambda: self._read(0)),
            ("ledgers", bool(self.job.ledgers.queue), self._ledgers),
        )
        return [(name, act) for name, can, act in ready if can]

    def _sample(self) -> None:
        self.samplers[-1].take()
        for read in self.job.reads:
            read.dirty = True

    def _read(self, number: int) -> None:
        self.job.route(self.job.reads[number].bundle(self.rng.choice((1, 1, 2, 5))))
        if number == 0:
            self.spinning.clear()

    def _ledgers(self) -> None:
        fails = self.faults.bundle_fails()
        grown = self.log.grown
        made = self.job.ledgers.run(self.rng.choice((1, 2, 4, 8)), fails=fails)
        self._done(made, grown)

    def _timers(self, watermark: Timestamp) -> None:
        keys = self.job.ledgers.eligible(watermark)
        fired, grown = self.rng.sample(keys, self.rng.randint(1, len(keys))), self.log.grown
        self._done(self.job.ledgers.fire(fired), grown)
        # A ledger without a tick sets its timer into the past: it would fire for ever.
        again = {key for key in fired if key in self.job.ledgers.eligible(self.job.watermark)}
        self.spinning |= again
        self.unticked |= bool(again)

    def _done(self, made: list[tuple[str | None, object]], grown: int) -> None:
        self.job.route(made, of_ledgers=True)
        if self.log.grown != grown:
            for read in self.job.reads:
                read.dirty = True  # e.g. lineage
        waits = self.waits and any(machine.parked for machine in self.job.machines())
        # A barrier passes behind every element that was read before it: none is under way.
        if (waits or self.rng.random() < 0.2) and not any(stage.queue for stage in self.job.stages):
            self.checkpoints = [*self.checkpoints[-1:], self.job.checkpoint()]
            if waits:
                self.waits = False
                self.crash()

    # -- crashes --------------------------------------------------------------------------------

    def restart(self) -> None:
        """Begin a run without state: from committed positions and topics."""
        self.checkpoints.clear()
        self.rolled_back = False
        self.spinning.clear()
        self.samplers.append(Sampler(self.log))
        self.job = Job(new_settings(), self.log, self.rng)
        self.job.forget_machines()

    def crash(self, how: str = "crash") -> None:
        """Lose everything that is not flushed; go on from a checkpoint if the runner has one."""
        self.crashes, self.unticked = self.crashes + 1, True
        self.log.torn = False
        if how in ("rebuild", "crash while input waits") or not self.checkpoints:
            self.waits = how == "crash while input waits"  # again, before the gate opens
            self.restart()
            return
        if how == "crash to an older checkpoint":
            self.checkpoints = self.checkpoints[:1]
        self.rolled_back, self.promises.rolled_back_at = True, self.log.now
        self.spinning.clear()
        self.samplers.append(Sampler(self.log))
        self.job.restore(self.checkpoints[-1])
        if self.rng.random() < 0.5:  # else the process with what it had decoded lives on
            self.job.forget_machines()

    def note(self, text: str) -> None:
        """Write a line of the trace."""
        if self._trace is not None:
            self._trace(f"{(self.log.now - BASE) / 1_000:9.3f} {self.steps:6} {text}\n")

    # -- the end --------------------------------------------------------------------------------

    def _finale(self) -> None:
        """Faults cease and stores answer; then the job begins anew from its topics alone."""
        self.faults.cease()
        self._settle_until(self.log.now + 2 * WINDOW)
        self.promises.all_commanded()
        self.stores.settle()
        self._settle_until(self.log.now + 2 * WINDOW)
        self.promises.at_the_end()
        before = self.promises.digest(), set(self.promises.deletions)
        self.note("rebuild to compare")
        self.restart()
        self._settle_until(self.log.now + 2 * WINDOW)
        self.promises.rebuilt(*before)
