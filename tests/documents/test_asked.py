"""What one request comes to for one record: wholly, in part, refused, or not at all."""

import msgspec
import pytest

from pipeline.documents import Request
from pipeline.documents.asking import Asked, asked_of
from pipeline.events import Event
from pipeline.instants import parse_instant
from pipeline.tags import Judge
from tests.ledger.looks import known
from tests.support.build import event, planner_of, policy, request, rule

NOW = parse_instant("2026-01-01T00:00:00Z")
INTEREST, CONTRACT = "dpv:LegitimateInterest", "dpv:Contract"


def asked(
    more: str = "",
    kind: str = "erasure",
    state: str = "accepted",
    *,
    of: tuple[Event, ...] = (),
) -> Asked:
    record = known(*(of or (event(at=1_000),)))
    document = request(kind, state, more=more)
    planner = planner_of(policy(rule()), document)
    [found] = planner.in_force.requests_naming(record)
    assert isinstance(found, Request)
    return asked_of(found, record, Judge(planner.in_force.method).judge(record.subjects), NOW)


def mixed() -> Event:
    return msgspec.structs.replace(event(at=1_000), categories=("pd:Picture", "pd:Name"))


def test_a_request_without_conditions_means_all_of_it() -> None:
    assert asked() == Asked("delete")
    assert asked(kind="restriction") == Asked("restrict", keeps=True)
    assert asked(kind="access") == Asked("", keeps=True)


def test_what_it_does_not_match_it_does_not_mean_and_says_by_what() -> None:
    assert asked("match: {category: [pd:FacialPrint]}") == Asked("", why="match")
    assert asked("match: {category: [pd:FacialPrint]}", "access") == Asked("", why="match")


@pytest.mark.parametrize(
    ("kind", "basis"), [("objection", CONTRACT), ("consent_withdrawal", INTEREST)]
)
def test_a_right_that_the_lawful_basis_does_not_give_means_nothing(kind: str, basis: str) -> None:
    held = (event(at=1_000, lawful_basis=basis),)
    assert asked(kind=kind, of=held) == Asked("", why="lawful_basis")


@pytest.mark.parametrize(
    ("kind", "state", "orders", "keeps"),
    [
        ("erasure", "accepted", "", False),
        ("objection", "received", "restrict", False),
        ("objection", "accepted", "restrict", False),
        ("restriction", "accepted", "restrict", True),
        # It orders nothing, so that nothing of it goes on while it is refused.
        ("objection", "withdrawn", "", False),
        ("restriction", "received", "restrict", True),
        ("access", "received", "", False),
    ],
)
def test_what_is_refused_for_a_record_says_why_and_what_goes_on(
    kind: str, state: str, orders: str, keeps: bool
) -> None:
    found = asked("refused: [{code: LegalClaims, records: [r1]}]", kind, state)
    assert (found.orders, found.keeps, found.why, found.in_part) == (orders, keeps, "", False)
    assert found.refusal is not None
    assert found.refusal.code == "LegalClaims"


def test_what_is_refused_for_others_is_not_refused_for_it() -> None:
    assert asked("refused: [{code: LegalClaims, records: [r2]}]") == Asked("delete")


@pytest.mark.parametrize(
    ("kind", "state", "in_part", "keeps"),
    [
        ("erasure", "accepted", True, False),
        ("erasure", "received", False, False),
        ("objection", "received", True, False),
        # What is restricted as a whole is not destroyed in part; what is only asked for, is kept.
        ("restriction", "accepted", True, False),
        ("access", "received", False, True),
    ],
)
def test_what_is_meant_in_part_is_left_to_a_person(
    kind: str, state: str, in_part: bool, keeps: bool
) -> None:
    found = asked("match: {category: [pd:Picture]}", kind, state, of=(mixed(),))
    assert found == Asked("", in_part=in_part, keeps=keeps)
