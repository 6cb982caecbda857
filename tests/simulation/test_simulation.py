"""The whole job under one scheduler: seeded faults break no promise, and a broken job is noticed.

`python -m tests.simulation --seeds 1000` plays more.
"""

import logging
import time
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import msgspec
import pytest

from pipeline.documents import InForce
from pipeline.ledger.gate import Gate
from pipeline.ledger.parts import Part
from pipeline.ledger.pending import sorted_out
from pipeline.transforms.sink import Sink
from tests.simulation.judge import Tally, attempted
from tests.simulation.plan import plan
from tests.simulation.shrink import line, shrunk
from tests.support.figures import tell

SEEDS = 30


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


def test_no_fault_breaks_a_promise() -> None:
    tally, began = Tally(), time.monotonic()
    for seed in range(SEEDS):
        broken = tally.add(attempted(plan(seed))).promises.broken
        if broken:
            told = "\n".join(map(str, broken))
            without = shrunk(plan(seed), broken[0].kind)
            pytest.fail(f"{told}\nreplay: {line(seed, without)}", pytrace=False)
    tell("simulation: " + tally.text(time.monotonic() - began).partition("\n")[0])
    assert tally.crashes > SEEDS
    assert len(tally.faults) > 10
    assert tally.commands["DELETE"] > 3 * SEEDS


def test_a_seed_always_gives_the_same_simulation() -> None:
    first, again = list[str](), list[str]()
    attempted(plan(4), first.append)
    attempted(plan(4), again.append)
    assert first == again
    assert len(first) > 1_000


def _noticed() -> set[str]:
    """Return what is wrong with the first seed that notices."""
    for seed in range(SEEDS):
        broken = attempted(plan(seed)).promises.broken
        if broken:
            return {one.kind for one in broken}
    return set()


def test_a_commit_before_the_flush_is_noticed() -> None:
    flush, before = Sink.flush, list[Sink]()

    def late(sink: Sink) -> None:
        """Write what the bundle before this one made; a crash loses this one's."""
        for one in before:
            flush(one)
        before[:] = [sink]

    with patch.object(Sink, "flush", late):
        assert "committed before it was flushed" in _noticed()


def test_input_applied_before_the_gate_opens_is_noticed() -> None:
    with patch.object(Gate, "open", property(lambda _: True)):
        assert _noticed()


def test_a_ledger_that_ignores_holds_is_noticed() -> None:
    with patch.object(InForce, "holds_on", lambda *_: ()):
        # A late job is judged by what it can have known, one that is not late by the instant.
        assert _noticed() & {"DELETE under a hold", "DELETE that nothing known allows"}


def test_parked_input_that_a_crash_forgets_is_noticed() -> None:
    """What waits for the gate is acknowledged at once: whoever begins anew never sees it."""

    def hasty(parked: list[Part], part: Part, **known: Any) -> tuple[list[Part], list[Part]]:
        ready, waiting = sorted_out(parked, part, **known)
        taken = [Part(origins=one.origins) for one in waiting if one.origins]
        return ready + taken, [msgspec.structs.replace(one, origins=()) for one in waiting]

    with patch("pipeline.ledger.book.sorted_out", hasty):
        assert _noticed()
