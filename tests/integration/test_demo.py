"""`make demo` as a newcomer runs it: a process that ends by itself and checks its own story."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.commands import Command
from pipeline.identifiers import Cause, CommandId, EventId
from pipeline.instants import DAY, Instant
from pipeline.stories.stores import Delivery
from pipeline.testing.demo_story import Story, read_document, read_story
from pipeline.testing.demo_summary import Played, deletion_checks
from pipeline.testing.jobs import ROOT

pytestmark = [pytest.mark.integration, pytest.mark.timeout(200)]


def demo(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pipeline.testing.demo", "--folder", str(folder)],
        env=os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "100"} | environment,
        capture_output=True,
        text=True,
        timeout=150,
    )


def test_the_story_comes_out_as_it_should(tmp_path: Path) -> None:
    ran = demo(tmp_path)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "The story came out as it should." in ran.stdout
    assert "NO   " not in ran.stdout
    for line in (
        "yes  no deletion was commanded before its day (3,464 checked)",
        "yes  no deletion was commanded under the hold (80 checked)",
        "yes  at the end no store keeps any record (1,877 checked)",
        "60 commands were overdue, of which 60 were settled later.",
    ):
        assert line in ran.stdout
    assert "Traceback" not in ran.stderr


def test_without_a_runner_the_demo_says_so_and_fails(tmp_path: Path) -> None:
    ran = demo(tmp_path, PRISM=str(tmp_path / "missing"))
    assert ran.returncode == 1
    assert "no Prism binary at" in ran.stdout
    assert "came out" not in ran.stdout


def test_every_document_of_the_story_is_valid_and_every_group_has_a_cause_in_them() -> None:
    story = read_story()
    names = [story.policy, *(one.publish for one in story.happenings if one.publish is not None)]
    texts = [read_document(name, "counsel") for name in names]
    known = {(one.document_id, part) for one in texts for part in one.text.split()}
    for group in story.groups:
        document, step = group.cause.partition(":")[2].split("/")
        assert step == "default" or (document, step) in known


def first_deletion(story: Story, *, after: int, cause: str | None = None) -> Delivery:
    """A deletion of the first record of the first group, so long after it may be commanded."""
    group = story.groups[0]
    at = Instant(group.deleted_from + after)
    command = Command(
        command_id=CommandId("c"),
        kind="DELETE",
        store=group.stores[0],
        record_id=group.record_ids[0],
        generation=EventId("e"),
        cause=Cause(group.cause if cause is None else cause),
        cause_version=1,
        citation="",
        not_before=group.deleted_from,
        complete_by=at,
        data_until=at,
        expires_at=Instant(at + DAY),
        issued_at=at,
    )
    return Delivery(command, at)


@pytest.mark.parametrize(
    ("after", "cause", "wrong"),
    [
        (10 * DAY, None, set()),
        (-1, None, {"no deletion was commanded before its day"}),
        (
            10 * DAY,
            "policy:other/rule",
            {"each was commanded for the cause that the story expects"},
        ),
        (0, None, {"no deletion was commanded to the paused store"}),
    ],
)
def test_a_deletion_that_is_early_paused_or_for_another_cause_fails_the_checks(
    after: int, cause: str | None, wrong: set[str]
) -> None:
    story = read_story()
    published = {one.publish: one.at for one in story.happenings if one.publish is not None}
    if after == -1:
        # Before the pause, so that being early is all that is wrong.
        published["pause.yaml"] = published["resume.yaml"]
    deliveries = [first_deletion(story, after=after, cause=cause)]
    checks = deletion_checks(story, Played({}, published=published), deliveries)
    assert {check.says for check in checks if check.wrong} == wrong
