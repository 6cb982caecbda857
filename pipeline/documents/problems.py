"""What is wrong with a document, where, and what to do: collected, then said all at once.

`Notes` collects while a document is read; `InvalidDocument` carries what was found.
"""

import re
from collections.abc import Callable
from typing import Literal, TypeVar

import msgspec

from pipeline.documents.reading import Node, Path, line_of, written_path
from pipeline.errors import InvalidInput, RetentionError

T = TypeVar("T")

_QUOTED = re.compile(r"`[^`]*`")

Severity = Literal["error", "warning"]

MAX_PROBLEMS = 200
"""More are counted, not told: nobody reads on, and a hostile text could have 100,000."""


class Problem(msgspec.Struct, frozen=True):
    """One thing wrong with a document.

    Attributes:
        file: the file's name, or what stands for it.
        line: from 1.
        where: the path of keys, e.g. `rules[0].limit`; empty for the whole document.
        what: what is wrong. Never a record or subject id.
        remedy: what to do.
        severity: an `error` refuses the document, a `warning` does not.
        name: of an opinion, e.g. `shadowed-rule`; empty for errors.
    """

    file: str
    line: int
    where: str
    what: str
    remedy: str
    severity: Severity = "error"
    name: str = ""

    def __str__(self) -> str:
        """Write as `file:line: what (remedy)`."""
        return f"{self.file}:{self.line}: {self.what} ({self.remedy})"


class InvalidDocument(RetentionError):
    """A document is refused; the message lists every problem, one a line.

    What was in force stays in force. Operator action: repair the lines named and publish again.
    """

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        """Take all problems found, warnings included."""
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems

    @property
    def without_quotes(self) -> str:
        """The message without what it quotes of the text, which may name anybody: one line each."""
        return "\n".join(
            f"{one.file}:{one.line}: {_QUOTED.sub('`…`', one.what)}" for one in self.problems
        )

    def __reduce__(self) -> "tuple[type[InvalidDocument], tuple[tuple[Problem, ...]]]":
        """Pickle the problems; the default would pass the message."""
        return (type(self), (self.problems,))


class Notes:
    """Collects the problems of one document while it is read."""

    def __init__(self, file: str, root: Node) -> None:
        self.file = file
        self.root = root
        self.problems: list[Problem] = []
        self.untold = 0

    @property
    def is_full(self) -> bool:
        """Whether further problems are only counted: no remedy is worth finding for them."""
        return len(self.problems) >= MAX_PROBLEMS

    def add(
        self,
        path: Path,
        *,
        what: str,
        remedy: str,
        severity: Severity = "error",
        name: str = "",
        line: int | None = None,
    ) -> None:
        """Note a problem at a path, on its line or that of the nearest part that is there."""
        if self.is_full:
            self.untold += 1
            return
        at = line_of(self.root, path) if line is None else line
        where = written_path(path)
        self.problems.append(Problem(self.file, at, where, what, remedy, severity, name))

    def line(self, path: Path) -> int:
        """Return the line of a path, for messages that name two."""
        return line_of(self.root, path)

    def attempt(self, path: Path, read: Callable[[str], T], text: str) -> T | None:
        """Read a value; note the reader's own words and return None when it refuses."""
        try:
            return read(text)
        except InvalidInput as error:
            self.add_refusal(path, error)
            return None

    def add_refusal(self, path: Path, error: InvalidInput) -> None:
        """Note what a reader refused: its sentences end in `; ` and the remedy."""
        what, _, remedy = str(error).partition("; ")
        key = next((part for part in reversed(path) if isinstance(part, str)), "")
        self.add(path, what=f"`{key}`: {what}", remedy=remedy or "correct the value")

    def add_repeated_ids(self, ids: list[str], key: str) -> None:
        """Note every id that was used before in the list under a key, with both lines."""
        first: dict[str, int] = {}
        for at, name in enumerate(ids):
            before = first.setdefault(name, at)
            if before != at:
                path = (key, at, "id")
                lines = f"lines {self.line((key, before, 'id'))} and {self.line(path)}"
                what = f"the id `{name}` is used twice in `{key}`, at {lines}"
                self.add(
                    path, what=what, remedy="give each its own id; commands are named after it"
                )

    def in_order(self) -> tuple[Problem, ...]:
        """Return the problems by line, each once, and how many more there are."""
        told = sorted(dict.fromkeys(self.problems), key=lambda problem: problem.line)
        if self.untold:
            what = f"{self.untold} more problems are not shown"
            last, remedy = told[-1], "repair these first"
            told.append(Problem(self.file, last.line, "", what, remedy, last.severity))
        return tuple(told)
