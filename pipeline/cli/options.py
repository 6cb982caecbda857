"""Options that several verbs share."""

from typing import Annotated

import typer

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
Shards = Annotated[int, typer.Option(min=1, help="Ledgers that share the records.")]
Stores = Annotated[
    list[str] | None, typer.Option("--store", help="A store that gets a command topic; repeat.")
]
Author = Annotated[
    str | None,
    typer.Option(envvar="RETENTION_AUTHOR", help="Who publishes; default: the user's name."),
]
