"""Marked values go in through every field; nothing that is logged, told or kept repeats them.

Two marks: what identifies (opaque ids) may stand in the inventory, in commands and where a person
asks for it; everything else that a message may hold stays where it was written.
"""

import contextlib
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch
from uuid import uuid4

import msgspec
import pytest

from pipeline.documents import Envelope
from pipeline.documents.envelope import digest_of
from pipeline.events import Event, Evidence, Subject
from pipeline.identifiers import (
    CommandId,
    DocumentId,
    EventId,
    RecordId,
    StoreName,
    SubjectId,
)
from pipeline.instants import Instant
from pipeline.receipts import Receipt
from pipeline.stories.scene import Scene, wait_for
from pipeline.testing import flink
from pipeline.testing.flink import FlinkFailed
from pipeline.testing.jobs import FlinkRun, SupervisedJob
from pipeline.testing.kafka_broker import LocalKafka
from pipeline.testing.ports import LOOPBACK
from pipeline.testing.prometheus import LocalExporter
from tests.integration.runners import PLAIN
from tests.support.build import event, policy, request, rule

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

ID = "zqid9"
SAID = "zqpd9"
REPORTS = {
    "status": (ID, SAID),
    # A finding may be about one command, which it names by its opaque id.
    "findings list": (SAID,),
    "findings list --json": (SAID,),
    "quarantine list": (ID, SAID),
    "quarantine list --json": (ID, SAID),
    "requests list --json": (ID, SAID),
    # It names sources and recipients: GDPR art 30(1)(d) asks for them.
    "export ropa": (ID,),
}
"""What a person may ask for, and what must not stand in the answer."""


KEPT_OUT = (rf"{SAID}(?!-(?:source|recipient|hash)(?!{SAID}))", f"{ID}-(?:bad|cut)")
"""What must not stand in a checkpoint.

It is the ledger as the inventory has it, so that it holds each row: opaque ids, and of what was
taken the sources, the recipients and the hash of the natural key, which no other place may name
unasked. Nothing of a message that was not taken is in it.
"""


@pytest.fixture
def scene(kafka: LocalKafka) -> Iterator[Scene]:
    made = Scene(kafka.url, f"n{uuid4().hex[:8]}.", shards=4)
    yield made
    made.close()


def valid(number: int, at: Instant) -> Event:
    """An event with a mark in every field that takes more than a word of the vocabulary."""
    plain = event(f"{ID}-r{number}", at=at, event_id=f"{ID}-e{number}")
    return msgspec.structs.replace(
        plain,
        subjects=(Subject(SubjectId(f"{ID}-s{number}"), plain.subjects[0].evidence),),
        parents=(RecordId(f"{ID}-parent{number}"),),
        source=f"{SAID}-source",
        recipients=(f"{SAID}-recipient",),
        natural_key_hash=f"{SAID}-hash",
    )


def refused(at: Instant) -> list[Event]:
    """Events that are well written and cannot be taken: a mark where a word or a limit stands."""
    good = event(f"{ID}-bad", at=at)
    evidence = Evidence(f"{SAID}-signal", "GB", at)
    changes: list[dict[str, object]] = [
        {"what": f"{SAID}-what"},
        {"kind": f"{SAID}-kind"},
        {"purpose": f"{SAID}-purpose"},
        {"lawful_basis": f"{SAID}-basis"},
        {"categories": (f"{SAID}-category",)},
        {"stores": (StoreName(f"{SAID} store"),)},
        {"source": f"{SAID}-source" * 60},
        {"natural_key_hash": f"{SAID}-hash" * 60},
        {"recipients": (f"{SAID}-recipient" * 60,)},
        {"record_id": RecordId(f"retention:{SAID}")},
        {"event_id": EventId(f"inventory:{SAID}")},
        {"parents": (RecordId(f"{SAID}-parent" * 60),)},
        {"subjects": (Subject(SubjectId(f"{SAID}-subject" * 60), ()),)},
        {"subjects": (Subject(SubjectId(f"{SAID}-subject"), (evidence,)),)},
        {"subjects": (Subject(SubjectId(f"{ID}-s"), (Evidence("declared", f"{SAID}-land", at),)),)},
        {"happened_at": Instant(-(10**15))},
    ]
    return [msgspec.structs.replace(good, **change) for change in changes]


