"""Rule by rule: what came of each, and what suppressed it, by tables."""

from typing import Any

import pytest

from pipeline.documents import Envelope, enveloped
from pipeline.events import Evidence, Subject
from pipeline.identifiers import SubjectId
from pipeline.inquiry.explanation import Considered, Result
from pipeline.instants import Instant
from pipeline.records import Record, applied
from tests.inquiry.build import BEGIN, fresh, life, results
from tests.support.build import control, event, hold, notice, policy, policy_text, request, rule
from tests.test_precedence import limit

DEFAULT = "policy:acme/default"


def one(record: Record, name: str, *documents: Envelope) -> Considered:
    return {found.name: found for found in life(record, *documents).considered}[name]


ELSEWHERE = "{residency: [FR]}"
OTHER_PURPOSE = "{residency: [GB], purpose: [dpv:Marketing]}"


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ((limit("a", 10),), {"a": Result.DECIDES, "default": Result.NOT_NEEDED}),
        ((limit("a", 10), limit("b", 20)), {"a": Result.DECIDES, "b": Result.LATER}),
        ((limit("a", 20), limit("b", 10)), {"a": Result.LATER, "b": Result.DECIDES}),
        (
            (limit("a", 10, match=ELSEWHERE),),
            {"a": Result.NO_MATCH, "default": Result.DECIDES},
        ),
        ((limit("a", 10, match=OTHER_PURPOSE),), {"a": Result.NO_MATCH}),
        (
            (limit("a", 10, mode="observe"),),
            {"a": Result.OBSERVED, "default": Result.DECIDES},
        ),
        (
            (rule("a", "{residency: [GB]}", clock="purpose_ended"),),
            {"a": Result.NOT_STARTED, "default": Result.DECIDES},
        ),
        (
            (limit("a", 10), limit("m", 50, bound="minimum")),
            {"a": Result.DECIDES, "m": Result.KEEPS},
        ),
        (
            (limit("a", 10), limit("m", 5, bound="minimum")),
            {"a": Result.DECIDES, "m": Result.KEEPS},
        ),
        (
            (limit("a", 10, law="GB"), limit("m", 50, bound="minimum", law="US")),
            {"a": Result.DECIDES, "m": Result.FOREIGN},
        ),
        (
            (limit("a", 10), limit("m", 50, bound="minimum", match=ELSEWHERE)),
            {"a": Result.DECIDES, "m": Result.NO_MATCH},
        ),
    ],
)
def test_what_comes_of_the_rules_of_a_policy(
    rules: tuple[str, ...], expected: dict[str, Result]
) -> None:
    found = results(life(fresh(), policy(*rules)))
    assert {name: found[f"policy:acme/{name}"] for name in expected} == expected


def test_exactly_one_maximum_decides_and_it_is_the_one_of_the_plan() -> None:
    said = life(fresh(), policy(limit("a", 30), limit("b", 20), limit("c", 20)))
    [decider] = [one for one in said.considered if one.result == Result.DECIDES]
    assert decider.name == "policy:acme/b"
    assert decider.ends_at == said.limit_at == BEGIN + 20_000


def test_a_later_maximum_and_a_default_say_to_which_they_lost() -> None:
    documents = policy(limit("a", 10), limit("b", 20))
    assert one(fresh(), "policy:acme/b", documents).suppressed_by == ("policy:acme/a",)
    assert one(fresh(), DEFAULT, documents).suppressed_by == ("policy:acme/a",)


def test_a_rule_that_does_not_mean_it_says_on_which_axes() -> None:
    match = "{residency: [FR], purpose: [dpv:Marketing], category: [pd:Picture]}"
    found = one(fresh(), "policy:acme/a", policy(limit("a", 10, match=match)))
    assert found.missed == ("residency", "purpose")


def test_a_minimum_asks_for_more_than_a_maximum_of_unknown_residency() -> None:
    """A maximum covers whom it may mean; what nobody must keep must go."""
    rules = policy(limit("a", 10), limit("m", 50, bound="minimum"))
    said = life(fresh(residency=None), rules)
    assert results(said)["policy:acme/a"] == Result.DECIDES
    found = {one.name: one for one in said.considered}["policy:acme/m"]
    assert (found.result, found.missed) == (Result.NO_MATCH, ("residency",))


