"""What decisions and findings say to a person, word by word."""

import pytest

from pipeline.documents import Envelope, enveloped
from pipeline.instants import DAY, MAX_INSTANT, Instant
from pipeline.ledger.due import Due, owed
from pipeline.records import Record, applied
from tests.ledger.looks import HELD, about, known, look, minimum, observed, person, planner, record
from tests.support.build import control, event, hold, notice, planner_of, policy, rule

GONE = Instant(5_000)


def reasons(found: Record, *envelopes: Envelope) -> tuple[str, ...]:
    return planner_of(*envelopes).reasons(found)


def test_the_reasons_are_those_of_the_life_that_is_asked_for() -> None:
    moved = known(event(at=1_000), event(at=GONE, what="deleted"), event(at=9_000, residency="FR"))
    document = policy(rule("ended", "{}", clock="purpose_ended"), minimum())
    found = planner_of(document).reasons(moved, GONE)
    assert found[0] == "RESIDENT of FR (0.95 by declared; evidence/1)"
    assert not any("a minimum" in text for text in found)
    ended = event(at=2_000, what="purpose_ended")
    back = known(event(at=1_000), ended, event(at=GONE, what="deleted"), event(at=9_000))
    assert "policy:acme/ended: its clock (purpose_ended) has not started" in (
        planner_of(document).reasons(back, GONE)
    )


def test_the_reasons_say_what_decided_and_what_did_not() -> None:
    document = policy(rule("fr", "{residency: [FR]}"), minimum(), minimum("short", limit="PT2S"))
    assert reasons(known(), document, hold(records=("r1",))) == (
        "RESIDENT of GB (0.95 by declared; evidence/1)",
        "no rule decided: the default limit applies",
        "policy:acme/keep: a minimum until 1970-01-01T01:00:01Z, keeps it",
        "policy:acme/short: a minimum until 1970-01-01T00:00:03Z, does not decide",
        "hold:h1: blocks deletion",
    )


def test_the_reasons_say_how_surely_a_notice_means_it() -> None:
    order = notice(stop=(2_000, 4_000), delete=(5_000, 90_000))
    said = "notice:ico-1: residency is LIKELY, not certain"
    assert said in reasons(about(person(("phone_number", "GB"))), policy(), order)
    assert not [text for text in reasons(known(), policy(), order) if "notice" in text]


def test_the_reasons_name_the_signals_that_count_together() -> None:
    both = about(person(("phone_number", "GB"), ("ip_geolocation", "GB")))
    assert "by ip_geolocation, phone_number; evidence/1)" in reasons(both, policy())[0]
    nobody = reasons(about(person()), policy())
    assert nobody[0] == "residency of somebody is not concluded (evidence/1)"


CLASS = "residency=GB purpose=dpv:SearchFunctionalities category=pd:Picture"
FRENCH, BRITISH = person(("declared", "FR"), name="t"), person(("declared", "GB"))
UNSURE = person(("page_cctld", "GB"))
ORDER = notice(stop=(2_000, 4_000), delete=(5_000, 90_000))


@pytest.mark.parametrize(
    ("record", "documents", "gaps"),
    [
        (known(), [policy()], []),
        (about(BRITISH, lawful_basis=None), [policy()], [("NO_LAWFUL_BASIS", CLASS)]),
        (
            about(BRITISH, FRENCH, purpose=None, categories=()),
            [policy(rule("all", "{}"))],
            [("NO_PURPOSE", "residency=FR+GB purpose=none category=none")],
        ),
        (
            about(person(("declared", "GB"), ("declared", "FR"))),
            [policy(rule("all", "{}"))],
            [("RESIDENCY_CONFLICT", CLASS.replace("GB", "UNKNOWN"))],
        ),
        (
            about(UNSURE),
            [policy(rule("all", "{}")), ORDER],
            [("UNKNOWN_RESIDENCY", "notice:ico-1 " + CLASS.replace("GB", "UNKNOWN"))],
        ),
        (about(person(("phone_number", "GB"))), [policy(rule("all", "{}")), ORDER], []),
        (
            known(
                event(at=1_000),
                event(at=1_001, purpose="dpv:Marketing", what="updated"),
            ),
            [],
            [("NO_POLICY", CLASS.replace("dpv:S", "dpv:Marketing+dpv:S"))],
        ),
    ],
)
def test_what_is_missing_is_named_for_a_class_and_never_for_a_person(
    record: Record, documents: list[Envelope], gaps: list[tuple[str, str]]
) -> None:
    assert list(planner_of(*documents).plan(record).gaps) == gaps


# -- findings ------------------------------------------------------------------------------------


ALL_DUE = "deletions due under policy:acme/gb-search"
RELEASE = (
    "release it, or have the obligation varied before its deadline; "
    "`retention_held_records` counts the records"
)


def homeless() -> Record:
    return known(event(at=1_000, stores=()))


