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
from pipeline.inquiry.cases import Case, chosen
from pipeline.instants import format_instant
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
    known = {one.value for one in FindingKind}
    for word in kind or ():
        if word not in known:
            raise InvalidInput(f"`{word[:40]}` is no kind of finding; choose {', '.join(known)}")
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
        case = chosen(all_cases(Log.of(found, Topics(prefix), skipped())), finding)
    if as_json:
        typer.echo(to_json(case))
        return
    console = Console(soft_wrap=True, markup=False, highlight=False)
    for line in _lines(case):
        console.print(visible(line))


@findings_app.command("resolve")
def resolve_findings(
    findings: Annotated[list[str], typer.Argument(help="The beginnings of their ids.")],
    broker: BrokerUrl,
    reason: Annotated[
        str, typer.Option(help="Why nothing more is needed. No personal data.", show_default=False)
    ],
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
        known = all_cases(log)
        cases = {one.finding.finding_id: one for one in (chosen(known, text) for text in findings)}
        still_open = [case for case in cases.values() if case.is_open]
        resolve(log, still_open, author or getpass.getuser(), reason)
    for case in cases.values():
        by = "" if case.is_open or case.resolution is None else f" by {case.resolution.author}"
        done = "resolved" if case.is_open else f"was already resolved{by}"
        console.print(f"retention: {case.finding.kind} {visible(case.finding.subject)}: {done}")


def _table(cases: Iterable[Case]) -> Table:
    made = table("id", "kind", "raised", "occasions", "state", "subject")
    for case in cases:
        item = case.finding
        made.add_row(
            item.finding_id[:SHOWN_DIGITS],
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
