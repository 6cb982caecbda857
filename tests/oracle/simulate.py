"""Plays a history to the real ledger, with stores that answer at once, late, wrongly or never."""

import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from pipeline.commands import Command
from pipeline.events import Event
from pipeline.identifiers import CommandId
from pipeline.instants import Instant
from pipeline.ledger.parts import Part
from pipeline.receipts import Receipt
from pipeline.records import Mail
from tests.oracle.history import BASE, History, envelope
from tests.oracle.lives import Known
from tests.support.drive import Drive

POST = 400
"""How long what records tell each other is under way at most (ms)."""
SETTLED = ("COMPLETED", "NOT_FOUND")
COMPLETED = ((0, "COMPLETED"),)
ANSWERS: tuple[tuple[tuple[int, str], ...], ...] = (
    COMPLETED,
    COMPLETED,
    ((0, "NOT_FOUND"),),
    ((1, "COMPLETED"),),
    ((700, "COMPLETED"),),
    ((100, "IN_PROGRESS"), (6_000, "COMPLETED")),
    ((9_000, "COMPLETED"),),
    ((300, "FAILED"), (8_000, "COMPLETED")),
    ((8_000, "COMPLETED"), (8_000, "FAILED")),
    ((300, "FAILED"),),
    ((200, "COMPLETED"), (900, "COMPLETED")),
    (),
    (),
)
"""What a store may answer to a DELETE, each answer with its delay (ms)."""


@dataclass(frozen=True)
class Moment:
    """What the ledger was told at an instant, and all that was known from then on.

    `rows` and `wake` are the ledger's answer: the stores of each record, and when it wakes next.
    """

    at: int
    told: tuple[object, ...] = ()
    known: Known = field(default_factory=Known)
    rows: dict[str, tuple[str, ...]] = field(default_factory=dict)
    wake: int | None = None


@dataclass(frozen=True)
class Emitted:
    """A command, when it came out, and the number of the moment that was the latest then."""

    at: int
    moment: int
    command: Command


@dataclass
class Run:
    """A history as it was played. `moments` and `emitted` are in order."""

    history: History
    drive: Drive = field(default_factory=lambda: Drive(posts=False))
    moments: list[Moment] = field(default_factory=lambda: [Moment(BASE)])
    emitted: list[Emitted] = field(default_factory=list)
    _queue: list[tuple[int, int, object]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: iter(range(1_000_000)))
    _posted: int = 0
    _cancelled: set[str] = field(default_factory=set)

    def play(self) -> "Run":
        """Let the whole history happen."""
        drive, end = self.drive, self.history.end
        drive.until(BASE)
        for item in self.history.deliveries:
            self._send(item.at, item.what)
        while True:
            wake = drive.ledger.next_wake()
            at = min(
                self._queue[0][0] if self._queue else end + 1, end + 1 if wake is None else wake
            )
            if at > end:
                break
            if self._queue and at == self._queue[0][0]:
                drive.until(at - 1)
                self._note(at - 1)
                self._deliver(at)
            drive.until(max(at, drive.ledger.now))
            self._note(at)
            if at == self.moments[-1].at:
                self._answer_of_ledger()
        drive.until(end)
        self._note(end)
        return self

    def _send(self, at: int, what: object) -> None:
        heapq.heappush(self._queue, (at, next(self._numbers), what))

    def _deliver(self, at: int) -> None:
        told: list[object] = []
        while self._queue and self._queue[0][0] == at:
            what = heapq.heappop(self._queue)[2]
            if not self._is_void(what):
                told.append(what)
        mails = [what for what in told if isinstance(what, Mail)]
        told = [what for what in told if not isinstance(what, Mail)]
        self.moments.append(Moment(at, tuple(told), self._learned(told)))
        self.drive.give(
            Part(
                events=tuple(what for what in told if isinstance(what, Event)),
                receipts=tuple(what for what in told if isinstance(what, Receipt)),
                envelopes=tuple(
                    envelope(what)  # type: ignore[arg-type]
                    for what in told
                    if not isinstance(what, Event | Receipt)
                ),
                mails=tuple(mails),
                tick=Instant(at),
            )
        )
        self._note(at)

    def _answer_of_ledger(self) -> None:
        ledger = self.drive.ledger
        rows = {
            str(row.record_id): tuple(map(str, row.stores)) for row in ledger.holdings.records()
        }
        self.moments[-1] = replace(self.moments[-1], rows=rows, wake=ledger.next_wake())

    def _is_void(self, what: object) -> bool:
        return (
            isinstance(what, Receipt)
            and what.command_id in self._cancelled
            and what.status != "CANCELLED"
        )

    def _learned(self, told: list[object]) -> Known:
        known = self.moments[-1].known
        events, documents, ended = list(known.events), list(known.documents), list(known.ended)
        deletions = {item.command.command_id: item.command for item in self.emitted}
        for what in told:
            if isinstance(what, Event):
                events.append(what)
            elif not isinstance(what, Receipt):
                documents.append(what)  # type: ignore[arg-type]
            elif what.status in SETTLED and deletions[what.command_id].kind == "DELETE":
                until = deletions[what.command_id].data_until
                ended.append((what.record_id, what.store, until))
        return Known(tuple(events), tuple(documents), tuple(ended))

    def _note(self, at: int) -> None:
        for command in self.drive.commands[len(self.emitted) :]:
            self.emitted.append(Emitted(at, len(self.moments) - 1, command))
            if command.attempt == 1:
                self._answer(at, command)
        for mail in self.drive.mails[self._posted :]:
            self._posted += 1
            rng = random.Random(f"{self.history.seed}/{self._posted}")
            self._send(at + rng.randint(1, POST), mail)

    def _answer(self, at: int, command: Command) -> None:
        same = [
            item
            for item in self.emitted
            if (item.command.record_id, item.command.store, item.command.kind)
            == (command.record_id, command.store, command.kind)
        ]
        where = f"{command.record_id}/{command.store}/{command.kind}/{len(same)}"
        rng = random.Random(f"{self.history.seed}/{where}")
        answers = rng.choice(ANSWERS if command.kind == "DELETE" else (COMPLETED, ()))
        if command.kind == "CANCEL" and rng.random() < 0.5:
            # The store had not begun: it will not, and says so.
            self._cancelled.add(str(command.withdraws))
            told = CommandId(str(command.withdraws))
            receipt = Receipt(told, command.record_id, command.store, "CANCELLED", Instant(at + 1))
            self._send(receipt.at, receipt)
        for delay, status in answers:
            instant = Instant(at + max(1, delay))
            receipt = Receipt(command.command_id, command.record_id, command.store, status, instant)
            self._send(instant, receipt)
