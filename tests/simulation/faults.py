"""Lets go wrong what a plan says, when its time has come."""

import random
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.transports.topics import Topics
from tests.simulation.plan import CRASHES, IN_TIME, Fault

if TYPE_CHECKING:
    from tests.simulation.world import World


class Faults:
    """The faults of a plan that have not struck yet, in order."""

    def __init__(self, world: "World", faults: Sequence[Fault]) -> None:
        self._world, self._left = world, list(faults)
        self._since: dict[Fault, int] = {}
        self._stalls: list[int] = []
        self._fails = False

    def strike(self) -> None:
        """Let one fault happen if its time has come; end stalls that are over."""
        world = self._world
        if self._stalls and max(self._stalls) <= world.steps:
            self.unstall()
        for fault in self._left:
            if fault.at > world.log.now:
                break
            if world.steps - self._since.setdefault(fault, world.steps) >= fault.after:
                self._left.remove(fault)
                world.injected[fault.kind] += 1
                world.note(f"FAULT {fault.kind}")
                self._do(fault, random.Random(fault.seed))
                return

    def bundle_fails(self) -> bool:
        """Whether the next bundle is to fail."""
        fails, self._fails = self._fails, False
        self._world.unticked |= fails  # what is decoded anew waits for the next tick
        return fails

    def cease(self) -> None:
        """Let nothing go wrong any more."""
        self._left.clear()
        self.unstall()
        self._fails = self._world.log.torn = False
        self._world.clocks.wrong = 0

    def unstall(self) -> bool:
        """Let every partition be read again; False: none was stalled."""
        stalled = bool(self._world.log.stalled)
        self._stalls.clear()
        self._world.log.stalled.clear()
        for read in self._world.job.reads:
            read.dirty |= stalled
        return stalled

    def _do(self, fault: Fault, rng: random.Random) -> None:
        if fault.kind in CRASHES:
            self._world.crash(fault.kind)
        elif fault.kind in IN_TIME:
            self._in_time(fault.kind, rng)
        else:
            {
                "torn flush": self._torn,
                "failed bundle": self._failed,
                "stalled partition": self._stalled,
                "compaction": self._compaction,
                "moved keys": self._moved,
                "reopened reader": self._reopened,
                "early timers": lambda _: self._world.fire_early(),
                "input again": self._input_again,
                "receipt again": self._receipt_again,
            }[fault.kind](rng)

    def _torn(self, _: random.Random) -> None:
        self._world.log.torn = True

    def _failed(self, _: random.Random) -> None:
        self._fails = True

    def _stalled(self, rng: random.Random) -> None:
        log = self._world.log
        read = [p for p in log.messages if p.topic in Topics().arrivals + Topics().documents]
        log.stalled |= set(rng.sample(read, rng.randint(1, 3)))
        self._stalls.append(self._world.steps + rng.randint(5, 60))

    def _compaction(self, _: random.Random) -> None:
        for topic in ("records", "state", "measurements"):
            self._world.log.compact(Topics().name(topic))

    def _moved(self, _: random.Random) -> None:
        self._world.job.forget_machines()
        self._world.job.ledgers.renew()
        self._world.unticked = True

    def _reopened(self, rng: random.Random) -> None:
        one = rng.choice(self._world.job.reads)
        one.restore(one.mark, one.watermark)

    def _input_again(self, rng: random.Random) -> None:
        if self._world.published:
            self._world.publish([rng.choice(self._world.published)], again=True)

    def _receipt_again(self, rng: random.Random) -> None:
        if self._world.receipts:
            self._world.answer(rng.choice(self._world.receipts), again=True)

    def _in_time(self, kind: str, rng: random.Random) -> None:
        world = self._world
        if kind == "wrong worker clock":
            wrong = rng.choice((-600_000, 600_000, 0))
            world.clocks.wrong = wrong
        else:  # the clock jumps, or nobody works for a while
            if kind == "outage":
                world.crash(rng.choice(CRASHES))
            world.advance(world.log.now + rng.randint(500, 20_000))
