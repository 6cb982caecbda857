"""`retention`: run the job, publish to it, check what is meant for it.

Exit codes (`exits.Exit`): 0 done; 1 the job failed or a check found something; 2 wrong input; 3 the
broker does not answer; 4 a replay differs from what it must give; 5 the runner or its version is
refused, or a restart cannot help.
"""

import io
import sys

import typer
from rich.console import Console
from rich.markup import escape

from pipeline.cli.broker_verb import use_security_files
from pipeline.cli.documents import check
from pipeline.cli.exits import Exit
from pipeline.cli.explain import explain
from pipeline.cli.export import export_app
from pipeline.cli.findings import findings_app
from pipeline.cli.inventory import digest
from pipeline.cli.load import import_inventory
from pipeline.cli.metrics import metrics
from pipeline.cli.period import period
from pipeline.cli.publish import publish_app
from pipeline.cli.quarantine import quarantine_app
from pipeline.cli.replay import replay
from pipeline.cli.requests import requests_app
from pipeline.cli.run import run
from pipeline.cli.signing import keys_app
from pipeline.cli.simulate import simulate
from pipeline.cli.status import status
from pipeline.cli.store import store
from pipeline.cli.tables import visible
from pipeline.cli.topics import topics_app
from pipeline.cli.worker_pool import worker_pool
from pipeline.documents import InvalidDocument
from pipeline.errors import BrokerUnavailable, InvalidInput, RetentionError, RunnerRefused

app = typer.Typer(
    name="retention",
    help="Event-driven data retention: events in, deletion commands out, with the reason.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("run")(run)
app.add_typer(publish_app, name="publish")
app.add_typer(topics_app, name="topics")
app.command("check")(check)
app.command("digest")(digest)
app.command("explain")(explain)
app.add_typer(export_app, name="export")
app.add_typer(findings_app, name="findings")
app.add_typer(keys_app, name="keys")
app.add_typer(quarantine_app, name="quarantine")
app.command("import")(import_inventory)
app.command("metrics")(metrics)
app.command("period")(period)
app.command("replay")(replay)
app.add_typer(requests_app, name="requests")
app.command("simulate")(simulate)
app.command("status")(status)
app.command("store")(store)
app.command("worker-pool")(worker_pool)
use_security_files(app)


def main() -> None:
    """Run the command line; say every expected error in one line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # an id may hold what the terminal cannot show
            stream.reconfigure(errors="backslashreplace")
    try:
        for argument in sys.argv[1:]:
            _demand_text(argument)
        app()
    except RetentionError as error:
        Console(stderr=True, soft_wrap=True).print(
            f"[red]retention:[/red] {escape(visible(str(error), lines=True))}", highlight=False
        )
        sys.exit(_code(error))


def _demand_text(argument: str) -> None:
    try:
        argument.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput("an argument is not UTF-8; type it again") from error


def _code(error: RetentionError) -> Exit:
    if isinstance(error, BrokerUnavailable):
        return Exit.NO_BROKER
    if isinstance(error, RunnerRefused):
        return Exit.REFUSED
    wrong = isinstance(error, (InvalidInput, InvalidDocument))
    return Exit.WRONG_INPUT if wrong else Exit.FAILED
