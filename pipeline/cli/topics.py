"""`retention topics`: create what is missing, say what differs, and who may do what (`topics_acl`).

Changes nothing that exists.
"""

from typing import Annotated

import typer
from rich.console import Console

from pipeline.cli.options import BrokerUrl, EventTopics, Prefix, Stores, topics_of
from pipeline.cli.topics_acl import acl
from pipeline.cli.waiting import reachable
from pipeline.transports.contract import TopicSpec
from pipeline.transports.topics import DEFAULT_EVENTS, DEFAULT_PREFIX

topics_app = typer.Typer(
    no_args_is_help=True, help="Create or check the topics, and the rights to them."
)
topics_app.command("acl")(acl)

Partitions = Annotated[int, typer.Option(min=1, help="Partitions of the busy topics.")]


def _specs(
    prefix: str, events: list[str], partitions: int, stores: list[str] | None
) -> tuple[TopicSpec, ...]:
    topics = topics_of(prefix, events)
    return topics.specs(partitions=partitions, stores=tuple(stores or ()))


@topics_app.command("create")
def create(
    broker: BrokerUrl,
    prefix: Prefix = DEFAULT_PREFIX,
    events: EventTopics = list(DEFAULT_EVENTS),  # noqa: B006  # typer copies it
    partitions: Partitions = 4,
    store: Stores = None,
) -> None:
    """Create the topics that do not exist."""
    console = Console(soft_wrap=True)
    specs = _specs(prefix, events, partitions, store)
    with reachable(broker, prefix, Console(stderr=True)) as log:
        created = log.create(specs)
        for name in created:
            console.print(f"created {name}")
        console.print(f"{len(created)} created, {len(specs) - len(created)} were there")
        _report(console, list(log.drift(specs)))


@topics_app.command("check")
def check_topics(
    broker: BrokerUrl,
    prefix: Prefix = DEFAULT_PREFIX,
    events: EventTopics = list(DEFAULT_EVENTS),  # noqa: B006  # typer copies it
    partitions: Partitions = 4,
    store: Stores = None,
) -> None:
    """Say what is missing or differs; exit code 1 when anything does."""
    console = Console(soft_wrap=True)
    specs = _specs(prefix, events, partitions, store)
    with reachable(broker, prefix, Console(stderr=True), existing=True) as log:
        drift = list(log.drift(specs))
    _report(console, drift)
    if drift:
        raise typer.Exit(1)
    console.print("all topics are as they should be")


def _report(console: Console, drift: list[str]) -> None:
    for line in drift:
        console.print(f"[yellow]differs[/yellow] {line}")
