"""What a job has written to the topics of a log, for the verbs that read it."""

from collections.abc import Iterable

from pipeline.documents import Envelope
from pipeline.findings import Finding, Quarantined, finding
from pipeline.instants import Instant
from pipeline.ledger.due import Due, owed
from pipeline.ledger.inventory import derived
from pipeline.receipts import Receipt
from pipeline.records import Record, applied
from pipeline.settings import Settings
from pipeline.transports import open_broker
from pipeline.transports.contract import Message, Partition
from pipeline.transports.reading import read_to_end
from pipeline.transports.sqlite import SqliteBroker
from pipeline.vocabulary import FindingKind
from pipeline.wire.codec import Codec
from tests.support.build import event, planner_of


class Topics:
    """Writes as the pipeline, a platform, counsel and a store do; moves the log's own clock."""

    def __init__(self, url: str, now: int = 1_000) -> None:
        self.codec = Codec.from_settings(Settings(url))
        broker = open_broker(url)
        assert isinstance(broker, SqliteBroker)
        self.broker = broker
        self.clock(now)

    def clock(self, now: int) -> None:
        """Let the log's time reach an instant."""
        self.broker.set_clock(Instant(now))

    def send(self, topic: str, messages: Iterable[tuple[str, bytes]]) -> None:
        """Write keys and values to one topic."""
        producer = self.broker.producer()
        for key, value in messages:
            producer.send(topic, key.encode(), value)
        producer.close()

    def publish(self, *envelopes: Envelope) -> None:
        """Publish documents."""
        for one in envelopes:
            key = f"{one.document_id} version {one.version}"
            self.send(f"retention.{one.kind}", [(key, self.codec.encode_envelope(one))])

    def row(self, record: Record, *documents: Envelope) -> None:
        """Write a row of the inventory."""
        plan = planner_of(*documents).plan(record) if record.alive else None
        value = self.codec.encode_record(record, derived(record, plan))
        self.send("retention.records", [(record.record_id, value)])

    def commanded(
        self,
        *documents: Envelope,
        at: int = 11_000,
        record: Record | None = None,
        sent: bool = True,
    ) -> Due:
        """Write what the job does with a record that is due at an instant; `sent`: to its store."""
        known = record or applied(None, event(at=1_000))
        due = owed(known, planner_of(*documents), Instant(at), may_delete=True)
        self.row(due.record, *documents)
        self.send(
            "retention.decisions",
            [(one.record_id, self.codec.encode_decision(one)) for one in due.decisions],
        )
        if sent:
            for command in due.commands:
                topic = f"retention.commands.{command.store}"
                value = self.codec.encode_command(command)
                self.send(topic, [(command.record_id, value)])
        return due

    def receipt(self, receipt: Receipt) -> None:
        """Answer as a store does."""
        value = self.codec.encode_receipt(receipt)
        self.send("retention.receipts", [(receipt.record_id, value)])

    def raise_(
        self, kind: FindingKind, subject: str, at: int = 1_000, occasion: str = ""
    ) -> Finding:
        """Raise a finding."""
        what = f"something about {subject}"
        item = finding(kind, subject, what, "repair it", Instant(at), occasion)
        self.send("retention.findings", [(subject, self.codec.encode_finding(item))])
        return item

    def poison(self, *values: bytes, reason: str = "truncated") -> list[Quarantined]:
        """Publish what cannot be read, and the pointers to it."""
        self.send("ingestion.events", [("raw", value) for value in values])
        lying = [m for m in self.read("ingestion.events") if m.value in values][-len(values) :]
        pointers = [
            Quarantined(
                m.topic,
                m.partition,
                m.offset,
                m.timestamp,
                reason,
                "the message ends within its frame",
                len(m.value or b""),
                m.timestamp,
            )
            for m in lying
        ]
        for one in pointers:
            key = f"{one.topic}/{one.partition}/{one.offset}"
            self.send("retention.quarantine", [(key, self.codec.encode_quarantine(one))])
        return pointers

    def read(self, topic: str) -> list[Message]:
        """Return every message of a topic."""
        count = self.broker.partitions(topic) or 0
        return list(read_to_end(self.broker, [Partition(topic, n) for n in range(count)]))
