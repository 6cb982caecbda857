"""`retention findings`: listed, shown, resolved by somebody for a reason, open again."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from pipeline.vocabulary import FindingKind
from tests.cli.conftest import Retention
from tests.cli.topics import Topics

SECOND = 1_000


@pytest.fixture
def topics(ready: str) -> Iterator[Topics]:
    made = Topics(ready, 100 * SECOND)
    made.raise_(FindingKind.NO_RULE, "residency=GB", 100 * SECOND)
    made.raise_(FindingKind.OVERDUE, "c-1", 101 * SECOND)
    yield made
    made.broker.close()


def listed(retention: Retention, url: str, *options: str) -> list[Any]:
    said = retention("findings", "list", "--broker", url, "--json", *options)
    assert said.code == 0, said.text
    return [json.loads(line) for line in said.out.splitlines()]


def resolve(retention: Retention, url: str, finding_id: str, *options: str) -> Any:
    return retention(
        "findings", "resolve", finding_id, "--broker", url, "--author", "counsel",
        "--reason", "the rule was written", *options,
    )  # fmt: skip


def test_open_findings_are_listed_oldest_first(
    retention: Retention, ready: str, topics: Topics
) -> None:
    found = listed(retention, ready)
    assert [one["finding"]["kind"] for one in found] == ["NO_RULE", "OVERDUE"]
    said = retention("findings", "list", "--broker", ready)
    assert "2 open findings" in said.out
    for one in found:
        assert one["finding"]["finding_id"][:8] in said.out
        assert one["finding"]["subject"] in said.out


def test_they_are_listed_by_kind(retention: Retention, ready: str, topics: Topics) -> None:
    [only] = listed(retention, ready, "--kind", "OVERDUE")
    assert only["finding"]["subject"] == "c-1"
    said = retention("findings", "list", "--broker", ready, "--kind", "NONSENSE")
    assert said.code == 2
    assert "NO_RULE" in said.err


def test_one_is_shown_with_what_to_do(retention: Retention, ready: str, topics: Topics) -> None:
    [first, _] = listed(retention, ready)
    said = retention("findings", "show", first["finding"]["finding_id"][:8], "--broker", ready)
    assert said.code == 0
    for part in ("NO_RULE (warning), open", "residency=GB", "repair it"):
        assert part in said.out


def test_what_somebody_resolved_is_open_no_more_and_says_who_and_why(
    retention: Retention, ready: str, topics: Topics
) -> None:
    [first, _] = listed(retention, ready)
    name = first["finding"]["finding_id"]
    assert resolve(retention, ready, name[:8]).code == 0
    assert [one["finding"]["kind"] for one in listed(retention, ready)] == ["OVERDUE"]
    [done] = listed(retention, ready, "--resolved")
    assert done["resolution"]["author"] == "counsel"
    assert len(listed(retention, ready, "--all")) == 2
    said = retention("findings", "show", name, "--broker", ready)
    assert "by counsel: the rule was written" in said.out


def test_resolving_twice_publishes_once(retention: Retention, ready: str, topics: Topics) -> None:
    [first, _] = listed(retention, ready)
    name = first["finding"]["finding_id"]
    resolve(retention, ready, name)
    count = len(topics.read("retention.findings"))
    again = resolve(retention, ready, name, "--author", "somebody")
    assert again.code == 0
    assert "already resolved by counsel" in again.err
    assert len(topics.read("retention.findings")) == count


def test_raised_on_another_occasion_it_is_open_again(
    retention: Retention, ready: str, topics: Topics
) -> None:
    [first, _] = listed(retention, ready)
    resolve(retention, ready, first["finding"]["finding_id"])
    topics.raise_(FindingKind.NO_RULE, "residency=GB", 150 * SECOND)
    assert listed(retention, ready, "--kind", "NO_RULE") == [], "a restart repeats it"
    topics.raise_(FindingKind.NO_RULE, "residency=GB", 200 * SECOND, "acme 2")
    [case] = listed(retention, ready, "--kind", "NO_RULE")
    assert (case["is_open"], case["times"]) == (True, 2)
    assert "open again" in retention("findings", "list", "--broker", ready).out


def test_a_reason_must_be_given(retention: Retention, ready: str, topics: Topics) -> None:
    [first, _] = listed(retention, ready)
    name = first["finding"]["finding_id"]
    assert retention("findings", "resolve", name, "--broker", ready).code == 2
    empty = retention("findings", "resolve", name, "--broker", ready, "--reason", " ")
    assert empty.code == 2
    assert len(listed(retention, ready)) == 2


def test_an_unknown_id_resolves_nothing_at_all(
    retention: Retention, ready: str, topics: Topics
) -> None:
    [first, _] = listed(retention, ready)
    said = retention(
        "findings", "resolve", first["finding"]["finding_id"], "ffffffff-no", "--broker", ready,
        "--reason", "both",
    )  # fmt: skip
    assert said.code == 2
    assert len(listed(retention, ready)) == 2


def test_nothing_open_is_said(retention: Retention, ready: str) -> None:
    said = retention("findings", "list", "--broker", ready)
    assert (said.code, said.text) == (0, "0 open findings")


def test_what_a_job_before_resolutions_reads_is_still_a_finding(
    retention: Retention, ready: str, topics: Topics
) -> None:
    """A resolution travels in the schema of a finding: nobody must learn a new one."""
    [first, _] = listed(retention, ready)
    resolve(retention, ready, first["finding"]["finding_id"])
    newest = topics.read("retention.findings")[-1]
    item = topics.codec.decode_finding(newest.value)
    assert item.finding_id == first["finding"]["finding_id"]
    assert newest.key == b"residency=GB"
