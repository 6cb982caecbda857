"""`python -m tests.soak`: see the package."""

import logging
import math
import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from tests.soak import kills as killing
from tests.soak import rebuild as rebuilding

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache" / "soak"
COLUMNS = 110

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def main() -> None:
    """Kill a job again and again, or take all of its state away; see what comes of it."""


def _console() -> Console:
    # While a broker is away its clients complain of what is being waited for.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    console = Console()
    return console if console.is_terminal else Console(width=COLUMNS)


@app.command()
def kills(
    runner: Annotated[str, typer.Option(help="`prism` or `flink`.")] = "prism",
    kills: Annotated[int, typer.Option(min=1, help="How often something is killed.")] = 30,
    seed: Annotated[int, typer.Option(help="Of the schedule and the story.")] = 1,
    minutes: Annotated[float, typer.Option(help="Kill no longer than so.")] = math.inf,
) -> None:
    """Kill worker, runner, job, broker and exporter; compare with a run without faults."""
    if runner not in ("prism", "flink"):
        raise typer.BadParameter(f"{runner}: choose prism or flink")
    console = _console()
    report = killing.run(
        runner=runner,
        kills=kills,
        seed=seed,
        folder=CACHE / runner,
        minutes=minutes,
        say=lambda line: console.print(f"[dim]{line}[/dim]", highlight=False),
    )
    _show(console, report)
    _leave(good=report.kept)


@app.command()
def rebuild(
    records: Annotated[int, typer.Option(min=10_000, help="Records in the inventory.")] = 1_000_000,
) -> None:
    """Let a job on Prism lose all but its topics; measure the next start, compare the ledger."""
    console = _console()
    report = rebuilding.run(
        records=records,
        folder=CACHE / "rebuild",
        say=lambda line: console.print(f"[dim]{line}[/dim]", highlight=False),
    )
    console.print(
        f"{report.records:,} records: rebuilt in {report.second:.1f} s, {report.rate:,.0f} records "
        f"a second, starting included (first life: {report.first:.1f} s); the digest is the same "
        f"in {report.same} of {rebuilding.SHARDS} shards, and after changes what it must be in "
        f"{report.changed}; {report.commands} commands",
        highlight=False,
        soft_wrap=True,
    )
    _leave(good=report.kept)


def _leave(*, good: bool) -> NoReturn:
    # Beam's threads are not daemons, and clients of a broker that is gone wait for it.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0 if good else 1)


def _show(console: Console, report: killing.Report) -> None:
    """Print what was seen."""
    table = Table(title=f"Kills on {report.runner}, seed {report.seed}")
    for name in ("victim", "survived / tried", "recovery seconds, median / most"):
        table.add_column(name, justify="left" if name == "victim" else "right")
    for victim, times in report.tried.items():
        counts = f"{report.survived[victim]} / {times}"
        table.add_row(victim, counts, killing.spread(report.recovery[victim]))
    tried, survived = sum(report.tried.values()), sum(report.survived.values())
    table.add_section()
    table.add_row("all", f"{survived} / {tried}", killing.spread(report.seconds()))
    console.print(table)
    verdict = report.verdict
    if verdict is not None:
        console.print(
            f"{verdict.expected} deletions expected: {verdict.lost} lost, {verdict.unexpected} "
            f"unexpected, {verdict.early} early, {verdict.under_hold} under a hold "
            f"({verdict.held} fell due under one), {verdict.duplicates} messages repeated; "
            f"ledger {'the same' if verdict.same_ledger else 'DIFFERENT'}",
            highlight=False,
        )
    for line in (*report.trouble, *(verdict.wrong if verdict else ())):
        console.print(f"WRONG: {line}", highlight=False, markup=False, soft_wrap=True)


if __name__ == "__main__":
    app()
