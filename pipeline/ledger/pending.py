"""What a ledger has changed since its last chunk, and what it cannot take yet."""

from pipeline.documents import Envelope
from pipeline.ledger.parts import Part


class Pending:
    """What changed since the last chunk. `classes`: how many classes of records it had."""

    def __init__(self, classes: int = 0) -> None:
        self.history: list[bytes] = []
        self.records: list[bytes] = []
        self.envelopes: list[Envelope] = []
        self.parked: list[Part] = []
        self.findings: list[str] = []
        self.gate = False
        self.emptied = False
        self.clock = False
        self.classes = classes
        self.reviewing = False
        self.removed: dict[bytes, None] = {}

    def park(self, before: list[Part], after: list[Part]) -> None:
        """Note what waits now."""
        if after[: len(before)] == before:
            self.parked += after[len(before) :]
        else:
            self.emptied, self.parked = True, list(after)

    @property
    def changed(self) -> bool:
        """Whether anything besides records and the gate changed."""
        return bool(
            self.envelopes
            or self.parked
            or self.findings
            or self.emptied
            or self.clock
            or self.reviewing
            or self.removed
        )


def sorted_out(parked: list[Part], part: Part, *, is_open: bool) -> tuple[list[Part], list[Part]]:
    """Return what can be applied and what must wait: for the gate, and for the first tick.

    Before that the time is that of before a restart: nobody can tell whether an event that seems to
    lie ahead does, and a row would have an older version than those that a job which went back to a
    checkpoint wrote before. What waits is not acknowledged.

    Args:
        parked: what waits.
        part: what arrived.
        is_open: whether all history and the time are known.
    """
    arrived = [part] if part.events or part.receipts or part.mails or part.origins else []
    whole = [*parked, *arrived]
    return (whole, []) if is_open else ([], whole)
