"""`retention simulate`: what candidates would do, from topics alone; nothing is written."""

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from pipeline.documents import enveloped, named
from pipeline.instants import DAY, Instant, format_instant
from pipeline.records import applied
from tests.cli.conftest import Retention
from tests.cli.publishing import on_topic, written
from tests.cli.topics import Topics
from tests.support.build import control, event, hold, policy, policy_text, rule

BEGIN = 400 * DAY
IN_FORCE = policy(rule("a", "{residency: [GB]}", limit="PT960H"), default="PT9600H")
SHORTER = policy_text(rule("a", "{residency: [GB]}", limit="PT48H"), version=2, default="PT9600H")


@pytest.fixture
def topics(ready: str) -> Iterator[Topics]:
    made = Topics(ready, BEGIN)
    made.publish(IN_FORCE)
    for number in range(3):
        made.row(applied(None, event(f"r{number}", at=BEGIN)), IN_FORCE)
    yield made
    made.broker.close()


@pytest.fixture
def candidate(tmp_path: Path) -> Path:
    return written(tmp_path, "candidate.yaml", SHORTER)


def seen(retention: Retention, url: str, *options: object) -> dict[str, Any]:
    said = retention("simulate", "--broker", url, "--json", *options)
    assert said.code == 0, said.text
    content = json.loads(said.out)
    assert isinstance(content, dict)
    return content


def test_a_candidate_is_shown_beside_what_is_in_force(
    retention: Retention, ready: str, topics: Topics, candidate: Path
) -> None:
    found = seen(retention, ready, "--policy", candidate)
    assert found["changes"]["newly_due"] == 3
    assert found["lines"] == [
        {
            "store": "images",
            "cause": "policy:acme/a",
            "outcome": outcome,
            "in_force": before,
            "simulated": after,
        }
        for outcome, before, after in (("due", 0, 3), ("later", 3, 0))
    ]
    assert len(found["days"]) == 31
    assert found["days"][2]["simulated"] == 3


def test_the_id_binds_the_text_and_what_came_out(
    retention: Retention, ready: str, topics: Topics, candidate: Path
) -> None:
    found = seen(retention, ready, "--policy", candidate)
    text = named(enveloped("policies", SHORTER, "anybody"))
    assert found["candidates"] == [text]
    [name] = found.pop("ids")
    rest = json.dumps(found, sort_keys=True, separators=(",", ":"))
    assert name == f"{text}/{sha256(rest.encode()).hexdigest()[:12]}"
    said = retention("simulate", "--broker", ready, "--policy", candidate)
    assert f"id {name}" in said.text


def test_the_same_simulation_has_the_same_id_and_another_result_another(
    retention: Retention, ready: str, topics: Topics, candidate: Path
) -> None:
    def ids() -> list[str]:
        found: list[str] = seen(retention, ready, "--policy", candidate)["ids"]
        return found

    first = ids()
    assert ids() == first
    topics.row(applied(None, event("one-more", at=BEGIN)), IN_FORCE)
    [before], [after] = first, ids()
    assert before != after
    assert before.partition("/")[0] == after.partition("/")[0]


def test_policies_and_notices_have_ids_and_holds_have_none(
    retention: Retention, ready: str, topics: Topics, candidate: Path, tmp_path: Path
) -> None:
    ordered = served(BEGIN - DAY)
    files = ("--notice", written(tmp_path, "notice.yaml", ordered))
    more = ("--notice", written(tmp_path, "hold.yaml", hold(records=("r1",)).text))
    found = seen(retention, ready, "--policy", candidate, *files, *more)
    kinds = [name.partition("/")[0] for name in found["candidates"]]
    assert kinds == ["holds", "notices", "policies"]
    assert [name.rpartition("/")[0] for name in found["ids"]] == found["candidates"][1:]


