"""Every version of our schemas reads every other; producers and rows of other versions are read."""

import copy
import itertools
import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import fastavro
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import Undecodable
from pipeline.settings import Settings
from pipeline.wire import framing
from pipeline.wire.codec import Codec
from pipeline.wire.schemas import SCHEMAS, Schema, parsed, released, schema
from tests.evolution.compatible import broken
from tests.evolution.frozen import ROOT, frozen, versions
from tests.wire.avro import data_of, single_object, written
from tests.wire.values import COMMAND, DERIVED, EVENT, FULL_RECORD, RECEIPT, TOPIC

VERSIONS = versions()
NOW = {name: json.loads((ROOT / "schemas" / f"{name}.avsc").read_text()) for name in SCHEMAS}
EVERY = [(version, name) for version in VERSIONS for name in frozen(version)]


FIRST = set(
    "event document record state command receipt finding decision quarantine measurement lineage "
    "clock".split()
)
"""What the first version had: a file that is gone from its folder would be compared by nobody."""


def test_there_are_released_versions_and_none_of_their_schemas_is_gone() -> None:
    names = [FIRST, *(set(frozen(version)) for version in VERSIONS), set(SCHEMAS)]
    assert names[1] == FIRST
    for older, newer in itertools.pairwise(names):
        assert older <= newer


@pytest.mark.parametrize(("version", "name"), EVERY)
def test_the_schemas_of_today_and_of_a_released_version_read_each_other(
    version: str, name: str
) -> None:
    assert broken(frozen(version)[name], NOW[name]) == []


def test_released_versions_read_each_other() -> None:
    for older, newer in itertools.combinations(VERSIONS, 2):
        before, after = frozen(older), frozen(newer)
        for name in before:
            assert broken(before[name], after[name]) == [], (older, newer, name)


@pytest.mark.parametrize(("version", "name"), EVERY)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_fastavro_reads_either_with_the_other(version: str, name: str, data: st.DataObject) -> None:
    old, new = parsed(json.dumps(frozen(version)[name]), "old"), schema(name)
    for writer, reader in ((old, new), (new, old)):
        drawn = data.draw(data_of(writer.avro, dict(writer.named)))
        stream = BytesIO(written(writer, drawn))
        read: Any = fastavro.schemaless_reader(stream, writer.avro, reader.avro)
        assert stream.read() == b""
        assert set(read) == {field["name"] for field in reader.avro["fields"]}


def test_every_released_schema_is_known_to_the_decoder() -> None:
    known = framing.SchemaIds().by_fingerprint
    for version, name in EVERY:
        assert parsed(json.dumps(frozen(version)[name]), name).fingerprint in known
    assert len(released()) == len(EVERY)


# -- producers and rows of other versions ---------------------------------------------------------


def without(name: str, *fields: str) -> Schema:
    """A schema as it was before it got some fields; a dot leads into a record inside."""
    avro = copy.deepcopy(NOW[name])
    _drop(avro, set(fields), "")
    return parsed(json.dumps(avro), "older.avsc")


def _drop(avro: Any, fields: set[str], where: str) -> None:
    if isinstance(avro, list):
        for branch in avro:
            _drop(branch, fields, where)
    elif isinstance(avro, dict):
        for key in ("type", "items", "values"):
            _drop(avro.get(key), fields, where)
        if "fields" in avro:
            kept = [one for one in avro["fields"] if where + one["name"] not in fields]
            assert all("default" in one for one in avro["fields"] if one not in kept)
            avro["fields"] = kept
            for field in kept:
                _drop(field["type"], fields, f"{where}{field['name']}.")


def codec_that_released(monkeypatch: pytest.MonkeyPatch, *schemas: Schema) -> Codec:
    monkeypatch.setattr(framing, "released", lambda: schemas)
    return Codec.from_settings(Settings("sqlite:///x"))


def said(name: str, encoded: bytes) -> dict[str, Any]:
    """What an encoded value says, by field."""
    found: Any = fastavro.schemaless_reader(BytesIO(encoded[10:]), schema(name).avro, None)
    assert isinstance(found, dict)
    return found


