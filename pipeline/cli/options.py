"""Options that several verbs share."""

from typing import Annotated

import typer

from pipeline.errors import InvalidInput
from pipeline.transports.topics import Topics

MAX_SHARDS = 4_096
"""Each shard gets every document and every tick: more only cost."""

BrokerUrl = Annotated[
    str,
    typer.Option(
        "--broker",
        envvar="RETENTION_BROKER",
        help="kafka://host:port or sqlite:///path/to/file.db",
        show_default=False,
    ),
]
Prefix = Annotated[str, typer.Option(help="Prefix of the pipeline's own topics.")]
EventTopics = Annotated[
    list[str], typer.Option("--events", help="Ingestion topic; repeat for several.")
]
Shards = Annotated[int, typer.Option(min=1, max=MAX_SHARDS, help="Ledgers that share the records.")]
Stores = Annotated[
    list[str] | None, typer.Option("--store", help="A store that gets a command topic; repeat.")
]
Approvals = Annotated[
    list[str] | None,
    typer.Option("--approval", help="What `retention run` was told of it; repeat."),
]
Author = Annotated[
    str | None,
    typer.Option(envvar="RETENTION_AUTHOR", help="Who publishes; default: the user's name."),
]

KeyringFile = Annotated[
    str | None,
    typer.Option(
        "--keyring",
        envvar="RETENTION_KEYRING",
        help="Public keys whose receipts and documents are believed; without, all are.",
    ),
]
SigningKeyName = Annotated[
    str | None,
    typer.Option(
        "--signing-key",
        envvar="RETENTION_SIGNING_KEY",
        help="Private key: a file of mode 600, or env:NAME.",
    ),
]


def topics_of(prefix: str, events: list[str]) -> Topics:
    """Return the names of the topics.

    Raises:
        InvalidInput: an ingestion topic is one of the pipeline's own.
    """
    topics = Topics(prefix, tuple(events))
    for topic in events:
        if topics.is_own(topic):
            raise InvalidInput(
                f"--events {topic} is a topic of the pipeline's own; name the platform's topic, or "
                "give another --prefix"
            )
    return topics
