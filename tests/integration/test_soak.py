"""The short form of `make soak`, on each runner: everything that can be killed is killed once."""

from pathlib import Path

import pytest

from tests.integration.runners import RUNNERS
from tests.soak.kills import VICTIMS, run, spread
from tests.support.figures import tell

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1_200)]

MINUTES = 10
"""No further kill after that."""


@pytest.mark.parametrize("runner", RUNNERS)
def test_whatever_is_killed_changes_nothing(runner: str, tmp_path: Path) -> None:
    kills = len(VICTIMS)
    report = run(runner=runner, kills=kills, seed=3, folder=tmp_path, say=print, minutes=MINUTES)
    assert report.trouble == []
    assert report.survived == report.tried
    assert all(report.tried.values())
    assert report.verdict is not None
    assert report.verdict.wrong == []
    assert report.kept
    tell(f"recovery on {runner}, {report.tried}: median / most {spread(report.seconds())} s")
