"""Writers whose schema differs from ours, and readers of their messages."""

import json
from typing import Any

import pytest

from pipeline.errors import Undecodable
from pipeline.wire.framing import Format, Framed, SchemaIds
from pipeline.wire.makers import MAKERS
from pipeline.wire.schemas import Schema, parsed, schema
from tests.test_schemas import raw
from tests.wire.values import NOW

FULL = {
    "event_id": "e",
    "what": "created",
    "happened_at": NOW,
    "record_id": "r",
    "kind": "template",
    "parents": ["p"],
    "subjects": [
        {
            "subject_id": "s",
            "evidence": [{"signal": "declared", "territory": "GB", "observed_at": NOW}],
        }
    ],
    "purpose": None,
    "lawful_basis": None,
    "categories": [],
    "source": None,
    "stores": ["images"],
    "recipients": [],
    "collected_at": None,
    "natural_key_hash": None,
}


def variant(*, more: Any = (), without: Any = (), first: Any = ()) -> Schema:
    """Our event with other fields."""
    avro = raw("event")
    kept = [field for field in avro["fields"] if field["name"] not in without]
    avro["fields"] = [*first, *kept, *more]
    return parsed(json.dumps(avro), "variant.avsc")


MORE = variant(
    first=[{"name": "mood", "type": {"type": "enum", "name": "Mood", "symbols": ["A", "B"]}}],
    more=[
        {"name": "score", "type": ["null", "double", "string"], "default": None},
        {"name": "sure", "type": "boolean"},
        {"name": "tags", "type": {"type": "map", "values": "int"}, "default": {}},
        {"name": "crc", "type": {"type": "fixed", "name": "Crc", "size": 4}},
        {"name": "raw", "type": "bytes"},
        {"name": "weight", "type": "float"},
    ],
)
FEWER = variant(without=("natural_key_hash", "recipients", "collected_at", "subjects", "kind"))
EXTRA = {
    "mood": "B",
    "score": 1.5,
    "sure": True,
    "tags": {"a": 1},
    "crc": b"abcd",
    "raw": b"\x00",
    "weight": 0.5,
}


def framed(form: Format, *others: Schema) -> Framed:
    return Framed(schema("event"), MAKERS, form, SchemaIds(dict(enumerate(others, 7))))


def refusal(reader: Framed, value: bytes) -> str:
    with pytest.raises(Undecodable) as caught:
        reader.read(value)
    assert caught.value.__cause__ is None
    return caught.value.reason
