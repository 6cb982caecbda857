"""Nothing that a producer sent, or somebody typed, makes a terminal obey it."""

from collections.abc import Iterator

import pytest

from pipeline.cli.tables import visible
from pipeline.instants import DAY
from pipeline.records import applied
from pipeline.vocabulary import FindingKind
from tests.cli.conftest import Retention
from tests.cli.topics import Topics
from tests.support.build import control, event, policy

HOSTILE = "r1\x1b[31m[bold]\x07\u202eevil"
SHOWN = "r1\\x1b[31m[bold]\\x07\\u202eevil"


@pytest.fixture
def topics(ready: str) -> Iterator[Topics]:
    made = Topics(ready, 400 * DAY)
    made.publish(policy())
    made.row(applied(None, event(HOSTILE, at=400 * DAY, stores=(HOSTILE,))), policy())
    made.raise_(FindingKind.OVERDUE, HOSTILE)
    yield made
    made.broker.close()


@pytest.mark.parametrize(
    "verb",
    [
        ("explain", HOSTILE),
        ("explain", f"{HOSTILE}2"),
        ("findings", "list"),
        ("findings", "resolve", HOSTILE, "--reason", "x"),
        ("findings", "show", HOSTILE),
    ],
)
def test_ids_are_written_out(
    retention: Retention, ready: str, topics: Topics, verb: tuple[str, ...]
) -> None:
    said = retention(*verb, "--broker", ready)
    for found in (said.out, said.err):
        assert not {"\x1b", "\x07", "\u202e"} & set(found)
    assert SHOWN in said.text or "findings" in verb


def test_what_is_listed_is_written_out(retention: Retention, ready: str, topics: Topics) -> None:
    assert SHOWN in retention("findings", "list", "--broker", ready).out


def test_plain_text_stays_as_it_is_and_no_id_forges_a_line() -> None:
    assert visible("Zoë 日本") == "Zoë 日本"
    assert visible("one\n  must be gone by NEVER") == "one\\n  must be gone by NEVER"
    assert visible("one\ntwo", lines=True) == "one\ntwo"


@pytest.mark.parametrize("name", ["findings", "quarantine", "records", "measurements", "decisions"])
def test_one_message_that_cannot_be_read_keeps_nobody_from_an_answer(
    retention: Retention, ready: str, topics: Topics, name: str
) -> None:
    topics.send(f"retention.{name}", [("odd", b"nonsense")])
    for verb in (
        ("status",),
        ("explain", HOSTILE),
        ("findings", "list"),
        ("quarantine", "list"),
        ("export", "ropa"),
    ):
        said = retention(*verb, "--broker", ready)
        assert said.code == 0, said.text
        if verb == ("status",) and name != "decisions":
            assert f"retention.{name}/" in said.err
            assert "cannot be read" in said.err


def test_what_is_paused_is_on_the_screen(retention: Retention, ready: str, topics: Topics) -> None:
    topics.publish(control("pause"))
    assert "all by operator: exercise" in retention("status", "--broker", ready).text


def test_an_exporter_makes_no_log_at_a_mistyped_address(retention: Retention, url: str) -> None:
    said = retention("metrics", "--broker", f"{url}x")
    assert said.code == 2
    assert "there is no file" in said.text


def test_a_removal_under_a_key_that_is_no_text_keeps_nobody_from_an_answer(
    retention: Retention, ready: str, topics: Topics
) -> None:
    producer = topics.broker.producer()
    producer.send("retention.records", b"\xff\xfe", b"nonsense")
    producer.send("retention.records", b"\xff\xfe", None)
    producer.close()
    for verb in (("status",), ("export", "ropa")):
        assert retention(*verb, "--broker", ready).code == 0


@pytest.mark.parametrize("verb", [("explain", "\udcff"), ("status", "--prefix", "\udcff")])
def test_what_is_no_text_is_refused(
    retention: Retention, ready: str, topics: Topics, verb: tuple[str, ...]
) -> None:
    said = retention(*verb, "--broker", ready)
    assert said.code == 2
    assert "not UTF-8" in said.text


def test_a_mistyped_topic_is_refused(retention: Retention, ready: str, topics: Topics) -> None:
    said = retention("status", "--broker", ready, "--events", "nosuch")
    assert said.code == 2
    assert "topic nosuch does not exist" in said.text
