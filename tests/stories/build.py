"""A small scenario folder, and what may come of one, with everything irrelevant filled in."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.commands import Command
from pipeline.findings import Finding, Quarantined
from pipeline.identifiers import Cause, CommandId, EventId, RecordId, StoreName
from pipeline.instants import Instant, parse_instant
from pipeline.stories.stores import Delivery

AT = "2022-03-01T12:00:00Z"
UNTIL = "2022-05-01T00:00:00Z"
DUE = "2022-03-30T23:00:00Z"
README = f"---\nuntil: {UNTIL}\n---\n# A photo\n\nIt is deleted.\n"
POLICY = """policy: acme
version: 1
zone: Europe/London
default: {limit: P30D, citation: {law: UK GDPR, article: 5(1)(e), url: "https://example.org/5"}}
"""
EVENT: dict[str, Any] = {
    "event_id": "e-1",
    "what": "created",
    "happened_at": AT,
    "record_id": "photo-1",
    "stores": ["images"],
}
LINE: dict[str, Any] = {
    "kind": "DELETE",
    "record": "photo-1",
    "store": "images",
    "cause": "policy:acme/default",
    "not_before": DUE,
    "not_after": "2022-03-30T23:01:00Z",
}


def happening(topic: str, value: object, at: str = AT) -> dict[str, Any]:
    """Return one line of a timeline."""
    return {"at": at, "topic": topic, "value": value}


def lines(*values: Mapping[str, Any] | str) -> str:
    """Return a file of JSON lines; a text stands for itself."""
    return "".join(f"{v if isinstance(v, str) else json.dumps(v)}\n" for v in values)


def written(folder: Path, **files: str | None) -> Path:
    """Write a good scenario folder; named files are other than they would be, or missing (None).

    A file is named without its ending: `timeline="…"`.
    """
    contents: dict[str, str | None] = {
        "README.md": README,
        "policy.yaml": POLICY,
        "timeline.jsonl": lines(happening("events", EVENT)),
        "expected.jsonl": lines(LINE),
    }
    known = {name.partition(".")[0]: name for name in contents}
    contents |= {known.get(name, f"{name}.yaml"): text for name, text in files.items()}
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in contents.items():
        if text is not None:
            (folder / name).write_text(text, encoding="utf-8")
    return folder


def delivery(at: str = DUE, name: str = "c-1", **changes: str) -> Delivery:
    """Return a command as it lay in the log."""
    moment = parse_instant(at)
    said = {"kind": "DELETE", "record": "photo-1", "store": "images"} | changes
    command = Command(
        command_id=CommandId(name),
        kind=said["kind"],
        store=StoreName(said["store"]),
        record_id=RecordId(said["record"]),
        generation=EventId("e-1"),
        cause=Cause(said.get("cause", "policy:acme/default")),
        cause_version=1,
        citation="",
        not_before=moment,
        complete_by=moment,
        data_until=moment,
        expires_at=moment,
        issued_at=moment,
    )
    return Delivery(command, moment)


def found(kind: str, name: str = "f-1") -> Finding:
    """Return a finding."""
    return Finding(name, kind, "subject", "what", "remedy", "error", Instant(1))


def set_aside(reason: str) -> Quarantined:
    """Return a pointer in quarantine."""
    return Quarantined("events", 0, 0, Instant(1), reason, "detail", 1, Instant(1))
