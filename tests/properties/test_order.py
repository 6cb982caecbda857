"""Order, repetition, batching and restarts within the watermark change no deletion and no digest.

A story is a list of windows. What is published in one window may arrive in any order, several
times, in any batches; at the window's end the broker's time moves on and every timer up to it
fires. That is what a watermark promises, and all that it promises.
"""

import hashlib
import random
from dataclasses import dataclass, field

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.commands import Command
from pipeline.documents import Envelope
from pipeline.events import Event
from pipeline.instants import Instant
from pipeline.ledger.parts import Part, Span
from pipeline.receipts import Receipt
from pipeline.vocabulary import Happening
from tests.support.build import control, event, hold, notice, policy, rule
from tests.support.drive import Drive, ids

WINDOW = 2_000
WINDOWS = 10
BEGIN = Instant(1)
RULES = (
    rule("search", limit="PT5S"),
    rule("used", "{purpose: [dpv:CustomerCare]}", clock="last_interaction", limit="PT4S"),
    rule("ended", "{residency: [FR]}", clock="purpose_ended", limit="PT2S"),
)
STOP, DELETE = (5_000, 8_000), (9_000, 12_000)
DOCUMENTS = (
    policy(*RULES, default="PT9S", version=2),
    policy(*RULES[:2], default="PT7S", version=3),
    hold(records=("r0",)),
    hold(records=("r0",), version=2, state="released"),
    hold(records=("r1", "r2"), name="h2"),
    control("pause"),
    control("resume", version=2),
    control("pause", "store:images"),
    control("resume", "store:images", version=2),
    notice(stop=STOP, delete=DELETE),
    notice(stop=STOP, delete=DELETE, version=2, state="withdrawn"),
)
"""Versions of one document may come in any order: the highest wins."""

Item = Event | Envelope | Receipt


@st.composite
def events(draw: st.DrawFn, window: int) -> Event:
    """An event published in a window: it happened then, or long before (late ingestion)."""
    at = draw(st.integers(1, (window + 1) * WINDOW - 1))
    return event(
        f"r{draw(st.integers(0, 3))}",
        at=at,
        what=draw(st.sampled_from([item.value for item in Happening])),
        residency=draw(st.sampled_from(["GB", "FR", None])),
        purpose=draw(st.sampled_from(["dpv:SearchFunctionalities", "dpv:CustomerCare", None])),
        stores=draw(st.sampled_from([("images",), ("index",), ("images", "index")])),
        collected_at=draw(st.none() | st.integers(0, at)),
        event_id=f"e{draw(st.integers(0, 99))}",
    )


def _document_id(envelope: Envelope) -> str:
    return envelope.document_id


@st.composite
def stories(draw: st.DrawFn) -> list[list[Item]]:
    """What others publish, by window; the first policy is in force from the beginning."""
    story: list[list[Item]] = [[policy(*RULES)]]
    for window in range(1, WINDOWS):
        items: list[Item] = list(draw(st.lists(events(window), max_size=3)))
        # Two versions of one document in one window: whether the first is obeyed in between
        # depends on when each is read (a CANCEL, and the deletion after it, are sent at once).
        news = st.lists(st.sampled_from(DOCUMENTS), max_size=3, unique_by=_document_id)
        items += draw(news)
        story.append(items)
    return story


def answer_to(command: Command) -> tuple[int, Receipt]:
    """How a store answers: decided by the command's id alone, so that every run is answered alike.

    Returns:
        After how many windows, and the receipt.
    """
    seed = hashlib.sha256(f"{command.command_id}{command.store}".encode()).digest()
    status = ("COMPLETED", "COMPLETED", "NOT_FOUND", "PARTIAL")[seed[0] % 4]
    at = Instant(command.not_before + 1)
    return 1 + seed[1] % 3, Receipt(
        command.command_id, command.record_id, command.store, status, at
    )


def part_of(items: list[Item]) -> Part:
    return Part(
        events=tuple(item for item in items if isinstance(item, Event)),
        envelopes=tuple(item for item in items if isinstance(item, Envelope)),
        receipts=tuple(item for item in items if isinstance(item, Receipt)),
    )


