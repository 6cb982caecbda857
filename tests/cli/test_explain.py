"""`retention explain`: what topics say of one record, for people and for programs."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from pipeline.identifiers import RecordId
from pipeline.instants import DAY, Instant, format_instant
from pipeline.receipts import Receipt
from pipeline.records import Record, applied
from pipeline.vocabulary import FindingKind
from tests.cli.conftest import Retention
from tests.cli.topics import Topics
from tests.support.build import event, hold, policy, rule

BEGIN = 400 * DAY
"""A log's clock begins after 1970: a row's version below a year is a count."""


@pytest.fixture
def topics(ready: str) -> Iterator[Topics]:
    made = Topics(ready, BEGIN)
    yield made
    made.broker.close()


def asked(retention: Retention, url: str, *options: object) -> dict[str, Any]:
    said = retention("explain", "r1", "--broker", url, "--json", *options)
    assert said.code in {0, 1}, said.text
    content = json.loads(said.out)
    assert isinstance(content, dict)
    return content


DOCUMENT = policy(rule("a", "{residency: [GB]}", limit="PT240H"))


def deleted(topics: Topics) -> None:
    """A record that was known, commanded ten days later, and answered; each row of its instant."""
    first = applied(None, event(at=BEGIN))
    topics.publish(DOCUMENT)
    topics.row(record_of(first, BEGIN), DOCUMENT)
    topics.row(applied(None, event("r2", at=BEGIN)), DOCUMENT)
    due_at = BEGIN + 10 * DAY
    topics.clock(due_at)
    due = topics.commanded(DOCUMENT, at=due_at, record=record_of(first, due_at))
    (command,) = due.commands
    topics.clock(due_at + DAY)
    topics.receipt(
        Receipt(
            command.command_id,
            RecordId("r1"),
            command.store,
            "COMPLETED",
            Instant(due_at + DAY),
            0,
            "Jane Doe's photo",
        )
    )
    topics.raise_(FindingKind.OVERDUE, command.command_id, due_at + 100)
    topics.raise_(FindingKind.OVERDUE, "somebody else's command", due_at + 100)


def record_of(record: Record, version: int) -> Record:
    return msgspec.structs.replace(record, version=version)


def test_the_story_of_a_record_comes_from_every_topic(
    retention: Retention, ready: str, topics: Topics
) -> None:
    deleted(topics)
    content = asked(retention, ready)
    assert [(one["what"], one["says"]) for one in content["timeline"]] == [
        ("collected", ""),
        ("decided", "DELETE"),
        ("commanded", "DELETE"),
        ("answered", "COMPLETED"),
        ("found", "OVERDUE"),
    ]
    assert content["documents"][0]["document_id"] == "acme"
    assert content["status"] == "DELETE_COMMANDED"


def test_at_an_earlier_instant_it_is_as_it_was_then(
    retention: Retention, ready: str, topics: Topics
) -> None:
    deleted(topics)
    topics.publish(hold(records=("r1",)))
    content = asked(retention, ready, "--at", format_instant(Instant(BEGIN + 5 * DAY)))
    assert (content["status"], content["lives"][0]["holds"]) == ("ACTIVE", [])
    assert content["lives"][0]["limit_at"] == format_instant(Instant(BEGIN + 10 * DAY))
    assert (len(content["timeline"]), content["later"], content["not_kept"]) == (1, 4, [])
    now = asked(retention, ready)
    assert now["lives"][0]["holds"] == ["h1"]


def test_what_compaction_removed_is_said_not_to_be_kept(
    retention: Retention, ready: str, topics: Topics
) -> None:
    deleted(topics)
    assert topics.broker.compact() > 0
    then = format_instant(Instant(BEGIN + 5 * DAY))
    content = asked(retention, ready, "--at", then)
    assert "is not kept" in content["not_kept"][0]
    assert content["facts_at"] == format_instant(Instant(BEGIN + 10 * DAY))
    said = retention("explain", "r1", "--broker", ready, "--at", then)
    assert "not kept: its row as it was then" in said.out


def test_nothing_personal_is_printed(retention: Retention, ready: str, topics: Topics) -> None:
    deleted(topics)
    said = retention("explain", "r1", "--broker", ready)
    said_json = retention("explain", "r1", "--broker", ready, "--json")
    for text in (said.text, said_json.text):
        assert "s-r1" not in text, "a subject id"
        assert "Jane" not in text, "what a store wrote in its receipt"
    assert "images answered COMPLETED, 0 remaining" in said.out


def test_a_record_that_is_not_known_has_exit_code_1(
    retention: Retention, ready: str, topics: Topics
) -> None:
    said = retention("explain", "nobody", "--broker", ready)
    assert said.code == 1
    assert "never heard of it" in said.out


def test_a_record_is_not_mistaken_for_another(
    retention: Retention, ready: str, topics: Topics
) -> None:
    deleted(topics)
    said = retention("explain", "r2", "--broker", ready)
    assert (said.code, "commanded" in said.out) == (0, False)


@pytest.mark.parametrize("at", ["yesterday", "2026-03-01T09:00:00"])
def test_an_instant_needs_a_zone(retention: Retention, ready: str, at: str) -> None:
    said = retention("explain", "r1", "--broker", ready, "--at", at)
    assert said.code == 2


def test_approvals_are_asked_for_where_the_job_has_asked(
    retention: Retention, ready: str, topics: Topics
) -> None:
    deleted(topics)
    topics.raise_(FindingKind.AWAITING_APPROVAL, "policies/acme@1:0123456789ab")
    without = retention("explain", "r1", "--broker", ready)
    assert "--approval policies" in without.err
    with_it = retention("explain", "r1", "--broker", ready, "--approval", "policies")
    assert "--approval" not in with_it.err
    assert "no limit: no policy is in force" in with_it.out
    assert "nobody else has approved it: policies/acme@1" in with_it.out


def test_approvals_of_simulations_are_asked_for_too(
    retention: Retention, ready: str, topics: Topics
) -> None:
    deleted(topics)
    topics.raise_(FindingKind.AWAITING_APPROVAL, "simulations/policies/acme@1:0123456789ab")
    without = retention("explain", "r1", "--broker", ready)
    assert "--approval simulations" in without.err
    with_it = retention("explain", "r1", "--broker", ready, "--approval", "simulations")
    assert "--approval" not in with_it.err
    assert "nobody else has approved a simulation of it: policies/acme@1" in with_it.out


def test_a_document_that_cannot_be_used_is_left_out_as_the_job_does(
    retention: Retention, ready: str, topics: Topics
) -> None:
    topics.send("retention.policies", [("k", b"\x00rubbish")])
    deleted(topics)
    assert asked(retention, ready)["documents"][0]["document_id"] == "acme"


def test_a_row_that_cannot_be_read_is_named_by_its_place(
    retention: Retention, ready: str, topics: Topics
) -> None:
    topics.send("retention.records", [("r1", b"\x00rubbish")])
    said = retention("explain", "r1", "--broker", ready)
    assert said.code == 1
    assert "retention.records/" in said.err
    assert "offset 0" in said.err


def test_without_topics_the_remedy_is_named(retention: Retention, url: str) -> None:
    said = retention("explain", "r1", "--broker", url)
    assert said.code == 2
    assert "retention topics create" in said.text


def test_an_instant_ahead_is_told_from_what_is_known_now(
    retention: Retention, ready: str, topics: Topics
) -> None:
    deleted(topics)
    said = retention("explain", "r1", "--broker", ready, "--at", "2999-01-01T00:00:00Z")
    assert said.code == 0
    assert "lies ahead" in said.err
    past = retention("explain", "r1", "--broker", ready, "--at", "1980-01-01T00:00:00Z")
    assert "lies ahead" not in past.err


def test_a_record_that_came_after_others_was_not_known_before(
    retention: Retention, ready: str, topics: Topics
) -> None:
    for n in range(40):  # in its partition too
        topics.row(applied(None, event(f"other{n}", at=BEGIN)), DOCUMENT)
    topics.clock(BEGIN + DAY)
    topics.row(record_of(applied(None, event(at=BEGIN + DAY)), BEGIN + DAY), DOCUMENT)
    before = asked(retention, ready, "--at", format_instant(Instant(BEGIN + DAY - 1)))
    assert (before["status"], before["lives"]) == ("NOT_KNOWN", [])
    assert "not known yet" in before["not_kept"][0]
    place = {m.key: (m.partition, m.offset) for m in topics.read("retention.records")}
    assert place[b"r1"][1] > 0, "others lie before it"
