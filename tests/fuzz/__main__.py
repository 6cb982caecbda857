"""`make fuzz`, or `python -m tests.fuzz --inputs N [--seed S] [--workers W] [--atheris]`.

Also `--replay SEED:NUMBER` and `--bytes TOPIC HEX`, as a fault's line says.
"""

import argparse
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import msgspec

from tests.fuzz.entry import MAX_MEBIBYTES, MAX_MILLISECONDS, Entry, Fault
from tests.fuzz.run import Input, Report, Source, run

ROUND = 20_000
"""Inputs between two lines of progress."""


def main(arguments: list[str]) -> int:
    """Run, print what came of it, and return 1 when an input did what none may do."""
    asked = _asked(arguments)
    if asked.replay or asked.bytes:
        return _replay(asked)
    feed = _by_coverage if asked.atheris else _by_structure
    report = feed(asked.seed, asked.inputs, asked.workers)
    _tell(report, asked)
    return int(bool(report.faults) or report.inputs < asked.inputs or not report.accepted)


def _asked(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--atheris", action="store_true", help="guided by coverage")
    parser.add_argument("--replay", metavar="SEED:NUMBER")
    parser.add_argument("--bytes", nargs=2, metavar=("TOPIC", "HEX"))
    return parser.parse_args(arguments)


def _by_structure(seed: int, inputs: int, workers: int) -> Report:
    total = Report()
    starts = range(0, inputs, ROUND)
    with ThreadPoolExecutor(workers) as threads:
        counts = [min(ROUND, inputs - start) for start in starts]
        for report in threads.map(_alone, [seed] * len(starts), starts, counts):
            _add(total, report)
            sys.stdout.write(f"{total.inputs:,} inputs, {len(total.faults)} faults\n")
            sys.stdout.flush()
    total.seconds /= workers
    return total


def _alone(seed: int, first: int, count: int) -> Report:
    """Run in a process of its own: what one round keeps would be the base of the next one's peak.

    Not `max_tasks_per_child`, which can wait for ever (CPython issue 115634).
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(run, seed, first, count).result()


def _add(total: Report, report: Report) -> None:
    seconds = total.seconds + report.seconds
    total.add(report)
    total.seconds = seconds


def _by_coverage(seed: int, inputs: int, workers: int) -> Report:
    total = Report()
    share = -(-inputs // workers)
    with tempfile.TemporaryDirectory(prefix="retention-fuzz-") as folder:
        files = [Path(folder) / f"{number}.json" for number in range(workers)]
        running = [
            subprocess.Popen(
                [sys.executable, "-m", "tests.fuzz.coverage", str(seed + n), str(share), str(file)],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            for n, file in enumerate(files)
        ]
        for process, file in zip(running, files, strict=True):
            process.wait()
            if file.exists():
                total.add(msgspec.json.decode(file.read_bytes(), type=Report))
            else:
                total.faults.append(f"crash: the process ended with {process.returncode}")
    return total


def _replay(asked: argparse.Namespace) -> int:
    if asked.replay:
        seed, _, number = asked.replay.partition(":")
        made = Source(int(seed)).input(int(number))
    else:
        made = Input(asked.bytes[0], bytes.fromhex(asked.bytes[1]))
    with tempfile.TemporaryDirectory(prefix="retention-fuzz-") as folder:
        entry = Entry(Path(folder))
        try:
            sys.stdout.write(f"{made.topic}, {len(made.value)} bytes: {entry.take(*made)}\n")
        except Fault as fault:
            sys.stdout.write(f"{made.topic}, {len(made.value)} bytes: {fault}\n")
            return 1
        finally:
            entry.close()
    return 0


def _tell(report: Report, asked: argparse.Namespace) -> None:
    rate = report.inputs / report.seconds if report.seconds else 0
    how = "coverage" if asked.atheris else "structure"
    slowest = f"{report.slowest:.1f} ms of CPU on {report.slowest_topic}"
    lines = [
        f"inputs    {report.inputs:,}, seed {asked.seed}, by {how}",
        f"accepted  {report.accepted:,}",
        f"refused   {sum(report.refused.values()):,}",
        *(
            f"  {count:10,} {reason}"
            for reason, count in sorted(report.refused.items(), key=lambda one: -one[1])
        ),
        f"slowest   {slowest}, of {MAX_MILLISECONDS:.0f} ms",
        f"memory    grew by {report.grown:.0f} MiB at most; the limit is {MAX_MEBIBYTES}",
        f"speed     {rate:,.0f} inputs a second, {asked.workers} at a time",
        *(f"FAULT     {fault}" for fault in report.faults),
    ]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
