"""Decode a batch, check every word, and group it by shard. What cannot be read goes to quarantine.

One element leaves per shard and bundle, not per message: Beam's cost is per element and per state
access. Each acknowledged batch counts one part for every shard it touches and one for this stage,
which answers for the quarantine.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import apache_beam as beam
import msgspec
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.timestamp import MIN_TIMESTAMP
from apache_beam.utils.windowed_value import WindowedValue

from pipeline.documents import Envelope, InvalidDocument, parsed
from pipeline.errors import Undecodable
from pipeline.events import Event
from pipeline.findings import Finding, Quarantined, StateRow, finding
from pipeline.identifiers import shard_of
from pipeline.instants import Instant
from pipeline.ledger.parts import Origin, Part, Span, encode_part
from pipeline.receipts import Receipt
from pipeline.records import Mail, Record
from pipeline.settings import Settings
from pipeline.transforms.acknowledge import Piece, encode_pieces
from pipeline.transforms.garbage import collect_seldom
from pipeline.transforms.own_rows import own_rows
from pipeline.transforms.read import Batch
from pipeline.transforms.sink import Sink
from pipeline.transports import open_broker
from pipeline.transports.contract import Broker, Message
from pipeline.vocabulary import FindingKind
from pipeline.wire.codec import Codec
from pipeline.wire.trust import Distrusted, Stamped, Trust

TO_GOVERNOR = "governor"
TO_ACKNOWLEDGE = "acknowledge"


_INVALID = Undecodable(
    "invalid_document", "the text is refused; the finding INVALID_DOCUMENT of this place says why"
)
"""What quarantine says of a document that can be read but not used: nothing of its text."""


class Bucket:
    """What one shard gets of one bundle."""

    def __init__(self) -> None:
        self.origins: list[Origin] = []
        self.events: list[Event] = []
        self.receipts: list[Receipt] = []
        self.mails: list[Mail] = []
        self.envelopes: list[Envelope] = []
        self.rows: list[Record] = []
        self.states: list[StateRow] = []
        self.spans: list[Span] = []
        self.tick: Instant | None = None

    def part(self) -> Part:
        """Return the delivery."""
        return Part(
            origins=tuple(self.origins),
            events=tuple(self.events),
            receipts=tuple(self.receipts),
            mails=tuple(self.mails),
            envelopes=tuple(self.envelopes),
            rows=tuple(self.rows),
            states=tuple(self.states),
            spans=tuple(self.spans),
            tick=self.tick,
        )


class Split(beam.DoFn):
    """Batches and ticks in; `(shard, part)` out; by tag to governors and to acknowledgement."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._handlers: dict[str, Callable[[Batch], None]] = {}
        self._codec: Codec | None = None
        self._trust: Trust | None = None
        self._sink: Sink | None = None

    def setup(self) -> None:
        """Load schemas and open the producer."""
        collect_seldom()
        settings = self._settings
        self._codec = Codec.from_settings(settings)
        self._trust = Trust(self._codec, settings)
        self._sink = Sink(settings)
        topics = self._sink.topics
        self._handlers = dict.fromkeys(topics.events, self._events)
        self._handlers |= dict.fromkeys(topics.documents, self._documents)
        self._handlers[topics.name("receipts")] = self._receipts
        self._handlers[topics.name("lineage")] = self._mails
        self._handlers[topics.name("records")] = self._rows
        self._handlers[topics.name("state")] = self._states

    def teardown(self) -> None:
        """Release the producer."""
        if self._sink is not None:
            self._sink.close()

    def start_bundle(self) -> None:
        """Begin with empty buckets."""
        self._ledgers: defaultdict[int, Bucket] = defaultdict(Bucket)
        self._governors: defaultdict[int, Bucket] = defaultdict(Bucket)
        self._pieces: list[Piece] = []

    def process(self, element: Batch | Instant) -> None:
        """Take one batch, or a tick."""
        if isinstance(element, int):
            for bucket in (*self._all_ledgers(), *self._all_governors()):
                bucket.tick = element if bucket.tick is None else max(bucket.tick, element)
            return
        self._handlers[element.topic](element)

    def finish_bundle(self) -> Iterator[Any]:
        """Flush the quarantine, then send what each shard gets."""
        if self._sink is not None:
            self._sink.flush()
        for shard, bucket in self._ledgers.items():
            yield _early((shard, encode_part(bucket.part())))
        for shard, bucket in self._governors.items():
            yield beam.pvalue.TaggedOutput(TO_GOVERNOR, _early((shard, encode_part(bucket.part()))))
        for key, data in encode_pieces(self._pieces):
            yield beam.pvalue.TaggedOutput(TO_ACKNOWLEDGE, _early((key, data)))

    def _all_ledgers(self) -> list[Bucket]:
        return [self._ledgers[shard] for shard in range(self._settings.shards)]

    def _all_governors(self) -> list[Bucket]:
        return [self._governors[shard] for shard in range(self._settings.governors)]

    # -- acknowledged input ---------------------------------------------------------------------

    def _events(self, batch: Batch) -> None:
        decode = self._need_codec().decode_event
        shards = self._settings.shards
        touched: set[int] = set()
        for message in batch.messages:
            try:
                event = decode(message.topic, message.value)
            except Undecodable as error:
                self._quarantine(message, error)
                continue
            shard = shard_of(event.record_id, shards)
            touched.add(shard)
            self._ledgers[shard].events.append(event)
        self._originate(batch, touched)

    def _receipts(self, batch: Batch) -> None:
        trust = self._need_trust()
        touched: set[int] = set()
        for message in batch.messages:
            try:
                receipt = trust.receipt(_stamped(message))
            except Undecodable as error:
                self._quarantine(message, error)
                continue
            shard = shard_of(receipt.record_id, self._settings.shards)
            touched.add(shard)
            # For a person, who reads it in the topic: in state, where it may wait, it has no use.
            receipt = msgspec.structs.replace(receipt, detail=None)
            self._ledgers[shard].receipts.append(receipt)
        self._originate(batch, touched)

    def _mails(self, batch: Batch) -> None:
        touched: set[int] = set()
        for message in batch.messages:
            try:
                mail = self._need_codec().decode_mail(message.value)
            except Undecodable as error:
                self._quarantine(message, error)
                continue
            shard = shard_of(mail.record_id, self._settings.shards)
            touched.add(shard)
            self._ledgers[shard].mails.append(mail)
        self._originate(batch, touched)

    def _originate(self, batch: Batch, touched: set[int]) -> None:
        origin = Origin(
            batch.topic, batch.partition, batch.start, batch.next, batch.begin, len(touched) + 1
        )
        for shard in touched:
            self._ledgers[shard].origins.append(origin)
        self._pieces.append(Piece(origin, 1))

    def _quarantine(self, message: Message, error: Undecodable) -> None:
        self._need_sink().quarantine(
            Quarantined(
                topic=message.topic,
                partition=message.partition,
                offset=message.offset,
                timestamp=message.timestamp,
                reason=error.reason,
                detail=error.detail,
                size=len(message.value or b""),
                at=message.timestamp,
            )
        )

    # -- history and documents ------------------------------------------------------------------

    def _documents(self, batch: Batch) -> None:
        kind = batch.topic.removeprefix(self._settings.prefix)
        envelopes = []
        for message in batch.messages:
            try:
                envelope = self._need_trust().envelope(kind, _stamped(message))
                parsed(envelope)
            except (Undecodable, InvalidDocument) as error:
                self._need_sink().finding(_refused(message, error))
                self._quarantine(message, error if isinstance(error, Undecodable) else _INVALID)
            else:
                envelopes.append(envelope)
        span = _span(batch)
        for bucket in (*self._all_ledgers(), *self._all_governors()):
            bucket.envelopes += envelopes
            bucket.spans.append(span)

    def _rows(self, batch: Batch) -> None:
        for row in own_rows(batch, self._need_codec().decode_record, self._open_broker):
            self._ledgers[shard_of(row.record_id, self._settings.shards)].rows.append(row)
        span = _span(batch)
        for bucket in self._all_ledgers():
            bucket.spans.append(span)

    def _states(self, batch: Batch) -> None:
        for row in own_rows(batch, self._need_codec().decode_state, self._open_broker):
            if row.kind == "governor":
                governor = shard_of(row.texts[0], self._settings.governors)
                self._governors[governor].states.append(row)
        span = _span(batch)
        for bucket in self._all_governors():
            bucket.spans.append(span)

    def _open_broker(self) -> Broker:
        settings = self._settings
        return open_broker(settings.broker_url, clock_topic=f"{settings.prefix}clock")

    def _need_codec(self) -> Codec:
        assert self._codec is not None, "setup was not called"  # noqa: S101
        return self._codec

    def _need_trust(self) -> Trust:
        assert self._trust is not None, "setup was not called"  # noqa: S101
        return self._trust

    def _need_sink(self) -> Sink:
        assert self._sink is not None, "setup was not called"  # noqa: S101
        return self._sink


def _early(value: Any) -> WindowedValue:
    return WindowedValue(value, MIN_TIMESTAMP, [GlobalWindow()])


def _stamped(message: Message) -> Stamped:
    return Stamped(message.topic, message.value, message.timestamp)


def _span(batch: Batch) -> Span:
    return Span(batch.topic, batch.partition, batch.start, batch.next, batch.begin, batch.end)


def _refused(message: Message, error: Undecodable | InvalidDocument) -> Finding:
    where = f"{message.topic}/{message.partition} offset {message.offset}"
    # Findings are kept and passed on: what a document says of people stays where it was written.
    said = error.without_quotes if isinstance(error, InvalidDocument) else str(error)
    remedy = "see why with `retention check`, correct it, publish it again"
    if isinstance(error, Distrusted):
        remedy = "find out who published it; if it is meant, publish it with `--signing-key`"
    return finding(
        FindingKind.INVALID_DOCUMENT,
        where,
        f"a document cannot be used: {said}",
        f"the last good version stays in force; {remedy}",
        message.timestamp,
    )
