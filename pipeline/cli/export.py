"""`retention export`: what others ask for, in forms they can read."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipeline.cli.options import Approvals, BrokerUrl, KeyringFile, Prefix
from pipeline.cli.waiting import reachable, skipped
from pipeline.errors import InvalidInput
from pipeline.lookup.log import Log
from pipeline.lookup.processing import activities
from pipeline.transports.topics import DEFAULT_PREFIX, Topics
from pipeline.wire.ropa import to_csv, to_json_ld

export_app = typer.Typer(
    help="Write what is held, and for how long, for people outside.", no_args_is_help=True
)


class Form(StrEnum):
    """How the record of processing is written."""

    CSV = "csv"
    JSON_LD = "json-ld"


@export_app.callback()
def _several() -> None:
    """Keep `ropa` a verb of its own: of one command alone typer would make the whole."""


@export_app.command("ropa")
def ropa(
    broker: BrokerUrl,
    form: Annotated[Form, typer.Option("--format", help="csv, or json-ld (DPV).")] = Form.CSV,
    output: Annotated[
        Path | None, typer.Option(help="File to write; default: standard output.")
    ] = None,
    prefix: Prefix = DEFAULT_PREFIX,
    approvals: Approvals = None,
    keyring: KeyringFile = None,
) -> None:
    """Write the record of processing activities (GDPR art 30(1)) from inventory and documents.

    One entry for each purpose, basis, category, residency, source, store and recipient that records
    share, with the envisaged time limits and their law. No ids of records or people are in it.
    """
    with reachable(broker, prefix, Console(stderr=True), existing=True) as found:
        log = Log.of(found, Topics(prefix, ()), skipped(), keyring)
        with Console(stderr=True).status("reading the inventory"):
            seen = activities(log, approvals or ())
    text = to_csv(seen) if form is Form.CSV else to_json_ld(seen)
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"{output} cannot be written: {error.strerror}") from error
