"""What the stages use: messages to checked values, values to messages.

Everything of ours is written in single-object encoding under our schema's fingerprint. Decoding
raises `Undecodable` and nothing else. Measured on 2 cores (Python 3.11): see `tests/wire/speed.py`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import astuple

from pipeline.commands import Command
from pipeline.documents.envelope import Envelope
from pipeline.errors import InvalidInput, Undecodable
from pipeline.events import Event
from pipeline.events import checked as checked_event
from pipeline.findings import Decision, Finding, Measurement, Quarantined, StateRow
from pipeline.instants import MAX_INSTANT, MIN_INSTANT, Instant
from pipeline.receipts import Receipt
from pipeline.receipts import checked as checked_receipt
from pipeline.records import ASK, GONE, TOLD, Mail, Record
from pipeline.settings import Settings
from pipeline.wire.framing import Decoder, Format, Framed, SchemaIds, parse_formats
from pipeline.wire.guard import MAX_BYTES, MAX_OWN_BYTES, MAX_OWN_ITEMS
from pipeline.wire.makers import MAKERS
from pipeline.wire.schemas import SCHEMAS, Schema, schema
from pipeline.wire.sealed import SEALED
from pipeline.wire.writing import writer

SINGLE_OBJECT_MAGIC = b"\xc3\x01"

_OURS = (
    *("record", "state", "command", "finding", "decision", "quarantine", "measurement"),
    "lineage",
)


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
        self._events = Decoder(schema("event"), MAKERS, formats, known, max_bytes=max_bytes)
        own = Format()
        self._receipts = Framed(schema("receipt"), MAKERS, own, known, max_bytes=max_bytes)
        self._documents = Framed(schema("document"), MAKERS, own, known, max_bytes=max_bytes)
        # What we wrote ourselves may have gathered more than one message of others may say.
        limits = {
            "max_bytes": MAX_OWN_BYTES,
            "max_items": MAX_OWN_ITEMS,
            "max_in_all": MAX_OWN_BYTES,  # an entry takes a byte: no further limit
        }
        self._ours = {name: Framed(schema(name), MAKERS, own, known, **limits) for name in _OURS}
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
        return checked_event(self._events.decode(topic, value))

    def decode_receipt(self, value: bytes | None) -> Receipt:
        """Read a store's answer.

        Raises:
            Undecodable: it cannot be read, or its status, an id, date or number is not allowed.
        """
        receipt = checked_receipt(self._receipts.read(value))
        _check_instant("at", receipt.at)
        if receipt.verified_remaining is not None and receipt.verified_remaining < 0:
            raise Undecodable("bad_number", "`verified_remaining` is negative")
        return receipt

    def decode_envelope(self, kind: str, value: bytes | None) -> Envelope:
        """Read a document's envelope from the topic of its kind. Its text is not read.

        Raises:
            Undecodable: it cannot be read, or is of another kind.
        """
        envelope: Envelope = self._documents.read(value)
        if envelope.kind != kind:
            raise Undecodable("wrong_kind", "`kind` is not that of the topic")
        if envelope.effective_from is not None:
            _check_instant("effective_from", envelope.effective_from)
        return envelope

    # -- what we wrote ----------------------------------------------------------------------------

    def decode_record(self, value: bytes | None) -> Record:
        """Read a row of the inventory; what was derived for readers is left out.

        Raises:
            Undecodable: it cannot be read.
        """
        found: Record = self._ours["record"].read(value)
        return found

    def decode_state(self, value: bytes | None) -> StateRow:
        """Read a row of state.

        Raises:
            Undecodable: it cannot be read.
        """
        found: StateRow = self._ours["state"].read(value)
        return found

    def decode_command(self, value: bytes | None) -> Command:
        """Read a command, as a store does.

        Raises:
            Undecodable: it cannot be read.
        """
        found: Command = self._ours["command"].read(value)
        return found

    def decode_finding(self, value: bytes | None) -> Finding:
        """Read a finding.

        Raises:
            Undecodable: it cannot be read.
        """
        found: Finding = self._ours["finding"].read(value)
        return found

    def decode_decision(self, value: bytes | None) -> Decision:
        """Read a decision.

        Raises:
            Undecodable: it cannot be read.
        """
        found: Decision = self._ours["decision"].read(value)
        return found

    def decode_quarantine(self, value: bytes | None) -> Quarantined:
        """Read the pointer to a message that could not be read.

        Raises:
            Undecodable: it cannot be read.
        """
        found: Quarantined = self._ours["quarantine"].read(value)
        return found

    def decode_measurement(self, value: bytes | None) -> Measurement:
        """Read one number of one shard.

        Raises:
            Undecodable: it cannot be read.
        """
        found: Measurement = self._ours["measurement"].read(value)
        return found

    def decode_mail(self, value: bytes | None) -> Mail:
        """Read what one record tells another.

        Raises:
            Undecodable: it cannot be read, or is nothing that records tell.
        """
        found: Mail = self._ours["lineage"].read(value)
        if found.what not in (ASK, TOLD, GONE):
            raise Undecodable("unknown_word", "`what` is not in the vocabulary")
        return found

    # -- what we write ----------------------------------------------------------------------------

    def encode_event(self, event: Event) -> bytes:
        """Write an ingestion event."""
        return self._write("event", event)

    def encode_envelope(self, envelope: Envelope) -> bytes:
        """Write a document in its envelope."""
        return self._write("document", envelope)

    def encode_receipt(self, receipt: Receipt) -> bytes:
        """Write a receipt, as a store does."""
        return self._write("receipt", receipt)

    def encode_record(self, record: Record, derived: Struct) -> bytes:
        """Write a row of the inventory, with what is derived for readers (`ledger.inventory`)."""
        return self._writers["record"].write((*astuple(record), *astuple(derived)))

    def encode_state(self, row: StateRow) -> bytes:
        """Write a row of state."""
        return self._write("state", row)

    def encode_command(self, command: Command) -> bytes:
        """Write a command to a store."""
        return self._write("command", command)

    def encode_finding(self, item: Finding) -> bytes:
        """Write a finding."""
        return self._write("finding", item)

    def encode_decision(self, item: Decision) -> bytes:
        """Write a decision."""
        return self._write("decision", item)

    def encode_quarantine(self, item: Quarantined) -> bytes:
        """Write the pointer to a message that could not be read."""
        return self._write("quarantine", item)

    def encode_measurement(self, item: Measurement) -> bytes:
        """Write one number of one shard."""
        return self._write("measurement", item)

    def encode_mail(self, item: Mail) -> bytes:
        """Write what one record tells another."""
        return self._write("lineage", item)

    def _write(self, name: str, value: Struct) -> bytes:
        fields = astuple(value)
        # A seal is put on last, by whoever has the key (`sealed`).
        return self._writers[name].write((*fields, None) if name in SEALED else fields)


class _Writer:
    """Writes values of one schema in single-object encoding."""

    def __init__(self, own: Schema) -> None:
        self._append = writer(own)
        self._header = SINGLE_OBJECT_MAGIC + own.fingerprint

    def write(self, fields: Sequence[Any]) -> bytes:
        out = bytearray(self._header)
        try:
            self._append(out, fields)
        except UnicodeEncodeError:
            # The chained error would carry the text.
            message = "a text holds half a surrogate pair, which UTF-8 cannot carry; remove it"
            raise InvalidInput(message) from None
        return bytes(out)


def _check_instant(field: str, instant: Instant) -> None:
    if not MIN_INSTANT <= instant <= MAX_INSTANT:
        raise Undecodable("impossible_date", f"`{field}` lies outside 1970..9999")
