"""Replays histories: `python -m tests.oracle SEED… [--shrink [KIND]]`, or `--all N [FIRST]`."""

import sys
from collections import defaultdict

from tests.oracle.checks import Check
from tests.oracle.generate import history
from tests.oracle.shrink import failures, shrunk
from tests.oracle.simulate import Run
from tests.oracle.timeline import timeline


def main(arguments: list[str]) -> int:
    """Print a timeline for each seed; 1 if something is wrong."""
    if arguments[:1] == ["--all"]:
        return _all(*[int(number) for number in arguments[1:]])
    numbers = [int(word) for word in arguments if word.isdigit()]
    shrink = "--shrink" in arguments
    kind = " ".join(arguments[arguments.index("--shrink") + 1 :]) if shrink else ""
    wrong = False
    for seed in numbers:
        told = history(seed)
        found = failures(told)
        wrong = wrong or bool(found)
        if shrink and found:
            told = shrunk(told, kind or found[0].kind)
        run = Run(told).play()
        sys.stdout.write(f"history {seed}\n{timeline(run, Check(run).done())}")
    return int(wrong)


def _all(count: int, first: int = 0) -> int:
    seeds: dict[str, list[int]] = defaultdict(list)
    for seed in range(first, first + count):
        for kind in sorted({failure.kind for failure in failures(history(seed))}):
            seeds[kind].append(seed)
    for kind, failed in sorted(seeds.items()):
        sys.stdout.write(f"{len(failed):6} {kind}: {' '.join(map(str, failed[:20]))}\n")
    return int(bool(seeds))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
