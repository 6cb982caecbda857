"""`retention simulate`: what documents would do to the inventory, before they are published."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.cli.files import text_of
from pipeline.cli.options import Approvals, BrokerUrl, KeyringFile, Prefix
from pipeline.cli.simulated_plot import demand_plottable, plot
from pipeline.cli.tables import screen, table, visible
from pipeline.cli.waiting import reachable, skipped
from pipeline.documents import KINDS, Envelope, enveloped, kind_of
from pipeline.errors import InvalidInput
from pipeline.inquiry.simulation import Day, Outcome, Simulation
from pipeline.instants import DAY, Instant, format_instant, parse_instant
from pipeline.lookup.log import Log
from pipeline.lookup.simulate import simulated
from pipeline.settings import Settings
from pipeline.transports.topics import DEFAULT_PREFIX, Topics
from pipeline.wire.plain_json import to_json

_AUTHOR = "simulation"
_SIMULATED = frozenset(KINDS) - {"controls"}
DEFAULT_DAYS = 30
MAX_DAYS = 36_600
BAR = 40
"""Columns of the longest bar."""
BARS = 30
"""Bars of a plot: longer simulations get more days a bar."""


def simulate(
    broker: BrokerUrl,
    policy: Annotated[
        list[Path] | None, typer.Option(help="Candidate policy; repeat for several.")
    ] = None,
    notice: Annotated[
        list[Path] | None,
        typer.Option(help="Candidate notice, hold or request; repeat for several."),
    ] = None,
    until: Annotated[
        str, typer.Option(help="Instant or day of the end; default: in 30 days.")
    ] = "",
    prefix: Prefix = DEFAULT_PREFIX,
    approvals: Approvals = None,
    keyring: KeyringFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    image: Annotated[
        Path | None, typer.Option("--plot", help="Draw it into this file too: .png or .svg.")
    ] = None,
) -> None:
    """Show what documents would do to the inventory as it is, beside those in force.

    Candidates are taken as if they were in effect now, and approved. Nothing is published and
    nothing is commanded. Daily limits (`at_most`), rates and pauses are left aside: what is due is
    shown, not what would be let go.

    The id binds a policy or notice, by version and digest, to what came out. Where the job runs
    with `--approval simulations`, another person approves it by `control: simulation:ID`.
    """
    if image is not None:
        demand_plottable(image)
    candidates = [_candidate(file) for file in (*(policy or ()), *(notice or ()))]
    if not candidates:
        raise InvalidInput("name what is to be simulated: --policy FILE or --notice FILE")
    _demand_one_of_each(candidates)
    settings = Settings(broker, prefix=prefix, approvals=tuple(approvals or ()))
    with reachable(broker, prefix, Console(stderr=True), existing=True) as found:
        log = Log.of(found, Topics(prefix, ()), skipped(), keyring)
        end = _end(until, log.now())
        with Console(stderr=True).status("reading the inventory"):
            seen = simulated(log, candidates, end, settings.approvals)
    if image is not None:
        plot(seen, image)
    if as_json:
        typer.echo(to_json(seen))
    else:
        screen().print(shown(seen))


def _candidate(file: Path) -> Envelope:
    text = text_of(file)
    kind = kind_of(text, str(file))
    if kind not in _SIMULATED:
        raise InvalidInput(f"{file}: a control cannot be simulated; name other documents")
    return enveloped(kind, text, _AUTHOR, str(file))


def _demand_one_of_each(candidates: list[Envelope]) -> None:
    # Only one could count, and the id of the other would say that it was simulated.
    for (kind, name), count in Counter((c.kind, c.document_id) for c in candidates).items():
        if count > 1:
            raise InvalidInput(f"{kind}/{name} is named {count} times; simulate one version of it")


def _end(text: str, now: Instant) -> Instant:
    if not text:
        return Instant(now + DEFAULT_DAYS * DAY)
    end = parse_instant(text if "T" in text else f"{text}T00:00:00Z")
    if not now < end <= now + MAX_DAYS * DAY:
        raise InvalidInput(f"--until {text} is not within 100 years from {format_instant(now)}")
    return end


def shown(seen: Simulation) -> RenderableType:
    """Return the screen: what differs, by store and rule, and day by day."""
    head = (
        f"{seen.records:,} records with data, {seen.unknown:,} of unknown residency; "
        f"{format_instant(seen.at)} to {format_instant(seen.until)}"
    )
    changes = seen.changes
    differs = (
        f"{changes.newly_due:,} newly due, {changes.no_longer_due:,} no longer due, "
        f"{changes.earlier:,} earlier, {changes.later:,} later, "
        f"{changes.other_cause:,} for another reason, {changes.same:,} the same"
    )
    noted = []
    if seen.changes_at is not None:
        at = format_instant(seen.changes_at)
        what = f"documents change by themselves at {at}: what follows from that is not shown"
        noted = [Text(f"not simulated  {what}", style="yellow")]
    return Group(
        Text(head, style="dim"),
        *noted,
        Text.assemble(("changes  ", "bold"), differs),
        *[Text.assemble(("id  ", "bold"), name, overflow="fold") for name in seen.ids],
        Text(),
        _table(seen),
        Text(),
        Text("deletions due, by day: = in force, # simulated", style="bold"),
        _plot(seen.days),
    )


def _table(seen: Simulation) -> Table:
    made = table("store", "cause", "outcome", "in force", "simulated", "difference")
    for column in made.columns[3:]:
        column.justify = "right"
    for line in seen.lines:
        difference = line.simulated - line.in_force
        style = "bold" if line.outcome in (Outcome.DUE, Outcome.IN_PART) and difference else ""
        made.add_row(
            Text(visible(line.store) or "(none)"),
            Text(line.cause or "(none)"),
            line.outcome,
            f"{line.in_force:,}",
            f"{line.simulated:,}",
            f"{difference:+,}" if difference else "",
            style=style,
        )
    return made


def _plot(days: tuple[Day, ...]) -> Table:
    each = -(-len(days) // BARS)
    groups = [days[start : start + each] for start in range(0, len(days), each)]
    sums = [(sum(d.in_force for d in one), sum(d.simulated for d in one)) for one in groups]
    most = max([max(pair) for pair in sums], default=0)
    made = Table.grid(padding=(0, 2))
    made.add_column(no_wrap=True)
    made.add_column(no_wrap=True)
    made.add_column(justify="right", no_wrap=True)
    for one, (before, after) in zip(groups, sums, strict=True):
        day = format_instant(one[0].at)[:10]
        made.add_row(day, Text(_bar("=", before, most), style="dim"), f"{before:,}")
        made.add_row("", Text(_bar("#", after, most), style="cyan"), f"{after:,}")
    return made


def _bar(mark: str, count: int, most: int) -> str:
    return mark * max(1, round(BAR * count / most)) if count else ""
