"""The gate opens when every awaited partition is covered to its end, and never before."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from pipeline.ledger.gate import Gate
from pipeline.ledger.parts import Span

SPANS = (
    Span("records", 0, 0, 4, 0, 9),
    Span("records", 0, 4, 9, 0, 9),
    Span("records", 1, 5, 5, 5, 5),
    Span("policies", 0, 0, 1, 0, 1),
)
AWAITED = {"records": 2, "policies": 1}


def test_a_gate_that_awaits_nothing_is_open() -> None:
    assert Gate({}).open


def test_every_order_opens_only_with_the_last_range() -> None:
    for order in itertools.permutations(SPANS):
        gate = Gate(AWAITED)
        for span in order:
            assert not gate.open
            gate.add(span)
        assert gate.open


def test_an_empty_partition_must_say_that_it_is_empty() -> None:
    gate = Gate({"records": 1})
    assert not gate.open
    gate.add(Span("records", 0, 3, 3, 3, 3))
    assert gate.open


def test_a_repeated_range_does_not_stand_for_a_missing_one() -> None:
    gate = Gate({"records": 1})
    for _ in range(3):
        gate.add(SPANS[0])
    assert not gate.open


@given(st.permutations(SPANS), st.integers(0, len(SPANS)))
def test_a_gate_restored_from_its_state_goes_on_where_it_was(order: list[Span], cut: int) -> None:
    gate = Gate(AWAITED)
    for span in order[:cut]:
        gate.add(span)
    restored = Gate(AWAITED, gate.state())
    assert restored.open == gate.open == (cut == len(SPANS))
    for span in order[cut:]:
        restored.add(span)
    assert restored.open
