"""`retention explain`: one record's story, and why."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console

from pipeline.cli.options import Approvals, BrokerUrl, KeyringFile, Prefix
from pipeline.cli.tables import visible
from pipeline.cli.waiting import reachable, skipped
from pipeline.identifiers import RecordId
from pipeline.inquiry.explain import explain as explained
from pipeline.inquiry.telling import in_words
from pipeline.instants import from_datetime, parse_instant
from pipeline.lookup.log import Log
from pipeline.lookup.record import dossier, kinds_awaiting_approval
from pipeline.settings import Settings
from pipeline.transports.topics import DEFAULT_PREFIX, Topics
from pipeline.wire.plain_json import to_json


def explain(
    record: Annotated[str, typer.Argument(help="The record's id.")],
    broker: BrokerUrl,
    prefix: Prefix = DEFAULT_PREFIX,
    at: Annotated[
        str | None,
        typer.Option(help="An instant with Z or an offset; default: now, by the broker's time."),
    ] = None,
    approvals: Approvals = None,
    keyring: KeyringFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say what is known of one record, what follows for it and why, and what happened.

    Prints no subject ids and no values of evidence. Exit code 1 when the record is not known.
    """
    errors = Console(stderr=True, soft_wrap=True, highlight=False)
    instant = None if at is None else parse_instant(at)
    if instant is not None and instant > from_datetime(datetime.now(UTC)):
        errors.print(f"retention: {at} lies ahead: what is said of it is what is known now")
    kinds = Settings(broker, prefix=prefix, approvals=tuple(approvals or ())).approvals
    with reachable(broker, prefix, errors, existing=True) as found:
        log = Log.of(found, Topics(prefix), skipped(), keyring)
        with errors.status("reading the inventory"):
            asked = dossier(log, RecordId(record), kinds)
        said = explained(asked, log.now() if instant is None else instant)
        for kind in sorted(kinds_awaiting_approval(log) - set(kinds)):
            errors.print(
                f"retention: the job has asked for the approval of {kind}; if it still does, add "
                f"--approval {kind}, or documents that nobody has approved count as in force",
                markup=False,
            )
    if as_json:
        typer.echo(to_json(said))
    else:
        out = Console(soft_wrap=True, markup=False, highlight=False)
        for line in in_words(said):
            out.print(visible(line))
    if said.status == "NOT_KNOWN":
        raise typer.Exit(1)
