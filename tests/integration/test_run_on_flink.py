"""`retention run --runner flink`, as an operator types it: submitted, run by Flink, cancelled."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from pipeline.jobs.prism import Prism, locate
from pipeline.stories.scene import Scene, wait_for
from pipeline.testing.flink import ROOT
from pipeline.testing.job_service import FlinkBehind, State
from pipeline.testing.jobs import SupervisedJob
from pipeline.testing.kafka_broker import LocalKafka
from pipeline.testing.ports import free_port
from tests.support.build import event, policy, rule

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]


@pytest.fixture
def scene(kafka: LocalKafka) -> Iterator[Scene]:
    made = Scene(kafka.url, f"f{uuid4().hex[:8]}.", shards=4)
    yield made
    made.close()


def options(endpoint: str, worker_port: int, storage: Path) -> list[str]:
    return [
        *("--runner", "flink", "--job-endpoint", endpoint, "--runner-version", "2.77.0"),
        *("--checkpoint-interval", "3", "--checkpoint-storage", storage.as_uri()),
        *("--parallelism", "2", "--worker-pool", f"127.0.0.1:{worker_port}"),
    ]


def test_it_submits_the_job_and_flink_deletes_what_is_due(scene: Scene, tmp_path: Path) -> None:
    now = scene.now()
    scene.publish(policy(rule(limit="PT8S"), default="PT1H"))
    scene.happen([event("due", at=now), event("kept", at=now, purpose="dpv:CustomerCare")])
    with FlinkBehind(tmp_path / "flink") as service:
        chosen = options(service.endpoint, free_port(), tmp_path / "flink" / "checkpoints")
        with SupervisedJob(scene, *chosen) as job:
            wait_for("Flink runs the job", lambda: service.states[-1] == State.RUNNING, seconds=300)
            wait_for("the record is commanded", lambda: len(scene.deletions()) >= 1)
            scene.answer()
            wait_for("everything read is acknowledged", lambda: scene.lag() == 0)
            wait_for("the record is deleted", lambda: sum(not r.alive for r in scene.newest()) == 1)
            flink = service.job
            assert flink is not None
            wait_for("a checkpoint is complete", lambda: flink.completed_checkpoints() > 0)
            assert job.stop() == 0
        assert service.calls == ["Prepare", "Run", "Cancel"]
        assert service.states[-1] == State.CANCELLED
        assert flink.latest_checkpoint() is not None, "checkpoints outlive a cancelled job"
    assert {command.record_id for command in scene.deletions()} == {"due"}
    assert all(c.issued_at >= c.not_before == now + 8_000 for c in scene.deletions())


def test_prisms_job_server_is_not_taken_for_flinks(scene: Scene, tmp_path: Path) -> None:
    """A real job server of Beam, of the wrong runner: it would drop every option of Flink's."""
    prism = Prism(locate())
    try:
        ran = subprocess.run(
            [
                *(sys.executable, "-m", "pipeline", "run", "--broker", scene.url),
                *("--prefix", scene.prefix, "--events", scene.events_topic),
                *options(f"localhost:{prism.port}", free_port(), tmp_path),
            ],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=240,
        )
    finally:
        prism.stop()
    assert ran.returncode == 5, ran.stdout + ran.stderr
    assert "it is not Beam's for Flink" in " ".join(ran.stderr.split())
