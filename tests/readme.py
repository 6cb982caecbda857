"""The fenced blocks of README.md, or of another page."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


class Block(NamedTuple):
    """A fenced block: what its fence says, and its lines."""

    kind: str
    lines: tuple[str, ...]

    @property
    def commands(self) -> tuple[str, ...]:
        """What is typed: without the prompt and the comment."""
        return tuple(
            line.removeprefix("$ ").partition("  # ")[0].rstrip()
            for line in self.lines
            if line.startswith("$ ")
        )


def blocks(page: str = README) -> list[Block]:
    """Return the fenced blocks in order."""
    found = re.findall(r"^```([^\n]*)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    return [Block(kind, tuple(text.splitlines())) for kind, text in found]


def executed() -> list[Block]:
    """Return the blocks that `tests/integration/test_readme.py` executes."""
    return [block for block in blocks() if not is_make(block)]


def is_make(block: Block) -> bool:
    """Whether a block calls make: no test can run that, for it sets up and runs the tests."""
    return all(command.startswith("make ") for command in block.commands)
