"""`retention publish`: checked first, once only, never over another text."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.transports import open_broker
from tests.cli.conftest import Retention
from tests.cli.publishing import EVENT, envelopes, on_topic, written
from tests.support.build import policy_text

README = Path(__file__).parents[2] / "README.md"
HOLD = "hold: h1\nversion: {}\nstate: {}\nrecords: [r1]\nreason: litigation\n"
CONTROL = "control: all\nversion: {}\naction: {}\nreason: exercise\n"
NOTICE = """
notice: ico-1
version: 1
authority: GB-ICO
citation: {law: DPA 2018, article: s.149, url: "https://example.org/149"}
state: in_force
match: {residency: [GB]}
steps:
  - id: delete
    action: delete
    not_before: "2026-01-01T00:00:00Z"
    complete_by: "2026-06-01T00:00:00Z"
"""


@pytest.mark.parametrize(
    ("noun", "kind", "text"),
    [
        ("policy", "policies", policy_text()),
        ("notice", "notices", NOTICE),
        ("hold", "holds", HOLD.format(1, "active")),
        ("control", "controls", CONTROL.format(1, "pause")),
        (
            "control",
            "controls",
            CONTROL.format(1, "approve").replace("all", "document:holds/h@2:0a1b2c3d4e5f"),
        ),
    ],
)
def test_a_document_reaches_its_topic_as_it_was_written_and_only_once(
    retention: Retention, ready: str, tmp_path: Path, noun: str, kind: str, text: str
) -> None:
    file = written(tmp_path, "document.yaml", text)
    command = ("publish", noun, file, "--broker", ready, "--author", "counsel")
    said = retention(*command)
    assert said.code == 0, said.text
    assert f"version 1 to retention.{kind}" in said.text
    again = retention(*command)
    assert again.code == 0
    assert "already published" in again.text
    [envelope] = envelopes(ready, kind)
    assert (envelope.text, envelope.author, envelope.version) == (text, "counsel", 1)


def test_the_same_version_with_another_text_is_refused_and_the_next_number_is_named(
    retention: Retention, ready: str, tmp_path: Path
) -> None:
    file = written(tmp_path, "hold.yaml", HOLD.format(3, "active"))
    assert retention("publish", "hold", file, "--broker", ready).code == 0
    written(tmp_path, "hold.yaml", HOLD.format(3, "released"))
    said = retention("publish", "hold", file, "--broker", ready)
    assert said.code == 2
    assert "h1 version 3 is already published, another text" in said.text
    assert "version above 3" in said.text
    written(tmp_path, "hold.yaml", HOLD.format(2, "released"))
    assert retention("publish", "hold", file, "--broker", ready).code == 2
    assert len(envelopes(ready, "holds")) == 1
    written(tmp_path, "hold.yaml", HOLD.format(4, "released"))
    assert retention("publish", "hold", file, "--broker", ready).code == 0
    assert [item.version for item in envelopes(ready, "holds")] == [3, 4]


@pytest.mark.parametrize(
    ("noun", "newest", "late", "what"),
    [
        ("policy", policy_text(version=2), policy_text(), "acme version 2"),
        ("notice", NOTICE.replace("n: 1", "n: 2"), NOTICE, "ico-1 version 2"),
        ("hold", HOLD.format(3, "released"), HOLD.format(2, "active"), "h1 version 3"),
        ("control", CONTROL.format(2, "resume"), CONTROL.format(1, "pause"), "all version 2"),
    ],
)
@pytest.mark.parametrize("seen", [False, True])
def test_a_version_before_the_newest_would_do_nothing_and_is_refused(
    retention: Retention,
    ready: str,
    tmp_path: Path,
    noun: str,
    newest: str,
    late: str,
    what: str,
    seen: bool,
) -> None:
    """Whether it is on the topic already or not: nobody is to believe that it counts."""
    old, new = written(tmp_path, "old.yaml", late), written(tmp_path, "new.yaml", newest)
    published = [old, new] if seen else [new]
    assert retention("publish", noun, *published, "--broker", ready).code == 0

    said = retention("publish", noun, old, "--broker", ready)

    assert said.code == 2
    assert f"old.yaml: {what} is already published, a later version" in said.text
    assert f"give it a version above {what[-1]}" in said.text
    kind = {"policy": "policies"}.get(noun, f"{noun}s")
    texts = [file.read_text(encoding="utf-8") for file in published]
    assert [item.text for item in envelopes(ready, kind)] == texts
    assert retention("publish", noun, new, "--broker", ready).code == 0, "the newest is no news"


def test_versions_of_one_document_do_not_stand_in_the_way_of_another(
    retention: Retention, ready: str, tmp_path: Path
) -> None:
    for name, version in (("a", 9), ("b", 1)):
        file = written(tmp_path, "p.yaml", policy_text(name=name, version=version))
        assert retention("publish", "policy", file, "--broker", ready).code == 0
    assert len(envelopes(ready, "policies")) == 2


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("policy: acme\nversion: 1\n  bad indent: [\n", 3),
        (policy_text().replace("zone: UTC", "zone: Mars/Base"), 4),
        (policy_text() + "surprise: 1\n", None),
        (policy_text(default="P13X"), 5),
        ("policy: acme\nversion: 1\nzone: UTC\nrules: []\n", None),
    ],
)
def test_a_bad_policy_is_refused_with_file_and_line_and_nothing_is_published(
    retention: Retention, ready: str, tmp_path: Path, text: str, line: int | None
) -> None:
    file = written(tmp_path, "bad.yaml", text)
    said = retention("publish", "policy", file, "--broker", ready)
    assert said.code in (1, 2)
    assert f"bad.yaml:{line or ''}" in said.text
    assert "Traceback" not in said.text
    assert on_topic(ready, "retention.policies") == []


def test_a_document_of_another_kind_is_refused(
    retention: Retention, ready: str, tmp_path: Path
) -> None:
    file = written(tmp_path, "hold.yaml", HOLD.format(1, "active"))
    said = retention("publish", "policy", file, "--broker", ready)
    assert said.code in (1, 2)
    assert "holds" in said.text
    assert on_topic(ready, "retention.policies") == on_topic(ready, "retention.holds") == []


def test_a_file_that_is_missing_or_no_text_is_wrong_input(
    retention: Retention, ready: str, tmp_path: Path
) -> None:
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    for name in ("missing.yaml", "binary.yaml"):
        said = retention("publish", "policy", tmp_path / name, "--broker", ready)
        assert said.code == 2
        assert f"{name} cannot be read" in said.text


def test_without_its_topic_a_document_is_refused_with_the_remedy(
    retention: Retention, url: str, tmp_path: Path
) -> None:
    file = written(tmp_path, "hold.yaml", HOLD.format(1, "active"))
    said = retention("publish", "hold", file, "--broker", url)
    assert said.code == 2
    assert "retention topics create" in said.text
    said = retention("publish", "hold", file, "--broker", url, "--prefix", "x y")
    assert f"retention topics create --broker {url} --prefix 'x y'" in said.text


def test_of_several_documents_all_are_published_or_none(
    retention: Retention, ready: str, tmp_path: Path
) -> None:
    first = written(tmp_path, "a.yaml", HOLD.format(1, "active"))
    later = written(tmp_path, "b.yaml", HOLD.format(2, "released"))
    other = written(tmp_path, "c.yaml", HOLD.format(2, "active"))
    bad = written(tmp_path, "d.yaml", "hold: h1\n")
    for wrong in ((later, other), (first, bad), (first, tmp_path / "none.yaml"), (later, first)):
        said = retention("publish", "hold", *wrong, "--broker", ready)
        assert said.code in (1, 2)
        assert envelopes(ready, "holds") == [], wrong
    said = retention("publish", "hold", first, later, first, "--broker", ready)
    assert said.code == 2, "the first version would do nothing after the second"
    assert retention("publish", "hold", first, later, "--broker", ready).code == 0
    assert [item.version for item in envelopes(ready, "holds")] == [1, 2]


def test_events_are_not_published_to_a_topic_of_the_pipeline(
    retention: Retention, ready: str, tmp_path: Path
) -> None:
    file = written(tmp_path, "events.jsonl", json.dumps(EVENT))
    said = retention("publish", "event", file, "--broker", ready, "--events", "retention.records")
    assert said.code == 2
    assert on_topic(ready, "retention.records") == []


def test_a_foreign_message_on_a_control_topic_does_not_keep_a_pause_from_being_published(
    retention: Retention, ready: str, tmp_path: Path
) -> None:
    """Anybody may write rubbish there; the stop switch must work all the same."""
    with open_broker(ready) as broker:
        producer = broker.producer()
        producer.send("retention.controls", b"k", b"\x00rubbish")
        producer.close()
    file = written(tmp_path, "pause.yaml", CONTROL.format(1, "pause"))
    said = retention("publish", "control", file, "--broker", ready)
    assert said.code == 0, said.text
    assert len(on_topic(ready, "retention.controls")) == 2


@pytest.mark.parametrize("name", ["policy[red].yaml", "policy[/].yaml", "policy[bold].yaml"])
def test_an_error_is_printed_as_it_is_whatever_brackets_it_holds(
    retention: Retention, ready: str, tmp_path: Path, name: str
) -> None:
    said = retention("publish", "policy", tmp_path / "folder" / name, "--broker", ready)
    assert said.code == 2
    assert f"{name} cannot be read" in said.text


def test_the_manual_pauses_everything_in_one_line(
    retention: Retention, ready: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = README.read_text().splitlines()
    [at] = [number for number, line in enumerate(lines) if "printf 'control: all" in line]
    said = subprocess.check_output(["bash", "-c", lines[at].rstrip(" |")])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(said), encoding="utf-8"))
    words = lines[at + 1].split()
    assert words[0] == "retention"
    assert retention(*words[1:], "--broker", ready).code == 0
    [envelope] = envelopes(ready, "controls")
    assert (envelope.document_id, "action: pause" in envelope.text) == ("all", True)


# -- events ----------------------------------------------------------------------------------------
