"""Command ids: made from content, different for every difference, and the same everywhere."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.identifiers import Cause, EventId, RecordId, command_id, shard_of

FIELDS = ("kind", "target", "record_id", "generation", "cause", "epoch")
EXAMPLE: dict[str, Any] = {
    "kind": "DELETE",
    "target": "images",
    "record_id": RecordId("r1"),
    "generation": EventId("e1"),
    "cause": Cause("policy:acme/faces"),
    "epoch": "",
}
# Digits, colons and the separator are what could be mistaken for the frame around a part.
TEXTS = st.text(alphabet=":\x1f0123456789ab", max_size=8)
TUPLES = st.tuples(TEXTS, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS)


def made(parts: tuple[str, ...]) -> str:
    values: dict[str, Any] = dict(zip(FIELDS, parts, strict=True))
    return command_id(**values)


def test_a_known_command_has_its_known_id() -> None:
    """Ids are a promise to stores: they outlive every release."""
    assert command_id(**EXAMPLE) == "35caa97b-ab39-57e1-8e9d-0085c3c90cda"


@pytest.mark.parametrize("field", FIELDS)
def test_a_change_of_any_part_changes_the_id(field: str) -> None:
    assert command_id(**(EXAMPLE | {field: "another"})) != command_id(**EXAMPLE)


@given(TUPLES, TUPLES)
def test_different_parts_never_share_an_id(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert (made(one) == made(other)) == (one == other)


@given(TUPLES, st.integers(0, 4))
def test_moving_a_boundary_between_two_parts_changes_the_id(
    parts: tuple[str, ...], at: int
) -> None:
    for separator in ("", "\x1f", ":", f"\x1f{len(parts[at + 1])}:"):
        joined = parts[at] + separator + parts[at + 1]
        moved = (*parts[:at], joined, "", *parts[at + 2 :])
        assert (made(moved) == made(parts)) == (moved == parts)


@given(st.text(max_size=20), st.integers(1, 200))
def test_a_record_has_one_shard_and_it_exists(record_id: str, shards: int) -> None:
    shard = shard_of(record_id, shards)
    assert 0 <= shard < shards
    assert shard == shard_of(record_id, shards)


def test_shards_are_the_same_on_every_machine_for_ever() -> None:
    assert [shard_of(f"r{number}", 64) for number in range(6)] == [37, 48, 42, 17, 55, 47]


def test_records_spread_over_the_shards() -> None:
    counts = [0] * 16
    for number in range(16_000):
        counts[shard_of(f"r{number}", 16)] += 1
    assert min(counts) > 800
    assert max(counts) < 1_200
