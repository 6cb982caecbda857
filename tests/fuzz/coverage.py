"""The same entry under atheris: what reaches code that was not reached before is kept and bred.

In a process of its own: atheris takes over the process and ends it.
"""

import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import msgspec

TOPICS_BYTE = 1
"""Bytes before an input that say where it is sent."""


def main(arguments: list[str]) -> None:
    """Feed `COUNT` inputs by `SEED`, then write the report to `FILE` and end the process."""
    import atheris

    seed, count, target = int(arguments[0]), int(arguments[1]), Path(arguments[2])
    with atheris.instrument_imports(
        include=["pipeline.wire", "pipeline.events", "pipeline.documents"]
    ):
        from pipeline.wire.source import Source as Written
        from tests.fuzz import entry as entries
        from tests.fuzz import run
    # Our readers are written out at run time: no import instruments them.
    define = Written.function
    Written.function = lambda *given: atheris.instrument_func(define(*given))  # type: ignore[method-assign]
    folder = tempfile.mkdtemp(prefix="retention-fuzz-")
    entry, source = entries.Entry(Path(folder)), run.Source(seed)
    topics = source.topics()
    report, refused = run.Report(), Counter[str]()
    began = time.monotonic()

    def finish() -> None:
        report.refused, report.seconds = dict(refused), time.monotonic() - began
        report.accepted = report.inputs - refused.total() - len(report.faults)
        report.grown = entry.grown()
        target.write_bytes(msgspec.json.encode(report))
        entry.close()
        os._exit(0)  # libFuzzer would go on

    def take(data: bytes) -> None:
        if report.inputs == count or report.faults:
            finish()
        topic, value = topics[data[0] % len(topics) if data else 0], data[TOPICS_BYTE:]
        report.inputs += 1
        try:
            outcome = entry.take(topic, value)
        except entries.Fault as fault:
            report.faults.append(run.line(entry, fault, run.Input(topic, value), "(atheris)"))
            return
        if outcome.refused:
            refused[outcome.refused] += 1
        if outcome.milliseconds > report.slowest:
            report.slowest, report.slowest_topic = outcome.milliseconds, topic

    def mutated(data: bytes, most: int, number: int) -> bytes:
        """Breed what was found by its bytes, or bring in a message broken by its structure."""
        if Random(number).random() < 0.7:
            bred: Any = atheris.Mutate(data, most)
            return bytes(bred)
        made = source.input(number)
        return (bytes([topics.index(made.topic)]) + made.value)[:most]

    # Its memory is watched by the entry; libFuzzer counts what it keeps itself as well.
    options = [f"-seed={seed + 1}", "-max_len=65536", "-rss_limit_mb=0", "-print_final_stats=0"]
    atheris.Setup([sys.argv[0], *options], take, custom_mutator=mutated)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
