"""Foreign schemas that would turn a few bytes into much work are refused when they are loaded."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import InvalidInput
from pipeline.wire.schemas import SCHEMAS, load, parsed, schema


def record(*fields: Any, name: str = "Event") -> dict[str, Any]:
    named = [{"name": f"f{number}", "type": kind} for number, kind in enumerate(fields)]
    return {"type": "record", "name": name, "fields": named}


def array(items: Any) -> dict[str, Any]:
    return {"type": "array", "items": items}


def refusal(avro: Any) -> str:
    with pytest.raises(InvalidInput) as caught:
        parsed(json.dumps(avro), "photo.avsc")
    assert "photo.avsc" in str(caught.value)
    return str(caught.value)


def doubling(levels: int) -> dict[str, Any]:
    """Each level holds the one below twice: a billion types in a few lines."""
    inner: Any = record("null", name="R0")
    for level in range(1, levels):
        inner = record(inner, f"R{level - 1}", name=f"R{level}")
    return inner  # type: ignore[no-any-return]  # a record


@pytest.mark.parametrize(
    ("avro", "what"),
    [
        (record(["null", "Event"]), "contains itself"),
        (record(array("Event")), "contains itself"),
        (record({"type": "map", "values": ["null", "Event"]}), "contains itself"),
        (record(array("null")), "take no bytes"),
        (record(array(record(name="Nothing"))), "take no bytes"),
        (record(array(record("null", "null", name="Nulls"))), "take no bytes"),
        (record(array({"type": "fixed", "name": "F", "size": 0})), "take no bytes"),
        (record({"type": "map", "values": "null"}), "take no bytes"),
        (record({"type": "fixed", "name": "F", "size": 1 << 30}), "fixed type"),
        (record(*["string"] * 2_001), "more than 2000 types"),
        (doubling(20), "more than 2000 types"),
        (record({"type": "enum", "name": "E", "symbols": [f"S{n}" for n in range(65)]}), "symbols"),
        (record([]), "1 to 64 branches"),
        ("string", "not of a record"),
        ([record()], "not of a record"),
        (record("wrong"), "not an Avro schema"),
        ({"type": "record", "name": "Event"}, "not an Avro schema"),
        ({"type": "record", "fields": []}, "not an Avro schema"),
    ],
)
def test_a_schema_is_refused_with_its_name_and_the_reason(avro: Any, what: str) -> None:
    assert what in refusal(avro)


def test_a_schema_that_is_too_deep_is_refused() -> None:
    kind: Any = "string"
    for _ in range(40):
        kind = array(kind)
    assert "deeper than 32" in refusal(record(kind))


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "null"])
def test_text_that_is_no_schema_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"photo\.avsc is not"):
        parsed(text, "photo.avsc")


def test_a_type_used_twice_is_not_a_recursion() -> None:
    place = record("string", name="Place")
    assert parsed(json.dumps(record(place, "Place", array("Place"))), "x").short_name == "Event"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"gone\.avsc cannot be read"):
        load(tmp_path / "gone.avsc")


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "big.avsc").write_text(" " * (1 << 19))
    with pytest.raises(InvalidInput, match="larger than"):
        load(tmp_path / "big.avsc")


@pytest.mark.parametrize("name", SCHEMAS)
def test_our_own_schemas_pass_and_are_parsed_once(name: str) -> None:
    assert schema(name) is schema(name)
    assert len(schema(name).fingerprint) == 8


def test_an_unknown_name_of_ours_is_refused() -> None:
    with pytest.raises(InvalidInput, match="not one of our schemas"):
        schema("events")


def test_a_fingerprint_is_that_of_the_avro_specification() -> None:
    # The specification's own example, little-endian: CRC-64-AVRO of a record is not in it, so the
    # frame of a primitive is checked through fastavro's function, which `parsed` uses.
    from fastavro.schema import fingerprint

    assert fingerprint('"int"', "CRC-64-AVRO") == "8f5c393f1ad57572"
