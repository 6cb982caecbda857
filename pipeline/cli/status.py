"""`retention status`: the operator's one screen."""

import signal
import time
from collections.abc import Iterator, Mapping
from typing import Annotated

import typer
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from pipeline.cli.options import Approvals, BrokerUrl, EventTopics, KeyringFile, Prefix
from pipeline.cli.tables import counted, screen, visible
from pipeline.cli.waiting import reachable, skipped
from pipeline.errors import BrokerUnavailable
from pipeline.inquiry.overview import Asked, Flow, Job, Overview
from pipeline.instants import DAY, HOUR, MINUTE, SECOND, Instant, format_instant
from pipeline.lookup.log import Log
from pipeline.lookup.status import Watch
from pipeline.settings import Settings
from pipeline.transports.topics import DEFAULT_EVENTS, DEFAULT_PREFIX, Topics
from pipeline.wire.plain_json import to_json

_UNITS = ((DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (SECOND, "s"))


def status(
    broker: BrokerUrl,
    prefix: Prefix = DEFAULT_PREFIX,
    events: EventTopics = list(DEFAULT_EVENTS),  # noqa: B006  # typer copies it
    group: Annotated[str, typer.Option(help="Consumer group of the positions.")] = Settings.group,
    approvals: Approvals = None,
    keyring: KeyringFile = None,
    watch: Annotated[bool, typer.Option("--watch", help="Go on until Ctrl-C.")] = False,
    every: Annotated[float, typer.Option(min=0.1, help="Seconds between two looks.")] = 2.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a look.")] = False,
) -> None:
    """Show where everything stands: flow, what is due, outstanding, withheld, and found."""
    settings = Settings(broker, prefix=prefix, approvals=tuple(approvals or ()))
    with reachable(broker, prefix, Console(stderr=True), existing=True) as found:
        log = Log.of(found, Topics(prefix, tuple(events)), skipped(), keyring)
        looking = Watch(log, group, settings.approvals)
        try:
            if not watch:
                with Console(stderr=True).status("reading the inventory"):
                    seen = looking.look()
                _tell(seen, broker, as_json=as_json)
                return
            # SIGINT too: whoever starts this in the background of a shell has it ignored.
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.default_int_handler)
            _go_on(looking, broker, every, as_json=as_json)
        except KeyboardInterrupt:
            raise typer.Exit(0) from None
        finally:
            looking.close()


def _tell(seen: Overview, broker: str, *, as_json: bool) -> None:
    if as_json:
        typer.echo(to_json(seen))
    else:
        screen().print(shown(seen, broker))


def _go_on(looking: Watch, broker: str, every: float, *, as_json: bool) -> None:
    """Look again and again; a broker that does not answer is said, and tried again."""
    if as_json:
        errors = Console(stderr=True, soft_wrap=True, markup=False, highlight=False)
        while True:
            try:
                typer.echo(to_json(looking.look()))
            except BrokerUnavailable as error:
                errors.print(f"retention: {error}")
            time.sleep(every)
    console = screen()
    latest: RenderableType = Text("reading the inventory ...")
    with Live(latest, console=console, auto_refresh=False, screen=console.is_terminal) as live:
        live.refresh()
        while True:
            try:
                latest = shown(looking.look(), broker)
                live.update(latest, refresh=True)
            except BrokerUnavailable as error:
                live.update(Group(latest, Text(f"\n{error}", style="bold red")), refresh=True)
            time.sleep(every)


def shown(seen: Overview, broker: str) -> RenderableType:
    """Return the screen: a line for each question an operator asks."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for label, text in _lines(seen):
        grid.add_row(label, text)
    return Group(Text(f"{broker} at {format_instant(seen.at)}", style="dim"), grid)


def _lines(seen: Overview) -> Iterator[tuple[str, Text]]:
    counts, due = seen.counts, seen.counts.due
    yield "job", _job(seen.job, seen.at)
    for flow in seen.flow:
        yield flow.topic, _flow(flow)
    yield "records", Text(_counted(counts.records) or "none")
    ahead = f"{due.in_1_day:,} in 1 day, {due.in_7_days:,} in 7, {due.in_30_days:,} in 30"
    yield (
        "due",
        Text.assemble(
            (f"{due.passed:,} passed", "yellow" if due.passed else ""),
            f", {ahead}; {counts.held:,} held",
        ),
    )
    if counts.without_limit:
        yield "no limit", Text(f"{counts.without_limit:,} records", style="bold red")
    yield "commands", _outstanding(seen)
    overdue = sum(counts.overdue.values())
    yield "overdue", _alarm(overdue, f"{overdue:,}: {_counted(counts.overdue)}")
    yield "restricted", Text(f"{counts.restricted:,} records")
    unsent = f"{counts.unsent:,} deletions not given to a store: withheld, or on their way"
    yield "withheld", Text(unsent if counts.unsent else "none", "yellow" if counts.unsent else "")
    yield "requests", _requests(seen.requests)
    yield "findings", _alarm(sum(seen.findings.values()), _counted(seen.findings), "yellow")
    yield "quarantine", _alarm(sum(seen.quarantine.values()), _counted(seen.quarantine), "yellow")
    for pause in seen.paused:
        yield "paused", Text(visible(pause), style="bold red")
    for partition in seen.excluded:
        yield "not awaited", Text(visible(partition), style="bold red")
    for scope in seen.waiting:
        yield "approval", Text(f"awaited: {scope.removeprefix('document:')}", style="yellow")


def _job(job: Job, now: Instant) -> Text:
    if job.heard_at is None:
        return Text("never heard of: it has measured nothing", style="red")
    heard = f"heard of {_age(now - job.heard_at)} ago"
    if not job.alive:
        return Text(f"seems not to run: {heard}", style="bold red")
    lag = "" if job.slowest_at is None else f", the slowest {_age(now - job.slowest_at)} behind"
    left = f"; {job.unreviewed:,} records to review" if job.unreviewed else ""
    return Text.assemble(("runs", "green"), f", {heard}; {job.shards} shards{lag}{left}")


def _flow(flow: Flow) -> Text:
    rate = "" if flow.per_second is None else f", {flow.per_second:,.0f} a second"
    behind = (f"{flow.behind:,} behind", "yellow" if flow.behind else "")
    return Text.assemble(f"{flow.read:,} read{rate}, ", behind)


def _requests(asked: Asked) -> Text:
    if asked.first_by is None:
        return Text("none waits for an answer")
    first = f"; the first must be answered before {format_instant(asked.first_by)}"
    style = "bold red" if asked.passed else "yellow" if asked.in_7_days else ""
    passed = f", {asked.passed:,} of them too late" if asked.passed else ""
    return Text(f"{counted(asked.unanswered, 'request')} to be answered{passed}{first}", style)


def _outstanding(seen: Overview) -> Text:
    counts = seen.counts
    if counts.oldest_at is None:
        return Text("none outstanding")
    oldest = _age(seen.at - counts.oldest_at)
    return Text(f"outstanding: {_counted(counts.outstanding)}; the oldest for {oldest}")


def _alarm(count: int, text: str, style: str = "bold red") -> Text:
    return Text(text, style=style) if count else Text("none")


def _counted(found: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in sorted(found.items()))


def _age(millis: int) -> str:
    for unit, name in _UNITS:
        if millis >= 2 * unit:
            return f"{millis // unit} {name}"
    return f"{max(0, millis)} ms"
