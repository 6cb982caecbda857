"""Seeded histories against the oracle: what the ledger commands is what the specification asks for.

`RETENTION_HISTORIES=10000` plays more of them.
"""

import os
from collections import Counter, defaultdict
from collections.abc import Mapping

import pytest

from tests.oracle.checks import Check, Failure, Wrong
from tests.oracle.generate import history
from tests.oracle.shrink import shrunk
from tests.oracle.simulate import Run
from tests.oracle.timeline import timeline

HISTORIES = int(os.environ.get("RETENTION_HISTORIES", "300"))
SHOWN = 30
Played = tuple[Mapping[Wrong, list[tuple[int, Failure]]], Counter[str]]


@pytest.fixture(scope="module")
def played() -> Played:
    """Every failure with its seed, and how often each kind of command was given."""
    failed: dict[Wrong, list[tuple[int, Failure]]] = defaultdict(list)
    commands: Counter[str] = Counter()
    for seed in range(HISTORIES):
        run = Run(history(seed)).play()
        commands.update(item.command.kind for item in run.emitted)
        for failure in {item.kind: item for item in reversed(Check(run).done())}.values():
            failed[failure.wrong].append((seed, failure))
    return failed, commands


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("wrong", Wrong, ids=str)
def test_ledger_does_what_the_specification_asks_for(played: Played, wrong: Wrong) -> None:
    found = played[0].get(wrong, [])
    if found:
        pytest.fail(_report(found), pytrace=False)


def test_histories_ask_for_much(played: Played) -> None:
    commands = played[1]
    assert commands["DELETE"] > 3 * HISTORIES
    assert commands["RESTRICT"] > HISTORIES
    assert min(commands["CANCEL"], commands["RELEASE"]) > HISTORIES // 20


def test_a_seed_always_gives_the_same_history() -> None:
    first, again = Run(history(7)).play(), Run(history(7)).play()
    assert first.history == again.history
    assert first.emitted == again.emitted


def _report(found: list[tuple[int, Failure]]) -> str:
    kinds: dict[str, list[int]] = defaultdict(list)
    for seed, failure in found:
        kinds[failure.kind].append(seed)
    lines = []
    for kind, seeds in kinds.items():
        listed = " ".join(map(str, seeds[:SHOWN])) + (" …" if len(seeds) > SHOWN else "")
        lines.append(f"{kind}: {len(seeds)} of {HISTORIES} histories: {listed}")
    seed, failure = found[0]
    lines.append(f'replay: python -m tests.oracle {seed} --shrink "{failure.kind}"')
    run = Run(shrunk(history(seed), failure.kind)).play()
    return "\n".join([*lines, timeline(run, Check(run).done())])