@pytest.mark.parametrize(
    ("found", "documents", "kind", "subject", "what", "remedy"),
    [
        (
            homeless(),
            [policy()],
            "NO_STORE",
            "r1",
            "a record is due and names no store",
            "publish an `updated` event that names the stores which hold it",
        ),
        (
            record(),
            [policy(), control("pause", "store:images")],
            "WITHHELD",
            "policy:acme/gb-search by store:images version 1",
            "due deletions are withheld by the pause of store:images",
            "publish a `resume` for the same scope when deletion may go on",
        ),
        (
            record(),
            [policy(), HELD, hold(records=("r1",), name="h2")],
            "HELD_PAST_LIMIT",
            "policy:acme/gb-search against h1, h2",
            f"{ALL_DUE} are blocked by h1, h2",
            RELEASE,
        ),
        (
            look(record(), 11_000).record,
            [policy(), HELD],
            "HELD_PAST_LIMIT",
            "policy:acme/gb-search against h1",
            f"{ALL_DUE} are blocked by h1",
            RELEASE,
        ),
        (
            record(),
            [policy(rule(), minimum(clock="purpose_ended"))],
            "HELD_PAST_LIMIT",
            "policy:acme/gb-search against policy:acme/keep",
            f"{ALL_DUE} wait for policy:acme/keep, whose period has not begun",
            "publish the events that start its clock, or correct the rule",
        ),
    ],
)
def test_a_finding_says_what_it_is_about_what_is_wrong_and_what_to_do(
    found: Record, documents: list[Envelope], kind: str, subject: str, what: str, remedy: str
) -> None:
    findings = look(found, 12_000, *documents).findings
    said = {(item.kind, item.subject, item.what, item.remedy) for item in findings}
    assert said == {(kind, subject, what, remedy)}


def test_what_cannot_be_worked_out_is_found_and_deletes_nothing() -> None:
    """The calendar ends with the year 9999."""
    far = known(event(at=MAX_INSTANT - 5 * DAY))
    due = look(far, 12_000, policy(rule(limit="P30D")))
    assert due._replace(findings=()) == Due(far, None, (), (), (), None)
    [item] = due.findings
    assert (item.kind, item.subject, item.at) == ("CANNOT_BE_EVALUATED", "r1", 12_000)
    assert item.occasion == "acme 1", "under another policy it is told again"
    assert "P30D from 9999-12-26 ends after the year 9999" in item.what


# -- rules that are only observed ------------------------------------------------------------------

SEEN = policy(observed(), rule(limit="PT20S"))


def test_what_a_rule_would_delete_that_is_only_observed_is_decided_once_and_not_commanded() -> None:
    before = look(record(), 5_999, SEEN)
    assert (before.decisions, before.wake) == ((), 6_000)
    due = look(record(), 6_000, SEEN)
    [decision] = due.decisions
    assert (decision.conclusion, decision.cause) == ("OBSERVED", "policy:acme/seen")
    assert (decision.not_before, decision.complete_by, decision.at) == (6_000, 6_000, 6_000)
    assert (due.commands, due.wake) == ((), 21_000)
    assert look(due.record, 6_001, SEEN).decisions == ()


def test_it_is_decided_like_a_deletion_only_once_everything_published_was_read() -> None:
    due = look(record(), 6_000, SEEN, may_delete=False)
    assert (due.decisions, due.wake) == ((), 6_000)
    idle = owed(record(), planner(SEEN), Instant(6_000), may_delete=True, commanding=False)
    assert (idle.decisions, idle.wake) == ((), 6_000)


def test_it_is_decided_though_no_store_is_named() -> None:
    assert look(homeless(), 5_999, SEEN).wake == 6_000
    [decision] = look(homeless(), 6_000, SEEN).decisions
    assert (decision.not_before, decision.complete_by) == (6_000, 6_000)


def test_the_earlier_of_what_is_observed_and_enforced_is_looked_at_first() -> None:
    late = policy(observed(limit="PT50S"), rule())
    assert look(record(), 2_000, late).wake == 11_000
    assert look(homeless(), 2_000, late).wake == 11_000


def test_each_life_is_observed_for_itself() -> None:
    both = look(record(), 6_000, SEEN).record
    assert [item.cause for item in both.issued] == ["policy:acme/seen"]
    several = policy(observed(), observed("also", limit="PT7S"), rule(limit="PT20S"))
    [decision] = look(both, 8_000, several).decisions
    assert decision.cause == "policy:acme/also"


def test_only_whom_a_rule_may_mean_is_observed() -> None:
    elsewhere = policy(observed(match="{residency: [FR]}"), rule(limit="PT20S"))
    assert look(record(), 20_000, elsewhere).decisions == ()


WATCHED = enveloped(
    "notices",
    notice(stop=(2_000, 90_000), delete=(3_000, 90_000)).text + "mode: observe\n",
    "counsel",
)


def test_of_a_notice_that_is_only_observed_deletions_are_decided_and_none_commanded() -> None:
    due = look(record(), 3_000, policy(rule(limit="PT20S")), WATCHED)
    assert [(one.conclusion, one.cause) for one in due.decisions] == [
        ("OBSERVED", "notice:ico-1/delete")
    ]
    assert (due.commands, due.wake) == ((), 21_000)


def test_whom_a_notice_that_is_observed_may_only_restrict_it_would_not_delete() -> None:
    nowhere = applied(None, event(residency=None))
    due = look(nowhere, 3_000, policy(rule(limit="PT20S")), WATCHED)
    assert (due.decisions, due.commands) == ((), ())
    assert not [gap for gap in due.gaps if gap.kind == "UNKNOWN_RESIDENCY"]
