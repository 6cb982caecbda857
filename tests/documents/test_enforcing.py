"""What a version enforces that the version before did not, in the same words."""

import pytest

from pipeline.documents import Document, load
from pipeline.documents.enforcing import enforces_newly
from tests.documents.texts import CITATION, control, hold, notice, policy, rule

LONG = "P9Y"
FACES = rule(limit="P10D")
KEPT = rule("books", limit="P6Y", more="bound: minimum")


def inform(mode: str) -> str:
    return (
        "inform:\n  - {id: art-14, match: {source: [scraped]}, within: P1M, "
        f"citation: {CITATION}, mode: {mode}}}\n"
    )


def document(text: str) -> Document:
    return load(text).document


def newly(before: str | None, after: str) -> bool:
    return enforces_newly(document(after), None if before is None else document(before))


def two(
    before: str = FACES, after: str = FACES, *, more: str = "", later: str = "", default: str = LONG
) -> bool:
    """Tell it of two versions of one policy with these rules."""
    return newly(
        policy(before, default=default, more=more),
        policy(after, version=2, default=default, more=later),
    )


def test_a_first_version_enforces_newly_its_default_limit_at_least() -> None:
    assert newly(None, policy())
    assert newly(None, policy(rule(mode="observe")))


@pytest.mark.parametrize(
    "after",
    [
        policy(FACES, version=2, default=LONG),
        policy(FACES, version=2, default=LONG, more="effective_from: 2027-01-01T00:00:00Z\n"),
        policy(FACES, rule("b", mode="observe", limit="PT1S"), version=2, default=LONG),
        policy(FACES, version=2, default=LONG, more="stores: {images: {per_minute: 5}}\n"),
        policy(FACES, version=2, default=LONG, more="stores: {images: {lead: PT1H}}\n"),
        policy(FACES, version=2, default=LONG, more=inform("observe")),
    ],
)
def test_what_is_only_observed_or_as_before_is_not_new(after: str) -> None:
    assert not newly(policy(FACES, default=LONG), after)


@pytest.mark.parametrize(
    "after",
    [
        rule(limit="P11D"),
        rule("other", limit="P10D"),
        rule(limit="P10D", clock="last_interaction"),
        rule(limit="P10D", match="{residency: [GB, FR]}"),
        rule(limit="P10D", more="at_most: 101"),
        rule(limit="P10D", more=""),
        rule(limit="P10D", more="at_most: 100, zone: UTC"),
        FACES.replace("5(1)(e)", "5(1)(f)"),
        FACES + rule("b", limit="P9D"),
    ],
)
def test_a_rule_in_other_words_is_new(after: str) -> None:
    assert two(after=after)


def test_a_rule_that_was_observed_is_new_when_it_is_enforced() -> None:
    observed = FACES.replace("enforce", "observe")
    assert two(before=observed, after=FACES)
    assert two(before=FACES + observed.replace("faces", "b"), after=FACES + rule("b", limit="P10D"))


def test_the_order_of_rules_does_not_matter() -> None:
    other = rule("b", limit="P9D")
    assert not two(before=FACES + other, after=other + FACES)


def test_another_default_limit_is_new() -> None:
    assert newly(policy(default="P30D"), policy(version=2, default="P31D"))


def test_a_duty_to_inform_is_new_when_it_is_enforced() -> None:
    enforced, observed = inform("enforce"), inform("observe")
    assert two(more=observed, later=enforced)
    assert two(later=enforced)
    assert not two(more=enforced, later=enforced)
    # Nothing is deleted sooner where the duty goes.
    assert not two(more=enforced, later=observed)


