"""What a ledger has changed since its last chunk, and the findings that it words itself."""

from pipeline.documents.envelope import Envelope
from pipeline.events import Event
from pipeline.findings import Finding, finding
from pipeline.identifiers import RecordId
from pipeline.instants import DAY, MIN_INSTANT, Instant
from pipeline.ledger.parts import Part
from pipeline.vocabulary import FindingKind, Happening


class Pending:
    """What changed since the last chunk."""

    def __init__(self) -> None:
        self.history: list[RecordId] = []
        self.records: list[RecordId] = []
        self.envelopes: list[Envelope] = []
        self.parked: list[Part] = []
        self.findings: list[str] = []
        self.gate = False
        self.opened = False
        self.clock = False

    @property
    def changed(self) -> bool:
        """Whether anything besides records and the gate changed."""
        return bool(self.envelopes or self.parked or self.findings or self.opened or self.clock)


def is_from_the_future(event: Event, now: Instant) -> bool:
    """Whether a deletion is reported by a clock far ahead: it would hide what comes until then."""
    return event.what == Happening.DELETED and now > MIN_INSTANT and event.happened_at > now + DAY


def from_the_future(event: Event, now: Instant) -> Finding:
    """Word the finding about a reported deletion that lies ahead of the broker's time."""
    return finding(
        FindingKind.FUTURE_EVENT,
        event.event_id,
        "a deletion is reported that happens more than a day from now; it is not believed",
        "set the producer's clock by NTP, then publish the event again",
        now,
    )


def gap_found(described: str, now: Instant) -> Finding:
    """Word the finding about a class of records that no rule decides."""
    return finding(
        FindingKind.NO_RULE,
        described,
        "no rule decides the limit of this class of records; the default limit applies",
        "write a rule for this residency, purpose and category",
        now,
    )
