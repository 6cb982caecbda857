"""The summary on a terminal: no id is broken in the middle of a word, and what puzzles is said."""

import io

import pytest
from rich.console import Console

from pipeline.demo.checks import all_checks
from pipeline.demo.summary import MORE_RESTRICTIONS, print_summary
from tests.demo.test_checks import SMALL, good


@pytest.mark.parametrize("width", [80, 100, 160])
def test_ids_of_rules_are_not_broken_in_the_middle_of_a_word(width: int) -> None:
    outcome = good()
    console = Console(file=io.StringIO(), width=width)
    print_summary(console, SMALL, outcome, all_checks(SMALL, outcome))
    assert isinstance(console.file, io.StringIO)
    said = console.file.getvalue()
    words = set(said.split())
    causes = {item.command.cause for item in outcome.deliveries}
    assert any(len(cause) > 36 for cause in causes)
    for cause in causes:
        last = cause.rpartition("/")[2]
        assert {cause, last} & words, f"{cause} is broken at {width}"
    assert MORE_RESTRICTIONS in said
