"""Acknowledgement: a position is committed when every part before it was flushed, never earlier."""

from pathlib import Path

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ledger.parts import Origin
from pipeline.settings import Settings
from pipeline.transforms.acknowledge import (
    Acknowledge,
    Piece,
    Tracker,
    TrackerState,
    encode_pieces,
)
from pipeline.transports import open_broker
from pipeline.transports.contract import Partition, TopicSpec

# Batches as (length, parts): a length of 0 is an empty range.
BATCHES = st.lists(st.tuples(st.integers(0, 4), st.integers(1, 4)), min_size=1, max_size=8)


def origins(batches: list[tuple[int, int]], begin: int = 0) -> list[Origin]:
    """Lay batches one behind the other."""
    found, at = [], begin
    for length, parts in batches:
        found.append(Origin("events", 0, at, at + length, begin, parts))
        at += length
    return found


def pieces_of(found: list[Origin]) -> list[Piece]:
    return [Piece(origin, 1) for origin in found for _ in range(origin.parts)]


def folded(tracker: Tracker) -> Tracker:
    """Take a tracker through its durable form."""
    data = msgspec.msgpack.encode(tracker.state())
    return Tracker(msgspec.msgpack.decode(data, type=TrackerState))


def expected(found: list[Origin], seen: list[Piece]) -> int:
    """The plain model: walk the batches until one lacks a part."""
    at = found[0].run_start
    for origin in found:
        if origin.start < origin.next:
            if sum(piece.origin == origin for piece in seen) < origin.parts:
                return at
            at = origin.next
    return at


@given(BATCHES, st.integers(0, 5), st.data())
def test_pieces_in_any_order_commit_exactly_what_is_complete(
    batches: list[tuple[int, int]], begin: int, data: st.DataObject
) -> None:
    found = origins(batches, begin)
    tracker, committed = Tracker(), begin
    pieces = data.draw(st.permutations(pieces_of(found)))
    for count, piece in enumerate(pieces, 1):
        tracker.add(piece)
        if data.draw(st.booleans()):
            tracker = folded(tracker)
        position = tracker.position()
        committed = committed if position is None else position
        assert committed == expected(found, list(pieces[:count]))
    assert committed == found[-1].next


@given(BATCHES, BATCHES, st.data())
def test_after_a_restart_batches_of_another_cut_never_commit_past_a_missing_part(
    first: list[tuple[int, int]], second: list[tuple[int, int]], data: st.DataObject
) -> None:
    """The runner forgot everything: reading begins at the committed position, in other batches."""
    before = origins(first)
    pieces = data.draw(st.permutations(pieces_of(before)))
    some = list(pieces[: data.draw(st.integers(0, len(pieces)))])
    tracker = Tracker()
    for piece in some:
        tracker.add(piece)
    start = tracker.position() or 0
    after = origins(second, start)
    again, seen = Tracker(), []
    for piece in data.draw(st.permutations(pieces_of(after))):
        again.add(piece)
        seen.append(piece)
        position = again.position()
        if position is not None:
            assert position == expected(after, seen)


@given(BATCHES, st.data())
def test_a_runner_that_goes_back_to_its_checkpoint_loses_and_gains_nothing(
    batches: list[tuple[int, int]], data: st.DataObject
) -> None:
    """Pieces since the checkpoint come again, in another order."""
    found = origins(batches)
    pieces = list(data.draw(st.permutations(pieces_of(found))))
    kept = data.draw(st.integers(0, len(pieces)))
    lost = data.draw(st.integers(kept, len(pieces)))
    tracker = Tracker()
    for piece in pieces[:kept]:
        tracker.add(piece)
    checkpoint = folded(tracker)
    for piece in pieces[kept:lost]:
        tracker.add(piece)
    seen = pieces[:kept]
    for piece in data.draw(st.permutations(pieces[kept:])):
        checkpoint.add(piece)
        seen.append(piece)
        position = checkpoint.position()
        if position is not None:
            assert position == expected(found, seen)
    checkpoint.position()
    assert max(checkpoint.committed, 0) == found[-1].next


@given(BATCHES, st.data())
def test_a_whole_batch_that_comes_again_hides_no_missing_part(
    batches: list[tuple[int, int]], data: st.DataObject
) -> None:
    found = origins(batches)
    missing = data.draw(st.sampled_from(found))
    done = [origin for origin in found if origin != missing]
    tracker, seen = Tracker(), []
    for piece in [*pieces_of(done), *pieces_of(done), *[Piece(missing, 1)] * (missing.parts - 1)]:
        tracker.add(piece)
        seen.append(piece)
        position = tracker.position()
        if position is not None and missing.start < missing.next:
            assert position <= missing.start


def test_several_parts_in_one_piece_count_as_many() -> None:
    origin = Origin("events", 0, 5, 9, 5, 3)
    tracker = Tracker()
    tracker.add(Piece(origin, 2))
    assert tracker.position() is None
    tracker.add(Piece(origin, 1))
    assert tracker.position() == 9
    assert tracker.position() is None


def test_empty_ranges_commit_nothing_and_hold_nothing_back() -> None:
    tracker = Tracker()
    tracker.add(Piece(Origin("events", 0, 5, 5, 5, 1), 1))
    assert tracker.position() is None
    tracker.add(Piece(Origin("events", 0, 5, 6, 5, 1), 1))
    assert tracker.position() == 6


def test_a_position_that_began_at_nought_is_committed() -> None:
    tracker = Tracker()
    tracker.add(Piece(Origin("events", 0, 0, 1, 0, 1), 1))
    assert tracker.position() == 1


def test_what_is_done_is_forgotten() -> None:
    """The state of a partition stays small however long it is read."""
    tracker = Tracker()
    for at in range(1_000):
        for _ in range(2):
            tracker.add(Piece(Origin("events", 0, at, at + 1, 0, 2), 1))
    assert len(msgspec.msgpack.encode(tracker.state())) < 64


def test_pieces_are_grouped_by_partition() -> None:
    pieces = [
        Piece(Origin(topic, number, 0, 1, 0, 1), 1)
        for topic, number in (("b", 1), ("a", 0), ("b", 1), ("b", 0))
    ]
    groups = dict(encode_pieces(pieces))
    assert set(groups) == {"a:0", "b:0", "b:1"}
    assert len(msgspec.msgpack.decode(groups["b:1"])) == 2


class Cell:
    """One cell of a runner's state."""

    def __init__(self) -> None:
        self.value: bytes | None = None

    def read(self) -> bytes | None:
        return self.value

    def write(self, value: bytes) -> None:
        self.value = value


def test_positions_are_committed_at_the_end_of_the_bundle(tmp_path: Path) -> None:
    url = f"sqlite://{tmp_path}/log.db"
    partition = Partition("odd:topic", 0)
    with open_broker(url) as broker:
        broker.create([TopicSpec(partition.topic, 1)])
        stage, cell = Acknowledge(Settings(url, group="g")), Cell()
        stage.setup()
        stage.start_bundle()
        found = [Origin(partition.topic, 0, 0, 3, 0, 2), Origin(partition.topic, 0, 3, 5, 0, 1)]
        for piece in (Piece(found[1], 1), Piece(found[0], 1), Piece(found[0], 1)):
            for element in encode_pieces([piece]):
                stage.process(element, cell)
        assert broker.committed("g", [partition]) == {}
        stage.finish_bundle()
        assert broker.committed("g", [partition]) == {partition: 5}
        stage.teardown()
