"""What is newly enforced takes effect once another person has approved a simulation of it."""

from collections.abc import Iterable
from itertools import permutations

import pytest

from pipeline.documents import InForce, Versions, simulation_scope
from pipeline.instants import parse_instant
from tests.documents.states import NOW, approval, published, scope
from tests.documents.texts import control, hold, notice, policy, rule

ADA, GRACE, LINUS = "ada", "grace", "linus"
JUNE = "2026-06-01T00:00:00Z"

ONE = policy(default="P9Y")
OBSERVED = policy(rule(mode="observe"), version=2, default="P9Y")
ENFORCED = policy(rule(), version=3, default="P9Y")
OTHER = ENFORCED.replace("at_most: 100", "at_most: 101")

Arrived = list[tuple[str, str]]


def simulated(text: str, number: int = 1, action: str = "approve", result: str = "a") -> str:
    """Return the control that approves a simulation of a text, or takes that back."""
    scope = f"{simulation_scope(published(text))}/{result * 12}"
    return control(action, scope=scope, version=number)


def awaited(text: str) -> str:
    return simulation_scope(published(text))


def found(arrived: Iterable[tuple[str, str]], *approvals: str, at: str = "") -> InForce:
    envelopes = [published(text, author) for text, author in arrived]
    known = Versions.of(envelopes, approvals or ("simulations",))
    return known.in_force(parse_instant(at) if at else NOW)


def numbers(state: InForce) -> list[int]:
    return [one.version for one in state.policies]


FIRST: Arrived = [(ONE, ADA), (simulated(ONE), GRACE)]


@pytest.mark.parametrize(
    ("arrived", "in_force", "waiting"),
    [
        # A first version enforces its default limit.
        ([(ONE, ADA)], [], [ONE]),
        (FIRST, [1], []),
        # What is only observed needs nobody.
        ([*FIRST, (OBSERVED, ADA)], [2], []),
        # What is enforced waits, and the version in force before goes on.
        ([*FIRST, (OBSERVED, ADA), (ENFORCED, ADA)], [2], [ENFORCED]),
        ([*FIRST, (ENFORCED, ADA), (simulated(ENFORCED), GRACE)], [3], []),
        # Another person than the author; a name in capitals is the same name.
        ([*FIRST, (ENFORCED, ADA), (simulated(ENFORCED), ADA)], [1], [ENFORCED]),
        ([*FIRST, (ENFORCED, ADA), (simulated(ENFORCED), " ADA")], [1], [ENFORCED]),
        # A simulation of another text, version or document.
        ([*FIRST, (ENFORCED, ADA), (simulated(OTHER), GRACE)], [1], [ENFORCED]),
        ([*FIRST, (ENFORCED, ADA), (simulated(OBSERVED), GRACE)], [1], [ENFORCED]),
        (
            [*FIRST, (ENFORCED, ADA), (simulated(policy(name="b")), GRACE)],
            [1],
            [ENFORCED],
        ),
        # An approval of the text alone is none of a simulation.
        ([*FIRST, (ENFORCED, ADA), (approval(ENFORCED), GRACE)], [1], [ENFORCED]),
        # Whatever came out: that is for people to judge.
        ([*FIRST, (ENFORCED, ADA), (simulated(ENFORCED, result="b"), GRACE)], [3], []),
        # Taken back by who gave it.
        (
            [
                *FIRST,
                (ENFORCED, ADA),
                (simulated(ENFORCED), GRACE),
                (simulated(ENFORCED, 2, "withdraw"), GRACE),
            ],
            [1],
            [ENFORCED],
        ),
        (
            [
                *FIRST,
                (ENFORCED, ADA),
                (simulated(ENFORCED), GRACE),
                (simulated(ENFORCED, 2, "withdraw"), "Grace"),
            ],
            [1],
            [ENFORCED],
        ),
        # Given again.
        (
            [
                *FIRST,
                (ENFORCED, ADA),
                (simulated(ENFORCED, 2, "withdraw"), GRACE),
                (simulated(ENFORCED, 3), GRACE),
            ],
            [3],
            [],
        ),
        # Nobody takes back what another gave.
        (
            [
                *FIRST,
                (ENFORCED, ADA),
                (simulated(ENFORCED), GRACE),
                (simulated(ENFORCED, 2, "withdraw"), LINUS),
            ],
            [3],
            [],
        ),
        # What is taken back of one result stands by the other.
        (
            [
                *FIRST,
                (ENFORCED, ADA),
                (simulated(ENFORCED), GRACE),
                (simulated(ENFORCED, 1, "withdraw", result="b"), GRACE),
            ],
            [3],
            [],
        ),
    ],
)
def test_what_is_newly_enforced_waits_for_another_person(
    arrived: Arrived, in_force: list[int], waiting: list[str]
) -> None:
    for order in (arrived, arrived[::-1], arrived[1:] + arrived[:1]):
        state = found(order)
        assert numbers(state) == in_force
        assert list(state.waiting) == [awaited(text) for text in waiting]


