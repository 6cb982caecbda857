"""The checker: it reports every change that would break somebody, and no other."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.evolution.compatible import broken
from tests.evolution.frozen import freeze, frozen, versions

BASE: dict[str, Any] = {
    "type": "record",
    "name": "Thing",
    "fields": [
        {"name": "id", "type": "string"},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "count", "type": "long", "default": 0},
        {"name": "note", "type": ["null", "string"], "default": None},
        {
            "name": "parts",
            "default": [],
            "type": {
                "type": "array",
                "items": {
                    "type": "record",
                    "name": "Part",
                    "fields": [{"name": "name", "type": "string"}],
                },
            },
        },
        {"name": "main", "type": ["null", "Part"], "default": None},
    ],
}
Change = Callable[[dict[str, Any]], object]


def field(avro: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in avro["fields"] if one["name"] == name)


def part(avro: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = field(avro, "parts")["type"]["items"]
    return found


def changed(change: Change) -> dict[str, Any]:
    avro = copy.deepcopy(BASE)
    change(avro)
    return avro


HARMLESS: dict[str, Change] = {
    "nothing": lambda avro: None,
    "a field with a default": lambda avro: avro["fields"].append(
        {"name": "more", "type": ["null", "string"], "default": None}
    ),
    "a field with a default inside": lambda avro: part(avro)["fields"].insert(
        0, {"name": "size", "type": "long", "default": 0}
    ),
    "another order": lambda avro: avro["fields"].reverse(),
    "another explanation": lambda avro: field(avro, "id").update(doc="What it is called."),
}
HARMFUL: dict[str, tuple[Change, str]] = {
    "a field without default removed": (lambda avro: avro["fields"].pop(0), "id: was removed"),
    "a field with a default removed": (lambda avro: avro["fields"].pop(3), "note: was removed"),
    "a field without default added": (
        lambda avro: avro["fields"].append({"name": "more", "type": "string"}),
        "new readers: more: is not written and has no default",
    ),
    "a field renamed": (lambda avro: field(avro, "count").update(name="number"), "count: was"),
    "a field inside renamed": (
        lambda avro: part(avro)["fields"][0].update(name="title"),
        "parts.name: is not written",
    ),
    "a record renamed": (lambda avro: avro.update(name="Object"), "record Thing is not Object"),
    "a type narrowed": (
        lambda avro: field(avro, "count").update(type="int"),
        "new readers: count: long is not int",
    ),
    "a type widened": (
        lambda avro: field(avro, "count").update(type="double"),
        "old readers: count: double is not long",
    ),
    "a type replaced": (lambda avro: field(avro, "id").update(type="long"), "id: string is not"),
    "null no longer taken": (
        lambda avro: field(avro, "note").update(type="string", default=""),
        "new readers: note: null is not string",
    ),
    "null newly written": (
        lambda avro: field(avro, "id").update(type=["null", "string"]),
        "old readers: id: null is not string",
    ),
    "a branch newly written": (
        lambda avro: field(avro, "note").update(type=["null", "string", "long"]),
        "old readers: note: no branch for long",
    ),
    "a unit": (
        lambda avro: field(avro, "at").update(
            type={"type": "long", "logicalType": "timestamp-micros"}
        ),
        "at: timestamp-millis became timestamp-micros",
    ),
    "a unit dropped": (lambda avro: field(avro, "at").update(type="long"), "became None"),
    "a default": (lambda avro: field(avro, "count").update(default=1), "count: its default"),
    "a default dropped": (
        lambda avro: field(avro, "main").pop("default"),
        "main: its default was dropped",
    ),
    "an array made a map": (
        lambda avro: field(avro, "parts").update(type={"type": "map", "values": "string"}),
        "parts: array is not map",
    ),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_harms_nobody_is_not_reported(name: str) -> None:
    assert broken(BASE, changed(HARMLESS[name])) == []


@pytest.mark.parametrize("name", HARMFUL)
def test_what_would_break_somebody_is_reported(name: str) -> None:
    change, said = HARMFUL[name]
    found = broken(BASE, changed(change))
    assert any(said in one for one in found), found


def project(root: Path, changelog: str) -> Path:
    (root / "schemas").mkdir(exist_ok=True)
    (root / "pyproject.toml").write_text('[project]\nversion = "0.2.0"\n')
    (root / "CHANGELOG.md").write_text(changelog)
    (root / "schemas" / "thing.avsc").write_text(json.dumps(BASE))
    return root


def test_a_version_is_frozen_anew_until_it_is_released(tmp_path: Path) -> None:
    root = project(tmp_path, "## Unreleased\n")
    freeze(root)
    (root / "schemas" / "thing.avsc").write_text(json.dumps(BASE | {"doc": "More."}))
    freeze(root)
    assert versions(root) == ("0.2.0",)
    assert frozen("0.2.0", root)["thing"]["doc"] == "More."


def test_what_was_released_is_never_frozen_anew(tmp_path: Path) -> None:
    root = project(tmp_path, "## Unreleased\n\n## 0.2.0 - 2026-01-01\n")
    freeze(root)
    freeze(root)
    (root / "schemas" / "thing.avsc").write_text("{}")
    with pytest.raises(ValueError, match=r"0\.2\.0 was released with other schemas"):
        freeze(root)
    assert frozen("0.2.0", root) == {"thing": BASE}
