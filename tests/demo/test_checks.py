"""The checks of the demo can fail: a story of two groups, right and then wrong in one thing."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from pipeline.commands import Command
from pipeline.demo.checks import EXPECTED_FINDINGS, all_checks
from pipeline.demo.outcome import Outcome
from pipeline.demo.report import write_report
from pipeline.demo.story import IMAGES, Story, read_document, read_story
from pipeline.findings import Finding
from pipeline.identifiers import Cause, CommandId, EventId, RecordId
from pipeline.instants import DAY, HOUR, Instant
from pipeline.receipts import Receipt
from pipeline.stories.stores import Delivery

STORY = read_story()
WHOLE = "no deletion was commanded before its day"


def small() -> Story:
    """Return the story with one record of each group."""
    happenings = tuple(
        msgspec.structs.replace(
            happening,
            collect=tuple(msgspec.structs.replace(group, count=1) for group in happening.collect),
        )
        for happening in STORY.happenings
    )
    return msgspec.structs.replace(STORY, happenings=happenings)


def command(kind: str, record_id: RecordId, cause: Cause, at: Instant) -> Delivery:
    group = SMALL.group_of[record_id]
    made = Command(
        command_id=CommandId(f"{kind} {record_id} {cause}"),
        kind=kind,
        store=group.store,
        record_id=record_id,
        generation=EventId("e"),
        cause=cause,
        cause_version=1,
        citation="",
        not_before=at,
        complete_by=Instant(at + DAY),
        data_until=at,
        expires_at=Instant(at + 30 * DAY),
        issued_at=at,
    )
    return Delivery(made, at)


def published() -> Mapping[str, Instant]:
    return {one.publish: one.at for one in SMALL.happenings if one.publish is not None}


def good() -> Outcome:
    """Return what must come of the small story."""
    deliveries = []
    window = (published()["pause.yaml"], published()["resume.yaml"])
    for name, group in SMALL.group_of.items():
        at = group.deleted_from
        if group.store == IMAGES and window[0] <= at < window[1]:
            at = window[1]
        deliveries.append(command("DELETE", name, group.cause, at))
        begin = Instant(min(at, DEADLINE) - HOUR)
        deliveries += [command("RESTRICT", name, cause, begin) for cause in group.restricted]
    late = deliveries[0].command
    receipts = []
    for delivery in deliveries:
        one = delivery.command
        answered = Instant(delivery.at + (2 * DAY if one is late else 1))
        receipt = Receipt(one.command_id, one.record_id, one.store, "COMPLETED", answered)
        receipts.append((answered, receipt))
    events = tuple(
        (happening.at, event)
        for happening in SMALL.happenings
        for group in happening.collect
        for event in group.events(group.first, happening.at)
    )
    findings = [
        Finding(
            kind,
            kind,
            late.command_id if kind == "OVERDUE" else "x",
            "",
            "",
            "error",
            late.issued_at,
        )
        for kind in sorted(EXPECTED_FINDINGS)
    ]
    return Outcome(
        events=events,
        poison=3,
        deliveries=tuple(sorted(deliveries, key=lambda item: item.at)),
        repeated=0,
        receipts=tuple(receipts),
        findings=tuple(findings),
        decisions={},
        quarantined=Counter(unknown_schema=3),
        kept={},
        published=published(),
        seconds=1.0,
        largest=(1, 1.0),
    )


SMALL = small()
DEADLINE = published()["notice.yaml"]


def failing(outcome: Outcome) -> set[str]:
    return {check.says for check in all_checks(SMALL, outcome) if not check.holds}


def changed(outcome: Outcome, record_id: str, kind: str, **changes: object) -> Outcome:
    """Change one command of one record, and when it was given with `at`."""
    deliveries = []
    for item in outcome.deliveries:
        found = item
        if (item.command.record_id, item.command.kind) == (record_id, kind):
            at = Instant(int(str(changes.get("at", item.at))))
            fields = {key: value for key, value in changes.items() if key != "at"}
            found = Delivery(msgspec.structs.replace(item.command, issued_at=at, **fields), at)
        deliveries.append(found)
    return replace(outcome, deliveries=tuple(deliveries))


def test_what_is_right_passes() -> None:
    assert failing(good()) == set()


def first(record_id: str) -> Instant:
    return SMALL.group_of[RecordId(record_id)].deleted_from


@pytest.mark.parametrize(
    ("record_id", "changes", "wrong"),
    [
        ("au-declared-0000", {"at": first("au-declared-0000") - 1}, {WHOLE}),
        ("au-declared-0000", {"at": first("au-declared-0000") + DAY}, {"none was commanded late"}),
        (
            "au-declared-0000",
            {"cause": "policy:face-search/default"},
            {"each was commanded for the cause that the law or policy gives"},
        ),
        (
            "fr-press-0000",
            {"at": first("fr-press-0000") - 1},
            {WHOLE, "no deletion was commanded under the hold"},
        ),
        (
            "gb-declared-0000",
            {"at": first("gb-declared-0000")},
            {"no deletion was commanded to the paused store"},
        ),
        (
            "au-declared-0000",
            {"expires_at": 1},
            {"each command says truly when it was issued, and none was void when it was given"},
        ),
    ],
)
def test_one_deletion_that_is_wrong_is_found(
    record_id: str, changes: dict[str, object], wrong: set[str]
) -> None:
    assert failing(changed(good(), record_id, "DELETE", **changes)) == wrong


def test_a_restriction_that_is_missing_or_for_nothing_is_found() -> None:
    says = {"what must be restricted was, for its cause, and nothing else"}
    outcome = good()
    without = tuple(
        item
        for item in outcome.deliveries
        if (item.command.record_id, item.command.kind) != ("fr-press-0000", "RESTRICT")
    )
    assert failing(replace(outcome, deliveries=without)) == says
    more = command("RESTRICT", RecordId("br-declared-0000"), Cause("hold:x"), DEADLINE)
    receipt = Receipt(more.command.command_id, more.command.record_id, IMAGES, "COMPLETED", more.at)
    with_more = replace(
        outcome,
        deliveries=(*outcome.deliveries, more),
        receipts=(*outcome.receipts, (more.at, receipt)),
    )
    assert failing(with_more) == says


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"kept": {IMAGES: 1}}, "at the end no store keeps any record"),
        ({"receipts": ()}, "every command was obeyed and settled"),
        (
            {"quarantined": Counter()},
            "unreadable messages are in quarantine, and the stream went on",
        ),
        (
            {"findings": ()},
            "a person was told of what a person must decide, and of nothing else",
        ),
    ],
)
def test_what_is_left_open_at_the_end_is_found(changes: dict[str, object], wrong: str) -> None:
    assert wrong in failing(replace(good(), **changes))  # type: ignore[arg-type]


def test_every_document_of_the_story_is_valid_and_every_group_has_a_cause_in_them() -> None:
    names = [STORY.policy, *(one.publish for one in STORY.happenings if one.publish is not None)]
    texts = [read_document(name, "counsel") for name in names]
    known = {(one.document_id, part) for one in texts for part in one.text.split()}
    for group in STORY.groups.values():
        for cause in (group.cause, *group.restricted):
            document, _, step = cause.partition(":")[2].partition("/")
            assert step in {"", "default"} or (document, step) in known


def test_the_report_stands_alone_and_shows_a_check_that_fails(tmp_path: Path) -> None:
    outcome = replace(good(), quarantined=Counter())
    page = write_report(tmp_path / "r.html", SMALL, outcome, all_checks(SMALL, outcome)).read_text()
    assert page.count("<svg") == 4
    assert "13 of 14" in page
    assert '<span class="no">NO</span>' in page
    # What is named besides is SVG's namespaces and what drew it; nothing is fetched.
    assert not re.search(r"<(script|link|img|iframe)\b|@import|url\((?!#)", page)
