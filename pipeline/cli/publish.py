"""`retention publish`: events and documents onto their topics, checked first."""

import contextlib
import getpass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipeline.cli.options import Author, BrokerUrl, EventTopics, Prefix
from pipeline.cli.waiting import reachable
from pipeline.documents import Envelope, approval_scope, enveloped
from pipeline.errors import InvalidInput, Undecodable
from pipeline.instants import MIN_INSTANT
from pipeline.settings import APPROVABLE, Settings
from pipeline.transports.contract import Broker, Partition
from pipeline.transports.reading import read_to_end
from pipeline.transports.topics import DEFAULT_EVENTS, DEFAULT_PREFIX, Topics
from pipeline.wire.codec import Codec
from pipeline.wire.plain_json import event_from_json

publish_app = typer.Typer(no_args_is_help=True, help="Publish events or documents.")

Files = Annotated[list[Path], typer.Argument(help="Files; `-` reads standard input.")]


@publish_app.command("event")
def publish_event(
    files: Files,
    broker: BrokerUrl,
    prefix: Prefix = DEFAULT_PREFIX,
    events: EventTopics = list(DEFAULT_EVENTS),  # noqa: B006  # typer copies it
) -> None:
    """Publish events from JSON lines to the first ingestion topic; all lines or none."""
    console = Console(stderr=True, soft_wrap=True)
    codec = Codec.from_settings(Settings(broker, prefix=prefix, events=tuple(events)))
    found = []
    for file in files:
        for number, line in enumerate(_text(file).split("\n"), 1):
            if not line.strip():
                continue
            try:
                found.append(event_from_json(line))
            except InvalidInput as error:
                message = f"{file}:{number}: {error}"
                raise InvalidInput(message) from error
    with reachable(broker, prefix, console) as log:
        producer = log.producer()
        for event in found:
            producer.send(events[0], event.record_id.encode(), codec.encode_event(event))
        producer.flush()
        producer.close()
    console.print(f"retention: published {len(found)} events to {events[0]}")


def _document_command(noun: str, kind: str) -> None:
    @publish_app.command(noun, help=f"Publish a {noun} from YAML, after checking it.")
    def command(
        files: Files, broker: BrokerUrl, prefix: Prefix = DEFAULT_PREFIX, author: Author = None
    ) -> None:
        console = Console(stderr=True, soft_wrap=True)
        with reachable(broker, prefix, console) as log:
            for file in files:
                by = author or getpass.getuser()
                publish_document(log, Topics(prefix), kind, file, by, console)


for _noun, _kind in (
    ("policy", "policies"),
    ("notice", "notices"),
    ("hold", "holds"),
    ("control", "controls"),
):
    _document_command(_noun, _kind)


def publish_document(
    broker: Broker,
    topics: Topics,
    kind: str,
    file: Path,
    author: str,
    console: Console,
    *,
    newer: bool = False,
) -> None:
    """Check a document and publish it, unless it is the newest on the topic already.

    Args:
        broker: where.
        topics: names of topics.
        kind: one of `documents.KINDS`.
        file: the document; `-` is standard input.
        author: who publishes.
        console: where it is said what was done.
        newer: whether a later version may be on the topic already; that one holds.

    Raises:
        InvalidDocument: it has problems; nothing is published.
        InvalidInput: a version that would win over it is on the topic.
    """
    envelope = enveloped(kind, _text(file), author, str(file))
    topic = topics.name(kind)
    codec = Codec.from_settings(Settings(broker.url, prefix=topics.prefix))
    where = f"{envelope.document_id} version {envelope.version}"
    published = [
        known
        for known in _published(broker, topic, kind, codec)
        if known.document_id == envelope.document_id
    ]
    won = max([one.version for one in published if _wins(one, envelope)], default=0)
    if won <= envelope.version and envelope.digest in {
        one.digest for one in published if one.version == envelope.version
    }:
        console.print(f"retention: {where} is already published")
        return
    if won > envelope.version and newer:
        console.print(
            f"retention: {file} is {where}; version {won} is published, which holds instead"
        )
        return
    if won:
        newest = max(one.version for one in published)
        what = "another text" if won == envelope.version else "a later version"
        message = (
            f"{file}: {envelope.document_id} version {won} is already published, {what}: this "
            f"one would do nothing; give it a version above {newest}"
        )
        raise InvalidInput(message)
    producer = broker.producer()
    producer.send(topic, where.encode(), codec.encode_envelope(envelope))
    producer.flush()
    producer.close()
    console.print(f"retention: published {where} to {topic}")
    if kind in APPROVABLE:
        console.print(
            f"retention: where another person must approve it: {approval_scope(envelope)}"
        )


def _wins(known: Envelope, over: Envelope) -> bool:
    """Whether one version makes another one useless, whenever."""
    if known.version == over.version:
        return True
    first, later = (one.effective_from or MIN_INSTANT for one in (known, over))
    return known.version > over.version and first <= later


def _published(broker: Broker, topic: str, kind: str, codec: Codec) -> list[Envelope]:
    count = broker.partitions(topic)
    if count is None:
        raise InvalidInput(f"topic {topic} does not exist; create it: retention topics create")
    partitions = [Partition(topic, number) for number in range(count)]
    found = []
    for message in read_to_end(broker, partitions):
        # What the job refuses with a finding must not keep a pause from being published.
        with contextlib.suppress(Undecodable):
            found.append(codec.decode_envelope(kind, message.value))
    return found


def _text(file: Path) -> str:
    if str(file) == "-":
        return typer.get_text_stream("stdin").read()
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{file} cannot be read: {error}"
        raise InvalidInput(message) from error
