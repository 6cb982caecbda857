"""Which sentence of ours a failed job died of, found in what Beam makes of it."""

import pytest

from pipeline.jobs.ending import Ending, explained
from pipeline.jobs.last_words import reason_in

TRACEBACK = """Pipeline job-001 failed in state FAILED: bundle inst006 stage-009 failed:
  File "pipeline/transforms/own_rows.py", line 58, in _demand_superseded
    raise _corrupt(min(corrupt, key=lambda row: row.offset), len(corrupt))
pipeline.errors.{0}: {1}

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "apache_beam/runners/common.py", line 1512, in apache_beam.runners.common.DoFnRunner.process
pipeline.errors.{0}: {1} [while running 'Split history/ParDo(Split)']
"""
SENTENCE = "x.records/1 offset 0 cannot be read; see CorruptState in the README"


def test_the_sentence_is_found_without_what_surrounds_it() -> None:
    found = reason_in(TRACEBACK.format("CorruptState", SENTENCE))
    assert found is not None
    assert (found.name, found.sentence, found.fatal) == ("CorruptState", SENTENCE, True)


def test_what_a_restart_cannot_repair_comes_before_what_may_pass() -> None:
    away = TRACEBACK.format("BrokerUnavailable", "kafka://b:1: no answer from the broker")
    lost = TRACEBACK.format("LogTruncated", "e/0: position 3 lies outside 5..9")
    for text in (away + lost, lost + away):
        found = reason_in(text)
        assert found is not None
        assert found.name == "LogTruncated"


@pytest.mark.parametrize(
    "text", ["", "FINISHED", TRACEBACK.replace("pipeline.errors.", "builtins."), "CorruptState"]
)
def test_what_is_not_ours_explains_nothing(text: str) -> None:
    assert reason_in(text) is None


@pytest.mark.parametrize(
    ("name", "ending"),
    [
        ("CorruptState", Ending.REFUSED),
        ("LogTruncated", Ending.REFUSED),
        ("BrokerUnavailable", Ending.EXPLAINED),
        ("CorruptState_", Ending.EXPLAINED),
    ],
)
def test_a_job_says_why_it_ended_and_whether_a_restart_may_help(
    name: str, ending: Ending, capsys: pytest.CaptureFixture[str]
) -> None:
    assert explained(TRACEBACK.format(name, "what and what next")) == ending
    assert capsys.readouterr().out == "retention: what and what next\n"


def test_an_end_that_nobody_explained_is_a_failure() -> None:
    assert explained("FINISHED") == Ending.FAILED
