"""`retention run`: the main job, supervised."""

import getpass
import logging
import signal
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from pipeline.cli.flink import FlinkOptions, flink_settings, with_flink
from pipeline.cli.options import (
    BrokerUrl,
    EventTopics,
    KeyringFile,
    Prefix,
    Shards,
    SigningKeyName,
    topics_of,
)
from pipeline.cli.publish import publish_documents
from pipeline.cli.signing import key_for, placed
from pipeline.cli.waiting import reachable
from pipeline.errors import InvalidInput
from pipeline.instants import SECOND
from pipeline.jobs.prism import check_beam, check_runner, locate
from pipeline.jobs.supervise import Supervisor
from pipeline.lookup.log import Log
from pipeline.lookup.unbelieved import unbelieved
from pipeline.settings import Runner, Settings
from pipeline.signing import COMMANDS
from pipeline.transports.contract import Broker
from pipeline.transports.topics import DEFAULT_EVENTS, DEFAULT_PREFIX, Topics
from pipeline.wire.codec import Codec

MAX_MARGIN_SECONDS = 3_600
"""Every deletion is so much later: nobody means more."""
MAX_NAMED = 10
"""Documents that an error names: nobody reads on."""

Disregard = Annotated[
    bool,
    typer.Option(
        "--disregard-unsigned",
        help="Start though documents are there that the keyring does not let count.",
    ),
]
Approvals = Annotated[
    list[str] | None,
    typer.Option(
        "--approval",
        help="What needs a second person: policies, notices, holds, requests or simulations.",
    ),
]


@with_flink
def run(
    broker: BrokerUrl,
    policy: Annotated[
        Path | None, typer.Option(help="Policy to publish first, when it is news.")
    ] = None,
    runner: Annotated[str, typer.Option(help="`prism` or `flink`.")] = "prism",
    prefix: Prefix = DEFAULT_PREFIX,
    events: EventTopics = list(DEFAULT_EVENTS),  # noqa: B006  # typer copies it
    formats: Annotated[
        list[str] | None,
        typer.Option("--format", help="TOPIC=FORMAT[:SCHEMA] of an ingestion topic; repeat."),
    ] = None,
    schema_map: Annotated[
        Path | None, typer.Option(help="File that maps schema ids to .avsc files.")
    ] = None,
    shards: Shards = 64,
    approvals: Approvals = None,
    group: Annotated[str, typer.Option(help="Consumer group of the positions.")] = Settings.group,
    margin: Annotated[
        float | None,
        typer.Option(help="Seconds taken off the broker's time; 10, or 0.5 on one node."),
    ] = None,
    signing_key: SigningKeyName = None,
    keyring: KeyringFile = None,
    disregard: Disregard = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show all that Beam and the runner say, as they say it.")
    ] = False,
    *,
    flink: FlinkOptions,
) -> None:
    """Run the enforcement job until SIGTERM or Ctrl-C; restart it when it dies."""
    console = Console(stderr=True, soft_wrap=True)
    topics = topics_of(prefix, events)
    chosen = _checked(runner)
    settings = Settings(
        broker_url=broker,
        prefix=prefix,
        events=tuple(events),
        formats=tuple(formats or ()),
        schema_map=str(schema_map) if schema_map else None,
        shards=shards,
        approvals=tuple(approvals or ()),
        group=group,
        margin_ms=_margin_ms(broker, margin),
        signing_key=placed(signing_key),
        keyring=placed(keyring),
    )
    if chosen == "flink":
        settings = flink_settings(settings, flink, console)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, _leave)  # nothing runs yet that must be stopped
    Codec.from_settings(settings)  # a wrong format is said here, not by a worker
    _check_signing(settings, policy, console)
    with reachable(broker, prefix, console) as found:
        _demand_topics(found, topics)
        if settings.keyring is not None and not disregard:
            _demand_believed(Log.of(found, topics, keyring=settings.keyring))
        if policy is not None:
            by = getpass.getuser()
            publish_documents(found, topics, "policies", [policy], by, console, newer=True)
        if flink.application_jar is not None:
            _write(settings, found, flink.application_jar, console)
    _supervise(settings, console, debug=debug)


