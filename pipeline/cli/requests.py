"""`retention requests`: what people asked for, by when, and what became of it in every store."""

from collections.abc import Iterable
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from pipeline.cli.options import Approvals, BrokerUrl, KeyringFile, Prefix
from pipeline.cli.tables import counted, screen, table
from pipeline.cli.waiting import reachable, skipped
from pipeline.errors import InvalidInput
from pipeline.inquiry.rollup import Rollup
from pipeline.instants import DAY, Instant, format_instant
from pipeline.lookup.log import Log
from pipeline.lookup.requests import rolled_up
from pipeline.transports.topics import DEFAULT_PREFIX, Topics
from pipeline.wire.plain_json import to_json

requests_app = typer.Typer(no_args_is_help=True, help="What people asked for about their data.")


@requests_app.command("list")
def list_requests(
    broker: BrokerUrl,
    prefix: Prefix = DEFAULT_PREFIX,
    every: Annotated[
        bool, typer.Option("--all", help="Those that are answered or withdrawn, too.")
    ] = False,
    approvals: Approvals = None,
    keyring: KeyringFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """List requests by their deadline: those that wait for an answer, or for a store."""
    now, found = _found(broker, prefix, approvals, keyring)
    shown = [one for one in found if every or one.is_open or not one.is_done]
    if as_json:
        for one in shown:
            typer.echo(to_json(one))
        return
    console = screen()
    made = table("request", "kind", "state", "answer before", "records", "what became of them")
    for one in shown:
        made.add_row(
            Text(one.request_id),
            one.kind,
            one.state if one.answered is None else "answered",
            _before(one, now),
            str(one.records),
            _outcomes(one),
        )
    if shown:
        console.print(made)
    console.print(counted(len(shown), "request" if every else "open request"))


@requests_app.command("show")
def show(
    request: Annotated[str, typer.Argument(help="Its id.")],
    broker: BrokerUrl,
    prefix: Prefix = DEFAULT_PREFIX,
    approvals: Approvals = None,
    keyring: KeyringFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say what became of one request in every store; never whose it is."""
    now, found = _found(broker, prefix, approvals, keyring)
    one = next((one for one in found if one.request_id == request), None)
    if one is None:
        raise InvalidInput(
            f"no request `{request[:80]}` is in force; see: retention requests list --all"
        )
    if as_json:
        typer.echo(to_json(one))
        return
    console = Console(soft_wrap=True, markup=False, highlight=False)
    for line in _lines(one, now):
        console.print(line)


def _found(
    broker: str, prefix: str, approvals: list[str] | None, keyring: str | None
) -> tuple[Instant, tuple[Rollup, ...]]:
    with reachable(broker, prefix, Console(stderr=True), existing=True) as found:
        log = Log.of(found, Topics(prefix, ()), skipped(), keyring)
        with Console(stderr=True).status("reading the inventory"):
            return rolled_up(log, approvals or ())


def _before(one: Rollup, now: Instant) -> Text:
    text = format_instant(one.deadline)
    if not one.is_open:
        return Text(text)
    left = one.deadline - now
    if left <= 0:
        return Text(f"{text} (passed)", style="bold red")
    style = "yellow" if left < 7 * DAY else ""
    return Text(f"{text} ({counted(left // DAY, 'day')} left)", style=style)


def _outcomes(one: Rollup) -> str:
    return ", ".join(f"{count} {outcome}" for outcome, count in one.outcomes.items())


def _lines(one: Rollup, now: Instant) -> Iterable[str]:
    yield f"{one.request_id} version {one.version}: {one.kind}, {one.state} ({one.citation})"
    yield f"  received  {format_instant(one.received)}"
    extended = ", extended" if one.extended else ""
    yield f"  before    {_before(one, now)}{extended}"
    if one.answered is not None:
        late = ", late" if one.answered >= one.deadline else ""
        yield f"  answered  {format_instant(one.answered)}{late}"
    yield f"  records   {one.records}{f': {_outcomes(one)}' if one.outcomes else ''}"
    for store in one.stores:
        yield f"  store     {store.store}: {store.settled} of {store.told} settled"
