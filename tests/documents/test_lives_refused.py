"""Lives and times that no notice can have are refused, with the place."""

from typing import Any

import pytest

from tests.documents.lives import APPEALED, BITTEN, DISMISSED, STEPS, at, problems

STAYED = ("stayed", "2022-09-01T12:00:00Z")


@pytest.mark.parametrize(
    ("life", "number", "why"),
    [
        ([("appealed", "2022-05-18T11:59:59Z")], 0, "before the notice was served"),
        ([DISMISSED], 0, "no appeal was pending"),
        ([("appeal_withdrawn", "2022-06-01T00:00:00Z")], 0, "no appeal was pending"),
        ([APPEALED, BITTEN], 1, "pending already"),
        ([("remitted", "2025-10-07T12:00:00Z")], 0, "not been quashed"),
        ([("stay_ended", "2022-06-01T00:00:00Z")], 0, "not stayed"),
        ([BITTEN, ("quashed", "2022-08-01T00:00:00Z"), STAYED], 2, "nothing was left to stay"),
        ([("stayed", "2022-07-01T00:00:00Z"), STAYED], 1, "nothing was left to stay"),
        ([APPEALED, DISMISSED, ("dismissed", "2022-12-01T00:00:00Z")], 2, "no appeal was pending"),
        (
            [APPEALED, ("quashed", "2022-12-01T00:00:00Z"), ("dismissed", "2022-12-02T00:00:00Z")],
            2,
            "no appeal was pending",
        ),
        (
            [("quashed", "2022-07-01T00:00:00Z"), ("quashed", "2022-08-01T00:00:00Z")],
            1,
            "quashed already",
        ),
        (
            [("complied", "2022-07-01T00:00:00Z"), ("complied", "2022-08-01T00:00:00Z")],
            1,
            "nothing had to be complied with",
        ),
        ([("urgency_lifted", "2022-06-01T00:00:00Z")], 0, "not urgent"),
        ([APPEALED, ("complied", "2022-07-01T00:00:00Z")], 1, "nothing had to be complied with"),
        ([("cancelled", "2022-06-01T00:00:00Z"), APPEALED], 1, "had ended"),
        ([DISMISSED, APPEALED], 1, "entry 2 happened before entry 1"),
    ],
)
def test_a_life_that_cannot_be_is_refused(
    life: list[tuple[str, str]], number: int, why: str
) -> None:
    [problem] = problems(*life)
    assert problem.where == f"life[{number}]"
    assert why in problem.what


WINDOW = (
    "steps:\n  - {id: stop, action: restrict, not_before: NOT_BEFORE, "
    "complete_by: 2022-12-16T00:00:00Z}\n"
)


@pytest.mark.parametrize(
    ("life", "changes", "where", "what"),
    [
        ([], {"served": None}, "steps", "counts from service"),
        ([], {"served": None, "steps": STEPS, "more": "urgent: yes\n"}, "urgent", "from service"),
        ([APPEALED], {"authority": "XX-DPA"}, "authority", "may be appealed is not known"),
        (
            [],
            {"steps": STEPS.replace("appeal_period", "service")},
            "steps[0].after",
            "before the time to appeal ends",
        ),
        (
            [],
            {"steps": WINDOW.replace("NOT_BEFORE", "2022-06-15T22:59:59Z")},
            "steps[0].not_before",
            "lies before 2022-06-15T23:00:00Z",
        ),
        (
            [APPEALED, DISMISSED],
            {"steps": WINDOW.replace("NOT_BEFORE", "2022-06-15T23:00:00Z")},
            "steps[0].not_before",
            "before the decision of 2022-11-01T12:00:00Z",
        ),
        (
            [],
            {"steps": STEPS.replace("P3M", "PT5M"), "more": "urgent: yes\n"},
            "steps[0].within",
            "no time to obey",
        ),
        (
            [],
            {"steps": STEPS.replace("within: P6M", "within: P6M, while_suspended: keep")},
            "steps[1].while_suspended",
            "orders nothing while the notice is suspended",
        ),
        ([], {"steps": STEPS.replace("after: appeal_period, ", "")}, "steps[0]", "two instants"),
        ([], {"steps": ""}, "steps", "`steps` is missing"),
        ([], {"more": "urgent: yes\n"}, "steps[0].after", "does not wait for it"),
        ([], {"served": "9999-12-31T00:00:00Z"}, "served", "cannot be worked out"),
        ([], {"more": "kind: information\n"}, "steps", "orders nothing"),
        (
            [],
            {
                "steps": STEPS.replace(
                    "restrict, after: appeal_period, within: P3M",
                    "stop_collection, after: appeal_period, within: P3M, while_suspended: keep",
                )
            },
            "steps[0].while_suspended",
            "`stop_collection` orders nothing",
        ),
        (
            [],
            {"steps": "", "more": "kind: information\nunknown: leave\n"},
            "unknown",
            "keeps all that `match` may mean",
        ),
        (
            [],
            {"steps": "", "more": "kind: information\ncollected_before: 2021-01-01T00:00:00Z\n"},
            "collected_before",
            "keeps all that `match` may mean",
        ),
    ],
)
def test_times_that_cannot_be_are_refused(
    life: list[tuple[str, str]], changes: dict[str, Any], where: str, what: str
) -> None:
    found = problems(*life, **changes)
    assert where in {problem.where for problem in found}
    assert any(what in problem.what for problem in found)


def test_a_window_may_follow_from_a_decision() -> None:
    steps = WINDOW.replace("NOT_BEFORE", "2022-11-01T12:00:00Z")
    assert at("2022-11-02T00:00:00Z", APPEALED, DISMISSED, steps=steps).ordered


def test_a_preliminary_notice_has_no_life() -> None:
    [problem] = problems(APPEALED, more="state: preliminary\n")
    assert "serve it first" in problem.what


def test_what_happens_at_its_service_may_be() -> None:
    assert at("2022-05-18T12:00:00Z", ("stayed", "2022-05-18T12:00:00Z")).state == "SUSPENDED"
