"""What a ledger has changed since its last chunk, and what it cannot take yet."""

from pipeline.documents import Envelope
from pipeline.events import Event
from pipeline.instants import Instant
from pipeline.ledger.ahead import is_ahead
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


def sorted_out(
    parked: list[Part], part: Part, *, now: Instant, ticked: bool, is_open: bool
) -> tuple[list[Part], list[Part]]:
    """Tell what can be applied from what must wait: for the gate, or for the time.

    Before the first tick nobody can tell whether an event that seems to lie ahead does; until it is
    applied, its delivery is not acknowledged.

    Args:
        parked: what waits.
        part: what arrived.
        now: the time as far as it is known.
        ticked: whether that is the present, not that of before a restart.
        is_open: whether anything can be applied.
    """
    arrived = [part] if part.events or part.receipts or part.mails or part.origins else []
    ready: list[Part] = []
    waiting: list[Part] = []
    for item in (*parked, *arrived):
        if not is_open or ticked:
            (ready if is_open else waiting).append(item)
            continue
        events: tuple[list[Event], list[Event]] = ([], [])
        for event in item.events:
            events[is_ahead(event, now)].append(event)
        if not events[1]:
            ready.append(item)
        elif not (events[0] or item.receipts or item.mails):
            waiting.append(item)
        else:
            ready.append(Part(events=tuple(events[0]), receipts=item.receipts, mails=item.mails))
            waiting.append(Part(events=tuple(events[1]), origins=item.origins))
    return ready, waiting
