"""A life of the job whose runner dies, or stalls, at its start ends so that another is started."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.jobs.ending import Ending
from pipeline.settings import to_json
from pipeline.stories.scene import Scene
from tests.jobs.test_prism import script, serving

ONCE = """
import os, sys
from pipeline.jobs import handover, once
handover.SUBMIT_SECONDS = 1
code = once.main(sys.argv[1:])
sys.stdout.flush()
os._exit(code)
"""


@pytest.mark.parametrize(("what", "said"), [("dead", "died"), ("silent", "stalled")])
def test_a_runner_that_does_not_take_the_job_fails_this_life(
    what: str, said: str, tmp_path: Path
) -> None:
    binary = serving(tmp_path) if what == "silent" else script(tmp_path / "prism", "kill -9 $$")
    scene = Scene(f"sqlite:///{tmp_path / 'log.db'}", "once.", shards=1)
    try:
        ran = subprocess.run(
            [sys.executable, "-c", ONCE, to_json(scene.settings())],
            env=os.environ | {"RETENTION_PRISM": str(binary)},
            capture_output=True,
            text=True,
            timeout=120,
        )
    finally:
        scene.close()
    assert ran.returncode == Ending.FAILED, ran.stdout + ran.stderr
    assert f"retention: the runner {said}" in ran.stdout