def test_the_order_of_arrival_does_not_matter() -> None:
    arrived = [*FIRST, (OBSERVED, ADA), (ENFORCED, ADA), (simulated(ENFORCED), GRACE)]
    for order in permutations(arrived):
        assert numbers(found(order)) == [3]


def test_what_the_version_before_enforces_need_not_be_simulated_again() -> None:
    enforced = [*FIRST, (ENFORCED, ADA), (simulated(ENFORCED), GRACE)]
    same = policy(rule(), rule("b", mode="observe"), version=4, default="P9Y")
    assert numbers(found([*enforced, (same, ADA)])) == [4]
    # Back to observing, and to enforcing again: that is newly enforced.
    back = policy(rule(mode="observe"), version=4, default="P9Y")
    again = policy(rule(), version=5, default="P9Y")
    state = found([*enforced, (back, ADA), (again, ADA)])
    assert (numbers(state), state.waiting) == ([4], (awaited(again),))


def test_what_was_built_on_a_version_whose_approval_is_taken_back_waits_too() -> None:
    same = policy(rule(), rule("b", mode="observe"), version=4, default="P9Y")
    arrived = [*FIRST, (ENFORCED, ADA), (simulated(ENFORCED), GRACE), (same, ADA)]
    assert numbers(found(arrived)) == [4]
    state = found([*arrived, (simulated(ENFORCED, 2, "withdraw"), GRACE)])
    assert numbers(state) == [1]
    assert state.waiting == (awaited(ENFORCED), awaited(same))


def test_both_approvals_are_asked_for_where_both_are_needed() -> None:
    kinds = ("policies", "simulations")
    assert found([(ONE, ADA)], *kinds).waiting == (scope(ONE), awaited(ONE))
    assert found([(ONE, ADA), (approval(ONE), GRACE)], *kinds).waiting == (awaited(ONE),)
    assert found([*FIRST], *kinds).waiting == (scope(ONE),)
    # Another person each is enough.
    assert numbers(found([*FIRST, (approval(ONE), LINUS)], *kinds)) == [1]


def test_without_it_nothing_waits_for_a_simulation() -> None:
    state = Versions.of([published(ONE), published(ENFORCED)]).in_force(NOW)
    assert (numbers(state), state.waiting) == ([3], ())


def test_holds_need_no_simulation() -> None:
    assert len(found([(hold(), ADA)]).holds) == 1


def test_a_notice_waits_when_it_is_switched_to_enforce() -> None:
    observed, enforced = notice(more="mode: observe\n"), notice(version=2)
    state = found([(observed, ADA), (enforced, ADA)])
    assert [one.notice.version for one in state.notices] == [1]
    assert state.waiting == (awaited(enforced),)
    state = found([(observed, ADA), (enforced, ADA), (simulated(enforced), GRACE)])
    assert [one.notice.version for one in state.notices] == [2]


def dated(text: str) -> str:
    return text.replace("zone:", f"effective_from: {JUNE}\nzone:")


def test_a_later_version_waits_before_its_date_and_takes_effect_on_it() -> None:
    later = dated(ENFORCED)
    state = found([*FIRST, (later, ADA)])
    assert (state.waiting, state.until) == ((awaited(later),), None)
    assert numbers(found([*FIRST, (later, ADA)], at=JUNE)) == [1]
    approved = [*FIRST, (later, ADA), (simulated(later), GRACE)]
    assert found(approved).until == parse_instant(JUNE)
    assert (numbers(found(approved)), numbers(found(approved, at=JUNE))) == ([1], [3])


def test_a_later_version_is_compared_with_what_is_in_force_then() -> None:
    later = dated(ENFORCED)
    same = dated(policy(rule(), version=4, default="P9Y"))
    arrived = [*FIRST, (later, ADA), (same, ADA)]
    assert found(arrived).waiting == (awaited(later), awaited(same))
    approved = [*arrived, (simulated(later), GRACE)]
    assert found(approved).waiting == ()
    assert numbers(found(approved, at=JUNE)) == [4]


def test_two_texts_with_one_number_are_told_apart() -> None:
    arrived = [*FIRST, (ENFORCED, ADA), (OTHER, ADA), (simulated(OTHER), GRACE)]
    for order in (arrived, arrived[::-1]):
        state = found(order)
        assert [one.digest for one in state.envelopes if one.kind == "policies"] == [
            published(OTHER).digest
        ]
