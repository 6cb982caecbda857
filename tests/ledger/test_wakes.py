"""The index of wakes names every record no later than it asked for."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.identifiers import RecordId
from pipeline.instants import DAY, Instant
from pipeline.ledger.wakes import Wakes


def test_a_far_wake_is_first_looked_at_when_its_day_starts() -> None:
    wakes = Wakes()
    wakes.add(RecordId("r"), Instant(3 * DAY + 5))
    assert wakes.next() == 3 * DAY
    assert list(wakes.due(Instant(3 * DAY))) == [("r", False)]
    assert wakes.next() is None


def test_clearing_forgets_everything() -> None:
    wakes = Wakes()
    wakes.add(RecordId("near"), Instant(0))
    list(wakes.due(Instant(0)))
    wakes.add(RecordId("near"), Instant(1))
    wakes.add(RecordId("far"), Instant(9 * DAY))
    wakes.clear()
    assert wakes.next() is None


@given(st.lists(st.integers(0, 5 * DAY), max_size=30))
def test_a_driver_that_follows_next_sees_every_wake_in_time_and_none_early(
    wanted: list[int],
) -> None:
    wakes = Wakes()
    for number, at in enumerate(wanted):
        wakes.add(RecordId(str(number)), Instant(at))
    seen: dict[str, int] = {}
    for _ in range(200):
        now = wakes.next()
        if now is None:
            break
        for record_id, exact in list(wakes.due(now)):
            at = Instant(wanted[int(record_id)])
            if exact:
                seen[record_id] = now
            else:
                wakes.add(record_id, at)
    assert seen == {str(number): at for number, at in enumerate(wanted)}
