"""Documents that take effect only once another person than their author has approved them."""

import pytest

from pipeline.documents import Versions
from pipeline.instants import parse_instant
from tests.documents.states import NOW, published, versions
from tests.documents.texts import control, hold, notice, policy

ADA, GRACE = "ada", "grace"
JUNE = "2026-06-01T00:00:00Z"


def approval(version: int, of: str = "policies/acme", number: int = 1) -> str:
    return control("approve", scope=f"document:{of}@{version}", version=number)


@pytest.mark.parametrize(
    ("arrived", "numbers", "waiting"),
    [
        ([(policy(), ADA)], [], ["policies/acme@1"]),
        ([(policy(), ADA), (approval(1), GRACE)], [1], []),
        # What its own author approves stays where it is.
        ([(policy(), ADA), (approval(1), ADA)], [], ["policies/acme@1"]),
        # The approval may come first.
        ([(approval(1), GRACE), (policy(), ADA)], [1], []),
        ([(approval(1), ADA), (policy(), ADA)], [], ["policies/acme@1"]),
        # An approval is for one version of one document of one kind.
        ([(policy(version=2), ADA), (approval(1), GRACE)], [], ["policies/acme@2"]),
        ([(policy(), ADA), (approval(1, "notices/acme"), GRACE)], [], ["policies/acme@1"]),
        ([(policy(), ADA), (approval(1, "policies/other"), GRACE)], [], ["policies/acme@1"]),
        # Until its successor is approved, the approved version rules.
        (
            [(policy(), ADA), (approval(1), GRACE), (policy(version=2), ADA)],
            [1],
            ["policies/acme@2"],
        ),
        (
            [(policy(), ADA), (approval(1), GRACE), (policy(version=2), ADA), (approval(2), GRACE)],
            [2],
            [],
        ),
        # A second approval by another person counts, whoever gave the first.
        ([(policy(), ADA), (approval(1), ADA), (approval(1, number=2), GRACE)], [1], []),
        # Another document with the same author waits on its own.
        (
            [(policy(), ADA), (policy(name="b"), ADA), (approval(1, "policies/b"), GRACE)],
            [1],
            ["policies/acme@1"],
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
        assert list(found.waiting) == waiting


def test_only_the_kinds_that_are_named_wait() -> None:
    state = versions(policy(), notice(), hold(), approvals=("notices", "holds")).in_force(NOW)

    assert len(state.policies) == 1
    assert (state.notices, state.holds) == ((), ())
    assert state.waiting == ("holds/h-1@1", "notices/ico@1")


def test_an_unapproved_version_changes_nothing_on_its_date_and_an_approved_one_does() -> None:
    waiting = versions(policy(more=f"effective_from: {JUNE}\n"), approvals=("policies",))
    assert waiting.in_force(NOW).until is None

    approved = waiting.applied(published(approval(1), GRACE))
    assert (approved.in_force(NOW).policies, approved.in_force(NOW).until) == (
        (),
        parse_instant(JUNE),
    )
    assert len(approved.in_force(parse_instant(JUNE)).policies) == 1


def test_what_needs_approval_tells_states_apart() -> None:
    assert versions(policy()) != versions(policy(), approvals=("policies",))


def test_an_unapproved_release_leaves_the_hold_in_force() -> None:
    release = published(hold(version=2, state="released"), ADA)
    held = versions(hold(), approval(1, "holds/h-1", 1), approvals=("holds",))
    assert held.in_force(NOW).waiting == ("holds/h-1@1",), "counsel approved what counsel wrote"

    agreed = held.applied(published(approval(1, "holds/h-1", 2), GRACE)).applied(release)

    assert [document.state for document in agreed.in_force(NOW).holds] == ["active"]
    assert agreed.in_force(NOW).waiting == ("holds/h-1@2",)
    ended = agreed.applied(published(approval(2, "holds/h-1"), GRACE)).in_force(NOW)
    assert [document.state for document in ended.holds] == ["released"]
