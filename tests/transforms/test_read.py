"""Reading a log: no gap, exact resumption, sharing, and marks."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import InvalidInput, LogTruncated
from pipeline.settings import Settings
from pipeline.transforms import read
from pipeline.transforms.marks import Mark, MarkCoder, Place
from pipeline.transforms.positions import acknowledged
from pipeline.transforms.read import Batch, LogSource
from tests.transforms.readers import KEYS, P0, P1, P2, Log, check_no_gap, seen, take


def test_batches_cover_every_position_without_a_gap(log: Log) -> None:
    log.write(*KEYS)
    batches = take(log.reader())
    check_no_gap(batches)
    assert seen(batches) == log.offsets()
    assert max(len(batch.messages) for batch in batches) <= 3


def test_what_is_written_later_follows(log: Log) -> None:
    log.write(*KEYS[:5])
    reader = log.reader()
    batches = take(reader)
    assert not reader.advance()
    log.write(*KEYS[5:])
    batches += take(reader, start=False)
    check_no_gap(batches)
    assert seen(batches) == log.offsets()


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(stops=st.lists(st.integers(1, 6), min_size=1, max_size=8), history=st.booleans())
def test_a_reader_made_from_a_mark_goes_on_exactly_there(
    log: Log, stops: list[int], history: bool
) -> None:
    if not log.offsets()[P0]:
        log.write(*KEYS)
    coder, mark = MarkCoder(), None
    batches: list[Batch] = []
    for count in [*stops, 1_000]:
        reader = log.reader(mark, history=history, follow=not history)
        batches += take(reader, count)
        mark = coder.decode(coder.encode(reader.get_checkpoint_mark()))
        assert mark == reader.get_checkpoint_mark()
    real = [batch for batch in batches if batch.messages]
    check_no_gap(real)
    assert seen(real) == log.offsets()
    assert {batch.begin for batch in batches} == {0}


def test_what_is_queued_and_not_handed_out_is_read_again_from_the_mark(log: Log) -> None:
    log.write(*KEYS)
    reader = log.reader(batch=40)
    [first] = take(reader, 1)
    rest = take(log.reader(reader.get_checkpoint_mark()))
    check_no_gap([first, *rest])
    assert seen([first, *rest]) == log.offsets()


def test_reading_begins_at_the_committed_positions(log: Log) -> None:
    log.write(*KEYS)
    log.broker.commit("g", {P1: 4})
    batches = take(log.reader())
    assert {b.begin for b in batches if b.partition == 1} == {4}
    assert seen(batches)[P1][0] == 4
    assert seen(batches)[P0][0] == 0


def test_a_run_that_goes_back_to_before_its_reader_misses_nothing_that_was_committed_since(
    log: Log,
) -> None:
    log.write(*KEYS)
    log.broker.commit("g", {P1: 2})
    starts = tuple(acknowledged(log.broker, "g", [P0, P1, P2]).items())
    log.broker.commit("g", {P0: 3, P1: 4})
    batches = take(log.reader(starts=starts))
    assert seen(batches)[P0][0] == 0
    assert seen(batches)[P1][0] == 2
    assert log.broker.committed("g", [P0, P1]) == {P0: 0, P1: 2}


def test_what_was_acknowledged_after_the_checkpoint_a_run_goes_back_to_is_taken_back(
    log: Log, caplog: pytest.LogCaptureFixture
) -> None:
    """Ledgers that went back write poorer rows until they have read it again."""
    log.write(*KEYS)
    reader = log.reader()
    take(reader, 2)
    mark = reader.get_checkpoint_mark()
    places = {P0: mark.places["t:0"].position, P1: mark.places["t:1"].position}
    log.broker.commit("g", {P0: places[P0] + 1, P1: max(0, places[P1] - 1)})
    log.reader(mark).start()
    after = log.broker.committed("g", [P0, P1, P2])
    assert after == {P0: places[P0], P1: max(0, places[P1] - 1)}
    assert "1 partitions are read again" in caplog.text


def test_a_committed_position_below_the_oldest_message_is_refused_by_name(log: Log) -> None:
    log.write(*KEYS)
    log.broker.commit("g", {P0: 2})
    log.broker.truncate(P0, 3)
    with pytest.raises(LogTruncated, match="t/0: position 2 was acknowledged"):
        log.reader().start()


def test_a_committed_position_at_the_oldest_message_is_good(log: Log) -> None:
    log.write(*KEYS)
    log.broker.commit("g", {P0: 3})
    log.broker.truncate(P0, 3)
    assert seen(take(log.reader()))[P0][0] == 3


def test_a_committed_position_above_the_newest_message_is_refused(log: Log) -> None:
    """The topic was deleted and made anew: what was acknowledged is another topic's."""
    log.write(*KEYS)
    log.broker.commit("g", {P0: 10_000})
    with pytest.raises(LogTruncated):
        log.reader().start()


def test_before_the_first_batch_there_is_none_to_take(log: Log) -> None:
    with pytest.raises(InvalidInput, match="advance first"):
        log.reader().get_current()


def test_a_stopping_process_fetches_nothing_more(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    log.write(*KEYS)
    reader = log.reader(batch=40)
    before = take(reader, 1)
    monkeypatch.setattr(read, "stopping", lambda: True)
    batches = before + take(reader, start=False)
    check_no_gap(batches)
    log.write(*KEYS)
    assert not reader.advance()


# -- sharing and marks -----------------------------------------------------------------------------


@pytest.mark.parametrize(("splits", "wanted"), [(1, 8), (2, 8), (8, 2), (8, 8)])
def test_partitions_are_shared_without_loss_or_overlap(splits: int, wanted: int) -> None:
    configured = Settings("sqlite:///x", splits=splits, runner="flink", poll_seconds=1.2)
    source = LogSource(configured, (P0, P1, P2), history=False, follow=True)
    shares = [share.partitions for share in source.split(wanted)]
    assert sorted(p for share in shares for p in share) == [P0, P1, P2]
    assert len(shares) == min(splits, wanted, 3)


def test_history_is_never_shared() -> None:
    configured = Settings("sqlite:///x", splits=8, runner="flink", poll_seconds=1.2)
    source = LogSource(configured, (P0, P1, P2), history=True, follow=False)
    assert len(list(source.split(8))) == 1


PLACES = st.dictionaries(
    st.text(min_size=1, max_size=6),
    st.builds(Place, st.integers(0, 2**60), st.integers(0, 2**60), st.integers(-1, 2**60)),
    max_size=4,
)


@given(PLACES)
def test_a_mark_survives_its_coder_and_equal_marks_encode_equally(places: dict[str, Place]) -> None:
    coder = MarkCoder()
    mark = Mark(places)
    assert coder.decode(coder.encode(mark)) == mark
    turned = Mark(dict(reversed(places.items())))
    assert coder.encode(turned) == coder.encode(mark)
    assert hash(turned) == hash(mark)
