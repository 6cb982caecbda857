"""`retention run` before it runs: what is refused, in which order, and with which code."""

import sys
from pathlib import Path

import pytest

from pipeline.cli.main import _code
from pipeline.errors import (
    BrokerUnavailable,
    CorruptState,
    InvalidInput,
    LogTruncated,
    RunnerRefused,
)
from pipeline.settings import Settings
from tests.cli.conftest import Retention
from tests.support.build import policy_text


@pytest.fixture(autouse=True)
def prism(retention: Retention, monkeypatch: pytest.MonkeyPatch) -> None:
    """A binary that is found: what is tested here ends before it is started."""
    monkeypatch.setenv("PRISM", sys.executable)


def test_the_older_direct_runner_is_refused_with_the_reason(
    retention: Retention, ready: str, idle: list[Settings]
) -> None:
    said = retention("run", "--broker", ready, "--runner", "direct")
    assert said.code == 5
    assert "early" in said.text
    assert idle == []


def test_a_beam_below_the_floor_is_refused(
    retention: Retention, ready: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.jobs.prism.version", lambda _: "2.75.0")
    said = retention("run", "--broker", ready)
    assert said.code == 5
    assert "2.75.0 is below 2.76" in said.text


def test_a_missing_runner_binary_is_refused(
    retention: Retention, ready: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRISM", "/nowhere/prism")
    assert retention("run", "--broker", ready).code == 5


def test_missing_topics_are_all_named_with_the_remedy(
    retention: Retention, url: str, idle: list[Settings]
) -> None:
    said = retention("run", "--broker", url)
    assert said.code == 2
    for name in ("retention.records", "retention.policies", "ingestion.events"):
        assert name in said.text
    assert f"retention topics create --broker {url}" in said.text
    options = ("--prefix", "x.", "--events", "a", "--events", "b")
    said = retention("run", "--broker", url, *options)
    assert f"create --broker {url} --prefix x. --events a --events b" in said.text
    assert idle == []


def test_a_bad_policy_starts_nothing(
    retention: Retention, ready: str, tmp_path: Path, idle: list[Settings]
) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(policy_text().replace("default:", "defualt:"))
    said = retention("run", "--broker", ready, "--policy", file)
    assert said.code in (1, 2)
    assert "policy.yaml:" in said.text
    assert idle == []


def test_a_good_policy_is_published_and_the_settings_are_passed_on(
    retention: Retention, ready: str, tmp_path: Path, idle: list[Settings]
) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(policy_text())
    options = ("--shards", "7", "--group", "g", "--margin", "1.5")
    for expected in ("published acme version 1", "already published"):
        said = retention("run", "--broker", ready, "--policy", file, *options)
        assert said.code == 0, said.text
        assert expected in said.text
    assert (idle[0].shards, idle[0].group, idle[0].margin_ms) == (7, "g", 1_500)


@pytest.mark.parametrize(
    "option",
    [
        ("--shards", "0"),
        ("--shards", "many"),
        ("--shards", "100000000"),
        ("--margin", "-1"),
        ("--margin", "nan"),
        ("--margin", "inf"),
        ("--margin", "1e30"),
        ("--events", "retention.records"),
        ("--events", "retention.commands.images"),
    ],
)
def test_settings_that_cannot_work_are_wrong_input(
    retention: Retention, ready: str, idle: list[Settings], option: tuple[str, str]
) -> None:
    assert retention("run", "--broker", ready, *option).code == 2
    assert idle == []


def test_a_format_that_does_not_exist_is_refused_before_the_job_starts(
    retention: Retention, ready: str, idle: list[Settings]
) -> None:
    said = retention("run", "--broker", ready, "--format", "ingestion.events=carrier-pigeon")
    assert said.code == 2
    assert idle == []


def test_every_kind_of_error_has_the_code_that_the_manual_gives_it() -> None:
    assert _code(InvalidInput("")) == 2
    assert _code(BrokerUnavailable("")) == 3
    assert _code(RunnerRefused("")) == 5
    assert _code(LogTruncated("")) == _code(CorruptState("")) == 1


def test_no_verb_prints_the_help_and_an_unknown_one_is_wrong_use(retention: Retention) -> None:
    assert "publish" in retention().text
    assert retention("explode").code == 2
