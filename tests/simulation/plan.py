"""What a seed decides beforehand: what is published and when, what goes wrong and when."""

import random
from dataclasses import dataclass, replace

from pipeline.events import Event
from tests.oracle.generate import history
from tests.oracle.history import BASE, Delivery, Document, History

MARKED = "MARKED-jane.doe@example.org"
"""Stands for personal data: nothing that people or metrics read may hold it."""
CRASHES = ("crash", "crash", "crash to an older checkpoint", "rebuild", "crash while input waits")
"""How a worker goes down; what remains of it is told by `world`."""
FAULTS = (
    *CRASHES,
    *("torn flush", "torn flush", "failed bundle", "failed bundle", "stalled partition"),
    *("stalled partition", "compaction", "moved keys", "reopened reader", "early timers"),
    *("input again", "input again", "receipt again"),
)
"""What can happen at any time and must change nothing at all."""
IN_TIME = ("clock forward", "outage", "outage", "wrong worker clock")
"""What makes the job late: deletions may come later, and others may be due by then."""
Input = tuple[int, Event | Document | bytes]
"""When something is published (ms), and what; bytes: an event that cannot be read."""


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong: at the `after`th step from an instant on."""

    at: int
    after: int
    kind: str
    seed: int


@dataclass(frozen=True)
class Plan:
    """What a seed decides beforehand.

    `flowing`: time goes on while the job works. Else it stands still until everything published was
    taken in and everything due was done: then faults must change nothing.
    """

    seed: int
    flowing: bool
    inputs: tuple[Input, ...]
    faults: tuple[Fault, ...]
    end: int

    @property
    def calm(self) -> "Plan":
        """Return the same without faults."""
        return replace(self, faults=())

    @property
    def history(self) -> History:
        """Return what the oracle must know of it."""
        told = [Delivery(at, what) for at, what in self.inputs if not isinstance(what, bytes)]
        return History(self.seed, tuple(told), self.end)

    def without(self, names: frozenset[str]) -> "Plan":
        """Return the same without some inputs (`i3`) and faults (`f0`), by their place."""
        return replace(
            self,
            inputs=tuple(one for n, one in enumerate(self.inputs) if f"i{n}" not in names),
            faults=tuple(one for n, one in enumerate(self.faults) if f"f{n}" not in names),
        )

    @property
    def names(self) -> list[str]:
        """Return the names of everything that can be left out: faults last."""
        inputs = [f"i{number}" for number in range(len(self.inputs))]
        return inputs + [f"f{number}" for number in range(len(self.faults))]


def plan(seed: int) -> Plan:
    """Return the plan of a seed: always the same. Every third seed flows."""
    told, rng = history(seed), random.Random(f"{seed}/plan")
    flowing = seed % 3 == 2
    inputs: list[Input] = [(item.at, item.what) for item in told.deliveries]
    if rng.random() < 0.3:
        inputs.append((BASE + rng.randint(0, 60_000), MARKED.encode()))
    kinds = FAULTS + IN_TIME if flowing else FAULTS
    busy = [at for at, _ in inputs]
    faults = [
        Fault(
            at=rng.choice((rng.choice(busy), BASE + rng.randint(0, 90_000))),
            after=rng.choice((0, rng.randint(0, 12), rng.randint(0, 30))),
            kind=rng.choice(kinds),
            seed=rng.randrange(1 << 30),
        )
        for _ in range(rng.choice((1, 3, 6, 10)))
    ]
    faults.sort(key=lambda fault: (fault.at, fault.after, fault.seed))
    return Plan(seed, flowing, tuple(inputs), tuple(faults), told.end)
