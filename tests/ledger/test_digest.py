"""The digest: equal for equal content, different for every difference that matters."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.identifiers import Cause, CommandId, EventId, RecordId, StoreName
from pipeline.instants import Instant
from pipeline.ledger.digest import Digest, canonical
from pipeline.ledger.parts import Part
from pipeline.records import Birth, Issued, Record
from tests.support.build import event
from tests.support.drive import Drive

ISSUED = Issued(
    CommandId("c1"), "DELETE", StoreName("images"), Cause("policy:acme/faces"), "Act s.1",
    EventId("e1"), Instant(10), Instant(20), Instant(10), Instant(99), Instant(10),
)  # fmt: skip
RECORD = Record(
    record_id=RecordId("r1"),
    births=(Birth(Instant(1), EventId("e1"), Instant(1)),),
    stores=(StoreName("images"),),
    issued=(ISSUED,),
    version=3,
)


def with_issued(**changes: object) -> Record:
    return msgspec.structs.replace(RECORD, issued=(msgspec.structs.replace(ISSUED, **changes),))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("record_id", "r2"),
        ("births", (Birth(Instant(2), EventId("e1"), Instant(1)),)),
        ("kind", "model"),
        ("parents", ("p",)),
        ("purposes", ("dpv:Marketing",)),
        ("lawful_bases", ("dpv:Consent",)),
        ("categories", ("pd:Name",)),
        ("sources", ("web",)),
        ("stores", ("images", "index")),
        ("recipients", ("x",)),
        ("natural_key_hash", "h"),
        ("anchors", (("purpose_ended", 5),)),
        ("cut", 7),
        ("issued", ()),
    ],
)
def test_every_fact_counts(field: str, value: object) -> None:
    assert canonical(msgspec.structs.replace(RECORD, **{field: value})) != canonical(RECORD)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("command_id", "c2"), ("store", "index"), ("cause", "policy:acme/other"),
        ("not_before", 11), ("complete_by", 21), ("data_until", 12), ("outcome", "COMPLETED"),
    ],
)  # fmt: skip
def test_every_deletion_counts(field: str, value: object) -> None:
    assert canonical(with_issued(**{field: value})) != canonical(RECORD)


@pytest.mark.parametrize(
    ("field", "value"),
    [("issued_at", 77), ("expires_at", 88), ("answered_at", 66), ("overdue", True)],
)
def test_when_a_command_was_issued_or_answered_does_not_count(field: str, value: object) -> None:
    assert canonical(with_issued(**{field: value})) == canonical(RECORD)


def test_versions_and_restrictions_do_not_count() -> None:
    stop = msgspec.structs.replace(ISSUED, kind="RESTRICT", command_id="c9")
    other = msgspec.structs.replace(RECORD, issued=(stop, ISSUED), version=99)
    assert canonical(other) == canonical(RECORD)


def test_the_order_in_which_deletions_were_issued_does_not_count() -> None:
    second = msgspec.structs.replace(ISSUED, command_id="c2", store="index")
    one = msgspec.structs.replace(RECORD, issued=(ISSUED, second))
    other = msgspec.structs.replace(RECORD, issued=(second, ISSUED))
    assert canonical(one) == canonical(other)


def versions(count: int) -> list[Record]:
    return [
        msgspec.structs.replace(RECORD, record_id=f"r{number}", version=version, cut=version)
        for number in range(count)
        for version in (1, 2, 3)
    ]


@given(st.permutations(versions(4)))
def test_the_newest_version_of_each_record_counts_in_any_order(rows: list[Record]) -> None:
    found = Digest(8).add_all(rows)
    newest = Digest(8).add_all(row for row in versions(4) if row.version == 3)
    assert found.records == 4
    assert found.total() == newest.total()
    assert found.by_shard() == newest.by_shard()


def test_a_missing_record_changes_the_total_and_its_shard_only() -> None:
    whole, less = Digest(8).add_all(versions(9)), Digest(8).add_all(versions(8))
    assert whole.total() != less.total()
    differing = set(whole.by_shard().items()) ^ set(less.by_shard().items())
    assert len({shard for shard, _ in differing}) == 1


def test_what_one_shard_lost_another_cannot_make_good() -> None:
    """The shard's number is part of the total: a moved record is a difference."""
    assert Digest(8).add_all(versions(4)).total() != Digest(9).add_all(versions(4)).total()


def test_an_empty_inventory_has_a_digest_of_its_own() -> None:
    assert Digest(8).records == 0
    assert Digest(8).total() != Digest(8).add_all([RECORD]).total()


def test_a_record_known_by_its_updates_alone_is_a_record() -> None:
    drive = Drive()
    drive.give(Part(events=(event("r1", at=1_000, what="updated"),)))
    found = Digest(8).add_all(drive.ledger.holdings.records())
    assert found.records == 1
    assert found.total() != Digest(8).total()
