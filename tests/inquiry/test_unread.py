"""What lies in quarantine, and which of it was replayed."""

import pytest

from pipeline.errors import InvalidInput
from pipeline.findings import Quarantined
from pipeline.inquiry.unread import (
    DISMISSED,
    REPLAYED,
    Place,
    Unread,
    by_reason,
    dismissing,
    mark,
    parse_place,
    unread,
)
from pipeline.instants import Instant


def pointer(offset: int, reason: str = "truncated") -> Quarantined:
    return Quarantined("events", 0, offset, Instant(1), reason, "a detail", 9, Instant(1))


def test_each_place_is_told_once_in_order() -> None:
    found = unread([pointer(2), pointer(1), pointer(2)])
    assert [item.place.offset for item in found] == [2, 1]


def test_a_mark_says_by_whom_and_when_it_was_replayed() -> None:
    [item] = unread([pointer(1)])
    [marked] = unread([pointer(1), mark(item, "operator", Instant(7))])
    assert (marked.replayed_at, marked.replayed_by) == (7, "operator")
    assert marked.pointer == pointer(1)


def test_what_was_read_once_more_after_a_restart_stays_replayed() -> None:
    [item] = unread([pointer(1)])
    [again] = unread([pointer(1), mark(item, "operator", Instant(7)), pointer(1)])
    assert again.replayed_at == 7


def test_a_mark_whose_pointer_is_past_retention_is_nothing() -> None:
    assert unread([mark(Unread(pointer(1)), "operator", Instant(7))]) == ()


def test_what_is_left_is_counted_by_reason() -> None:
    items = [Unread(pointer(n, reason)) for n, reason in enumerate("abb")]
    items.append(Unread(pointer(9, "c"), Instant(7), "operator"))
    assert by_reason(items) == {"b": 2, "a": 1}


def test_what_was_dismissed_does_not_wait_and_says_who_and_why() -> None:
    [item] = unread([pointer(1)])
    [marked] = unread([pointer(1), dismissing(item, "operator", "published anew", Instant(7))])
    assert (item.waits, marked.waits) == (True, False)
    assert (marked.dismissed_at, marked.dismissed) == (7, "operator: published anew")
    assert marked.replayed_at is None
    assert by_reason([marked]) == {}


@pytest.mark.parametrize("why", ["", "  ", "two\nlines", "x" * 1_001])
def test_a_dismissal_needs_a_reason_of_one_line(why: str) -> None:
    with pytest.raises(InvalidInput, match="reason"):
        dismissing(Unread(pointer(1)), "operator", why, Instant(7))


def test_no_decoder_gives_the_reason_of_a_mark() -> None:
    from pathlib import Path

    root = Path(__file__).parents[2] / "pipeline"
    texts = [path.read_text() for path in (*root.glob("wire/*.py"), root / "events.py")]
    for word in (REPLAYED, DISMISSED):
        assert not any(f'Undecodable("{word}"' in text for text in texts)


def test_a_place_is_written_and_read_back() -> None:
    place = Place("ingestion.events", 3, 42)
    assert str(place) == "ingestion.events/3/42"
    assert parse_place(str(place)) == place


@pytest.mark.parametrize("text", ["", "events", "events/1", "events/x/1", "events/1/-1", "/1/1"])
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="TOPIC/PARTITION/OFFSET"):
        parse_place(text)
