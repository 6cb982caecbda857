"""Splitting a batch by shard: nothing lost, everything counted, what is unreadable pointed at."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
import msgspec
import pytest

from pipeline.documents import Envelope
from pipeline.errors import CorruptState
from pipeline.events import Event
from pipeline.findings import StateRow
from pipeline.identifiers import CommandId, RecordId, StoreName, shard_of
from pipeline.instants import Instant
from pipeline.ledger.inventory import Derived
from pipeline.ledger.parts import Part, decode_part
from pipeline.receipts import Receipt
from pipeline.records import ASK, Mail, applied
from pipeline.stories.scene import Scene
from pipeline.transforms.acknowledge import Piece
from pipeline.transforms.read import Batch
from pipeline.transforms.split import TO_ACKNOWLEDGE, TO_GOVERNOR, Split
from pipeline.transports.contract import Message
from tests.support.build import event, hold, policy

SHARDS, GOVERNORS = 4, 2

PUBLISHED = 1_000_000


class Given:
    """A splitter over topics of its own, and what came out of its last bundle."""

    def __init__(self, folder: Path) -> None:
        self.scene = Scene(f"sqlite://{folder}/log.db", "x.", shards=SHARDS, partitions=1)
        self.split = Split(self.scene.settings())
        self.split.setup()
        self.ledgers: dict[int, Part] = {}
        self.governors: dict[int, Part] = {}
        self.pieces: list[Piece] = []

    def bundle(self, *elements: Batch | Instant) -> None:
        self.split.start_bundle()
        for element in elements:
            self.split.process(element)
        self.ledgers, self.governors, self.pieces = {}, {}, []
        for found in self.split.finish_bundle():
            self.take(found)

    def take(self, found: Any) -> None:
        if not isinstance(found, beam.pvalue.TaggedOutput):
            shard, data = found.value
            assert shard not in self.ledgers
            self.ledgers[shard] = decode_part(data)
        elif found.tag == TO_GOVERNOR:
            shard, data = found.value.value
            self.governors[shard] = decode_part(data)
        else:
            assert found.tag == TO_ACKNOWLEDGE
            self.pieces += msgspec.msgpack.decode(found.value.value[1], type=list[Piece])

    def batch(self, name: str, *values: bytes | None, start: int = 5) -> Batch:
        topic = name if name == self.scene.events_topic else self.scene.topics.name(name)
        messages = [
            Message(topic, 0, start + at, Instant(PUBLISHED + at), b"key", value)
            for at, value in enumerate(values)
        ]
        end = start + len(values)
        return Batch(topic, 0, start, end, start, end, messages)

    def events(self, *events: Event) -> Batch:
        encode = self.scene.codec.encode_event
        return self.batch(self.scene.events_topic, *(encode(item) for item in events))

    def documents(self, kind: str, *envelopes: Envelope) -> Batch:
        encode = self.scene.codec.encode_envelope
        return self.batch(kind, *(encode(item) for item in envelopes))


@pytest.fixture
def given(tmp_path: Path) -> Iterator[Given]:
    found = Given(tmp_path)
    yield found
    found.split.teardown()
    found.scene.close()


def test_every_event_reaches_the_shard_of_its_record_in_order(given: Given) -> None:
    events = [event(f"r{number}", at=1_000 + number) for number in range(20)]
    given.bundle(given.events(*events))
    for shard in range(SHARDS):
        wanted = [item for item in events if shard_of(item.record_id, SHARDS) == shard]
        assert list(given.ledgers[shard].events) == wanted


def test_a_batch_counts_a_part_for_each_shard_it_touches_and_one_for_the_splitter(
    given: Given,
) -> None:
    given.bundle(given.events(event("r1"), event("r1", at=2_000)))
    [(shard, part)] = given.ledgers.items()
    assert shard == shard_of("r1", SHARDS)
    [origin] = part.origins
    assert (origin.start, origin.next, origin.run_start, origin.parts) == (5, 7, 5, 2)
    assert given.pieces == [Piece(origin, 1)]


def test_pieces_and_parts_of_many_batches_add_up(given: Given) -> None:
    batches = [given.events(*(event(f"r{b}-{n}") for n in range(b))) for b in range(6)]
    moved = [b._replace(start=10 * n, next=10 * n + 5) for n, b in enumerate(batches)]
    given.bundle(*moved)
    counts: dict[Any, int] = {}
    for piece in given.pieces:
        counts[piece.origin] = counts.get(piece.origin, 0) + piece.count
    for part in given.ledgers.values():
        for origin in part.origins:
            counts[origin] += 1
    assert len(counts) == len(moved)
    assert all(count == origin.parts for origin, count in counts.items())


def test_a_batch_without_readable_messages_is_still_acknowledged(given: Given) -> None:
    given.bundle(given.batch(given.scene.events_topic, b"\x00poison", None))
    assert given.ledgers == {}
    [piece] = given.pieces
    assert (piece.origin.parts, piece.count) == (1, 1)
    assert (piece.origin.start, piece.origin.next) == (5, 7)


def test_an_empty_range_is_acknowledged_too(given: Given) -> None:
    """Compaction and transaction markers leave positions without messages."""
    given.bundle(given.batch(given.scene.events_topic)._replace(next=9))
    assert [(piece.origin.next, piece.origin.parts) for piece in given.pieces] == [(9, 1)]


def test_what_cannot_be_read_is_pointed_at_without_its_payload_and_the_rest_goes_on(
    given: Given,
) -> None:
    good = given.scene.codec.encode_event(event())
    given.bundle(given.batch(given.scene.events_topic, b"jane@example.org", good))
    assert sum(len(part.events) for part in given.ledgers.values()) == 1
    [pointer] = given.scene.quarantined()
    assert (pointer.topic, pointer.offset, pointer.size) == (given.scene.events_topic, 5, 16)
    assert "jane" not in repr(pointer)


def test_the_quarantine_is_flushed_before_anything_is_acknowledged(given: Given) -> None:
    given.split.start_bundle()
    given.split.process(given.batch(given.scene.events_topic, b"poison"))
    assert given.scene.quarantined() == []
    next(given.split.finish_bundle())
    assert len(given.scene.quarantined()) == 1


def test_receipts_reach_the_shard_of_their_record(given: Given) -> None:
    receipts = [
        Receipt(CommandId(f"c{n}"), RecordId(f"r{n}"), StoreName("images"), "COMPLETED", Instant(9))
        for n in range(9)
    ]
    values = [given.scene.codec.encode_receipt(item) for item in receipts]
    given.bundle(given.batch("receipts", *values, b"poison"))
    found = [item for part in given.ledgers.values() for item in part.receipts]
    assert sorted(found, key=lambda item: item.command_id) == receipts
    assert len(given.scene.quarantined()) == 1


def test_mail_reaches_the_shard_of_the_record_that_it_is_for(given: Given) -> None:
    mails = [Mail(RecordId(f"r{n}"), RecordId("child"), ASK, Instant(n)) for n in range(9)]
    values = [given.scene.codec.encode_mail(mail) for mail in mails]
    given.bundle(given.batch("lineage", *values, b"poison", None))
    for shard, part in given.ledgers.items():
        assert {shard_of(mail.record_id, SHARDS) for mail in part.mails} == {shard}
        assert [(origin.topic, origin.next) for origin in part.origins] == [("x.lineage", 16)]
    found = [mail for part in given.ledgers.values() for mail in part.mails]
    assert sorted(found, key=lambda mail: mail.at) == mails
    assert [piece.origin.parts for piece in given.pieces] == [len(given.ledgers) + 1]
    assert [one.offset for one in given.scene.quarantined()] == [14, 15]
    assert {one.topic for one in given.scene.quarantined()} == {"x.lineage"}


def test_a_document_reaches_every_shard_and_every_governor_with_its_range(given: Given) -> None:
    given.bundle(given.documents("policies", policy()))
    assert set(given.ledgers) == set(range(SHARDS))
    assert set(given.governors) == set(range(GOVERNORS))
    for part in (*given.ledgers.values(), *given.governors.values()):
        assert part.envelopes == (policy(),)
        assert [(s.topic, s.start, s.next, s.end) for s in part.spans] == [("x.policies", 5, 6, 6)]
    assert given.pieces == []


def test_a_bad_document_becomes_a_finding_and_the_good_one_beside_it_is_used(given: Given) -> None:
    bad = msgspec.structs.replace(policy(), text="policy: acme\nversion: 9\n")
    given.bundle(given.documents("policies", bad, policy()))
    assert given.ledgers[0].envelopes == (policy(),)
    [found] = given.scene.findings()
    assert (found.kind, found.subject) == ("INVALID_DOCUMENT", "x.policies/0 offset 5")
    [pointer] = given.scene.quarantined()
    assert (pointer.topic, pointer.partition, pointer.offset) == ("x.policies", 0, 5)
    assert (pointer.reason, "acme" in pointer.detail) == ("invalid_document", False)


@pytest.mark.parametrize("value", [b"\x00garbage", b"", None])
def test_bytes_that_are_no_document_become_a_finding(given: Given, value: bytes | None) -> None:
    given.bundle(given.batch("holds", value))
    assert [item.kind for item in given.scene.findings()] == ["INVALID_DOCUMENT"]
    [pointer] = given.scene.quarantined()
    assert (pointer.topic, pointer.partition, pointer.offset) == ("x.holds", 0, 5)
    assert given.ledgers[0].envelopes == ()
    assert len(given.ledgers[0].spans) == 1


def test_a_hold_on_the_topic_of_policies_is_refused(given: Given) -> None:
    given.bundle(given.documents("policies", hold(records=("r1",))))
    assert given.ledgers[0].envelopes == ()
    assert [item.kind for item in given.scene.findings()] == ["INVALID_DOCUMENT"]


def row(name: str) -> Any:
    return applied(None, event(name))


def test_rows_of_history_reach_their_shard_and_their_range_every_shard(given: Given) -> None:
    encode = given.scene.codec.encode_record
    values = [encode(row(f"r{n}"), Derived("ACTIVE")) for n in range(9)]
    given.bundle(given.batch("records", *values, None))
    assert set(given.ledgers) == set(range(SHARDS))
    for shard, part in given.ledgers.items():
        assert {shard_of(item.record_id, SHARDS) for item in part.rows} <= {shard}
        assert [span.next for span in part.spans] == [15]
    assert sum(len(part.rows) for part in given.ledgers.values()) == 9
    assert given.governors == {}


def test_an_unreadable_row_of_history_stops_the_job_by_name(given: Given) -> None:
    with pytest.raises(CorruptState, match=r"x\.records/0 offset 5"):
        given.bundle(given.batch("records", b"\x00garbage"))
    with pytest.raises(CorruptState, match=r"x\.state/0 offset 5"):
        given.bundle(given.batch("state", b"\x00garbage"))


def test_rows_of_state_reach_the_governor_of_their_store(given: Given) -> None:
    numbers = {"day": 1, "granted": 2, "approval": 0}
    rows = [StateRow("governor", f"s{n} c", 0, numbers, (f"s{n}", "c"), 1) for n in range(6)]
    encode = given.scene.codec.encode_state
    given.bundle(given.batch("state", *(encode(item) for item in rows), None))
    assert set(given.governors) == set(range(GOVERNORS))
    for shard, part in given.governors.items():
        assert {shard_of(item.texts[0], GOVERNORS) for item in part.states} <= {shard}
    assert sum(len(part.states) for part in given.governors.values()) == 6


def test_the_highest_tick_of_a_bundle_reaches_everybody_once(given: Given) -> None:
    given.bundle(Instant(5), Instant(9), Instant(7))
    assert {part.tick for part in given.ledgers.values()} == {9}
    assert {part.tick for part in given.governors.values()} == {9}
    assert len(given.ledgers) == SHARDS
    given.bundle(given.events(event()))
    assert {part.tick for part in given.ledgers.values()} == {None}


def test_a_producer_that_stamps_its_messages_in_the_past_makes_nothing_due_earlier(
    given: Given,
) -> None:
    """The stamp of an ingestion topic is the producer's claim, and 0 where it made none."""
    now = Instant(1_772_000_000_000)
    batch = given.events(event(at=now))
    stamped = [message._replace(timestamp=Instant(0)) for message in batch.messages]
    given.bundle(batch._replace(messages=stamped))
    [part] = given.ledgers.values()
    assert [item.happened_at for item in part.events] == [now]
