"""What a ledger has changed since its last chunk, and what it cannot take yet."""

from pipeline.documents import Envelope
from pipeline.ledger.parts import Part
from pipeline.vocabulary import Happening

DELETED = Happening.DELETED.value


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
        )


def sorted_out(
    parked: list[Part], part: Part, *, time_known: bool, is_open: bool
) -> tuple[list[Part], list[Part]]:
    """Tell what can be applied from what must wait: for the gate, or for the time.

    Without the time nobody can tell whether a deletion is reported from the future.
    """
    arrived = [part] if part.events or part.receipts or part.origins else []
    ready: list[Part] = []
    waiting: list[Part] = []
    for item in (*parked, *arrived):
        reports = any(event.what == DELETED for event in item.events)
        (ready if is_open and (time_known or not reports) else waiting).append(item)
    return ready, waiting
