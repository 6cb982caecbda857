"""`retention topics acl`: the least that a role needs, as access rules of Kafka."""

import json
import re
from typing import Annotated

import typer
from rich.console import Console

from pipeline.cli.exits import Exit
from pipeline.cli.options import EventTopics, Prefix, topics_of
from pipeline.cli.tables import counted
from pipeline.errors import InvalidInput
from pipeline.identifiers import is_store_name
from pipeline.settings import Settings
from pipeline.transports.permissions import ROLES, Permission, Wanted, permissions
from pipeline.transports.topics import DEFAULT_EVENTS, DEFAULT_PREFIX

_PRINCIPAL = re.compile(r"User:[^*\s][^\n]*")


def acl(
    role: Annotated[str, typer.Option(help=f"{', '.join(ROLES)}.", show_default=False)],
    broker: Annotated[
        str | None,
        typer.Option(
            "--broker",
            envvar="RETENTION_BROKER",
            help="kafka://host:port; needed only with --apply and --check.",
            show_default=False,
        ),
    ] = None,
    principal: Annotated[
        str | None,
        typer.Option(help="Whom; default: User:retention-ROLE, for a store with its name."),
    ] = None,
    store: Annotated[str | None, typer.Option(help="Which store; for the role store.")] = None,
    prefix: Prefix = DEFAULT_PREFIX,
    events: EventTopics = list(DEFAULT_EVENTS),  # noqa: B006  # typer copies it
    group: Annotated[str, typer.Option(help="Consumer group of the job.")] = Settings.group,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON list.")] = False,
    apply: Annotated[
        bool, typer.Option("--apply", help="Give what is missing; takes nothing away.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Say what is missing or superfluous; give nothing.")
    ] = False,
) -> None:
    """Print the least that a role needs, as commands of kafka-acls.sh; or give it, or check it.

    Exit code 1 when --check finds something missing or superfluous.
    """
    if store is not None and not is_store_name(store):
        raise InvalidInput("--store is not a name of a store; use letters, digits, `.`, `_`, `-`")
    wanted = Wanted(topics_of(prefix, events), group, store)
    needed = permissions(role, wanted)
    whom = principal or f"User:retention-{role}{f'-{store}' if store else ''}"
    if not _PRINCIPAL.fullmatch(whom):
        raise InvalidInput("--principal names one user, as Kafka does: User:NAME")
    if apply or check:
        _on_broker(broker, prefix, whom, needed, apply=apply)
        return
    from pipeline.transports.kafka_acls import as_objects, tool_commands

    if as_json:
        typer.echo(json.dumps(as_objects(whom, needed), indent=2))
        return
    typer.echo("# KAFKA is host:port of the broker; ADMIN a file of an administrator's settings.")
    for command in tool_commands(whom, needed):
        typer.echo(command)


def _on_broker(
    broker: str | None, prefix: str, whom: str, needed: tuple[Permission, ...], *, apply: bool
) -> None:
    """Compare with what the broker has, and give what is missing when that is wanted.

    Raises:
        InvalidInput: there is no broker with access rules.
    """
    if broker is None or not broker.startswith("kafka:"):
        raise InvalidInput("--apply and --check ask a Kafka: give its address by --broker")
    from pipeline.transports.kafka import KafkaBroker
    from pipeline.transports.kafka_acls import in_words

    console = Console(soft_wrap=True, markup=False, highlight=False)
    with KafkaBroker(broker, clock_topic=f"{prefix}clock") as log:
        missing, superfluous = log.rights(whom, needed)
        if apply:
            log.permit(whom, missing)
    for line in superfluous:
        console.print(f"superfluous: {line}")
    for permission in missing:
        console.print(f"{'given' if apply else 'missing'}: {in_words(permission)}")
    there = len(needed) - len(missing)
    if apply:
        console.print(f"{whom}: {counted(len(missing), 'right')} given, {there} were there")
        return
    if missing or superfluous:
        raise typer.Exit(Exit.FAILED)
    console.print(f"{whom} has what it needs and no more")
