"""README.md: every fenced block is executed by a test, or is one that no test can execute."""

import re
import subprocess

import pytest
from typer.main import get_command

from pipeline.cli.main import app
from tests.readme import README, ROOT, Block, blocks, executed, is_make


def test_every_block_is_what_somebody_types() -> None:
    assert blocks()
    for block in blocks():
        assert block.kind == "console"
        assert len(block.commands) == len(block.lines), "only commands: outputs would grow old"


def test_every_block_is_executed_or_only_calls_make() -> None:
    """Make sets up `.venv` and runs the tests themselves; what it runs is tested by itself."""
    made = [block for block in blocks() if is_make(block)]
    assert [block.commands for block in made] == [("make demo", "make test")]
    assert len(made) + len(executed()) == len(blocks())
    for block in executed():
        assert all(re.match(r"(retention|export) ", command) for command in block.commands)


@pytest.mark.parametrize(
    "target", [c.split()[1] for b in blocks() if is_make(b) for c in b.commands]
)
def test_what_make_is_told_is_a_target_and_expands(target: str) -> None:
    ran = subprocess.run(
        ["make", "--dry-run", "--always-make", target], cwd=ROOT, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    assert "python" in ran.stdout


def test_the_demo_of_make_is_the_one_that_is_tested() -> None:
    recipe = (ROOT / "Makefile").read_text()
    assert "-m pipeline.demo" in recipe
    assert '"-m", "pipeline.demo"' in (ROOT / "tests/integration/test_demo.py").read_text()


def verbs_of(text: str) -> set[str]:
    return {found.split()[1] for found in re.findall(r"retention [a-z-]+", text)}


def test_every_verb_is_named_in_the_readme() -> None:
    command = get_command(app)
    names = set(command.commands)  # type: ignore[attr-defined]  # a group
    assert names - verbs_of(README) == set()


def test_every_verb_that_a_block_uses_exists() -> None:
    command = get_command(app)
    names = set(command.commands)  # type: ignore[attr-defined]  # a group
    used = {c.split()[1] for b in executed() for c in b.commands if c.startswith("retention ")}
    assert used <= names


def test_every_file_that_the_readme_names_exists() -> None:
    named = set(re.findall(r"`((?:deploy|schemas|tests|pipeline)/[\w./-]+)`", README))
    named |= {
        word
        for block in executed()
        for command in block.commands
        for word in command.split()
        if word.startswith(("deploy/", "tests/", "schemas/"))
    }
    assert named
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_a_block_tells_its_commands_without_prompt_and_comment() -> None:
    block = Block("console", ("$ make demo     # four years", "$ retention run --x &"))
    assert block.commands == ("make demo", "retention run --x &")