@pytest.mark.parametrize(
    ("documents", "by"),
    [
        ((hold(records=("r1",)),), ("hold:h1",)),
        ((hold(records=("r2",)),), ()),
        ((hold(records=("r1",)), hold(records=("r1",), version=2, state="released")), ()),
        ((control("pause"),), ("pause of all",)),
        ((control("pause", "store:images"),), ("pause of store:images",)),
        ((control("pause", "rule:acme/a"),), ("pause of rule:acme/a",)),
        ((control("pause", "rule:acme/b"),), ()),
        ((control("pause"), control("resume", version=2)), ()),
        ((control("pause"), hold(records=("r1",))), ("hold:h1", "pause of all")),
    ],
)
def test_what_decides_says_what_holds_it_back(
    documents: tuple[Envelope, ...], by: tuple[str, ...]
) -> None:
    found = one(fresh(), "policy:acme/a", policy(limit("a", 10)), *documents)
    assert (found.result, found.suppressed_by) == (Result.DECIDES, by)


def test_a_minimum_that_keeps_it_is_named_by_what_it_holds_back() -> None:
    rules = policy(limit("a", 10), limit("m", 50, bound="minimum"))
    assert one(fresh(), "policy:acme/a", rules).suppressed_by == ("policy:acme/m",)


def test_holds_and_pauses_are_considered_too() -> None:
    said = life(
        fresh(),
        policy(limit("a", 10)),
        hold(records=("r1",)),
        hold(records=("r2",), name="h2"),
        hold(records=("r1",), name="h3", state="released"),
        control("pause"),
    )
    found = results(said)
    assert found["hold:h1"] == Result.BLOCKS
    assert found["hold:h2"] == Result.NO_MATCH
    assert found["hold:h3"] == Result.RELEASED
    assert found["pause of all"] == Result.PAUSES
    assert said.holds == ("h1",)


def likely() -> Record:
    """A record of somebody who likely resides in GB."""
    evidence = (Evidence("profile_location", "GB", Instant(BEGIN)),)
    found = applied(None, event(at=BEGIN, residency=None))
    known = (Subject(SubjectId("s"), evidence),)
    return Record(
        **{name: getattr(found, name) for name in Record.__struct_fields__} | {"subjects": known}
    )


def ordered(**options: Any) -> Envelope:
    return notice(stop=(2_000, 8_000), delete=(3_000, 9_000), **options)


EPOCH = "1970-01-01T00:00:00.001Z"


def lived(more: str) -> Envelope:
    """A notice of an authority whose appeals do not suspend, and what else is said of it."""
    text = ordered().text.replace("GB-ICO", "FR-CNIL")
    return enveloped("notices", f"{text}{more}\n", "counsel")


def stopping() -> Envelope:
    """A notice that stops collection, and orders deletion."""
    text = ordered().text.replace("action: restrict", "action: stop_collection")
    return enveloped("notices", text, "counsel")


@pytest.mark.parametrize(
    ("record", "order", "stop", "delete"),
    [
        (fresh(), ordered(), Result.ORDERS, Result.ORDERS),
        (fresh(residency="FR"), ordered(), Result.NO_MATCH, Result.NO_MATCH),
        (fresh(residency=None), ordered(), Result.ORDERS, Result.RESTRICTS_ONLY),
        (likely(), ordered(), Result.ORDERS, Result.ORDERS),
        (fresh(), ordered(state="withdrawn"), Result.WITHDRAWN, Result.WITHDRAWN),
        (fresh(), ordered(state="preliminary"), Result.PRELIMINARY, Result.PRELIMINARY),
        (fresh(), lived("mode: observe"), Result.OBSERVED, Result.OBSERVED),
        (fresh(), stopping(), Result.COLLECTED_BEFORE, Result.ORDERS),
        (fresh(residency="FR"), lived("mode: observe"), Result.NO_MATCH, Result.NO_MATCH),
        *[
            (fresh(), lived(f"served: {EPOCH}\nlife: [{{happened: {what}, at: {EPOCH}}}]"), *two)
            for what, two in (
                ("stayed", [Result.SUSPENDED] * 2),
                ("quashed", [Result.QUASHED] * 2),
                ("substituted", [Result.SUBSTITUTED] * 2),
                ("cancelled", [Result.CANCELLED] * 2),
                ("complied", [Result.ORDERS] * 2),
            )
        ],
    ],
)
def test_what_comes_of_a_notice(
    record: Record, order: Envelope, stop: Result, delete: Result
) -> None:
    found = results(life(record, policy(limit("a", 900)), order))
    assert found["notice:ico-1/stop"] == stop
    assert found["notice:ico-1/delete"] == delete


