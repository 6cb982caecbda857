"""The .avsc files: complete, explained, with the fields of their values; and their README."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest
import yaml

from pipeline.commands import Command
from pipeline.documents.envelope import Envelope
from pipeline.events import Event, Evidence, Subject
from pipeline.findings import Decision, Finding, Measurement, Quarantined, StateRow
from pipeline.ledger.inventory import Derived, RowTag
from pipeline.receipts import Receipt
from pipeline.records import Answer, Birth, Issued, Record
from pipeline.settings import Settings
from pipeline.wire.codec import Codec
from pipeline.wire.framing import SchemaIds
from pipeline.wire.inventories import Row, event_of
from pipeline.wire.plain_json import command_from_json, event_from_json, receipt_from_json
from pipeline.wire.schemas import SCHEMAS, schema
from pipeline.wire.sealed import SEALED

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "schemas"
README = (FOLDER / "README.md").read_text()
BLOCKS = re.findall(r"^```(\S+)(?: (\S+))?\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
WRITTEN_BY_OTHERS = ("event", "document", "receipt")


def raw(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.avsc").read_text())


def records(avro: Any) -> Iterator[Any]:
    """Every record in a schema, the outer one first."""
    if isinstance(avro, list):
        for branch in avro:
            yield from records(branch)
    elif isinstance(avro, dict):
        if avro["type"] == "record":
            yield avro
            for field in avro["fields"]:
                yield from records(field["type"])
        else:
            yield from records(avro.get("items", avro.get("values")))


def names(avro: Any) -> list[str]:
    return [field["name"] for field in avro["fields"]]


def test_there_is_a_file_for_every_schema_and_no_other() -> None:
    assert {path.stem for path in FOLDER.glob("*.avsc")} == set(SCHEMAS)


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_record_and_field_is_explained_in_prose(name: str) -> None:
    for record in records(raw(name)):
        for explained in (record, *record["fields"]):
            doc = explained.get("doc", "")
            assert len(doc.split()) >= 3, (record["name"], explained["name"])
            assert doc.endswith("."), (record["name"], explained["name"])


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_is_in_our_namespace_and_has_no_enum(name: str) -> None:
    assert raw(name)["namespace"] == "retention.v1"
    assert '"enum"' not in (FOLDER / f"{name}.avsc").read_text()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("event", Event),
        ("document", Envelope),
        ("receipt", Receipt),
        ("command", Command),
        ("state", StateRow),
        ("finding", Finding),
        ("decision", Decision),
        ("quarantine", Quarantined),
        ("measurement", Measurement),
    ],
)
def test_a_schema_has_the_fields_of_its_value_in_order(
    name: str, kind: type[msgspec.Struct]
) -> None:
    seal = ["seal"] if name in SEALED else []
    assert names(raw(name)) == [*kind.__struct_fields__, *seal]


@pytest.mark.parametrize("name", sorted(SEALED))
def test_a_seal_is_the_last_field_for_what_comes_before_it_is_signed(name: str) -> None:
    last = raw(name)["fields"][-1]
    assert (last["name"], last["type"], last["default"]) == ("seal", ["null", "string"], None)


def test_the_inventory_has_the_fields_of_a_record_and_what_is_derived_for_readers() -> None:
    derived = Derived.__struct_fields__
    assert names(raw("record")) == [*Record.__struct_fields__, *derived]
    for field in raw("record")["fields"][-len(derived) :]:
        assert field["doc"].startswith("For readers only"), field["name"]


def test_nested_records_have_the_fields_of_their_values_in_order() -> None:
    found = {record["name"]: names(record) for name in SCHEMAS for record in records(raw(name))}
    for kind in (Subject, Evidence, Birth, Issued, Answer):
        assert found[kind.__name__] == list(kind.__struct_fields__)
    assert found["Anchor"] == ["name", "at"]
    assert found["Tag"] == list(RowTag.__struct_fields__)


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_field_has_a_default_where_its_value_has_one(name: str) -> None:
    kinds: dict[str, type[msgspec.Struct]] = {
        "Event": Event,
        "Subject": Subject,
        "Document": Envelope,
        "Receipt": Receipt,
        "Command": Command,
        "Record": Record,
        "Issued": Issued,
        "State": StateRow,
        "Finding": Finding,
    }
    for record in records(raw(name)):
        kind = kinds.get(record["name"])
        if kind is None:
            continue
        fields = {item["name"]: item for item in record["fields"]}
        for value in msgspec.structs.fields(kind):
            assert ("default" in fields[value.name]) is not value.required, value.name


@pytest.mark.parametrize("name", WRITTEN_BY_OTHERS)
def test_what_others_write_keeps_its_required_fields(name: str) -> None:
    # Adding to these, or giving one a default, breaks a writer or a reader that is out there.
    required = {
        "event": ["event_id", "what", "happened_at", "record_id"],
        "document": ["kind", "document_id", "version", "text", "digest", "author"],
        "receipt": ["command_id", "record_id", "store", "status", "at"],
    }
    without = [field["name"] for field in raw(name)["fields"] if "default" not in field]
    assert without == required[name]


@pytest.mark.parametrize("name", SCHEMAS)
def test_instants_are_timestamps_in_milliseconds(name: str) -> None:
    suffixes = ("_at", "not_before", "complete_by", "data_until", "effective_from", "timestamp")
    for record in records(raw(name)):
        for field in record["fields"]:
            if field["name"] in ("at", "cut") or field["name"].endswith(suffixes):
                assert "timestamp-millis" in json.dumps(field["type"]), field["name"]


def test_logical_types_are_dropped_for_reading_but_remembered() -> None:
    event = schema("event")
    assert "logicalType" not in json.dumps(event.avro["fields"])
    assert event.units["subjects.evidence.observed_at"] == "timestamp-millis"


# -- schemas/README.md --------------------------------------------------------------------------


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_readme_names_every_schema(name: str) -> None:
    assert f"({name}.avsc)" in README


def test_every_block_of_the_readme_is_of_a_kind_that_is_tested_here() -> None:
    assert {(language, kind) for language, kind, _ in BLOCKS} == {
        ("yaml", "map"),
        ("yaml", "keyring"),
        ("json", "event"),
        ("json", "command"),
        ("json", "receipt"),
        ("json", "inventory"),
        ("python", ""),
        ("python", "verify"),
    }


def test_every_json_line_of_the_readme_can_be_encoded_and_read_back() -> None:
    codec = Codec.from_settings(Settings("sqlite:///x"))
    lines = [
        (kind, line)
        for language, kind, text in BLOCKS
        for line in text.splitlines()
        if language == "json"
    ]
    assert len(lines) == 9
    for kind, line in lines:
        if kind == "event":
            event = event_from_json(line)
            assert codec.decode_event("ingestion.events", codec.encode_event(event)) == event
        elif kind == "command":
            command = command_from_json(line)
            assert codec.decode_command(codec.encode_command(command)) == command
        elif kind == "inventory":
            row = Row(1, json.loads(line))
            at = "2026-01-01T00:00:00Z"
            taken = event_of(row, store="images", event_id="inventory:1", taken_at=at)
            assert codec.decode_event("ingestion.events", codec.encode_event(taken)) == taken
        else:
            receipt = receipt_from_json(line)
            assert codec.decode_receipt(codec.encode_receipt(receipt)) == receipt


def test_the_shipped_events_are_events() -> None:
    lines = (ROOT / "deploy" / "examples" / "events.jsonl").read_text().splitlines()
    assert [event_from_json(line).event_id for line in lines] == [f"e-{n:04}" for n in range(1, 7)]


def test_the_map_of_the_readme_loads(tmp_path: Path) -> None:
    text = next(text for _, kind, text in BLOCKS if kind == "map")
    assert list(yaml.safe_load(text)["schemas"]) == [7, 12]
    (tmp_path / "map.yaml").write_text(text)
    (tmp_path / "event.avsc").write_text((FOLDER / "event.avsc").read_text())
    ids = SchemaIds.load(tmp_path / "map.yaml")
    assert ids.by_id[7].fingerprint == ids.by_id[12].fingerprint


def test_the_producer_of_the_readme_sends_an_event_that_we_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[tuple[str, bytes, bytes]] = []

    class KafkaProducer:
        def __init__(self, **_: str) -> None:
            pass

        def send(self, topic: str, *, key: bytes, value: bytes) -> None:
            sent.append((topic, key, value))

        def flush(self) -> None:
            pass

    fake = ModuleType("kafka")
    monkeypatch.setattr(fake, "KafkaProducer", KafkaProducer, raising=False)
    monkeypatch.setitem(sys.modules, "kafka", fake)
    monkeypatch.chdir(ROOT)
    program = next(text for language, _, text in BLOCKS if language == "python")
    exec(compile(program, "schemas/README.md", "exec"), {})
    ((topic, key, value),) = sent
    event = Codec.from_settings(Settings("sqlite:///x")).decode_event(topic, value)
    assert (event.record_id.encode(), event.what) == (key, "created")
