"""How many deletions were let out, of each cause in each store, and which."""

from enum import Enum

from pipeline.commands import Command
from pipeline.findings import StateRow
from pipeline.governor.journal import Allowance
from pipeline.governor.waiting import Line
from pipeline.identifiers import Cause, StoreName
from pipeline.instants import DAY, Instant


class May(Enum):
    """Whether a deletion may go. STOP: nor may any behind it in its line."""

    GO = "go"
    HELD = "held"
    STOP = "stop"


class Allowances:
    """Counts by store, cause and UTC day.

    Attributes:
        counts: the count of each store and cause.
        left: ids that were counted, until when they may be sent again: they are not counted twice.
    """

    def __init__(self) -> None:
        self.counts: dict[tuple[StoreName, Cause], Allowance] = {}
        self.left: dict[str, Instant] = {}
        self._news: dict[str, Instant] = {}

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Allowances)
            and other.counts == self.counts
            and other.left == self.left
        )

    __hash__ = None  # type: ignore[assignment]

    def of(self, line: Line, now: Instant, approval: int) -> Allowance:
        """Return the count of a line on the day; a new day or approval begins anew."""
        found = self.counts.setdefault((line.store, line.cause), Allowance())
        today = now // DAY
        if found.day < today:
            found.day, found.granted = today, 0
        if approval > found.approval:
            found.approval, found.granted = approval, 0
        return found

    def note(self, command: Command) -> None:
        """Remember that a deletion was counted."""
        self.left[command.command_id] = self._news[command.command_id] = command.expires_at

    def sweep(self, now: Instant) -> None:
        """Forget what may not be obeyed any more."""
        self.left = {name: end for name, end in self.left.items() if end > now}

    def take(self, row: StateRow) -> None:
        """Take a count of a former run; of two the one with the higher version."""
        key = (StoreName(row.texts[0]), Cause(row.texts[1]))
        known = self.counts.get(key)
        if known is None or known.version < row.version:
            numbers = row.numbers
            self.counts[key] = Allowance(
                numbers["day"], numbers["granted"], numbers["approval"], row.version
            )

    def row(self, store: StoreName, cause: Cause, shard: int) -> StateRow:
        """Return a count for the next run, under a new version."""
        found = self.counts.setdefault((store, cause), Allowance())
        found.version += 1
        return StateRow(
            kind="governor",
            name=f"{store} {cause}",
            shard=shard,
            numbers={"day": found.day, "granted": found.granted, "approval": found.approval},
            texts=(store, cause),
            version=found.version,
        )

    def news(self) -> dict[str, Instant]:
        """Return which ids were counted since the last call."""
        news, self._news = self._news, {}
        return news