OURS = Codec.from_settings(Settings("sqlite:///x"))
TOLD = said("event", OURS.encode_event(EVENT))
OLD = without("event", "natural_key_hash", "recipients", "collected_at")
OLDEST = without(
    *("event", "natural_key_hash", "recipients", "collected_at"),
    *("stores", "source", "subjects.evidence"),
)


def test_a_producer_two_versions_old_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    codec = codec_that_released(monkeypatch, OLDEST, OLD)
    was = msgspec.structs.replace(EVENT, recipients=(), collected_at=None, natural_key_hash=None)
    assert codec.decode_event(TOPIC, single_object(OLD, TOLD)) == was
    [subject] = EVENT.subjects
    bare = msgspec.structs.replace(subject, evidence=())
    first = msgspec.structs.replace(was, stores=(), source=None, subjects=(bare,))
    assert codec.decode_event(TOPIC, single_object(OLDEST, TOLD)) == first
    assert codec.decode_event(TOPIC, OURS.encode_event(EVENT)) == EVENT


def test_rows_commands_and_receipts_of_a_released_version_are_read_after_an_upgrade(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cases: list[tuple[str, Any, bytes, str, Callable[[Codec], Callable[[bytes], Any]]]] = [
        ("receipt", RECEIPT, OURS.encode_receipt(RECEIPT), "detail", lambda c: c.decode_receipt),
        ("command", COMMAND, OURS.encode_command(COMMAND), "recipient", lambda c: c.decode_command),
        (
            *("record", FULL_RECORD, OURS.encode_record(FULL_RECORD, DERIVED), "recipients"),
            lambda c: c.decode_record,
        ),
    ]
    for name, value, encoded, dropped, decode in cases:
        older = without(name, dropped)
        kinds = {field.name: field.default for field in msgspec.structs.fields(type(value))}
        wanted = msgspec.structs.replace(value, **{dropped: kinds[dropped]})
        row = single_object(older, said(name, encoded))
        with pytest.raises(Undecodable, match="unknown_schema"):
            decode(OURS)(row)
        assert decode(codec_that_released(monkeypatch, older))(row) == wanted


def ahead() -> dict[str, Any]:
    """Our event a version ahead: fields that we do not know, and a union that takes more."""
    avro = copy.deepcopy(NOW["event"])
    names = [field["name"] for field in avro["fields"]]
    avro["fields"][names.index("source")]["type"] = ["null", "string", "long"]
    inside = avro["fields"][names.index("subjects")]["type"]["items"]["fields"]
    inside.append({"name": "role", "type": ["null", "string", "double"], "default": None})
    avro["fields"].insert(2, {"name": "mood", "type": {"type": "map", "values": "long"}})
    return dict(avro)


@pytest.mark.parametrize("form", ["single-object", "confluent", "plain:9"])
def test_a_producer_a_version_ahead_is_read_by_the_schema_that_the_map_names(
    form: str, tmp_path: Path
) -> None:
    (tmp_path / "ahead.avsc").write_text(json.dumps(ahead()))
    (tmp_path / "map.yaml").write_text("schemas: {9: ahead.avsc}\n")
    codec = Codec.from_settings(
        Settings("x", formats=(f"{TOPIC}={form}",), schema_map=str(tmp_path / "map.yaml"))
    )
    newer = parsed(json.dumps(ahead()), "ahead.avsc")
    frame = {
        "single-object": b"\xc3\x01" + newer.fingerprint,
        "confluent": b"\x00\x00\x00\x00\x09",
        "plain:9": b"",
    }[form]
    subjects = [one | {"role": 0.5} for one in TOLD["subjects"]]
    told = TOLD | {"mood": {"a": 1}, "subjects": subjects}
    assert codec.decode_event(TOPIC, written(newer, told, frame)) == EVENT
    with pytest.raises(Undecodable, match="schema_mismatch"):
        codec.decode_event(TOPIC, written(newer, told | {"source": 7}, frame))


def test_a_producer_ahead_that_nobody_named_waits_in_quarantine() -> None:
    newer = parsed(json.dumps(ahead()), "ahead.avsc")
    with pytest.raises(Undecodable, match="unknown_schema"):
        OURS.decode_event(TOPIC, single_object(newer, TOLD | {"mood": {}}))
