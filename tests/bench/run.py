"""`make bench`: starts a Kafka, measures one part after the other, prints a table, writes JSON.

Figures of one run on one machine are to be compared with each other, not with another machine's.
`parts` turns measurements into figures; `--only` takes the names in `PARTS`.
"""

import logging
import os
import signal
import sys
import time
from typing import Annotated

import typer
from rich.console import Console

from pipeline.errors import RetentionError
from pipeline.testing.kafka_broker import LocalKafka
from tests.bench.figures import disturbed, show, write
from tests.bench.parts import PARTS, Bench
from tests.bench.world import CACHE

REPORT_COLUMNS = 150
QUICK = {"events": 20_000, "records": 64_000, "rows": 20_000, "per_record": 1_000, "commands": 200}
QUICK |= {"noticed": 20_000, "exported": 20_000}


def main(
    events: Annotated[int, typer.Option(help="Events through the job and the floor.")] = 300_000,
    records: Annotated[int, typer.Option(help="Records held in memory.")] = 1_000_000,
    noticed: Annotated[int, typer.Option(help="Records that one notice touches.")] = 1_000_000,
    exported: Annotated[int, typer.Option(help="Records that the exporter counts.")] = 1_000_000,
    rows: Annotated[int, typer.Option(help="Rows of the inventory to rebuild from.")] = 200_000,
    only: Annotated[
        list[str] | None, typer.Option(help=f"Only this part: {', '.join(PARTS)}. Repeatable.")
    ] = None,
    *,
    quick: Annotated[bool, typer.Option(help="Small sizes: shows that it works.")] = False,
) -> None:
    """Measure the job against a plain loop and against Beam's manual, on this machine."""
    unknown = sorted(set(only or ()) - set(PARTS))
    if unknown:
        raise typer.BadParameter(f"{', '.join(unknown)}: choose from {', '.join(PARTS)}")
    sizes = {
        "events": events,
        "records": records,
        "rows": rows,
        "per_record": 100_000,
        "commands": 1_000,
        "noticed": noticed,
        "exported": exported,
    }
    sizes |= QUICK if quick else {}
    # Told to stop, end what was started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    # At the start of a broker its clients complain of what is being waited for.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    console = Console()
    if not console.is_terminal:
        console = Console(width=REPORT_COLUMNS)
    failures: list[str] = []
    began, load = time.monotonic(), os.getloadavg()[0]
    with LocalKafka() as kafka:
        bench = Bench(kafka.url, sizes, lambda line: console.print(f"[dim]{line}[/dim]"))
        for name, part in PARTS.items():
            if only and name not in only:
                continue
            console.print(f"[dim]{time.monotonic() - began:6.0f} s[/dim] {name}")
            try:
                part(bench)
            except (RuntimeError, AssertionError, RetentionError, OSError) as error:
                # The other parts can still be measured; the exit code tells.
                failures.append(f"{name} failed: {error}")
        bench.close()
    warning = disturbed(load)
    small = "--quick: the first bundles are most of such a run; its ratios say nothing"
    notes = [*bench.notes(), *([small] if quick else []), *([warning] if warning else [])]
    notes += failures
    show(console, bench.figures, notes)
    path = CACHE / "bench.json"
    write(path, bench.figures, notes, {**sizes, "only": only, "quick": quick, "load_before": load})
    console.print(f"{time.monotonic() - began:.0f} s; figures in {path.relative_to(CACHE.parent)}")
    if failures:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
