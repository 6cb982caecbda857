"""The largest record that the limits permit fits in one row of the inventory."""

import itertools

import msgspec
import pytest

from pipeline.events import Event, Evidence, Field, Subject, checked
from pipeline.identifiers import (
    MAX_ID_BYTES,
    MAX_STORE_BYTES,
    Cause,
    CommandId,
    EventId,
    RecordId,
    StoreName,
    SubjectId,
)
from pipeline.instants import DAY, LATEST_FACT, Instant
from pipeline.ledger.answering import KEPT_ANSWERS
from pipeline.ledger.inventory import Derived, RowTag
from pipeline.records import (
    MAX_SIGNS,
    MAX_VALUES,
    Answer,
    Birth,
    FieldCategory,
    Issued,
    Record,
    applied,
    bounded,
)
from pipeline.records.commanded import MAX_ISSUED_BYTES
from pipeline.records.joining import MAX_EVIDENCE
from pipeline.records.record import AXES
from pipeline.vocabulary import CATEGORIES, SIGNALS, Happening
from pipeline.wire.codec import Codec

MAX_ROW_BYTES = 16 << 20
"""As `transports.topics` provisions the topic; the wire knows no transport."""
ROOM = 64 << 10
"""For the key, the frame of the broker's batch, and what documents of one record say."""
PLACES = ("US-CA", "GB-ENG", "FR-IDF", "DE-BE", "ES-MD", "IT-RM")
LAST = LATEST_FACT - 100 * DAY


def text(kind: str, number: int, length: int = MAX_ID_BYTES) -> str:
    """Return a text as long as may be, in letters of two bytes where that is allowed."""
    head = f"{kind}{number:05}"
    if length == MAX_STORE_BYTES:
        return head.ljust(length, "x")
    rest = length - len(head)
    return head + "é" * (rest // 2) + "x" * (rest % 2)


def evidence(number: int) -> tuple[Evidence, ...]:
    kinds = itertools.product(sorted(SIGNALS, key=len, reverse=True), PLACES)
    found = itertools.islice(kinds, MAX_EVIDENCE)
    return tuple(
        Evidence(signal, place, Instant(LAST - 1_000 * number - at))
        for at, (signal, place) in enumerate(found)
    )


def filling(start: int, stop: int, at: int) -> Event:
    """Return an event that says as much as one may, with values numbered from `start`."""
    numbers = range(start, stop)
    return checked(
        Event(
            EventId(text("e", start)),
            "created",
            Instant(at),
            RecordId(text("r", 0)),
            parents=tuple(RecordId(text("p", n)) for n in numbers),
            subjects=tuple(Subject(SubjectId(text("s", n)), evidence(n)) for n in numbers),
            categories=tuple(sorted(CATEGORIES)[:MAX_VALUES]),
            source=text("c", start),
            stores=tuple(StoreName(text("t", n, MAX_STORE_BYTES)) for n in numbers),
            recipients=tuple(text("x", n) for n in numbers),
            natural_key_hash=text("h", start),
            fields=tuple(Field(text("f", n, MAX_STORE_BYTES), ("pd:Picture",)) for n in numbers),
        )
    )


def births(kind: str, count: int) -> tuple[Birth, ...]:
    at = [Instant(LAST + n) for n in range(count)]
    return tuple(Birth(at[n], EventId(text(kind, n)), at[n]) for n in range(count))


def command(number: int, store: int) -> Issued:
    at = Instant(LAST + number)
    return Issued(
        CommandId(f"{number:036}"),
        ("DELETE", "RESTRICT", "CANCEL", "RELEASE")[number % 4],
        StoreName(text("t", store, MAX_STORE_BYTES)),
        Cause("policy:" + "p" * 128 + "/" + "r" * 128),
        "law" * 100,
        EventId(text("g", number)),
        not_before=at,
        complete_by=at,
        data_until=at,
        expires_at=at,
        issued_at=at,
        outcome="NOT_SUPPORTED",
        answered_at=Instant(LAST),
        cause_version=10**15,
        withdraws=CommandId(f"{number:036}"),
    )


@pytest.fixture(scope="module")
def largest() -> Record:
    """A record with as much of everything as is kept, each value stated at another instant."""
    record: Record | None = None
    for at, start in enumerate(range(0, MAX_VALUES, 500)):
        record = applied(record, filling(start, start + 500, LAST + at))
    assert record is not None
    assert len(record.stated) == 5 * MAX_VALUES + len(record.categories) + pieces(record) + 2
    issued = bounded(
        tuple([command(number, number % MAX_VALUES) for number in range(40 * MAX_VALUES)])
    )
    answers = tuple(
        Answer(CommandId(text("a", n)), "NOT_SUPPORTED", Instant(LAST), StoreName("x" * 200))
        for n in range(KEPT_ANSWERS)
    )
    # As if every life that a command is about had begun with two events of one id.
    named = tuple([Birth(Instant(LAST), item.generation, Instant(LAST)) for item in issued])
    return msgspec.structs.replace(
        record,
        births=(*births("b", MAX_SIGNS + 1), *named),
        touches=(*births("t", MAX_SIGNS + 1), *named),
        purposes=tuple(text("u", number, 100) for number in range(MAX_VALUES)),
        lawful_bases=tuple(text("l", number, 100) for number in range(MAX_VALUES)),
        categories=tuple(text("c", number, 100) for number in range(MAX_VALUES)),
        sources=tuple(text("c", number) for number in range(MAX_VALUES)),
        fields=tuple(
            FieldCategory(text("f", n, MAX_STORE_BYTES), text("c", n, 100))
            for n in range(MAX_VALUES)
        ),
        anchors=tuple((what.value, Instant(LAST)) for what in Happening),
        answers=answers,
        issued=issued,
        stated=tuple([Instant(LAST + n) for n in range(9 * MAX_VALUES + pieces(record))]),
    )


def pieces(record: Record) -> int:
    return sum(len(person.evidence) for person in record.subjects)


def test_the_largest_record_fits_in_a_row(largest: Record) -> None:
    assert [len(getattr(largest, axis)) for axis in AXES] == [MAX_VALUES] * len(AXES)
    assert {len(person.evidence) for person in largest.subjects} == {MAX_EVIDENCE}
    tag = RowTag("resident", "GB-XXX", "RESIDENT", 1_000, ("declared", "billing_address", "gps"))
    said = Derived("DELETE_COMMANDED", residency=("GB-XXX",) * 5_000, tags=(tag,) * 10_000)
    codec = Codec({})
    row = codec.encode_record(largest, said)
    assert 10 << 20 < len(row) < MAX_ROW_BYTES - ROOM
    assert codec.decode_record(row) == largest


def test_of_too_many_commands_every_store_keeps_what_decides_most(largest: Record) -> None:
    issued = list(largest.issued)
    assert MAX_VALUES < len(issued) < 40 * MAX_VALUES
    assert len({item.store for item in issued}) == MAX_VALUES
    assert bounded(largest.issued) == largest.issued
    assert sum(len(item.generation.encode()) * 3 for item in issued) < MAX_ISSUED_BYTES
