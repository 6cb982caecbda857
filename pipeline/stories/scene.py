"""A scene: one broker, one prefix, and everything a test does around a job in it.

The job itself runs elsewhere (`pipeline.testing.jobs`); a scene only speaks through topics, as a
platform, counsel and the stores would.
"""

import contextlib
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from pipeline.commands import Command
from pipeline.documents import Envelope, InvalidDocument, Versions
from pipeline.events import Event
from pipeline.findings import Finding, Quarantined
from pipeline.instants import Instant
from pipeline.ledger.digest import Digest
from pipeline.receipts import Receipt
from pipeline.records import Record
from pipeline.settings import Settings
from pipeline.transports import open_broker
from pipeline.transports.contract import Broker, Message, Partition
from pipeline.transports.reading import read_to_end
from pipeline.transports.topics import Topics
from pipeline.wire.codec import Codec


@dataclass
class Scene:
    """Topics under one prefix of one broker."""

    url: str
    prefix: str
    stores: tuple[str, ...] = ("images",)
    partitions: int = 4
    shards: int = 16
    approvals: tuple[str, ...] = ()
    events_topic: str = ""
    """Where events arrive; one of its own when empty."""
    answered: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.events_topic = self.events_topic or f"{self.prefix}events"
        self.topics = Topics(self.prefix, (self.events_topic,))
        self.broker: Broker = open_broker(self.url, clock_topic=self.topics.name("clock"))
        self.broker.create(self.topics.specs(partitions=self.partitions, stores=self.stores))
        self.codec = Codec.from_settings(self.settings())
        self.producer = self.broker.producer()
        self.documents = Versions(frozenset(self.approvals))

    def settings(self, **changes: object) -> Settings:
        """Return settings of a job in this scene: one node, so a small margin."""
        values: dict[str, object] = {
            "broker_url": self.url,
            "prefix": self.prefix,
            "events": (self.events_topic,),
            "shards": self.shards,
            "approvals": self.approvals,
            "governors": 2,
            "group": f"{self.prefix}enforce",
            "margin_ms": 500 if self.url.startswith("kafka:") else 1,
        }
        return Settings(**(values | changes))  # type: ignore[arg-type]  # names checked by Settings

    # -- what others publish --------------------------------------------------------------------

    def publish(self, *envelopes: Envelope) -> None:
        """Publish documents, as counsel does."""
        for envelope in envelopes:
            with contextlib.suppress(InvalidDocument):
                self.documents = self.documents.applied(envelope)
            key = f"{envelope.document_id} version {envelope.version}".encode()
            value = self.codec.encode_envelope(envelope)
            self.producer.send(self.topics.name(envelope.kind), key, value)
        self.producer.flush()

    def happen(self, events: Iterable[Event]) -> None:
        """Publish events, as a platform does."""
        for event in events:
            self.producer.send(
                self.events_topic, event.record_id.encode(), self.codec.encode_event(event)
            )
        self.producer.flush()

    def send_raw(self, value: bytes) -> None:
        """Publish bytes to the ingestion topic, whatever they are."""
        self.producer.send(self.events_topic, b"raw", value)
        self.producer.flush()

    def send_receipt(self, receipt: Receipt) -> None:
        """Publish one receipt."""
        key = receipt.record_id.encode()
        self.producer.send(self.topics.name("receipts"), key, self.codec.encode_receipt(receipt))
        self.producer.flush()

    def answer(self, status: str = "COMPLETED") -> int:
        """Answer every command not answered yet, as stores do; return how many."""
        fresh = {c.command_id: c for c in self.commands() if c.command_id not in self.answered}
        for command in fresh.values():
            receipt = Receipt(
                command.command_id, command.record_id, command.store, status, command.not_before
            )
            self.producer.send(
                self.topics.name("receipts"),
                command.record_id.encode(),
                self.codec.encode_receipt(receipt),
            )
        self.producer.flush()
        self.answered |= set(fresh)
        return len(fresh)

    def now(self) -> Instant:
        """Return the broker's time."""
        return self.broker.sample(()).now

    # -- what the pipeline wrote ----------------------------------------------------------------

    def read(self, topic: str) -> list[Message]:
        """Return every message of a topic."""
        count = self.broker.partitions(topic) or 0
        return list(read_to_end(self.broker, [Partition(topic, n) for n in range(count)]))

    def values(self, name: str) -> list[bytes]:
        """Return every value of one of our topics."""
        return [m.value for m in self.read(self.topics.name(name)) if m.value is not None]

    def commands(self) -> list[Command]:
        """Return every command of every store, repetitions included."""
        return [
            self.codec.decode_command(value)
            for store in self.stores
            for value in self.values(f"commands.{store}")
        ]

    def deletions(self) -> list[Command]:
        """Return every DELETE, repetitions included."""
        return [command for command in self.commands() if command.kind == "DELETE"]

    def findings(self) -> list[Finding]:
        """Return every finding."""
        return [self.codec.decode_finding(value) for value in self.values("findings")]

    def quarantined(self) -> list[Quarantined]:
        """Return every pointer in quarantine."""
        return [self.codec.decode_quarantine(value) for value in self.values("quarantine")]

    def rows(self) -> list[Record]:
        """Return every row of the inventory, all versions."""
        return [self.codec.decode_record(value) for value in self.values("records")]

    def digest(self) -> Digest:
        """Return the digest of the inventory."""
        return Digest(self.shards).add_all(self.rows())

    def lag(self) -> int:
        """Return how many positions of what arrives are not committed yet."""
        return self.arrived()[1]

    def arrived(self) -> tuple[int, int]:
        """Return how much has arrived in all, and how much of it is not committed yet."""
        partitions = [
            Partition(topic, number)
            for topic in self.topics.arrivals
            for number in range(self.broker.partitions(topic) or 0)
        ]
        ends = self.broker.ends(partitions)
        committed = self.broker.committed(self.settings().group, partitions)
        begins = self.broker.beginnings(partitions)
        return sum(ends.values()), sum(ends[p] - committed.get(p, begins[p]) for p in partitions)

    def newest(self) -> list[Record]:
        """Return the newest row of each record."""
        rows = {row.record_id: row for row in sorted(self.rows(), key=lambda row: row.version)}
        return list(rows.values())

    def describe(self) -> str:
        """Say where things stand, for the message of a failing test."""
        rows = self.newest()
        issued = [item for row in rows for item in row.issued]
        return (
            f"{len(rows)} records, {sum(row.alive for row in rows)} alive, {len(issued)} issued, "
            f"{sum(item.outcome is None for item in issued)} unanswered in the inventory; "
            f"{len({c.command_id for c in self.commands()})} commands, {len(self.answered)} "
            f"answered; lag {self.lag()}; findings {sorted({f.kind for f in self.findings()})}"
        )

    def close(self) -> None:
        """Release connections."""
        self.producer.close()
        self.broker.close()


PATIENCE_SECONDS = 180.0
"""How long is waited for what takes seconds: a Flink that starts on a busy machine took over 60."""


def wait_for(
    what: str, true: Callable[[], bool], *, seconds: float = PATIENCE_SECONDS, every: float = 0.25
) -> None:
    """Wait until a condition holds, as long as a busy machine may need for it.

    Raises:
        AssertionError: it did not within the time; the message says what was awaited.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return
        time.sleep(every)
    raise AssertionError(f"not within {seconds:.0f} s: {what}")
