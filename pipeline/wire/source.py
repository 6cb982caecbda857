"""Python source that is written for one schema, and the function it defines.

A schema is known when the process starts and its messages are millions: a function whose every
field stands in one body does in half the time what a function a field does (`tests/wire/speed.py`).
Only our own .avsc files are written out, and of them only the structure: no name or text of a
schema becomes source, what the source needs of them it takes from `names`.
"""

import functools
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType
from typing import Any


class Source:
    """Lines of one function and the objects that they name."""

    def __init__(self, **names: Any) -> None:
        self.names = names
        self._lines: list[str] = []
        self._depth = 1
        self._counter = itertools.count()

    def add(self, *lines: str) -> None:
        """Add lines at the present depth."""
        self._lines += [f"{'    ' * self._depth}{line}" for line in lines]

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Add a line that begins a block; what is added inside belongs to it."""
        self.add(head)
        self._depth += 1
        yield
        self._depth -= 1

    def fresh(self) -> str:
        """Return a variable's name that was not used before."""
        return f"v{next(self._counter)}"

    def constant(self, value: Any) -> str:
        """Return a name by which the source reaches an object."""
        name = f"c{next(self._counter)}"
        self.names[name] = value
        return name

    def function(self, head: str, where: str) -> Callable[..., Any]:
        """Return the function.

        Args:
            head: its name and arguments, e.g. `read(data, at)`.
            where: what a traceback calls the source.
        """
        exec(_compiled("\n".join((f"def {head}:", *self._lines)), where), self.names)  # noqa: S102  # see the module: structure only, of our own schemas
        return self.names[head.partition("(")[0]]  # type: ignore[no-any-return]  # just defined


@functools.cache
def _compiled(text: str, where: str) -> CodeType:
    """Return the code: a runner sets up a stage many times in one process, always the same."""
    return compile(text, f"<{where}>", "exec")
