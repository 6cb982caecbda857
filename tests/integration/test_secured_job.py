"""The job over TLS with the rights of its role alone, and where its secrets are not."""

import base64
import bz2
import contextlib
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import apache_beam as beam
import pytest

from pipeline.jobs.enforce import build
from pipeline.settings import to_json
from pipeline.stories.scene import Scene, wait_for
from pipeline.testing.flink import pipeline_proto
from pipeline.testing.jobs import FlinkRun, SupervisedJob
from pipeline.testing.ports import free_port
from pipeline.testing.secure_kafka import Way
from pipeline.transports.addresses import security_of
from tests.integration.runners import PLAIN
from tests.integration.secured import MARK, Roles
from tests.support.build import event, policy, rule

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

WAYS: tuple[Way, ...] = ("login", "certificate")
_ENCODED = re.compile(rb"[A-Za-z0-9+/]{40,}={0,2}")


@pytest.fixture
def scene(roles: Roles) -> Iterator[Scene]:
    made = roles.made(f"j{uuid4().hex[:8]}.")
    yield made
    made.close()


def commanded(scene: Scene) -> None:
    """Wait until an event has become a command, and the job's position is committed."""
    now = scene.now()
    scene.publish(policy(rule(limit="PT2S"), default="PT1H"))
    scene.happen([event("r1", at=now)])
    wait_for("the deletion is commanded", lambda: bool(scene.deletions()))
    scene.answer()
    wait_for("everything read is acknowledged", lambda: scene.lag() == 0)


def secrets(roles: Roles) -> tuple[bytes, ...]:
    """Return what must be nowhere: what every password has, and a line of each key."""
    keys = roles.kafka.secrets.rglob("*.key")
    return (MARK.encode(), *(key.read_bytes().splitlines()[1] for key in keys))


def layers(content: bytes) -> Iterator[bytes]:
    """Yield some bytes, and what is encoded and packed in them as Beam does it."""
    yield content
    for found in _ENCODED.findall(content):
        for offset in range(4):
            with contextlib.suppress(ValueError):
                decoded = base64.b64decode(found[offset:], validate=True)
                yield decoded
                for unpack in (bz2.decompress, zlib.decompress):
                    with contextlib.suppress(OSError, ValueError, zlib.error):
                        yield unpack(decoded)


def has(content: bytes, wanted: bytes) -> bool:
    """Whether something is in some bytes, in plain or packed."""
    return any(wanted in layer for layer in layers(content))


def test_the_pipeline_carries_the_name_of_the_file_and_no_secret(
    roles: Roles, scene: Scene
) -> None:
    for way in WAYS:
        url = roles.kafka.address("pipeline", way)
        settings = scene.settings(broker_url=url)
        pipeline = beam.Pipeline()
        build(pipeline, settings, scene.broker)
        proto = pipeline_proto(pipeline, free_port())
        name = (security_of(url) or "").encode()
        assert has(proto, name), "the search finds what is packed in there"
        for carried in (proto, to_json(settings).encode(), repr(settings).encode()):
            assert not [secret for secret in secrets(roles) if has(carried, secret)]


def test_the_job_runs_on_prism_over_a_login_and_logs_no_secret(
    roles: Roles, scene: Scene, capfd: pytest.CaptureFixture[str]
) -> None:
    url = roles.kafka.address("pipeline")
    with SupervisedJob(scene, "--broker", url, "--debug") as job:
        commanded(scene)
        assert job.stop() == 0
    logged = "".join(capfd.readouterr())
    assert "the job runs" in logged
    assert not [secret for secret in secrets(roles) if has(logged.encode(), secret)]


def test_the_job_runs_on_flink_over_a_certificate_and_keeps_no_secret(
    roles: Roles, scene: Scene, tmp_path: Path
) -> None:
    url = roles.kafka.address("pipeline", "certificate")
    with FlinkRun(scene, tmp_path, options=PLAIN, broker_url=url) as job:
        commanded(scene)
        count = job.completed_checkpoints()
        wait_for("another checkpoint", lambda: job.completed_checkpoints() > count)
        kept = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    checkpoints = [content for file, content in kept.items() if "checkpoints" in file.parts]
    assert any(scene.prefix.encode() in content for content in checkpoints), "state can be searched"
    assert {"jvm.log", "worker.log"} <= {file.name for file in kept}
    wanted = secrets(roles)
    assert not [file for file, content in kept.items() for secret in wanted if secret in content]
