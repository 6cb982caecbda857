"""`make demo` as a newcomer runs it: a process that ends by itself and checks its own story."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.testing.jobs import ROOT

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]


def demo(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pipeline.demo", "--folder", str(folder)],
        env=os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "100"} | environment,
        capture_output=True,
        text=True,
        timeout=700,
    )


def test_the_story_comes_out_as_it_should_and_leaves_a_report(tmp_path: Path) -> None:
    ran = demo(tmp_path)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "The story came out as it should." in ran.stdout
    assert "NO   " not in ran.stdout
    for line in (
        "yes  no deletion was commanded before its day (20,280 checked)",
        "yes  no deletion was commanded under the hold (220 checked)",
        "yes  what must be restricted was, for its cause, and nothing else (20,280 checked)",
        "yes  at the end no store keeps any record (20,280 checked)",
        "1,000 were overdue, of which 1,000 were settled later",
    ):
        assert line in ran.stdout
    assert "Traceback" not in ran.stderr
    events = re.search(r"([\d,]+) events and", ran.stdout)
    assert events is not None
    assert int(events.group(1).replace(",", "")) >= 20_000
    report = (tmp_path / "story" / "report.html").read_text()
    assert str(tmp_path / "story" / "report.html") in ran.stdout
    assert report.count("<svg") == 4
    assert "14 of 14" in report
    assert "gb-likely-0000" in report
    # Self-contained: nothing is fetched. What it links to is the law, and SVG's own names.
    assert not re.search(r"<(script|link|img|iframe)\b|@import|url\((?!#)", report)


def test_without_a_runner_the_demo_says_so_and_fails(tmp_path: Path) -> None:
    ran = demo(tmp_path, PRISM=str(tmp_path / "missing"))
    assert ran.returncode == 1
    assert "no Prism binary at" in ran.stdout
    assert "came out" not in ran.stdout
