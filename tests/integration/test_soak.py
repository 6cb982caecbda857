"""The short form of `make soak`: the broker and the exporter are killed beside a job on Prism."""

from pathlib import Path

import pytest

from tests.soak.kills import run

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]


def test_a_killed_broker_and_a_killed_exporter_change_nothing(tmp_path: Path) -> None:
    victims = ("broker", "exporter")
    report = run(runner="prism", kills=2, seed=3, folder=tmp_path, say=print, victims=victims)
    assert report.trouble == []
    assert report.survived == report.tried
    assert report.verdict is not None
    assert report.verdict.wrong == []
    assert report.kept