@pytest.mark.parametrize(
    ("default", "before", "new"),
    [
        # The default limit takes the place of what goes: not sooner, or perhaps sooner.
        (LONG, FACES, False),
        ("P10D", FACES, False),
        ("P12D", FACES, True),  # nobody reckons here whether zones make it sooner
        ("P13D", FACES, False),
        ("P9D", FACES, True),
        ("P1M", rule(limit="P31D"), True),
        ("P5Y", rule(limit="P6Y"), True),
        ("P10D", rule(limit="P10D", more="zone: UTC"), True),
        ("P2D", rule(limit="PT24H"), True),
        ("P4D", rule(limit="PT24H"), False),
        # What counts from something later than collection.
        (LONG, rule(limit="P10D", clock="last_interaction"), True),
        # A duty to keep.
        (LONG, KEPT, True),
    ],
)
@pytest.mark.parametrize("observed", [False, True])
def test_a_rule_that_goes_is_new_where_it_may_have_kept(
    default: str, before: str, new: bool, observed: bool
) -> None:
    if observed and "minimum" not in before:
        after = before.replace("mode: enforce", "mode: observe")
    else:
        after = rule("unrelated", mode="observe")
    assert two(before=before, after=after, default=default) is new


def test_minima_that_held_a_rule_back_may_not_hold_the_default_back() -> None:
    def at(version: int, text: str) -> str:
        made = policy(text, version=version, default=LONG)
        head, default, rest = made.partition("default:")
        return head + default + rest.replace("{law:", "{jurisdiction: FR, law:", 1)

    french = FACES.replace("{law:", "{jurisdiction: FR, law:")
    assert newly(at(1, FACES), at(2, FACES.replace("enforce", "observe")))
    assert not newly(at(1, french), at(2, french.replace("enforce", "observe")))


def test_another_method_of_residency_or_a_longer_lead_is_new() -> None:
    method = "residency: {method: acme/2, resident_from: 0.8}\n"
    assert two(later=method)
    assert two(more=method)
    assert not two(more=method, later=method)
    lead = "stores: {{images: {{lead: {}}}}}\n"
    assert two(later=lead.format("P2D"))
    assert two(more=lead.format("PT1H"))  # back to a day
    assert not two(more=lead.format("P2D"), later=lead.format("P2D"))
    assert not two(more=lead.format("P2D"))


SERVED = "served: 2022-05-18T12:00:00Z\n"
LIFE = "life:\n  - {happened: appealed, at: 2022-06-20T00:00:00Z}\n"
MORE_LIFE = LIFE + "  - {happened: appeal_withdrawn, at: 2022-07-20T00:00:00Z}\n"


@pytest.mark.parametrize(
    ("before", "after", "new"),
    [
        (None, "", True),
        (None, "mode: observe\n", False),
        (None, "state: withdrawn\n", False),
        (None, "state: preliminary\n", False),
        ("mode: observe\n", "", True),
        ("mode: observe\n", "mode: observe\n", False),
        ("", "mode: observe\n", False),
        ("", "", False),
        # What has happened is no decision of whoever publishes it.
        ("", LIFE, False),
        (LIFE, MORE_LIFE, False),
        ("", "state: withdrawn\n", False),
        # What is said not to have happened, is.
        (LIFE, "", True),
        (MORE_LIFE, LIFE, True),
        ("state: withdrawn\n", "", True),
        ("", "unknown: leave\n", True),
        ("", "collected_before: 2022-01-01T00:00:00Z\n", True),
    ],
)
def test_a_notice_is_new_when_it_begins_to_order_or_orders_otherwise(
    before: str | None, after: str, new: bool
) -> None:
    def at(version: int, more: str) -> str:
        windows = "not_before: 2022-06-15T23:00:00Z, complete_by: 2022-12-16T00:00:00Z"
        text = notice(version=version, more=SERVED + more)
        return text.replace(windows, "after: appeal_period, within: P3M")

    assert newly(None if before is None else at(1, before), at(2, after)) is new


def test_a_notice_that_only_keeps_orders_nothing() -> None:
    text = notice(more="kind: information\n").split("steps:")[0]
    assert not newly(None, text)


@pytest.mark.parametrize("text", [hold(), control()])
def test_other_documents_enforce_nothing(text: str) -> None:
    assert not newly(None, text)