def test_a_notice_that_leaves_unknown_residency_says_so() -> None:
    text = ordered().text.replace("match:", "unknown: leave\nmatch:")
    found = one(
        fresh(residency=None),
        "notice:ico-1/delete",
        policy(limit("a", 900)),
        enveloped("notices", text, "counsel"),
    )
    assert (found.result, found.missed) == (Result.LEAVES, ("residency",))


@pytest.mark.parametrize(
    ("asked", "expected", "kept"),
    [
        (request("access", "received"), Result.UNANSWERED, True),
        (request("access", more='answered: "1970-01-01T00:00:03Z"'), Result.ANSWERED, False),
        (request("access", "withdrawn"), Result.WITHDRAWN, False),
        (
            request("access", more="refused: [{code: Archiving, records: [r1]}]"),
            Result.REFUSED,
            False,
        ),
        (request("access", more="match: {category: [pd:FacialPrint]}"), Result.NO_MATCH, False),
        (
            request("access", more='collected_before: "1970-01-01T00:00:00Z"'),
            Result.COLLECTED_LATER,
            False,
        ),
    ],
)
def test_access_says_that_it_keeps_until_it_is_answered(
    asked: Envelope, expected: Result, kept: bool
) -> None:
    said = life(fresh(), policy(limit("a", 10)), asked)
    assert results(said)["request:dsr-1/access"] == expected
    assert said.holds == (("request:dsr-1",) if kept else ())


def test_a_notice_that_means_only_what_was_collected_earlier_says_so() -> None:
    text = ordered().text.replace("match:", "collected_before: 1970-01-01T00:00:00.500Z\nmatch:")
    found = one(
        fresh(),
        "notice:ico-1/delete",
        policy(limit("a", 900)),
        enveloped("notices", text, "counsel"),
    )
    assert found.result == Result.COLLECTED_LATER


def test_what_somebody_must_attest_is_not_asked_of_a_record() -> None:
    text = (
        ordered().text
        + """  - id: confirm
    action: attest
    tell: [officer]
    not_before: "1970-01-01T00:00:01Z"
    complete_by: "1970-01-01T00:01:00Z"
"""
    )
    found = results(life(fresh(), policy(limit("a", 900)), enveloped("notices", text, "counsel")))
    assert "notice:ico-1/delete" in found
    assert "notice:ico-1/confirm" not in found


def test_a_notice_held_back_says_by_what() -> None:
    found = one(
        fresh(),
        "notice:ico-1/delete",
        policy(limit("a", 900)),
        ordered(),
        hold(records=("r1",)),
    )
    assert (found.result, found.suppressed_by) == (Result.ORDERS, ("hold:h1",))
    stop = one(
        fresh(), "notice:ico-1/stop", policy(limit("a", 900)), ordered(), hold(records=("r1",))
    )
    assert stop.suppressed_by == (), "a hold keeps from deleting, not from restricting"


def test_of_several_policies_the_earliest_default_decides() -> None:
    one_policy = policy(limit("a", 10, match=ELSEWHERE), default="PT50S")
    other = enveloped(
        "policies",
        policy_text(limit("b", 10, match=ELSEWHERE), name="other", default="PT40S"),
        "counsel",
    )
    found = results(life(fresh(), one_policy, other))
    assert found["policy:other/default"] == Result.DECIDES
    assert found["policy:acme/default"] == Result.LATER
