"""Simulates: `python -m tests.simulation --seeds N [FIRST]`, or one seed again.

`python -m tests.simulation SEED [--without i3,f0] [--shrink] [--trace]`: without some inputs and
faults; shrunk to what fails; with every step. `--races`: see `world.World`.
"""

import argparse
import logging
import sys
import time

from tests.simulation.judge import Tally, attempted
from tests.simulation.plan import plan
from tests.simulation.shrink import line, shrunk


def main(arguments: list[str]) -> int:
    """Play; 1 if a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("seed", nargs="?", type=int, help="a seed to replay")
    parser.add_argument("--seeds", nargs="+", type=int, metavar=("N", "FIRST"), help="play many")
    parser.add_argument("--without", default="", help="inputs and faults that are left out")
    parser.add_argument("--shrink", action="store_true", help="leave out what a failure needs not")
    parser.add_argument("--trace", action="store_true", help="print every step")
    parser.add_argument("--races", action="store_true", help="rollbacks race with the first tick")
    options = parser.parse_args(arguments)
    logging.disable(logging.WARNING)
    if options.seeds:
        return _many(*options.seeds, races=options.races)
    if options.seed is None:
        parser.error("name a seed, or how many")
    return _one(options.seed, frozenset(filter(None, options.without.split(","))), options)


def _many(count: int, first: int = 0, *, races: bool) -> int:
    tally, began = Tally(), time.monotonic()
    for seed in range(first, first + count):
        world = tally.add(attempted(plan(seed), races=races))
        if world.promises.broken:
            sys.stdout.write(f"seed {seed}: {line(seed, frozenset(), races=races)}\n")
            sys.stdout.writelines(f"  {one}\n" for one in world.promises.broken)
            sys.stdout.flush()
    sys.stdout.write(tally.text(time.monotonic() - began))
    return int(bool(tally.failed))


def _one(seed: int, without: frozenset[str], options: argparse.Namespace) -> int:
    began, whole = time.monotonic(), plan(seed)
    trace = _print if options.trace and not options.shrink else None
    races = options.races
    world = attempted(whole.without(without), trace, races=races)
    if options.shrink and world.promises.broken:
        without = shrunk(whole, world.promises.broken[0].kind, without, races=races)
        trace = _print if options.trace else None
        world = attempted(whole.without(without), trace, races=races)
    sys.stdout.writelines(f"{one}\n" for one in world.promises.broken)
    tally = Tally()
    tally.add(world)
    sys.stdout.write(tally.text(time.monotonic() - began))
    sys.stdout.write(f"{line(seed, without, races=races)}\n")
    return int(bool(world.promises.broken))


def _print(text: str) -> None:
    sys.stdout.write(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
