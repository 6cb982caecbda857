"""`retention digest`: prove that two inventories are equal."""

import json
from typing import Annotated

import typer
from rich.console import Console

from pipeline.cli.options import BrokerUrl, Prefix, Shards
from pipeline.cli.waiting import reachable
from pipeline.errors import CorruptState, InvalidInput, Undecodable
from pipeline.ledger.digest import Digest
from pipeline.settings import Settings
from pipeline.transports.contract import Broker, Partition
from pipeline.transports.reading import read_to_end
from pipeline.transports.topics import DEFAULT_PREFIX, Topics
from pipeline.wire.codec import Codec


def digest(
    broker: BrokerUrl,
    prefix: Prefix = DEFAULT_PREFIX,
    shards: Shards = 64,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print a hash over the canonical content of the `records` topic, whole and per shard."""
    console = Console(soft_wrap=True)
    with reachable(broker, prefix, Console(stderr=True), existing=True) as log:
        found = inventory_digest(log, prefix, shards)
    if as_json:
        # Not through rich: it would wrap and colour what a program reads.
        content = {"digest": found.total(), "records": found.records, "shards": found.by_shard()}
        typer.echo(json.dumps(content))
        return
    console.print(f"{found.total()}  {found.records} records")
    for shard, one in found.by_shard().items():
        console.print(f"  shard {shard:>3}  {one}")


def inventory_digest(broker: Broker, prefix: str, shards: int) -> Digest:
    """Read the inventory and return its digest.

    Raises:
        InvalidInput: there is no such topic.
        CorruptState: the newest row of a record cannot be read.
    """
    topics = Topics(prefix)
    topic = topics.name("records")
    count = broker.partitions(topic)
    if count is None:
        raise InvalidInput(
            f"topic {topic} does not exist; create it: {topics.creation(broker.url)}"
        )
    codec = Codec.from_settings(Settings(broker.url, prefix=prefix))
    partitions = [Partition(topic, number) for number in range(count)]
    found = Digest(shards)
    corrupt: dict[tuple[int, bytes | None], str] = {}
    for message in read_to_end(broker, partitions):
        corrupt.pop((message.partition, message.key), None)
        if message.value is None:
            continue
        try:
            found.add(codec.decode_record(message.value))
        except Undecodable as error:
            place = f"{message.topic}/{message.partition} offset {message.offset}"
            corrupt[message.partition, message.key] = f"{place} cannot be read: {error}"
    for says in corrupt.values():
        raise CorruptState(f"{says}; see CorruptState in the README")
    return found
