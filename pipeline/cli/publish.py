"""`retention publish`: events and documents onto their topics, checked first."""

import contextlib
import getpass
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, NamedTuple, TypeVar

import typer
from rich.console import Console

from pipeline.cli.files import text_of
from pipeline.cli.options import (
    Author,
    BrokerUrl,
    EventTopics,
    KeyringFile,
    Prefix,
    SigningKeyName,
    topics_of,
)
from pipeline.cli.signing import here_now, key_for
from pipeline.cli.tables import counted
from pipeline.cli.waiting import reachable
from pipeline.documents import Envelope, approval_scope, enveloped
from pipeline.errors import InvalidInput, Undecodable
from pipeline.instants import MIN_INSTANT
from pipeline.settings import APPROVABLE, Settings
from pipeline.signing import SigningKey, receipts_of
from pipeline.transports.contract import Broker, Partition
from pipeline.transports.reading import read_to_end
from pipeline.transports.topics import DEFAULT_EVENTS, DEFAULT_PREFIX, Topics
from pipeline.wire.codec import Codec
from pipeline.wire.plain_json import event_from_json, receipt_from_json
from pipeline.wire.sealed import sealed_document, sealed_receipts
from pipeline.wire.trust import Stamped, Trust

publish_app = typer.Typer(no_args_is_help=True, help="Publish events or documents.")

V = TypeVar("V")

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
    topics_of(prefix, events)
    codec = Codec.from_settings(Settings(broker, prefix=prefix, events=tuple(events)))
    found = _lines(files, event_from_json)
    with reachable(broker, prefix, console) as log:
        producer = log.producer()
        for event in found:
            producer.send(events[0], event.record_id.encode(), codec.encode_event(event))
        producer.flush()
        producer.close()
    console.print(f"retention: published {counted(len(found), 'event')} to {events[0]}")


@publish_app.command("receipt")
def publish_receipt(
    files: Files,
    broker: BrokerUrl,
    prefix: Prefix = DEFAULT_PREFIX,
    signing_key: SigningKeyName = None,
    keyring: KeyringFile = None,
) -> None:
    """Publish receipts from JSON lines, of what was done by hand; all lines or none.

    Fields: `command_id`, `record_id`, `store`, `status` (e.g. COMPLETED) and `at`.
    """
    console = Console(stderr=True, soft_wrap=True)
    topics = Topics(prefix)
    codec = Codec.from_settings(Settings(broker, prefix=prefix))
    _demand_key(signing_key, keyring)
    found = _lines(files, receipt_from_json)
    keys = {
        store: key_for(signing_key, keyring, receipts_of(store))[0]
        for store in sorted({receipt.store for receipt in found})
    }
    topic = topics.name("receipts")
    with reachable(broker, prefix, console, existing=True) as log:
        producer = log.producer()
        for receipt in found:
            value, key = codec.encode_receipt(receipt), keys[receipt.store]
            if key is not None:
                (value,) = sealed_receipts([value], key, topic, receipt.store, here_now())
            producer.send(topic, receipt.record_id.encode(), value)
        producer.flush()
        producer.close()
    console.print(f"retention: published {counted(len(found), 'receipt')} to {topic}")


def _demand_key(signing_key: str | None, keyring: str | None) -> None:
    if keyring is not None and signing_key is None:
        raise InvalidInput("with a keyring only what is signed is believed; give --signing-key")


def _lines(files: Sequence[Path], read: Callable[[str], V]) -> list[V]:
    found = []
    for file in files:
        for number, line in enumerate(text_of(file).split("\n"), 1):
            if not line.strip():
                continue
            try:
                found.append(read(line))
            except InvalidInput as error:
                message = f"{file}:{number}: {error}"
                raise InvalidInput(message) from error
    return found


def _document_command(noun: str, kind: str) -> None:
    @publish_app.command(noun, help=f"Publish {noun} files (YAML), after checking all of them.")
    def command(
        files: Files,
        broker: BrokerUrl,
        prefix: Prefix = DEFAULT_PREFIX,
        author: Author = None,
        signing_key: SigningKeyName = None,
        keyring: KeyringFile = None,
    ) -> None:
        console = Console(stderr=True, soft_wrap=True)
        _demand_key(signing_key, keyring)
        key, owner = key_for(signing_key, keyring, kind)
        if author and owner and author != owner:
            raise InvalidInput(f"the key is {owner}'s, not {author}'s; leave --author out")
        with reachable(broker, prefix, console) as log:
            by = owner or author or getpass.getuser()
            seals = Signs(key, keyring)
            publish_documents(log, Topics(prefix), kind, files, by, console, signs=seals)


