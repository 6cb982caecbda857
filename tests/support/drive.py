"""Drives a ledger without Beam: ticks, wakes as timers would fire them, and what came out."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from pipeline.commands import Command
from pipeline.documents import Envelope
from pipeline.events import Event
from pipeline.findings import Finding
from pipeline.identifiers import RecordId
from pipeline.instants import MIN_INSTANT, Instant
from pipeline.ledger.book import Ledger
from pipeline.ledger.digest import Digest
from pipeline.ledger.folding import folded, take_chunk
from pipeline.ledger.journal import decode_chunks, encode_chunk
from pipeline.ledger.outcome import Outcome
from pipeline.ledger.parts import Part, decode_part, encode_part
from pipeline.ledger.unanswered import open_commands
from pipeline.receipts import Receipt
from pipeline.records import Mail


@dataclass
class Drive:
    """One ledger and everything it emitted. Every part goes through its wire form and journal.

    `posts`: whether what its records tell each other is delivered at once.
    """

    awaited: dict[str, int] = field(default_factory=dict)
    commands: list[Command] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    rows: int = 0
    acknowledged: int = 0
    time: Instant = MIN_INSTANT
    journal: list[bytes] = field(default_factory=list)
    removed: list[RecordId] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)
    posts: bool = True

    def __post_init__(self) -> None:
        self.ledger = Ledger(0, self.awaited)

    def give(self, *parts: Part) -> None:
        """Deliver parts in order."""
        for part in parts:
            self.time = max(self.time, part.tick or self.time)
            self._note(self.ledger.apply(decode_part(encode_part(part))))

    def until(self, now: int) -> None:
        """Let the broker's time reach `now`, firing every wake on the way at its own instant."""
        for _ in range(10_000):
            at = self.ledger.next_wake()
            if at is None or at > now:
                break
            self.give(Part(tick=Instant(max(at, self.time))))  # a broker's time never goes back
            self._note(self.ledger.wake(at))
        self.give(Part(tick=Instant(max(now, self.time))))

    def fire(self, at: int) -> None:
        """Fire a timer at an instant, whatever the ticks say."""
        self._note(self.ledger.wake(Instant(at)))

    def answer_all(self, status: str = "COMPLETED", at: int = 0, store: str | None = None) -> None:
        """Let every store, or one, answer every command issued so far."""
        receipts = tuple(
            Receipt(c.command_id, c.record_id, c.store, status, Instant(at))
            for c in self.commands
            if store in (None, c.store)
        )
        self.give(Part(receipts=receipts))

    @property
    def outstanding(self) -> int:
        """How many commands no store has settled."""
        return sum(len(open_commands(record)) for record in self.ledger.holdings.records())

    def rebuilt(self, *, ticks: bool = True) -> None:
        """Forget the decoded ledger and fold the journal again; a tick comes soon, if at all."""
        self.ledger = folded(0, self.awaited, decode_chunks(list(reversed(self.journal))))
        if ticks and self.time > MIN_INSTANT:
            self.give(Part(tick=self.time))

    @property
    def deletions(self) -> list[Command]:
        """DELETE commands in order of issue."""
        return [command for command in self.commands if command.kind == "DELETE"]

    def digest(self) -> str:
        """Digest of the ledger's content."""
        return Digest(4).add_all(self.ledger.holdings.records()).total()

    def _note(self, outcome: Outcome) -> None:
        self.commands += outcome.commands
        self.findings += outcome.findings
        self.rows += len(outcome.rows)
        self.acknowledged += len(outcome.origins)
        chunk = take_chunk(self.ledger, len(self.journal) + 1)
        if chunk is not None:
            self.journal.append(encode_chunk(chunk))
        self.removed += outcome.removed
        self.mails += outcome.mails
        if outcome.mails and self.posts:
            self.give(Part(mails=tuple(outcome.mails)))


def ids(commands: Iterable[Command]) -> set[str]:
    """Return the ids."""
    return {command.command_id for command in commands}


def leaves(document: Envelope, *events: Event, until: int = 30) -> list[tuple[int, str, str]]:
    """Return second, kind and cause of what leaves for records collected at second 1."""
    drive = Drive()
    drive.give(Part(envelopes=(document,), tick=Instant(1_000)))
    found: list[tuple[int, str, str]] = []
    for second in range(1, until + 1):
        drive.until(second * 1_000)
        drive.give(Part(events=tuple(e for e in events if e.happened_at == second * 1_000)))
        drive.until(second * 1_000 + 1)
        found += [(second, c.kind, c.cause) for c in drive.commands[len(found) :]]
        drive.answer_all(at=second * 1_000 + 1)
    return found
