"""`retention requests` and `retention publish request|receipt`, over a real log."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.instants import DAY, Instant, format_instant
from tests.cli.conftest import Retention
from tests.cli.topics import Topics
from tests.support.build import policy, request, rule

BEGIN = 400 * DAY


@pytest.fixture
def topics(ready: str) -> Iterator[Topics]:
    made = Topics(ready, BEGIN)
    made.publish(policy(rule(limit="P1Y"), default="P1Y"))
    yield made
    made.broker.close()


def listed(retention: Retention, url: str, *options: str) -> list[dict[str, Any]]:
    said = retention("requests", "list", "--broker", url, "--json", *options)
    assert said.code == 0, said.text
    return [json.loads(line) for line in said.out.splitlines()]


def test_open_requests_are_listed_by_deadline_and_never_whose_they_are(
    retention: Retention, ready: str, topics: Topics
) -> None:
    later = request("objection", "received", request_id="later", received=BEGIN)
    sooner = request(request_id="sooner", received=BEGIN - DAY, subjects=("jane-doe",))
    done = request(
        request_id="done",
        received=BEGIN - DAY,
        more=f'answered: "{format_instant(Instant(BEGIN))}"',
    )
    topics.publish(later, sooner, done)
    assert [one["request_id"] for one in listed(retention, ready)] == ["sooner", "later"]
    assert len(listed(retention, ready, "--all")) == 3
    said = retention("requests", "list", "--broker", ready)
    assert "2 open requests" in said.out
    assert "45 days left" in said.out
    assert "jane" not in said.text


def test_one_is_shown_with_its_time_and_a_passed_one_says_so(
    retention: Retention, ready: str, topics: Topics
) -> None:
    topics.publish(request(received=BEGIN - 60 * DAY))
    said = retention("requests", "show", "dsr-1", "--broker", ready)
    assert said.code == 0, said.text
    assert "erasure, accepted (UK GDPR art 17(1))" in said.out
    assert "(passed)" in said.out
    unknown = retention("requests", "show", "nobody", "--broker", ready)
    assert (unknown.code, "no request `nobody`" in unknown.err) == (2, True)


def test_access_is_listed_until_the_person_is_answered(
    retention: Retention, ready: str, topics: Topics
) -> None:
    topics.publish(request("access", received=BEGIN))
    assert [one["kind"] for one in listed(retention, ready)] == ["access"]
    told = f'answered: "{format_instant(Instant(BEGIN))}"'
    topics.publish(request("access", version=2, received=BEGIN, more=told))
    assert listed(retention, ready) == []


def test_a_request_is_published_from_its_file(
    retention: Retention, ready: str, topics: Topics, tmp_path: Path
) -> None:
    file = tmp_path / "request.yaml"
    file.write_text(request(received=BEGIN).text)
    said = retention("publish", "request", file, "--broker", ready, "--author", "counsel")
    assert said.code == 0, said.text
    assert [one["state"] for one in listed(retention, ready)] == ["accepted"]


def test_a_receipt_of_what_was_done_by_hand_is_published(
    retention: Retention, ready: str, topics: Topics, tmp_path: Path
) -> None:
    file = tmp_path / "receipts.jsonl"
    line = {
        "command_id": "c-1",
        "record_id": "r1",
        "store": "images",
        "status": "COMPLETED",
        "at": "2026-01-01T00:00:00Z",
    }
    file.write_text(json.dumps(line) + "\n")
    said = retention("publish", "receipt", file, "--broker", ready)
    assert (said.code, "published 1 receipt to" in said.err) == (0, True), said.text
    [message] = topics.read("retention.receipts")
    assert topics.codec.decode_receipt(message.value).status == "COMPLETED"
    file.write_text(json.dumps(line | {"status": "DONE"}) + "\n")
    wrong = retention("publish", "receipt", file, "--broker", ready)
    assert (wrong.code, "receipts.jsonl:1" in wrong.err) == (2, True)
    assert len(topics.read("retention.receipts")) == 1
