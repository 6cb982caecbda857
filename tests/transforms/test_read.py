"""Reading a log: no gap, exact resumption, history to its end, and a watermark that promises."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from apache_beam.utils.timestamp import MIN_TIMESTAMP, Timestamp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import InvalidInput, LogTruncated
from pipeline.instants import Instant
from pipeline.settings import Settings
from pipeline.transforms import read
from pipeline.transforms.read import Batch, LogReader, LogSource, Mark, MarkCoder, Place
from pipeline.transports.contract import Partition, Sample, TopicSpec
from pipeline.transports.sqlite import SqliteBroker

P0, P1, P2 = (Partition("t", number) for number in range(3))


class Samples:
    """Stands for the thread that asks the broker's time: asked only when a test says so."""

    def __init__(self) -> None:
        self.sample: Sample | None = None

    def watch(self, partitions: tuple[Partition, ...]) -> None:
        pass

    def leave(self, partitions: tuple[Partition, ...]) -> None:
        pass

    def latest(self) -> Sample | None:
        return self.sample


class Log:
    """A log of one topic with three partitions, and readers of it."""

    def __init__(self, folder: Path, samples: Samples) -> None:
        self.url = f"sqlite://{folder}/log.db"
        self.broker = SqliteBroker(self.url)
        self.broker.create([TopicSpec("t", 3), TopicSpec("retention.clock", 1)])
        self.broker.set_clock(Instant(1_000))
        self.samples = samples
        self.producer = self.broker.producer()
        self.readers: list[LogReader] = []

    def write(self, *keys: str) -> None:
        for key in keys:
            self.producer.send("t", key.encode(), b"v")
        self.producer.flush()

    def sample(self, now: int) -> None:
        self.broker.set_clock(Instant(now))
        self.samples.sample = self.broker.sample([P0, P1, P2])

    def reader(
        self,
        mark: Mark | None = None,
        *,
        history: bool = False,
        follow: bool = True,
        batch: int = 3,
    ) -> LogReader:
        configured = Settings(self.url, group="g", batch_messages=batch, margin_ms=10)
        source = LogSource(configured, (P0, P1, P2), history=history, follow=follow)
        reader = source.create_reader(None, mark)
        self.readers.append(reader)
        return reader

    def offsets(self) -> dict[Partition, list[int]]:
        """What lies in the log."""
        return {p: list(range(end)) for p, end in self.broker.ends([P0, P1, P2]).items()}


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    samples = Samples()
    monkeypatch.setattr(read, "sampler", lambda *_: samples)
    found = Log(tmp_path, samples)
    yield found
    for reader in found.readers:
        reader.close()
    found.broker.close()


def take(reader: LogReader, count: int = 1_000, *, start: bool = True) -> list[Batch]:
    """Take at most so many batches, as Beam does."""
    found: list[Batch] = []
    more = reader.start() if start else reader.advance()
    while more:
        found.append(reader.get_current())
        if len(found) == count:
            break
        more = reader.advance()
    return found


def check_no_gap(batches: list[Batch], begin: int = 0) -> None:
    at: dict[tuple[str, int], int] = {}
    for batch in batches:
        key = (batch.topic, batch.partition)
        assert batch.start == at.get(key, begin)
        assert batch.next >= batch.start
        assert [m.offset for m in batch.messages] == list(range(batch.start, batch.next))
        at[key] = batch.next


def seen(batches: list[Batch]) -> dict[Partition, list[int]]:
    found: dict[Partition, list[int]] = {p: [] for p in (P0, P1, P2)}
    for batch in batches:
        found[Partition(batch.topic, batch.partition)] += [m.offset for m in batch.messages]
    return found


KEYS = tuple(f"k{number}" for number in range(40))


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


# -- history -------------------------------------------------------------------------------------


def test_empty_partitions_of_history_are_announced(log: Log) -> None:
    batches = take(log.reader(history=True, follow=False))
    assert sorted((b.partition, b.start, b.next, b.begin, b.end) for b in batches) == [
        (0, 0, 0, 0, 0), (1, 0, 0, 0, 0), (2, 0, 0, 0, 0),
    ]  # fmt: skip


