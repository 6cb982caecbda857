"""`retention findings`: what a person must decide or repair, and who has."""

import getpass
from collections.abc import Iterable
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.cli.options import Author, BrokerUrl, Prefix
from pipeline.cli.tables import counted, screen, table, visible
from pipeline.cli.waiting import reachable, skipped
from pipeline.errors import InvalidInput
from pipeline.inquiry.cases import Case, chosen, digits_to_show
from pipeline.instants import MAX_INSTANT, format_instant, parse_instant
from pipeline.lookup.findings import all_cases, resolve
from pipeline.lookup.log import Log
from pipeline.transports.topics import DEFAULT_PREFIX, Topics
from pipeline.vocabulary import FindingKind
from pipeline.wire.plain_json import to_json

findings_app = typer.Typer(no_args_is_help=True, help="What a person must decide or repair.")

SHOWN_DIGITS = 8
_COLOURS = {"error": "red", "warning": "yellow"}

Kinds = Annotated[
    list[str] | None, typer.Option("--kind", help="Only findings of this kind; repeat for several.")
]


@findings_app.command("list")
def list_findings(
    broker: BrokerUrl,
    prefix: Prefix = DEFAULT_PREFIX,
    kind: Kinds = None,
    resolved: Annotated[
        bool, typer.Option("--resolved", help="Those that are resolved, not those that are open.")
    ] = False,
    every: Annotated[bool, typer.Option("--all", help="Open and resolved.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """List findings, oldest first: open ones unless told otherwise."""
    _demand_kinds(kind)
    with reachable(broker, prefix, Console(stderr=True), existing=True) as found:
        cases = [
            case
            for case in all_cases(Log.of(found, Topics(prefix), skipped()))
            if (every or case.is_open != resolved) and (not kind or case.finding.kind in kind)
        ]
    if as_json:
        for case in cases:
            typer.echo(to_json(case))
        return
    console = screen()
    if cases:
        console.print(_table(cases))
    what = "finding" if every else "resolved finding" if resolved else "open finding"
    console.print(counted(len(cases), what))


@findings_app.command("show")
def show(
    finding: Annotated[str, typer.Argument(help="The beginning of its id.")],
    broker: BrokerUrl,
    prefix: Prefix = DEFAULT_PREFIX,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say what one finding is about, what to do, and what became of it."""
    with reachable(broker, prefix, Console(stderr=True), existing=True) as found:
        (case,) = chosen(all_cases(Log.of(found, Topics(prefix), skipped())), [finding])
    if as_json:
        typer.echo(to_json(case))
        return
    console = Console(soft_wrap=True, markup=False, highlight=False)
    for line in _lines(case):
        console.print(visible(line))


@findings_app.command("resolve")
def resolve_findings(
    broker: BrokerUrl,
    reason: Annotated[
        str, typer.Option(help="Why nothing more is needed. No personal data.", show_default=False)
    ],
    findings: Annotated[
        list[str] | None, typer.Argument(help="The beginnings of their ids; or give --kind.")
    ] = None,
    kind: Annotated[
        list[str] | None, typer.Option("--kind", help="All open ones of this kind; repeat.")
    ] = None,
    before: Annotated[
        str, typer.Option("--before", help="With --kind: only those raised before this instant.")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="With --kind: do not ask.")] = False,
    prefix: Prefix = DEFAULT_PREFIX,
    author: Author = None,
) -> None:
    """Publish that you have dealt with findings. Raised on another occasion they are open again.

    What the next occasion is depends on the kind, e.g. another policy or another day. A job that
    starts again repeats findings; that is none.
    """
    console = Console(stderr=True, soft_wrap=True, markup=False, highlight=False)
    with reachable(broker, prefix, console, existing=True) as found:
        log = Log.of(found, Topics(prefix), skipped())
        cases = _meant(all_cases(log), findings or [], kind or [], before)
        still_open = [case for case in cases if case.is_open]
        if kind and not yes and not typer.confirm(f"Resolve {counted(len(cases), 'finding')}?"):
            raise typer.Exit(1)
        resolve(log, still_open, author or getpass.getuser(), reason)
    if kind:
        console.print(f"retention: resolved {counted(len(still_open), 'finding')}")
        return
    for case in cases:
        by = "" if case.is_open or case.resolution is None else f" by {case.resolution.author}"
        done = "resolved" if case.is_open else f"was already resolved{by}"
        console.print(f"retention: {case.finding.kind} {visible(case.finding.subject)}: {done}")


def _meant(
    known: tuple[Case, ...], beginnings: list[str], kinds: list[str], before: str
) -> tuple[Case, ...]:
    if bool(beginnings) == bool(kinds):
        raise InvalidInput("name findings by the beginnings of their ids, or by --kind")
    if before and not kinds:
        raise InvalidInput("--before goes with --kind")
    if beginnings:
        return chosen(known, beginnings)
    _demand_kinds(kinds)
    end = parse_instant(before) if before else MAX_INSTANT
    return tuple([c for c in known if c.is_open and c.finding.kind in kinds and c.last_at < end])


def _demand_kinds(words: list[str] | None) -> None:
    known = {one.value for one in FindingKind}
    for word in words or ():
        if word not in known:
            raise InvalidInput(f"`{word[:40]}` is no kind of finding; choose {', '.join(known)}")


def _table(cases: list[Case]) -> Table:
    made = table("id", "kind", "raised", "occasions", "state", "subject")
    digits = digits_to_show(cases, SHOWN_DIGITS)
    for case in cases:
        item = case.finding
        made.add_row(
            item.finding_id[:digits],
            Text(item.kind, style=_COLOURS.get(item.severity, "")),
            format_instant(case.last_at),
            str(case.times),
            _state(case),
            Text(visible(item.subject)),
        )
    return made


def _state(case: Case) -> str:
    if not case.is_open:
        return "resolved"
    return "open" if case.resolution is None else "open again"


def _lines(case: Case) -> Iterable[str]:
    item = case.finding
    yield f"{item.kind} ({item.severity}), {_state(case)}"
    yield f"  id        {item.finding_id}"
    yield f"  subject   {item.subject}"
    yield f"  what      {item.what}"
    yield f"  to do     {item.remedy}"
    times = f", on {case.times} occasions since {format_instant(case.first_at)}"
    yield f"  raised    {format_instant(case.last_at)}{times if case.times > 1 else ''}"
    for name, text in sorted(item.details.items()):
        yield f"  {name:<9} {text}"
    if case.resolution is not None:
        done = case.resolution
        yield f"  resolved  {format_instant(done.at)} by {done.author}: {done.reason}"
