"""Ids that the pipeline gives itself, and keys that say nothing, are nobody else's."""

import msgspec
import pytest

from pipeline.errors import Undecodable
from pipeline.events import Event, checked
from pipeline.identifiers import RecordId
from pipeline.ledger.parts import Part
from pipeline.records import key_id
from tests.ledger.kin import derived, notice
from tests.ledger.looks import LONG
from tests.support.build import event
from tests.support.drive import Drive


@pytest.mark.parametrize("own", ["retention:key/9f86d081", "retention:notice/ico-1/stop"])
def test_nothing_is_derived_from_what_the_pipeline_keeps_for_itself(own: str) -> None:
    with pytest.raises(Undecodable, match="reserved") as refusal:
        checked(derived("template", "photo", own))
    assert refusal.value.reason == "bad_id"
    other = derived("template", "photo", f"my-{own}")
    assert checked(other) == other


def test_an_empty_key_makes_no_two_photos_the_same() -> None:
    def photo(name: str, *, at: int, residency: str) -> Event:
        made = event(name, at=at, residency=residency)
        return msgspec.structs.replace(made, natural_key_hash="")

    drive = Drive()
    first = photo("first", at=1_000, residency="GB")
    drive.give(Part(envelopes=(LONG, notice()), events=(first,)))
    drive.until(6_000)
    drive.answer_all(at=6_000)
    drive.give(Part(events=(photo("second", at=8_000, residency="FR"),)))
    drive.until(9_000)
    assert {one.record_id for one in drive.commands} == {"first"}
    assert RecordId(key_id("")) not in drive.ledger.holdings