def test_a_partition_whose_messages_are_all_gone_is_announced_where_it_ends(log: Log) -> None:
    log.write(*KEYS)
    end = log.broker.ends([P0])[P0]
    log.broker.truncate(P0, end)
    batches = take(log.reader(history=True, follow=False))
    [empty] = [batch for batch in batches if batch.partition == 0]
    assert (empty.start, empty.next, empty.begin, empty.end) == (end, end, end, end)


def test_history_ignores_committed_positions(log: Log) -> None:
    log.write(*KEYS)
    log.broker.commit("g", {P0: 2, P1: 2, P2: 2})
    assert seen(take(log.reader(history=True, follow=False))) == log.offsets()


def test_history_ends_where_the_partitions_ended_at_the_start(log: Log) -> None:
    log.write(*KEYS)
    before = log.offsets()
    reader = log.reader(history=True, follow=False)
    batches = take(reader, 2)
    log.write(*KEYS, *KEYS)
    batches += take(reader, start=False)
    for partition, offsets in seen(batches).items():
        assert offsets[: len(before[partition])] == before[partition]
    ends = {batch.partition: batch.end for batch in batches}
    assert ends == {p.number: len(offsets) for p, offsets in before.items()}
    assert not reader.advance()
    log.write(*KEYS)
    assert not reader.advance()


def test_documents_go_on_after_their_history(log: Log) -> None:
    log.write(*KEYS[:6])
    reader = log.reader(history=True, follow=True)
    batches = take(reader)
    log.write(*KEYS[6:])
    batches += take(reader, start=False)
    assert seen(batches) == log.offsets()


@pytest.mark.parametrize("follow", [True, False])
def test_the_watermark_of_history_is_the_minimum_until_its_end_was_handed_out(
    log: Log, follow: bool
) -> None:
    log.write(*KEYS)
    log.sample(50_000)
    reader = log.reader(history=True, follow=follow)
    left = sum(map(len, log.offsets().values()))
    more = reader.start()
    while more:
        left -= len(reader.get_current().messages)
        mark = reader.get_watermark()
        assert (mark == MIN_TIMESTAMP) == (left > 0)
        more = reader.advance()
    assert left == 0
    assert reader.get_watermark() == Timestamp(micros=(50_000 - 10) * 1_000)


def test_finished_history_lets_time_pass_although_its_topic_grows(log: Log) -> None:
    reader = log.reader(history=True, follow=False)
    take(reader)
    log.write(*KEYS)
    log.sample(60_000)
    assert reader.get_watermark() == Timestamp(micros=(60_000 - 10) * 1_000)


# -- the watermark ---------------------------------------------------------------------------------


def test_without_a_sample_there_is_no_watermark(log: Log) -> None:
    reader = log.reader()
    take(reader)
    assert reader.get_watermark() == MIN_TIMESTAMP


def test_the_watermark_is_the_time_of_a_sample_that_was_passed_less_the_margin(log: Log) -> None:
    log.write(*KEYS)
    log.sample(50_000)
    reader = log.reader()
    take(reader, 2)
    assert reader.get_watermark() == MIN_TIMESTAMP
    take(reader, start=False)
    assert reader.get_watermark() == Timestamp(micros=(50_000 - 10) * 1_000)


def test_a_backlog_holds_the_watermark_whatever_time_its_producers_claim(log: Log) -> None:
    reader = log.reader()
    reader.start()
    for key in KEYS:
        log.producer.send("t", key.encode(), b"v", timestamp=Instant(10**13))
    log.producer.flush()
    log.sample(50_000)
    assert reader.get_watermark() == MIN_TIMESTAMP
    assert reader.advance()
    assert reader.get_watermark() == MIN_TIMESTAMP
    take(reader, start=False)
    assert reader.get_watermark() == Timestamp(micros=(50_000 - 10) * 1_000)


def test_every_element_is_early_so_that_it_never_waits_behind_a_timer(log: Log) -> None:
    log.write(*KEYS)
    reader = log.reader()
    assert reader.start()
    assert reader.get_current_timestamp() == MIN_TIMESTAMP


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