def test_two_versions_of_one_document_are_refused(
    retention: Retention, ready: str, topics: Topics, candidate: Path, tmp_path: Path
) -> None:
    other = written(tmp_path, "other.yaml", SHORTER.replace("version: 2", "version: 3"))
    said = retention("simulate", "--broker", ready, "--policy", candidate, "--policy", other)
    assert (said.code, "policies/acme is named 2 times" in said.err) == (2, True), said.text


def test_what_another_person_approves_by_the_id_takes_effect(
    retention: Retention, ready: str, topics: Topics, candidate: Path, tmp_path: Path
) -> None:
    def waiting() -> list[str]:
        said = retention("status", "--broker", ready, "--json", "--approval", "simulations")
        found: list[str] = json.loads(said.out)["waiting"]
        return found

    def decide(text: str, name: str, action: str, author: str, version: int = 1) -> None:
        control = f"control: simulation:{name}\nversion: {version}\naction: {action}\nreason: r\n"
        file = written(tmp_path, "control.yaml", control)
        said = retention("publish", "control", file, "--broker", ready, "--author", author)
        assert said.code == 0, (text, said.text)

    [first] = seen(retention, ready, "--policy", written(tmp_path, "1.yaml", IN_FORCE.text))["ids"]
    decide("the first version", first, "approve", "grace")
    retention("publish", "policy", candidate, "--broker", ready, "--author", "ada")
    scope = f"simulation:{named(enveloped('policies', SHORTER, 'ada'))}"
    assert waiting() == [scope]
    screen = retention("status", "--broker", ready, "--approval", "simulations")
    assert f"awaited: {scope}" in screen.text
    [name] = seen(retention, ready, "--policy", candidate, "--approval", "simulations")["ids"]
    decide("by its author", name, "approve", "ada")
    assert waiting() == [scope]
    decide("by another person", name, "approve", "grace", version=2)
    assert waiting() == []
    found = seen(retention, ready, "--policy", candidate, "--approval", "simulations")
    assert found["changes"]["same"] == 3, "it is in force"
    decide("taken back", name, "withdraw", "grace", version=3)
    assert waiting() == [scope]


def test_the_screen_has_a_table_and_a_plot(
    retention: Retention, ready: str, topics: Topics, candidate: Path
) -> None:
    said = retention("simulate", "--broker", ready, "--policy", candidate)
    assert said.code == 0, said.text
    assert "3 newly due, 0 no longer due" in said.text
    assert "images policy:acme/a due 0 3 +3" in said.text
    assert "#" * 40 in said.out


@pytest.mark.parametrize(("name", "begins"), [("plot.png", b"\x89PNG"), ("plot.svg", b"<?xml")])
def test_it_is_drawn_into_a_file(
    retention: Retention,
    ready: str,
    topics: Topics,
    candidate: Path,
    tmp_path: Path,
    name: str,
    begins: bytes,
) -> None:
    image = tmp_path / name
    said = retention("simulate", "--broker", ready, "--policy", candidate, "--plot", image)
    assert said.code == 0, said.text
    drawn = image.read_bytes()
    assert drawn.startswith(begins)
    if name.endswith("svg"):
        for words in (b"policy:acme/a", b"simulated", b"deletions due a day", b"later"):
            assert words in drawn
    else:
        assert len(drawn) > 10_000


@pytest.mark.parametrize(
    ("name", "part"), [("plot.gif", ".png or .svg"), ("nowhere/plot.png", "cannot be written")]
)
def test_what_cannot_be_drawn_into_is_refused(
    retention: Retention,
    ready: str,
    topics: Topics,
    candidate: Path,
    tmp_path: Path,
    name: str,
    part: str,
) -> None:
    image = tmp_path / name
    said = retention("simulate", "--broker", ready, "--policy", candidate, "--plot", image)
    assert (said.code, part in said.err) == (2, True), said.text


def test_a_version_that_is_not_higher_and_not_yet_in_effect_is_simulated_all_the_same(
    retention: Retention, ready: str, topics: Topics, tmp_path: Path
) -> None:
    later = format_instant(Instant(BEGIN + DAY))
    text = SHORTER.replace("version: 2", f"version: 1\neffective_from: {later}")
    found = seen(retention, ready, "--policy", written(tmp_path, "same.yaml", text))
    assert found["changes"]["newly_due"] == 3


