"""The frontier never passes a message that was not read, and never trusts a message's timestamp."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.instants import Instant
from pipeline.transforms.frontier import KEPT_SAMPLES, Frontier
from pipeline.transports.contract import Partition, Sample

P0, P1 = Partition("t", 0), Partition("t", 1)


def test_without_a_sample_there_is_no_frontier() -> None:
    assert Frontier([P0], margin_ms=5).advance({P0: 100}) is None


def test_a_partition_that_lags_holds_the_frontier_where_it_was() -> None:
    frontier = Frontier([P0, P1], margin_ms=5)
    frontier.observe(Sample(Instant(1_000), {P0: 10, P1: 10}))
    assert frontier.advance({P0: 10, P1: 9}) is None
    assert frontier.advance({P0: 10, P1: 10}) == 995
    frontier.observe(Sample(Instant(2_000), {P0: 20, P1: 10}))
    assert frontier.advance({P0: 19, P1: 10}) == 995


def test_a_backlog_advances_through_the_samples_it_passes() -> None:
    frontier = Frontier([P0], margin_ms=0)
    for number in range(1, 6):
        frontier.observe(Sample(Instant(number * 100), {P0: number * 10}))
    assert frontier.advance({P0: 35}) == 300
    assert frontier.advance({P0: 50}) == 500


def test_a_sample_that_does_not_name_a_partition_proves_nothing() -> None:
    frontier = Frontier([P0, P1], margin_ms=0)
    frontier.observe(Sample(Instant(100), {P0: 0}))
    assert frontier.advance({P0: 0, P1: 0}) is None


def test_samples_are_bounded_and_the_newest_survives() -> None:
    frontier = Frontier([P0], margin_ms=0)
    for number in range(3 * KEPT_SAMPLES):
        frontier.observe(Sample(Instant(number + 1), {P0: number}))
    assert frontier.advance({P0: 3 * KEPT_SAMPLES}) == 3 * KEPT_SAMPLES


@given(st.lists(st.tuples(st.integers(1, 50), st.booleans()), min_size=1, max_size=60))
def test_every_message_published_before_the_frontier_has_been_read(
    steps: list[tuple[int, bool]],
) -> None:
    """Publishing, sampling and reading interleave at will; published at `now`, read later."""
    frontier = Frontier([P0], margin_ms=0)
    published: list[int] = []
    now, position = 0, 0
    for pause, reads in steps:
        now += pause
        published.append(now)
        frontier.observe(Sample(Instant(now + 1), {P0: len(published)}))
        if reads:
            position = min(len(published), position + pause % 3)
        reached = frontier.advance({P0: position})
        if reached is not None:
            assert all(at < reached for at in published[:position])
            assert not [at for at in published[position:] if at < reached]