def broken(scene: Scene) -> list[bytes]:
    """Bytes that no schema explains, with a mark in them."""
    whole = scene.codec.encode_event(event(f"{ID}-cut", at=1_000))
    return [
        f"{SAID} Jane Doe, 1 Example Road".encode(),
        b"\x00" + SAID.encode(),
        whole[:-3] + SAID.encode(),
        whole + SAID.encode(),
        whole[:2] + SAID.encode() + whole[2:],
    ]


DOCUMENTS = (
    ("policies", f"policy: {SAID}\nversion: 1\nrules: [{{id: {SAID}, {SAID}: yes}}]\n"),
    ("holds", f"hold: h1\nversion: 1\n{SAID}: {SAID}\n"),
    ("notices", f"notice: [{SAID}\n"),
    ("requests", f"request: q\nversion: 1\nkind: {SAID}\nsubjects: [{SAID}]\n"),
    ("controls", f"control: {SAID}\naction: {SAID}\n"),
)


def publish(scene: Scene, now: Instant) -> int:
    """Publish everything; return how many messages cannot be taken."""
    scene.publish(policy(rule(limit="PT4S"), default="PT1H"))
    scene.publish(request(subjects=(f"{ID}-s1",), received=now))
    for topic, text in DOCUMENTS:
        name = DocumentId(f"{ID}-{topic}")
        envelope = Envelope(topic, name, 1, text, digest_of(text), "counsel")
        scene.producer.send(scene.topics.name(topic), b"key", scene.codec.encode_envelope(envelope))
    scene.happen(valid(number, now) for number in range(5))
    scene.happen(refused(now))
    for value in broken(scene):
        scene.send_raw(value)
    for status, command in (("COMPLETED", f"{ID}-unknown"), (f"{SAID}-status", f"{ID}-known")):
        scene.send_receipt(
            Receipt(
                CommandId(command),
                RecordId(f"{ID}-r0"),
                StoreName("images"),
                status,
                now,
                detail=f"{SAID}-detail",
            )
        )
    scene.producer.send(scene.topics.name("receipts"), b"key", f"{SAID} receipt".encode())
    scene.producer.flush()
    return len(refused(now)) + len(broken(scene)) + len(DOCUMENTS) + 2


def leaks(text: str, *marks: str) -> list[str]:
    """Return where a mark stands, with what stands around it."""
    return [
        text[max(0, found.start() - 60) : found.end() + 40]
        for found in re.finditer("|".join(marks or (ID, SAID)), text)
    ]


def in_checkpoint(content: bytes) -> list[str]:
    """Return what stands in a checkpoint and may not; nothing for a runner that keeps none."""
    if not content:
        return []
    text = content.decode(errors="replace")
    for row in range(5):
        assert f"{ID}-r{row}" in text, "the state of the ledger can be searched"
    return leaks(text, *KEPT_OUT)


def reported(scene: Scene, *verb: str) -> str:
    """Return what one verb prints."""
    where = ["--broker", scene.url, "--prefix", scene.prefix]
    if verb == ("status",):
        where += ["--events", scene.events_topic, "--group", scene.settings().group]
    command = [sys.executable, "-m", "pipeline", *verb, *where]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, (verb, answer.stderr)
    return answer.stdout + answer.stderr


def page(port: int, name: str) -> str:
    """Return the exporter's page once it says something of a metric."""
    pages: list[str] = []

    def there() -> bool:
        try:
            with urllib.request.urlopen(f"http://{LOOPBACK}:{port}/metrics", timeout=10) as answer:
                pages.append(answer.read().decode())
        except OSError:
            return False
        return name in pages[-1]

    wait_for(f"{name} on the page", there)
    return pages[-1]


