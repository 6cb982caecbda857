"""Leaves out inputs and faults of a plan for as long as it fails in the same way."""

from collections.abc import Callable

from tests.simulation.judge import attempted
from tests.simulation.plan import Plan


def shrunk(
    plan: Plan, kind: str, without: frozenset[str] = frozenset(), *, races: bool = False
) -> frozenset[str]:
    """Return the names of everything that the failure does not need, faults tried first."""

    def fails(names: frozenset[str]) -> bool:
        found = attempted(plan.without(names), races=races).promises.broken
        return any(one.kind == kind for one in found)

    return _least(list(reversed(plan.names)), without, fails)


def _least(
    names: list[str], without: frozenset[str], fails: Callable[[frozenset[str]], bool]
) -> frozenset[str]:
    size = len(names) // 2
    while size:
        left = [name for name in names if name not in without]
        before = without
        for begin in range(0, len(left), size):
            fewer = without | frozenset(left[begin : begin + size])
            if fails(fewer):
                without = fewer
        # Once single ones were tried in vain, nothing more can go.
        size = size // 2 if size > 1 else int(without != before)
    return without


def line(seed: int, without: frozenset[str], *, races: bool = False) -> str:
    """Return the command that replays it."""
    names = ",".join(sorted(without, key=lambda name: (name[0], int(name[1:]))))
    more = (f" --without {names}" if names else "") + (" --races" if races else "")
    return f"python -m tests.simulation {seed}{more}"