for _noun, _kind in (
    ("policy", "policies"),
    ("notice", "notices"),
    ("hold", "holds"),
    ("request", "requests"),
    ("control", "controls"),
):
    _document_command(_noun, _kind)


class Signs(NamedTuple):
    """With which key documents are sealed, and by which keyring those on the topic are read."""

    key: SigningKey | None = None
    keyring: str | None = None


def publish_documents(
    broker: Broker,
    topics: Topics,
    kind: str,
    files: Sequence[Path],
    author: str,
    console: Console,
    *,
    newer: bool = False,
    signs: Signs = Signs(),  # noqa: B008  # it is immutable
) -> None:
    """Check documents and publish those that are not the newest on the topic already; all or none.

    Args:
        broker: where.
        topics: names of topics.
        kind: one of `documents.KINDS`.
        files: the documents; `-` is standard input.
        author: who publishes.
        console: where it is said what was done.
        newer: whether a later version may be on the topic already; that one holds.
        signs: the author's key, if they are to be signed.

    Raises:
        InvalidDocument: one has problems; nothing is published.
        InvalidInput: a version that would win over one is on the topic; nothing is published.
    """
    envelopes = [enveloped(kind, text_of(file), author, str(file)) for file in files]
    settings = Settings(broker.url, prefix=topics.prefix, keyring=signs.keyring)
    codec = Codec.from_settings(settings)
    published = _published(broker, topics, kind, Trust(codec, settings))
    news: list[Envelope] = []
    for file, envelope in zip(files, envelopes, strict=True):
        refused = _useless(file, envelope, [*published, *news], newer=newer)
        if refused:
            console.print(f"retention: {refused}")
        else:
            news.append(envelope)
    topic, producer = topics.name(kind), broker.producer()
    for envelope in news:
        value = codec.encode_envelope(envelope)
        if signs.key is not None:
            value = sealed_document(value, signs.key, kind, topic, here_now())
        producer.send(topic, _name(envelope).encode(), value)
    producer.flush()
    producer.close()
    for envelope in news:
        console.print(f"retention: published {_name(envelope)} to {topic}")
        if kind in APPROVABLE:
            console.print(
                f"retention: where another person must approve it: {approval_scope(envelope)}"
            )


def _name(envelope: Envelope) -> str:
    return f"{envelope.document_id} version {envelope.version}"


def _useless(file: Path, envelope: Envelope, before: Sequence[Envelope], *, newer: bool) -> str:
    """Say why a document need not be published; nothing when it must.

    Raises:
        InvalidInput: it would do nothing, which whoever publishes it cannot mean.
    """
    published = [known for known in before if known.document_id == envelope.document_id]
    won = max([one.version for one in published if _wins(one, envelope)], default=0)
    same = {one.digest for one in published if one.version == envelope.version}
    if won <= envelope.version and envelope.digest in same:
        return f"{_name(envelope)} is already published"
    if won > envelope.version and newer:
        return f"{file} is {_name(envelope)}; version {won} is published, which holds instead"
    if won:
        newest = max(one.version for one in published)
        what = "another text" if won == envelope.version else "a later version"
        raise InvalidInput(
            f"{file}: {envelope.document_id} version {won} is already published, {what}: this "
            f"one would do nothing; give it a version above {newest}"
        )
    return ""


def _wins(known: Envelope, over: Envelope) -> bool:
    """Whether one version makes another one useless, whenever."""
    if known.version == over.version:
        return True
    first, later = (one.effective_from or MIN_INSTANT for one in (known, over))
    return known.version > over.version and first <= later


def _published(broker: Broker, topics: Topics, kind: str, trust: Trust) -> list[Envelope]:
    topic = topics.name(kind)
    count = broker.partitions(topic)
    if count is None:
        raise InvalidInput(
            f"topic {topic} does not exist; create it: {topics.creation(broker.url)}"
        )
    partitions = [Partition(topic, number) for number in range(count)]
    found = []
    for message in read_to_end(broker, partitions):
        # What the job refuses with a finding must not keep a pause from being published.
        with contextlib.suppress(Undecodable):
            stamped = Stamped(message.topic, message.value, message.timestamp)
            found.append(trust.envelope(kind, stamped))
    return found