def _checked(name: str) -> Runner:
    """Return the runner by its name, when it and Beam are good enough."""
    runner = check_runner(name)
    check_beam()
    if runner == "prism":
        locate()
    return runner


def _supervise(settings: Settings, console: Console, *, debug: bool) -> NoReturn:
    """Run the job until it is told to stop."""
    supervisor = Supervisor(
        settings,
        report=lambda line: console.print(f"retention: {line}", highlight=False),
        debug=debug,
    )

    def stop(_number: int, _frame: FrameType | None) -> None:
        supervisor.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    where = f"{settings.runner}, {settings.shards} shards, broker {settings.broker_url}"
    console.print(f"retention: running on {where}")
    raise typer.Exit(supervisor.run())


def _check_signing(settings: Settings, policy: Path | None, console: Console) -> None:
    """Say what is not signed or not verified; the workers load the key themselves.

    Raises:
        InvalidInput: the key or keyring cannot be used, or the policy would not be believed.
    """
    key_for(settings.signing_key, settings.keyring, COMMANDS)
    if settings.keyring is not None and policy is not None:
        raise InvalidInput(
            "--policy publishes unsigned, which the keyring does not let in; publish it with "
            "`retention publish policy --signing-key`"
        )
    if settings.signing_key is None:
        what = "commands are not signed: who may write to a command topic can have a store delete"
        console.print(f"retention: {what}; see --signing-key", style="yellow")
    if settings.keyring is None:
        what = "receipts and documents are believed, whoever wrote them"
        console.print(f"retention: {what}; see --keyring", style="yellow")


def _demand_believed(log: Log) -> None:
    """Start only if no document ceases to stand because of the keyring.

    Raises:
        InvalidInput: one does; what a hold keeps would be deleted.
    """
    found = unbelieved(log)
    if found:
        some = ", ".join(map(str, found[:MAX_NAMED])) + (", ..." if len(found) > MAX_NAMED else "")
        raise InvalidInput(
            f"{len(found)} documents are there that no key of the keyring has sealed: {some}. They "
            "would not count, and what a hold or pause among them keeps would be deleted. Publish "
            "them again with --signing-key and --keyring, or say --disregard-unsigned"
        )


def _write(settings: Settings, broker: Broker, jar: Path, console: Console) -> NoReturn:
    from pipeline.jobs.application import ENTRY_CLASS, write_application
    from pipeline.jobs.landmarks import demand_whole

    # Nothing of ours starts what is in the jar: this is where each of its starts is looked at.
    demand_whole(settings, broker)
    # It says of every option of Flink's that Python does not know it.
    logging.getLogger("apache_beam").setLevel(logging.ERROR)
    write_application(settings, broker, jar)
    console.print(f"retention: {jar} holds the job; its main class is {ENTRY_CLASS}")
    raise typer.Exit(0)


def _demand_topics(broker: Broker, topics: Topics) -> None:
    missing = [spec.name for spec in topics.specs() if broker.partitions(spec.name) is None]
    if missing:
        remedy = topics.creation(broker.url)
        raise InvalidInput(f"topics are missing: {', '.join(missing)}; create them: {remedy}")


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise typer.Exit(0)


def _margin_ms(broker: str, margin: float | None) -> int:
    if margin is not None:
        # Also false for what is no number.
        if not 0 <= margin <= MAX_MARGIN_SECONDS:
            raise InvalidInput(
                f"--margin {margin} is not a number of seconds from 0 to {MAX_MARGIN_SECONDS}; "
                "leave it out, or give 0.5 for one node"
            )
        return int(margin * SECOND)
    if broker.startswith("sqlite:"):
        return 1
    # One address may still be a cluster's; the careful margin is the default for Kafka.
    return 10 * SECOND
