"""Records in few bytes: what is put in comes out, and what records share is kept once."""

from hypothesis import given

from pipeline.events import Event
from pipeline.identifiers import RecordId
from pipeline.ledger.holdings import Holdings
from tests.support.build import event
from tests.test_records import LONG, all_of
from tests.wire.values import FULL_RECORD, RECORD


@given(LONG)
def test_any_record_comes_out_as_it_was_put_in(events: list[Event]) -> None:
    record, holdings = all_of(events), Holdings()
    holdings.put(record)
    assert holdings.get(record.record_id) == record


def test_ordinary_and_full_records_come_out_as_they_were_put_in() -> None:
    holdings = Holdings()
    for record in (RECORD, FULL_RECORD):
        key = holdings.put(record)
        assert holdings.get_key(key) == record
    assert len(holdings) == 1
    assert holdings.get(RecordId("another")) is None


def test_records_that_share_their_words_share_a_class() -> None:
    holdings = Holdings()
    for number in range(100):
        holdings.put(all_of([event(f"r{number}", at=1_000 + number)]))
    assert (len(holdings), len(holdings.classes)) == (100, 1)


def test_what_the_journal_keeps_restores_all() -> None:
    holdings, restored = Holdings(), Holdings()
    holdings.put(RECORD)
    first = (list(holdings.classes), holdings.packed(holdings))
    key = holdings.put(all_of([event("r2", residency="FR")]))
    restored.restore(*first)
    restored.restore(holdings.classes[len(first[0]) :], holdings.packed([key]))
    assert list(restored.records()) == list(holdings.records())
