"""A pipeline's topics as a job leaves them, written without a job; and what an exporter reads."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pipeline.documents import Envelope
from pipeline.events import Event
from pipeline.findings import Finding, Measurement, Quarantined
from pipeline.instants import Instant
from pipeline.ledger.book import Ledger
from pipeline.ledger.inventory import derived
from pipeline.ledger.outcome import Outcome, Row
from pipeline.ledger.parts import Part
from pipeline.metrics.figures import Figures
from pipeline.metrics.follower import Follower
from pipeline.receipts import Receipt
from pipeline.stories.scene import Scene
from pipeline.transports.sqlite import SqliteBroker

START = 1_767_225_600_000  # 2026-01-01T00:00Z
OWN = {"retention_broker_timestamp_seconds"}
"""What differs from one look to the next."""


class Desk:
    """One ledger over one log with a clock of its own, and the topics that its job would write."""

    def __init__(self, folder: Path, *documents: Envelope) -> None:
        self.scene = Scene(f"sqlite://{folder}/log.db", "t.", stores=("images", "index"))
        self.clock(START)
        self.ledger = Ledger(0, {})
        self.give(Part(tick=Instant(START)))
        self.publish(*documents)

    def clock(self, now: int) -> None:
        """Move the log's clock."""
        assert isinstance(self.scene.broker, SqliteBroker)
        self.scene.broker.set_clock(Instant(now))

    def publish(self, *documents: Envelope) -> None:
        """Publish documents, to the ledger too."""
        self.scene.publish(*documents)
        self.give(Part(envelopes=documents))

    def give(self, part: Part) -> None:
        """Deliver to the ledger; write what it emits."""
        self.write(self.ledger.apply(part))

    def happen(self, *events: Event) -> None:
        """Publish events, and commit that the job has taken them."""
        self.scene.happen(events)
        self.give(Part(events=events))
        self.acknowledge()

    def until(self, now: int) -> None:
        """Let time pass; what falls due is commanded."""
        self.clock(now)
        self.give(Part(tick=Instant(now)))
        self.write(self.ledger.wake(Instant(now)))

    def answer(self, status: str = "COMPLETED", *, store: str | None = None) -> None:
        """Answer what every store, or one, was told."""
        chosen = [c for c in self.scene.commands() if store in (None, c.store)]
        receipts = tuple(
            Receipt(c.command_id, c.record_id, c.store, status, Instant(c.issued_at + 1))
            for c in chosen
        )
        for receipt in receipts:
            self.scene.send_receipt(receipt)
        self.give(Part(receipts=receipts))
        self.acknowledge()

    def write(self, outcome: Outcome) -> None:
        """Write what a job would."""
        scene = self.scene
        for row in outcome.rows:
            scene.producer.send(*self.row(row))
        for command in outcome.commands:
            topic = scene.topics.commands(command.store)
            value = scene.codec.encode_command(command)
            scene.producer.send(topic, command.record_id.encode(), value)
        scene.producer.flush()
        self.find(outcome.findings)

    def row(self, row: Row) -> tuple[str, bytes, bytes]:
        """Return topic, key and value of a row of the inventory."""
        value = self.scene.codec.encode_record(row.record, derived(row.record, row.plan))
        return self.scene.topics.name("records"), row.record.record_id.encode(), value

    def find(self, items: Iterable[Finding]) -> None:
        """Write findings."""
        for item in items:
            self.send("findings", item.subject, self.scene.codec.encode_finding(item))

    def quarantine(self, *offsets: int, reason: str = "bad_id") -> None:
        """Write pointers to messages of the first partition of events."""
        for offset in offsets:
            item = Quarantined(
                self.scene.events_topic, 0, offset, Instant(1), reason, "", 1, Instant(1)
            )
            self.send("quarantine", f"{offset}", self.scene.codec.encode_quarantine(item))

    def measure(self, name: str, value: float, shard: int = 0, **labels: str) -> None:
        """Write a number of a shard."""
        row = Measurement(name, labels, value, shard, Instant(START))
        self.send("measurements", f"{name}/{shard}", self.scene.codec.encode_measurement(row))

    def send(self, name: str, key: str, value: bytes | None) -> None:
        """Write a message."""
        self.scene.producer.send(self.scene.topics.name(name), key.encode(), value)
        self.scene.producer.flush()

    def acknowledge(self) -> None:
        """Commit the ends of the inputs."""
        follower = Follower(self.scene.broker, self.scene.settings())
        partitions = follower._sources.positions._partitions
        follower.close()
        ends = self.scene.broker.ends(partitions)
        self.scene.broker.commit(self.scene.settings().group, ends)

    def repeat_everything(self) -> None:
        """Write every message of every topic once more, in order, and let the job take it."""
        scene, name = self.scene, self.scene.topics.name
        own = [name(topic) for topic in ("findings", "quarantine", "measurements", "records")]
        commands = [scene.topics.commands(store) for store in scene.stores]
        for topic in (*own, *commands, scene.events_topic, name("receipts"), name("notices")):
            for message in scene.read(topic):
                scene.producer.send(message.topic, message.key, message.value)
        scene.producer.flush()
        self.acknowledge()

    def follower(self, **changes: Any) -> Follower:
        """Return an exporter's reader that has read everything."""
        return read(Follower(self.scene.broker, self.scene.settings(**changes)))

    def figures(self, **changes: Any) -> Figures:
        """Return what an exporter that starts now says."""
        follower = self.follower(**changes)
        found = follower.figures()
        follower.close()
        return found

    def value(self, name: str, *labels: str) -> float:
        """Return one number of an exporter that starts now."""
        return self.figures()[f"retention_{name}"].get(labels, 0.0)


def read(follower: Follower) -> Follower:
    """Let a follower read everything, and ask the broker once more."""
    for _ in range(2):
        follower._refreshed = follower._counted = float("-inf")
        while follower.step() or not follower.ready or follower._next is not None:
            pass
    return follower


def lasting(figures: Figures) -> Figures:
    """Return the numbers that stay while nothing happens."""
    return {name: values for name, values in figures.items() if name not in OWN}
