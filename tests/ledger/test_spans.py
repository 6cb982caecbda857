"""Coverage: ranges in any order, with repetitions, reach exactly as far as there is no gap."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.ledger.spans import Coverage


def test_nothing_added_reaches_its_base() -> None:
    assert Coverage().reach(7) == 7


def test_a_gap_stops_the_reach() -> None:
    coverage = Coverage()
    coverage.add(0, 3)
    coverage.add(5, 9)
    assert coverage.reach(0) == 3
    coverage.add(3, 5)
    assert coverage.reach(0) == 9


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 12)), max_size=25).flatmap(
        lambda ranges: st.tuples(st.just(ranges), st.permutations(ranges))
    ),
    st.integers(0, 50),
)
def test_any_order_reaches_what_a_plain_set_of_positions_says(
    ranges: tuple[list[tuple[int, int]], list[tuple[int, int]]], base: int
) -> None:
    one, other = Coverage(), Coverage()
    for start, length in ranges[0]:
        one.add(start, start + length)
    for start, length in ranges[1] + ranges[1][:3]:
        other.add(start, start + length)
    covered = {p for start, length in ranges[0] for p in range(start, start + length)}
    expected = base
    while expected in covered:
        expected += 1
    assert one.reach(base) == expected
    assert other.reach(base) == expected
