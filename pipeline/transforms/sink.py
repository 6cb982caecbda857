"""Writes what the stages emit to its topic. One sink, hence one producer, a stage instance.

A producer of its own, because `flush` reports the failures of everything handed over: shared, the
failure of one bundle's message could be reported to another bundle.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from pipeline.commands import Command
from pipeline.findings import (
    Decision,
    Finding,
    Measurement,
    Quarantined,
    StateRow,
    finding,
)
from pipeline.identifiers import RecordId, StoreName
from pipeline.instants import MIN_INSTANT, Instant, to_datetime
from pipeline.ledger.inventory import derived
from pipeline.ledger.outcome import Row
from pipeline.records import Mail
from pipeline.settings import Settings
from pipeline.signing import COMMANDS, SigningKey, load_key, seal_all
from pipeline.transports import open_broker
from pipeline.transports.topics import Topics
from pipeline.vocabulary import FindingKind
from pipeline.wire.codec import Codec
from pipeline.wire.sealed import content_of, with_seal

MOST_UNSEALED = 2_000
"""Commands that one signature is for: with more a seal grows, and little is gained."""


class _Batch(NamedTuple):
    """What the commands of one signature have in common."""

    topic: str
    store: StoreName
    documents: str


class Sink:
    """Encodes typed values and hands them to a producer; `flush` before acknowledging anything.

    Args:
        settings: of the job.
        signs: whether it seals the commands that it writes, with the job's key if it has one.

    Raises:
        InvalidInput: the key cannot be read.
    """

    def __init__(self, settings: Settings, *, signs: bool = False) -> None:
        self.topics = Topics(settings.prefix, settings.events)
        self._codec = Codec.from_settings(settings)
        self._broker = open_broker(settings.broker_url, clock_topic=self.topics.name("clock"))
        self._producer = self._broker.producer()
        self._stores: dict[str, bool] = {}
        self._told: set[str] = set()
        named = signs and settings.signing_key is not None
        self._key = load_key(str(settings.signing_key)) if named else None
        self._now = MIN_INSTANT
        self._unsealed: defaultdict[_Batch, list[Command]] = defaultdict(list)

    def row(self, row: Row) -> None:
        """Write a record to the inventory."""
        record, plan = row
        value = self._codec.encode_record(record, derived(record, plan))
        self._producer.send(self.topics.name("records"), record.record_id.encode(), value)

    def removed(self, record_id: RecordId) -> None:
        """Remove a record from the inventory."""
        self._producer.send(self.topics.name("records"), record_id.encode(), None)

    def state(self, row: StateRow) -> None:
        """Write what the pipeline knows that is not a record."""
        key = f"{row.kind}/{row.name}".encode()
        self._producer.send(self.topics.name("state"), key, self._codec.encode_state(row))

    def mail(self, item: Mail) -> None:
        """Write what one record tells another."""
        topic, key = self.topics.name("lineage"), item.record_id.encode()
        self._producer.send(topic, key, self._codec.encode_mail(item))

    def command(self, command: Command, documents: str = "", now: Instant = MIN_INSTANT) -> None:
        """Write a command to its store's topic; without such a topic, a finding instead.

        Args:
            command: what is written; with a key it waits, until `flush` or until there are
                `MOST_UNSEALED`, so that one signature serves many.
            documents: fingerprint of the documents in force.
            now: the present in the broker's time.
        """
        topic = self.topics.commands(command.store)
        if not self._exists(topic):
            missing = self._missing(command, topic)
            if missing.told_as not in self._told:
                self._told.add(missing.told_as)
                self.finding(missing)
            return
        if self._key is None:
            self._send(topic, command, self._codec.encode_command(command))
            return
        self._now = max(self._now, now)
        batch = _Batch(topic, command.store, documents)
        self._unsealed[batch].append(command)
        if len(self._unsealed[batch]) >= MOST_UNSEALED:
            self._seal(self._key, batch, self._unsealed.pop(batch))

    def _seal(self, key: SigningKey, batch: "_Batch", commands: list[Command]) -> None:
        contents = [content_of(self._codec.encode_command(command)) for command in commands]
        seals = seal_all(
            contents,
            key,
            kind=COMMANDS,
            topic=batch.topic,
            store=batch.store,
            documents=batch.documents,
            issued_at=self._now,
            expires_at=max(command.expires_at for command in commands),
        )
        for command, content, seal in zip(commands, contents, seals, strict=True):
            self._send(batch.topic, command, with_seal(content, seal))

    def _send(self, topic: str, command: Command, value: bytes) -> None:
        self._producer.send(topic, command.record_id.encode(), value)

    def _missing(self, command: Command, topic: str) -> Finding:
        """Word the finding, for a store once a day of issue and attempt: its commands wait."""
        return finding(
            FindingKind.UNKNOWN_STORE,
            command.store,
            f"store {command.store} has no command topic {topic}; its commands wait",
            f"create it: {self.topics.creation(stores=(command.store,))}; then restart",
            command.issued_at,
            occasion=f"{to_datetime(command.issued_at):%Y-%m-%d}, attempt {command.attempt}",
        )

    def _exists(self, topic: str) -> bool:
        known = self._stores.get(topic)
        if known is None:
            known = self._stores[topic] = self._broker.partitions(topic) is not None
        return known

    def finding(self, item: Finding) -> None:
        """Write a finding."""
        value = self._codec.encode_finding(item)
        self._producer.send(self.topics.name("findings"), item.subject.encode(), value)

    def decision(self, item: Decision) -> None:
        """Write a decision."""
        value = self._codec.encode_decision(item)
        self._producer.send(self.topics.name("decisions"), item.record_id.encode(), value)

    def quarantine(self, item: Quarantined) -> None:
        """Write the pointer to what could not be read."""
        key = f"{item.topic}/{item.partition}/{item.offset}".encode()
        self._producer.send(
            self.topics.name("quarantine"), key, self._codec.encode_quarantine(item)
        )

    def progress(
        self,
        shard: int,
        numbers: Mapping[str, int],
        at: Instant,
        labels: Mapping[str, str] | None = None,
    ) -> None:
        """Write named numbers of one shard, which replace those of the same name and labels."""
        topic, found = self.topics.name("measurements"), dict(labels or {})
        for name, value in numbers.items():
            row = Measurement(name=name, labels=found, value=float(value), shard=shard, at=at)
            key = "/".join((name, str(shard), *(found[label] for label in sorted(found))))
            self._producer.send(topic, key.encode(), self._codec.encode_measurement(row))

    def flush(self) -> None:
        """Return when everything handed over is acknowledged; raise when anything was not."""
        if self._key is not None:
            waiting = list(self._unsealed.items())
            self._unsealed.clear()
            for batch, commands in waiting:
                self._seal(self._key, batch, commands)
        self._producer.flush()

    def close(self) -> None:
        """Release the connection."""
        self._producer.close()
        self._broker.close()
