"""The index of wakes names every record no later than it asked for."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.instants import DAY, Instant
from pipeline.ledger.wakes import Wakes


def test_a_far_wake_is_first_looked_at_when_its_day_starts() -> None:
    wakes = Wakes()
    wakes.add(b"r", Instant(3 * DAY + 5))
    assert wakes.next() == 3 * DAY
    assert wakes.due(Instant(3 * DAY)) == [b"r"]
    assert wakes.next() is None


def test_hints_of_before_count_until_all_have_given_new_ones() -> None:
    wakes = Wakes()
    wakes.add(b"seen", Instant(5))
    wakes.add(b"not yet seen", Instant(7))
    wakes.renew()
    wakes.add(b"seen", Instant(9))
    assert wakes.next() == 0  # its day
    assert set(wakes.due(Instant(8))) == {b"seen", b"not yet seen"}
    wakes.settle()
    assert wakes.next() is None


def test_a_record_is_looked_at_once_however_many_hints_it_gave() -> None:
    wakes = Wakes()
    for at in (3, 4, 5):
        wakes.add(b"r", Instant(at))
    assert wakes.due(Instant(5)) == [b"r"]


@given(st.lists(st.integers(0, 5 * DAY), max_size=30), st.sets(st.integers(0, 29)))
def test_a_driver_that_follows_next_sees_every_wake_in_time_and_none_early(
    wanted: list[int], renewals: set[int]
) -> None:
    wakes = Wakes()
    for number, at in enumerate(wanted):
        wakes.add(str(number).encode(), Instant(at))
        if number in renewals:
            wakes.renew()
    seen: dict[int, int] = {}
    for _ in range(200):
        now = wakes.next()
        if now is None:
            break
        for key in wakes.due(now):
            number = int(key)
            if wanted[number] <= now:
                seen[number] = now
            else:
                wakes.add(key, Instant(wanted[number]))
    assert seen == dict(enumerate(wanted))
