"""Valid messages of every schema and framing, and of writers with schemas of their own."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import fastavro
from msgspec.structs import replace

from pipeline.documents import Envelope
from pipeline.identifiers import EventId, RecordId, SubjectId
from pipeline.settings import Settings
from pipeline.wire.codec import Codec
from pipeline.wire.schemas import Schema, schema
from tests.fuzz.mutate import MARK, PERSON
from tests.fuzz.tokens import Token, tokens
from tests.support.build import control, hold, notice, policy, request, rule
from tests.wire import values
from tests.wire.writers import EXTRA, FEWER, MORE

SINGLE, CONFLUENT, PLAIN, FOREIGN = "in.single", "in.confluent", "in.plain", "in.foreign"
"""Ingestion topics: one a framing, and one that is pinned to another writer's schema."""
PREFIX = "fuzz."
OWN = ("record", "state", "command", "finding", "decision", "quarantine", "measurement")


class Seed(NamedTuple):
    """A valid message: its topic, or the name of our schema where no stage decodes it."""

    topic: str
    message: tuple[Token, ...]
    envelope: Envelope | None = None


def settings(folder: Path) -> Settings:
    """Settings of a job that reads every framing; the map lies in the folder."""
    for number, writer in ((8, MORE), (9, FEWER)):
        (folder / f"{number}.avsc").write_text(json.dumps(writer.avro))
    (folder / "map.yaml").write_text("schemas: {7: event, 8: 8.avsc, 9: 9.avsc}\n")
    return Settings(
        f"sqlite://{folder}/log.db",
        prefix=PREFIX,
        events=(SINGLE, CONFLUENT, PLAIN, FOREIGN),
        formats=(f"{CONFLUENT}=confluent", f"{PLAIN}=plain", f"{FOREIGN}=plain:8"),
        schema_map=str(folder / "map.yaml"),
        shards=2,
        governors=1,
    )


def documents() -> list[Envelope]:
    """One document of each kind or more, with what must not be repeated in it."""
    rules = [rule(f"r{n}", limit="P30D", at_most=n * 10) for n in range(3)]
    return [
        policy(*rules),
        notice(stop=(1_000, 9_000_000), delete=(2_000, 99_000_000)),
        hold(records=(f"'{PERSON}'", "r2")),
        control("pause", "store:images"),
        request(subjects=(f"'{PERSON}'",)),
        request("access", more=f"records: ['{PERSON}']\n"),
    ]


def seeds() -> list[Seed]:
    """Every valid message there is."""
    codec = Codec.from_settings(Settings("sqlite:///x"))
    found = [*_events(codec), *_ours(codec)]
    for envelope in documents():
        message = _tokens(schema("document"), codec.encode_envelope(envelope))
        found.append(Seed(f"{PREFIX}{envelope.kind}", message, envelope))
    return found


def _events(codec: Codec) -> list[Seed]:
    [subject] = values.EVENT.subjects
    marked = replace(
        values.EVENT,
        event_id=EventId(f"{MARK}1"),
        record_id=RecordId(f"{MARK}2"),
        parents=(RecordId(f"{MARK}3"), RecordId(f"{MARK}4")),
        subjects=(replace(subject, subject_id=SubjectId(f"{MARK}5")), subject),
        source=MARK,
        recipients=(MARK,),
        natural_key_hash=MARK,
    )
    bare = replace(marked, subjects=(), parents=(), source=None, categories=())
    found = []
    for event in (marked, bare):
        encoded = codec.encode_event(event)
        own = _tokens(schema("event"), encoded)
        told = _said(schema("event"), encoded) | EXTRA
        found += [
            Seed(SINGLE, own),
            Seed(CONFLUENT, _framed(b"\x00\x00\x00\x00\x07", own)),
            Seed(PLAIN, own[1:]),
        ]
        for number, writer in ((8, MORE), (9, FEWER)):
            message = tuple(tokens(writer.avro, writer.named, told))
            single = Token("frame", b"\xc3\x01" + writer.fingerprint)
            found.append(Seed(SINGLE, (single, *message)))
            found.append(Seed(CONFLUENT, _framed(bytes([0, 0, 0, 0, number]), (single, *message))))
        found.append(Seed(FOREIGN, tuple(tokens(MORE.avro, MORE.named, told))))
    return found


def _ours(codec: Codec) -> list[Seed]:
    receipt = replace(values.RECEIPT, record_id=RecordId(MARK), detail=MARK)
    encoded = {
        f"{PREFIX}receipts": ("receipt", codec.encode_receipt(receipt)),
        f"{PREFIX}lineage": ("lineage", codec.encode_mail(values.MAIL)),
        "record": ("record", codec.encode_record(values.FULL_RECORD, values.DERIVED)),
        "state": ("state", codec.encode_state(values.STATE)),
        "command": ("command", codec.encode_command(values.COMMAND)),
        "finding": ("finding", codec.encode_finding(values.FINDING)),
        "decision": ("decision", codec.encode_decision(values.DECISION)),
        "quarantine": ("quarantine", codec.encode_quarantine(values.QUARANTINED)),
        "measurement": ("measurement", codec.encode_measurement(values.MEASUREMENT)),
    }
    return [Seed(topic, _tokens(schema(name), value)) for topic, (name, value) in encoded.items()]


def _framed(frame: bytes, message: tuple[Token, ...]) -> tuple[Token, ...]:
    return (Token("frame", frame), *message[1:])


def _tokens(own: Schema, encoded: bytes) -> tuple[Token, ...]:
    frame = Token("frame", encoded[:10])
    return (frame, *tokens(own.avro, own.named, _said(own, encoded)))


def _said(own: Schema, encoded: bytes) -> Any:
    return fastavro.schemaless_reader(BytesIO(encoded[10:]), own.avro, None)
