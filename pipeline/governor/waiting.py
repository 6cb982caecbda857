"""What waits at a governor: first in, first out, for each store and cause by itself."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pipeline.commands import Command
from pipeline.findings import Finding, finding
from pipeline.identifiers import Cause, StoreName
from pipeline.instants import DAY, Instant
from pipeline.vocabulary import DESTROYING, FindingKind


class Line(NamedTuple):
    """One line of those that wait.

    `deletes`: what is in it destroys data, the whole or fields of it. `again`: it has left before,
    and was counted.
    """

    store: StoreName
    cause: Cause
    deletes: bool
    again: bool = False


class Waiting:
    """Commands by line, and what of it changed since the last chunk of the journal."""

    def __init__(self) -> None:
        self.commands: dict[str, Command] = {}
        self._lines: dict[Line, OrderedDict[str, None]] = {}
        self._places: dict[str, Line] = {}
        self._came: dict[str, Command] = {}
        self._gone: dict[str, None] = {}

    def __len__(self) -> int:
        return len(self.commands)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Waiting) and other.commands == self.commands

    __hash__ = None  # type: ignore[assignment]

    def __contains__(self, name: str) -> bool:
        return name in self.commands

    def put(self, command: Command, *, again: bool) -> None:
        """Let a command wait; one that waits already keeps its place."""
        name = command.command_id
        self.commands[name] = self._came[name] = command
        self._gone.pop(name, None)
        if name not in self._places:
            deletes = command.kind in DESTROYING
            line = Line(command.store, command.cause, deletes, again)
            self._places[name] = line
            self._lines.setdefault(line, OrderedDict())[name] = None

    def drop(self, name: str) -> bool:
        """Let a command wait no more; return whether it did."""
        if self.commands.pop(name, None) is None:
            return False
        self._came.pop(name, None)
        self._gone[name] = None
        line = self._places.pop(name)
        names = self._lines[line]
        del names[name]
        if not names:
            del self._lines[line]
        return True

    def lines(self) -> list[Line]:
        """Return the lines in which something waits."""
        return list(self._lines)

    def line_of(self, name: str) -> Line:
        """Return where a command waits."""
        return self._places[name]

    def each(self, line: Line) -> Iterator[str]:
        """Yield the ids of a line, first in first; what is left in it goes to its end.

        Who stops early leaves the rest in place. It costs what is yielded, however many wait.
        """
        for _ in range(len(self._lines.get(line, ()))):
            names = self._lines.get(line)
            if names is None:
                return
            name = next(iter(names))
            yield name
            if name in names:
                names.move_to_end(name)

    def expired(self, now: Instant) -> list[str]:
        """Return what may not be obeyed any more."""
        return [name for name, command in self.commands.items() if is_void(command, now)]

    # -- the journal -------------------------------------------------------------------------------

    def changes(self) -> tuple[tuple[Command, ...], tuple[str, ...]]:
        """Return what came and what went since the last call."""
        found = tuple(self._came.values()), tuple(self._gone)
        self._came, self._gone = {}, {}
        return found

    def fold(self, came: Iterable[Command], gone: Iterable[str], left: Iterable[str]) -> None:
        """Take a chunk: what went, then what came. `left`: ids that have left before."""
        for name in gone:
            self.drop(name)
        known = frozenset(left)
        for command in came:
            self.put(command, again=command.command_id in known)
        self._came, self._gone = {}, {}


def is_void(command: Command, now: Instant) -> bool:
    """Whether a command may not be obeyed any more; a withdrawal always may."""
    return command.withdraws is None and command.expires_at <= now


def withheld(line: Line, why: str, remedy: str, now: Instant) -> Finding:
    """Word the finding about deletions that wait, one a day, store and cause."""
    return finding(
        FindingKind.WITHHELD,
        f"{line.store} {line.cause} day {now // DAY}",
        f"deletions in store {line.store} under {line.cause} are withheld {why}",
        f"check that they are right, then publish {remedy}",
        now,
    )