def test_a_hold_is_simulated(
    retention: Retention, ready: str, topics: Topics, tmp_path: Path
) -> None:
    file = written(tmp_path, "hold.yaml", hold(records=("r1",)).text)
    until = format_instant(Instant(BEGIN + 50 * DAY))[:10]
    found = seen(retention, ready, "--notice", file, "--until", until)
    assert found["changes"] == {
        "newly_due": 0,
        "no_longer_due": 1,
        "earlier": 0,
        "later": 0,
        "other_cause": 0,
        "same": 2,
    }


def served(at: int, more: str = "") -> str:
    """Return a notice that orders deletion within a month of its service."""
    return (
        "notice: fr-1\nversion: 1\nauthority: FR-CNIL\n"
        "citation: {law: GDPR, article: 58(2)(g), url: https://example.org/58}\n"
        f"served: {format_instant(Instant(at))}\nmatch: {{residency: [GB]}}\n{more}"
        "steps:\n  - {id: delete, action: delete, after: service, within: P1M}\n"
    )


def test_both_sides_are_of_the_same_instant(
    retention: Retention, ready: str, topics: Topics, tmp_path: Path
) -> None:
    """What a published notice will order is no doing of an unrelated candidate."""
    topics.publish(enveloped("notices", served(BEGIN + DAY), "counsel"))
    text = policy_text(rule("b", "{residency: [FR]}", limit="PT48H"), name="other", default="P9Y")
    later = f"effective_from: {format_instant(Instant(BEGIN + 20 * DAY))}\n"
    found = seen(retention, ready, "--policy", written(tmp_path, "other.yaml", text + later))
    assert found["changes"]["newly_due"] == 0
    assert found["changes_at"] == format_instant(Instant(BEGIN + DAY))


def test_what_is_not_simulated_is_said(
    retention: Retention, ready: str, topics: Topics, tmp_path: Path
) -> None:
    tomorrow = written(tmp_path, "tomorrow.yaml", served(BEGIN + DAY))
    said = retention("simulate", "--broker", ready, "--notice", tomorrow)
    assert "documents change by themselves at 1971-02-06T00:00:00Z" in said.text
    yesterday = written(tmp_path, "yesterday.yaml", served(BEGIN - DAY))
    found = seen(retention, ready, "--notice", yesterday)
    assert (found["changes"]["newly_due"], found["changes_at"]) == (3, None)


def test_nothing_is_written(
    retention: Retention, ready: str, topics: Topics, candidate: Path
) -> None:
    names = ("policies", "records", "findings", "decisions", "commands.images")
    before = {name: len(on_topic(ready, f"retention.{name}")) for name in names}
    seen(retention, ready, "--policy", candidate)
    assert {name: len(on_topic(ready, f"retention.{name}")) for name in names} == before


@pytest.mark.parametrize(
    ("text", "options", "what"),
    [
        (None, [], "name what is to be simulated"),
        (SHORTER, ["--until", "yesterday"], "is not an instant"),
        (SHORTER, ["--until", "1970-01-02"], "is not within 100 years"),
        (SHORTER.replace("PT48H", "never"), [], "`limit` is not finite"),
        (control("pause").text, [], "a control cannot be simulated"),
    ],
)
def test_wrong_input_is_refused(
    retention: Retention,
    ready: str,
    topics: Topics,
    tmp_path: Path,
    text: str | None,
    options: list[str],
    what: str,
) -> None:
    files = [] if text is None else ["--policy", str(written(tmp_path, "c.yaml", text))]
    said = retention("simulate", "--broker", ready, *files, *options)
    assert said.code == 2, said.text
    assert what in said.text


def test_no_record_is_named(
    retention: Retention, ready: str, topics: Topics, candidate: Path
) -> None:
    said = retention("simulate", "--broker", ready, "--policy", candidate)
    assert "r1" not in said.text.split()