class OnPrism:
    """The job as an operator runs it on Prism; its log is what it prints."""

    def __init__(self, scene: Scene, folder: Path) -> None:
        self._log = folder / "job.log"
        self.job = SupervisedJob(scene, log=self._log)

    def log(self) -> str:
        """Return all that it has said."""
        return self._log.read_text()

    def checkpoint(self) -> bytes:
        """Prism keeps none."""
        return b""

    def again(self) -> None:
        """Kill it and start it again."""
        self.job.kill_all()
        self.job.start()


class OnFlink:
    """The job on Flink; its log is what Flink, the pool and the workers print."""

    def __init__(self, scene: Scene, folder: Path) -> None:
        self._folder = folder / "flink"
        self.job = FlinkRun(scene, self._folder, options=PLAIN)

    def log(self) -> str:
        """Return all that they have said."""
        logs = (self._folder / "logs").glob("*")
        return "".join(path.read_text(errors="replace") for path in logs)

    def checkpoint(self) -> bytes:
        """Return all bytes of what checkpoints hold, one of which began after this was asked."""
        done = self.job.completed_checkpoints()
        wait_for("two more checkpoints", lambda: self.job.completed_checkpoints() > done + 1)
        found = []
        for file in (self._folder / "checkpoints").rglob("*"):
            with contextlib.suppress(OSError):  # a folder, or the next one does without the file
                found.append(file.read_bytes())
        return b"\0".join(found)

    def again(self) -> None:
        """Kill it and start it from nothing, without waiting until it runs: it may never."""
        self.job.kill_jvm()
        with patch.object(flink, "READY_SECONDS", 0.0), contextlib.suppress(FlinkFailed):
            self.job.restart(restore=False)


@pytest.fixture(params=[OnPrism, OnFlink])
def host(request: pytest.FixtureRequest, scene: Scene, tmp_path: Path) -> OnPrism | OnFlink:
    made: OnPrism | OnFlink = request.param(scene, tmp_path)
    return made


def test_logs_metrics_reasons_findings_reports_and_checkpoints_repeat_nothing_of_what_came_in(
    scene: Scene, host: OnPrism | OnFlink, tmp_path: Path
) -> None:
    unread = publish(scene, scene.now())
    leaked: dict[str, list[str]] = {}
    with host.job, LocalExporter(scene, tmp_path) as exporter:
        wait_for("what cannot be taken is set aside", lambda: len(scene.quarantined()) >= unread)
        wait_for("the deletions", lambda: len({c.record_id for c in scene.deletions()}) >= 5)
        wait_for("everything read is acknowledged", lambda: scene.lag() == 0)
        leaked["metrics"] = leaks(page(exporter.port, "retention_quarantined_messages{"))
        for verb, marks in REPORTS.items():
            leaked[verb] = leaks(reported(scene, *verb.split()), *marks)
        leaked["checkpoint"] = in_checkpoint(host.checkpoint())
        # A row that nobody can have written stops the job: what it says then is a log like others.
        scene.producer.send(scene.topics.name("records"), b"key", f"{SAID} row".encode())
        scene.producer.flush()
        host.again()
        wait_for("it says why it stops", lambda: "CorruptState" in host.log())
    leaked["log of the job"] = leaks(host.log())
    leaked["log of the exporter"] = leaks(exporter.log.read_text())
    for topic, marks in {"findings": (SAID,), "measurements": (ID, SAID)}.items():
        said = b"\n".join(scene.values(topic)).decode(errors="replace")
        leaked[topic] = leaks(said, *marks)
    quarantined = "".join(one.reason + one.detail for one in scene.quarantined())
    leaked["quarantine"] = leaks(quarantined)
    assert {where: found for where, found in leaked.items() if found} == {}