@dataclass
class Run:
    """One way in which a story arrives. Without `chance`: in order, one by one, undisturbed.

    `together`: the answers of a window mix with what others publish in it.
    """

    story: list[list[Item]]
    chance: random.Random | None = None
    together: bool = False
    now: Instant = BEGIN
    drive: Drive = field(default_factory=Drive)
    told: list[Item] = field(default_factory=list)
    answers: dict[int, list[Item]] = field(default_factory=dict)
    answered: set[tuple[str, str]] = field(default_factory=set)

    def play(self) -> "Run":
        # What waits for the time is not acknowledged: a restart would read it again.
        self.drive.give(Part(tick=self.now))
        # Beyond the story: everything that falls due later, and its answers.
        for window in range(WINDOWS + 8):
            items = self.story[window] if window < len(self.story) else []
            answers = self.answers.get(window, [])
            if self.together:
                self.arrive([*answers, *items])
            else:
                self.arrive(answers)
                self.arrive(items)
            self.disturb()
            self.now = Instant((window + 1) * WINDOW)
            self.drive.until(self.now)
            self.be_answered(window)
        return self

    def arrive(self, items: list[Item]) -> None:
        if self.chance is None:
            for item in items:
                self.drive.give(part_of([item]))
            return
        again = self.repeated(items)
        mixed = [*items, *again]
        self.chance.shuffle(mixed)
        while mixed:
            size = self.chance.randint(1, len(mixed))
            batch, mixed = mixed[:size], mixed[size:]
            self.drive.give(part_of(batch))
            self.disturb()
        self.told += items

    def repeated(self, items: list[Item]) -> list[Item]:
        assert self.chance is not None
        known = [*self.told, *items]
        return self.chance.choices(known, k=self.chance.randint(0, 2)) if known else []

    def disturb(self) -> None:
        """Now and then lose the decoded ledger, or all of it but the topics."""
        if self.chance is None:
            return
        what = self.chance.choice(("nothing", "nothing", "fold", "restart"))
        if what == "fold":
            self.drive.rebuilt()
        elif what == "restart":
            self.restart()

    def restart(self) -> None:
        """Start a new ledger from the newest row of each record, the documents and the time."""
        rows = tuple(self.drive.ledger.holdings.records())
        documents = self.drive.ledger.versions.envelopes
        self.drive = Drive(awaited={"records": 1}, commands=self.drive.commands)
        self.drive.give(Part(rows=rows, spans=(Span("records", 0, 0, 1, 0, 2),)))
        self.drive.give(Part(envelopes=documents))
        self.drive.give(Part(spans=(Span("records", 0, 1, 2, 0, 2),), tick=self.now))

    def be_answered(self, window: int) -> None:
        for command in self.drive.commands:
            key = (command.command_id, command.store)
            if key not in self.answered:
                self.answered.add(key)
                delay, receipt = answer_to(command)
                if command.kind == "DELETE":
                    self.answers.setdefault(window + delay, []).append(receipt)


SLOW = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@SLOW
@given(stories(), st.randoms(use_true_random=False))
def test_order_repetition_batches_and_restarts_within_the_watermark_change_nothing(
    story: list[list[Item]], chance: random.Random
) -> None:
    steady = Run(story).play()
    shaken = Run(story, chance).play()
    assert ids(shaken.drive.deletions) == ids(steady.drive.deletions)
    assert shaken.drive.digest() == steady.drive.digest()


@SLOW
@given(stories())
def test_no_deletion_is_commanded_before_its_time_or_under_a_hold(story: list[list[Item]]) -> None:
    run = Run(story)
    run.drive.give(Part(tick=Instant(1)))
    for window, items in enumerate(story):
        run.arrive(items)
        before = len(run.drive.deletions)
        run.drive.until((window + 1) * WINDOW)
        held = {
            record_id
            for one in run.drive.ledger.in_force.holds
            if one.state == "active"
            for record_id in one.records
        }
        for command in run.drive.deletions[before:]:
            assert command.not_before <= command.issued_at <= (window + 1) * WINDOW
            assert command.record_id not in held


@SLOW
@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 20)), min_size=1, max_size=4), st.data()
)
def test_events_read_ahead_of_the_limit_change_no_deletion(
    offsets: list[tuple[int, int]], data: st.DataObject
) -> None:
    """A backlog, or the margin of the watermark, lets later events arrive before the timer."""
    first = event(at=1_000)
    later = [
        event(
            at=11_000 + 1_000 * number,
            collected_at=max(1_000, 11_000 + 1_000 * (number - age)),
            event_id=f"later{place}",
        )
        for place, (number, age) in enumerate(offsets, 1)
    ]
    on_time, ahead = Drive(), Drive()
    for drive in (on_time, ahead):
        drive.give(Part(envelopes=(policy(),), events=(first,)))
    ahead.give(Part(events=tuple(data.draw(st.permutations(later)))))
    for drive in (on_time, ahead):
        drive.until(11_000)
        drive.give(Part(events=tuple(later)))
        drive.answer_all(at=11_500)
        drive.until(60_000)
    assert ids(ahead.deletions) == ids(on_time.deletions)
    assert ahead.digest() == on_time.digest()


@SLOW
@given(
    st.lists(
        st.tuples(st.integers(2, 14), st.sampled_from(["images", "index"])), min_size=1, max_size=3
    ),
    st.data(),
)
def test_an_answer_and_an_event_of_the_same_moment_change_no_deletion_by_their_order(
    later: list[tuple[int, str]], data: st.DataObject
) -> None:
    """Answers and events lie on two topics: nothing says which of two of them is read first."""
    events = [
        event(at=1_000 * second, event_id=f"later{place}", stores=(store,))
        for place, (second, store) in enumerate(later)
    ]
    drives = (Drive(), Drive())
    for drive in drives:
        drive.give(Part(envelopes=(policy(),), events=(event(at=1_000),)))
        drive.until(11_000)
    [deletion] = drives[0].deletions
    _, receipt = answer_to(deletion)
    moment = [Part(receipts=(msgspec.structs.replace(receipt, status="COMPLETED"),))]
    moment += [Part(events=(item,)) for item in events]
    for drive, order in zip(drives, (moment, data.draw(st.permutations(moment))), strict=True):
        drive.give(*order)
        drive.until(15_000)
        for _ in range(3):
            drive.answer_all(at=15_500)
            drive.until(60_000)
    assert ids(drives[1].deletions) == ids(drives[0].deletions)
    assert drives[1].digest() == drives[0].digest()
