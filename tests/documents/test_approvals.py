"""Documents that take effect only once another person than their author has approved them."""

import pytest

from pipeline.documents import Versions
from pipeline.instants import parse_instant
from tests.documents.states import NOW, approval, published, scope, versions
from tests.documents.texts import hold, notice, policy

ADA, GRACE = "ada", "grace"
KINDS = ("policies",)
JUNE = "2026-06-01T00:00:00Z"


ONE, TWO, OTHER = policy(), policy(version=2), policy(name="b")
CHANGED = policy(default="P2D")


@pytest.mark.parametrize(
    ("arrived", "numbers", "waiting"),
    [
        ([(ONE, ADA)], [], [ONE]),
        ([(ONE, ADA), (approval(ONE), GRACE)], [1], []),
        # What its own author approves stays where it is.
        ([(ONE, ADA), (approval(ONE), ADA)], [], [ONE]),
        # The approval may come first.
        ([(approval(ONE), GRACE), (ONE, ADA)], [1], []),
        ([(approval(ONE), ADA), (ONE, ADA)], [], [ONE]),
        # An approval is for one version of one document of one kind.
        ([(TWO, ADA), (approval(ONE), GRACE)], [], [TWO]),
        ([(ONE, ADA), (approval(notice()), GRACE)], [], [ONE]),
        ([(ONE, ADA), (approval(OTHER), GRACE)], [], [ONE]),
        # Until its successor is approved, the approved version rules.
        (
            [(ONE, ADA), (approval(ONE), GRACE), (TWO, ADA)],
            [1],
            [TWO],
        ),
        (
            [(ONE, ADA), (approval(ONE), GRACE), (TWO, ADA), (approval(TWO), GRACE)],
            [2],
            [],
        ),
        # A second approval by another person counts, whoever gave the first.
        ([(ONE, ADA), (approval(ONE), ADA), (approval(ONE, 2), GRACE)], [1], []),
        # The author's own approval does not undo another person's.
        ([(ONE, ADA), (approval(ONE), GRACE), (approval(ONE, 2), ADA)], [1], []),
        # An approval is of a text: another one with the same number is not approved by it.
        ([(ONE, ADA), (CHANGED, ADA), (approval(ONE), GRACE)], [1], []),
        ([(CHANGED, ADA), (approval(ONE), GRACE)], [], [CHANGED]),
        # What an approved later version has replaced waits no more.
        ([(ONE, ADA), (TWO, ADA), (approval(TWO), GRACE)], [2], []),
        # Another document with the same author waits on its own.
        (
            [(ONE, ADA), (OTHER, ADA), (approval(OTHER), GRACE)],
            [1],
            [ONE],
        ),
    ],
)
def test_where_two_must_agree_a_document_waits_for_another_person(
    arrived: list[tuple[str, str]], numbers: list[int], waiting: list[str]
) -> None:
    for envelopes in (arrived, arrived[::-1]):
        state = Versions.of([published(text, author) for text, author in envelopes], ["policies"])
        found = state.in_force(NOW)

        assert [document.version for document in found.policies] == numbers
        assert list(found.waiting) == [scope(text) for text in waiting]


def test_only_the_kinds_that_are_named_wait() -> None:
    state = versions(policy(), notice(), hold(), approvals=("notices", "holds")).in_force(NOW)

    assert len(state.policies) == 1
    assert (state.notices, state.holds) == ((), ())
    assert state.waiting == (scope(hold()), scope(notice()))


def test_of_two_approved_texts_with_one_number_one_counts_whatever_the_order() -> None:
    texts = [ONE, CHANGED, approval(ONE), approval(CHANGED)]
    arrived = [published(text, GRACE if text.startswith("control") else ADA) for text in texts]

    found = [Versions.of(order, ["policies"]).in_force(NOW) for order in (arrived, arrived[::-1])]

    assert found[0] == found[1]
    assert len(found[0].policies) == 1


def test_an_unapproved_version_changes_nothing_on_its_date_and_an_approved_one_does() -> None:
    later = policy(more=f"effective_from: {JUNE}\n")
    waiting = versions(later, approvals=("policies",))
    assert waiting.in_force(NOW).until is None

    approved = waiting.applied(published(approval(later), GRACE))
    assert (approved.in_force(NOW).policies, approved.in_force(NOW).until) == (
        (),
        parse_instant(JUNE),
    )
    assert len(approved.in_force(parse_instant(JUNE)).policies) == 1


def test_a_date_of_a_version_that_was_replaced_is_no_change() -> None:
    later = policy(more=f"effective_from: {JUNE}\n")
    arrived = [(later, ADA), (approval(later), GRACE), (TWO, ADA), (approval(TWO), GRACE)]
    state = Versions.of([published(text, author) for text, author in arrived], ["policies"])

    assert state.in_force(NOW).until is None
    assert [document.version for document in state.in_force(parse_instant(JUNE)).policies] == [2]


def test_what_needs_approval_tells_states_apart() -> None:
    assert versions(policy()) != versions(policy(), approvals=("policies",))


def test_an_unapproved_release_leaves_the_hold_in_force() -> None:
    release = hold(version=2, state="released")
    held = versions(hold(), approval(hold(), 1), approvals=("holds",))
    assert held.in_force(NOW).waiting == (scope(hold()),), "counsel approved what counsel wrote"

    agreed = held.applied(published(approval(hold(), 2), GRACE)).applied(published(release, ADA))

    assert [document.state for document in agreed.in_force(NOW).holds] == ["active"]
    assert agreed.in_force(NOW).waiting == (scope(release),)
    ended = agreed.applied(published(approval(release), GRACE)).in_force(NOW)
    assert [document.state for document in ended.holds] == ["released"]


@pytest.mark.parametrize("other", ["Ada", " ada ", "ADA", "\uff41\uff44\uff41", " \uff21d\uff41"])
def test_the_same_name_in_other_letters_is_no_second_person(other: str) -> None:
    for author, approver in ((ADA, other), (other, ADA)):
        state = Versions.of([published(ONE, author), published(approval(ONE), approver)], KINDS)
        assert state.in_force(NOW).policies == ()
        assert state.in_force(NOW).waiting == (scope(ONE),)

    second = Versions.of([published(ONE, other), published(approval(ONE), GRACE)], KINDS)
    assert len(second.in_force(NOW).policies) == 1


def test_letters_that_fold_to_the_same_are_the_same_name() -> None:
    state = Versions.of([published(ONE, "stra\u00dfe"), published(approval(ONE), "STRASSE")], KINDS)
    assert state.in_force(NOW).policies == ()
