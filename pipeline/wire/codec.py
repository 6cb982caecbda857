"""What the stages use: messages to checked values, values to messages.

Everything of ours is written in single-object encoding under our schema's fingerprint. Decoding
raises `Undecodable` and nothing else. Measured on 2 cores (Python 3.11): see `tests/wire/speed.py`.
"""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from fastavro import schemaless_writer

from pipeline.commands import Command
from pipeline.documents.envelope import Envelope
from pipeline.errors import InvalidInput, Undecodable
from pipeline.events import MAX_ID_LENGTH, Event
from pipeline.events import checked as checked_event
from pipeline.findings import Decision, Finding, Measurement, Quarantined, StateRow
from pipeline.instants import MAX_INSTANT, MIN_INSTANT, Instant
from pipeline.receipts import Receipt
from pipeline.receipts import checked as checked_receipt
from pipeline.records import Record
from pipeline.settings import Settings
from pipeline.wire import shapes
from pipeline.wire.framing import Decoder, Format, Framed, SchemaIds, parse_formats
from pipeline.wire.guard import MAX_BYTES, MAX_OWN_ITEMS
from pipeline.wire.schemas import SCHEMAS, Schema, schema

SINGLE_OBJECT_MAGIC = b"\xc3\x01"


class Codec:
    """Encodes and decodes every topic. Holds no state of messages; safe in several threads."""

    def __init__(
        self,
        formats: dict[str, Format],
        ids: SchemaIds | None = None,
        *,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        """Take the format of every ingestion topic.

        Raises:
            InvalidInput: a format names a schema that is not there or cannot be read as an event.
        """
        known = ids or SchemaIds()
        self._events = Decoder(schema("event"), formats, known, max_bytes=max_bytes)
        own = Format()
        self._receipts = Framed(schema("receipt"), own, known, max_bytes=max_bytes)
        self._documents = Framed(schema("document"), own, known, max_bytes=max_bytes)
        # What we wrote ourselves may have gathered more than one message of others may say.
        self._records, self._states, self._commands = (
            Framed(schema(name), own, known, max_bytes=1 << 26, max_items=MAX_OWN_ITEMS)
            for name in ("record", "state", "command")
        )
        self._writers = {name: _Writer(schema(name)) for name in SCHEMAS}

    @classmethod
    def from_settings(cls, settings: Settings) -> "Codec":
        """Return the codec of a job: every ingestion topic is single-object unless told otherwise.

        Raises:
            InvalidInput: a format or the schema map is wrong.
        """
        given = parse_formats(settings.formats)
        unknown = sorted(given.keys() - set(settings.events))
        if unknown:
            topics = ", ".join(unknown)
            raise InvalidInput(f"a format is given for {topics}, which is not an ingestion topic")
        formats = dict.fromkeys(settings.events, Format()) | given
        ids = SchemaIds.load(Path(settings.schema_map)) if settings.schema_map else SchemaIds()
        return cls(formats, ids, max_bytes=settings.max_message_bytes)

    # -- what others write: checked ---------------------------------------------------------------

    def decode_event(self, topic: str, value: bytes | None) -> Event:
        """Read an ingestion event and check every word of it.

        Raises:
            Undecodable: it cannot be read, or a word, id or date in it is not allowed.
        """
        return checked_event(shapes.event_value(self._events.decode(topic, value)))

    def decode_receipt(self, value: bytes | None) -> Receipt:
        """Read a store's answer.

        Raises:
            Undecodable: it cannot be read, or its status, an id, date or number is not allowed.
        """
        receipt = checked_receipt(shapes.flat_value(Receipt, self._receipts.read(value)))
        _check_instant("at", receipt.at)
        if max(map(len, (receipt.command_id, receipt.record_id, receipt.store))) > MAX_ID_LENGTH:
            raise Undecodable("bad_id", f"an id has more than {MAX_ID_LENGTH} characters")
        if receipt.verified_remaining is not None and receipt.verified_remaining < 0:
            raise Undecodable("bad_number", "`verified_remaining` is negative")
        return receipt

    def decode_envelope(self, kind: str, value: bytes | None) -> Envelope:
        """Read a document's envelope from the topic of its kind. Its text is not read.

        Raises:
            Undecodable: it cannot be read, or is of another kind.
        """
        envelope = shapes.envelope_value(self._documents.read(value))
        if envelope.kind != kind:
            raise Undecodable("wrong_kind", "`kind` is not that of the topic")
        if envelope.effective_from is not None:
            _check_instant("effective_from", envelope.effective_from)
        return envelope

    # -- what we wrote ----------------------------------------------------------------------------

    def decode_record(self, value: bytes | None) -> Record:
        """Read a row of the inventory.

        Raises:
            Undecodable: it cannot be read.
        """
        return shapes.record_value(self._records.read(value))

    def decode_state(self, value: bytes | None) -> StateRow:
        """Read a row of state.

        Raises:
            Undecodable: it cannot be read.
        """
        return shapes.state_value(self._states.read(value))

    def decode_command(self, value: bytes | None) -> Command:
        """Read a command, as a store does.

        Raises:
            Undecodable: it cannot be read.
        """
        return shapes.flat_value(Command, self._commands.read(value))

    # -- what we write ----------------------------------------------------------------------------

    def encode_event(self, event: Event) -> bytes:
        """Write an ingestion event."""
        return self._writers["event"].write(shapes.event_fields(event))

    def encode_envelope(self, envelope: Envelope) -> bytes:
        """Write a document in its envelope."""
        return self._flat("document", envelope)

    def encode_receipt(self, receipt: Receipt) -> bytes:
        """Write a receipt, as a store does."""
        return self._flat("receipt", receipt)

    def encode_record(
        self, record: Record, *, status: str, residency: Sequence[str], limit_at: Instant | None
    ) -> bytes:
        """Write a row of the inventory, with what is derived for readers."""
        fields = shapes.record_fields(record, status, residency, limit_at)
        return self._writers["record"].write(fields)

    def encode_state(self, row: StateRow) -> bytes:
        """Write a row of state."""
        return self._flat("state", row)

    def encode_command(self, command: Command) -> bytes:
        """Write a command to a store."""
        return self._flat("command", command)

    def encode_finding(self, item: Finding) -> bytes:
        """Write a finding."""
        return self._flat("finding", item)

    def encode_decision(self, item: Decision) -> bytes:
        """Write a decision."""
        return self._flat("decision", item)

    def encode_quarantine(self, item: Quarantined) -> bytes:
        """Write the pointer to a message that could not be read."""
        return self._flat("quarantine", item)

    def encode_measurement(self, item: Measurement) -> bytes:
        """Write one number of one shard."""
        return self._flat("measurement", item)

    def encode_clock(self, sampler: str) -> bytes:
        """Write the message whose acknowledgement tells the broker's time."""
        return self._writers["clock"].write({"sampler": sampler})

    def _flat(self, name: str, value: Any) -> bytes:
        return self._writers[name].write(shapes.flat_fields(value))


class _Writer:
    """Writes values of one schema in single-object encoding."""

    def __init__(self, avro: Schema) -> None:
        self._avro = avro.avro
        self._header = SINGLE_OBJECT_MAGIC + avro.fingerprint

    def write(self, fields: shapes.Fields) -> bytes:
        stream = BytesIO()
        stream.write(self._header)
        try:
            schemaless_writer(stream, self._avro, fields)
        except UnicodeEncodeError:
            # The chained error would carry the text.
            message = "a text holds half a surrogate pair, which UTF-8 cannot carry; remove it"
            raise InvalidInput(message) from None
        return stream.getvalue()


def _check_instant(field: str, instant: Instant) -> None:
    if not MIN_INSTANT <= instant <= MAX_INSTANT:
        raise Undecodable("impossible_date", f"`{field}` lies outside 1970..9999")
