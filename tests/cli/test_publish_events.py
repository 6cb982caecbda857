"""`retention publish event`: all lines or none, each checked first."""

import io
import json
import sys
from pathlib import Path

import pytest

from pipeline.settings import Settings
from pipeline.wire.codec import Codec
from tests.cli.conftest import Retention
from tests.cli.publishing import EVENT, on_topic, written


def test_events_reach_the_first_ingestion_topic(
    retention: Retention, ready: str, tmp_path: Path
) -> None:
    lines = [json.dumps(EVENT | {"event_id": f"e{n}", "record_id": f"r{n}"}) for n in range(5)]
    file = written(tmp_path, "events.jsonl", "\n".join(lines) + "\n\n")
    said = retention("publish", "event", file, "--broker", ready)
    assert said.code == 0, said.text
    assert "published 5 events" in said.text
    codec = Codec.from_settings(Settings(ready))
    found = [codec.decode_event(m.topic, m.value) for m in on_topic(ready, "ingestion.events")]
    assert sorted(item.record_id for item in found) == [f"r{n}" for n in range(5)]


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ("{not json", "JSON"),
        (json.dumps(EVENT | {"what": "exploded"}), "what"),
        (json.dumps(EVENT | {"happened_at": "2026-03-01T09:00:00"}), "happened_at"),
        (json.dumps(EVENT | {"surprise": 1}), "name has 8 bytes is unknown; known are event_id"),
        (json.dumps(EVENT | {"happened_at": "2026-02-30T09:00:00Z"}), "write e.g. 2026-03-01T"),
        ("[]", ""),
    ],
)
def test_one_bad_line_publishes_none_and_is_named_without_its_content(
    retention: Retention, ready: str, tmp_path: Path, broken: str, says: str
) -> None:
    file = written(tmp_path, "events.jsonl", f"{json.dumps(EVENT)}\n\n{broken}\n")
    said = retention("publish", "event", file, "--broker", ready)
    assert said.code == 2
    assert "events.jsonl:3:" in said.text
    assert says in said.text
    assert "secret-record" not in said.text
    assert on_topic(ready, "ingestion.events") == []


def test_a_line_separator_inside_a_text_ends_no_line(
    retention: Retention, ready: str, tmp_path: Path
) -> None:
    """JSON allows U+2028 and U+0085 in strings; only a newline ends a JSON line."""
    line = json.dumps(EVENT | {"source": "a\u2028b\u0085c"}, ensure_ascii=False)
    file = written(tmp_path, "events.jsonl", line + "\n")
    said = retention("publish", "event", file, "--broker", ready)
    assert said.code == 0, said.text


def test_events_may_come_from_standard_input(
    retention: Retention, ready: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = io.TextIOWrapper(io.BytesIO(json.dumps(EVENT).encode()), encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", data)
    assert retention("publish", "event", "-", "--broker", ready).code == 0
    assert len(on_topic(ready, "ingestion.events")) == 1


def test_without_the_ingestion_topic_events_are_refused(
    retention: Retention, url: str, tmp_path: Path
) -> None:
    file = written(tmp_path, "events.jsonl", json.dumps(EVENT))
    said = retention("publish", "event", file, "--broker", url)
    assert said.code == 2
    assert "ingestion.events does not exist" in said.text
