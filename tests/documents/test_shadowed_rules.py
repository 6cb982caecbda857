"""Rules that never decide, because another one covers all that they do and decides first."""

import pytest

from pipeline.documents import load
from tests.documents.texts import policy, rule


def shadowed(*rules: str) -> list[str]:
    problems = load(policy(*rules)).problems
    return [f"{one.what} ({one.remedy})" for one in problems if one.name == "shadowed-rule"]


def said(rule_id: str, other: str, which: str) -> str:
    return (
        f"the rule `{rule_id}` never decides: `{other}` covers all it does "
        f"(of several {which} holds; correct or leave out one)"
    )


def named(one: str, other: str, loser: str | None, *, swapped: bool, bound: str) -> None:
    """Look whether the rule `one`, `other`, the `later` of the two or none is named, and it only.

    Args:
        one, other: the rules of these ids.
        loser: which is shadowed.
        swapped: whether `other` comes first.
        bound: which of several holds, in words.
    """
    order = ["other", "one"] if swapped else ["one", "other"]
    rules = {"one": one, "other": other}
    found = shadowed(*(rules[name] for name in order))

    name = order[1] if loser == "later" else loser
    winner = "other" if name == "one" else "one"
    assert found == ([] if name is None else [said(name, winner, bound)])


@pytest.mark.parametrize(
    ("one", "other", "loser"),
    [
        ({"match": "{residency: [GB]}"}, {"match": "{residency: [GB]}"}, "later"),
        ({"match": "{}"}, {"match": "{residency: [GB]}"}, "other"),
        ({"match": "{residency: [EEA]}"}, {"match": "{residency: [EU, NO]}"}, "other"),
        ({"match": "{residency: [EU]}"}, {"match": "{residency: [EEA]}"}, "one"),
        ({"match": "{residency: [EU]}"}, {"match": "{residency: [GB]}"}, None),
        ({"match": "{residency: [GB]}"}, {"match": "{purpose: dpv:Marketing}"}, None),
        ({"match": "{present: [GB]}"}, {"match": "{residency: [GB]}"}, None),
        ({"match": "{present: [GB]}"}, {"match": "{present: [GB-ENG]}"}, "other"),
        ({"match": "{purpose: dpv:Marketing}"}, {"match": "{purpose: dpv:Advertising}"}, "other"),
        ({"match": "{category: pd:FacialPrint}"}, {"match": "{category: pd:Biometric}"}, "one"),
        # A maximum fails closed: it means unknown residency, whatever it names.
        ({"match": "{residency: [GB]}"}, {"match": "{residency: [UNKNOWN]}"}, "other"),
        ({"limit": "P5M"}, {"limit": "P1Y"}, "other"),
        ({"limit": "P1Y"}, {"limit": "P5M"}, "one"),
        ({"limit": "P5M", "match": "{residency: [GB-ENG]}"}, {"limit": "P1Y"}, None),
        ({"limit": "P30D"}, {"limit": "P1M"}, None),
        ({"limit": "P28D"}, {"limit": "P1M"}, "other"),
        ({"limit": "P5M", "mode": "observe"}, {"limit": "P1Y"}, None),
        ({"limit": "P5M", "clock": "last_interaction"}, {"limit": "P1Y"}, None),
        ({"limit": "P5M", "more": "bound: minimum"}, {"limit": "P1Y"}, None),
    ],
)
@pytest.mark.parametrize("swapped", [False, True])
def test_a_rule_that_never_decides_is_named_shadowed(
    one: dict[str, str], other: dict[str, str], loser: str | None, swapped: bool
) -> None:
    first, second = rule("one", **one), rule("other", **other)
    named(first, second, loser, swapped=swapped, bound="maxima the earliest")


@pytest.mark.parametrize(
    ("one", "other", "loser"),
    [
        ({"limit": "P6Y"}, {"limit": "P6Y"}, "later"),
        # Of several minima the latest holds.
        ({"limit": "P6Y"}, {"limit": "P1Y"}, "other"),
        ({"limit": "P1Y"}, {"limit": "P6Y"}, "one"),
        ({"limit": "P1M"}, {"limit": "P28D"}, "other"),
        ({"limit": "P1M"}, {"limit": "P30D"}, None),
        ({"limit": "P6Y", "match": "{}"}, {"limit": "P1Y"}, "other"),
        ({"limit": "P1Y", "match": "{}"}, {"limit": "P6Y"}, None),
        ({"limit": "P6Y", "match": "{residency: [FR]}"}, {"limit": "P1Y"}, None),
        ({"limit": "P6Y", "clock": "relationship_ended"}, {"limit": "P1Y"}, None),
    ],
)
@pytest.mark.parametrize("swapped", [False, True])
def test_a_minimum_that_never_decides_is_named_shadowed(
    one: dict[str, str], other: dict[str, str], loser: str | None, swapped: bool
) -> None:
    first = rule("one", more="bound: minimum", **one)
    second = rule("other", more="bound: minimum", **other)
    named(first, second, loser, swapped=swapped, bound="minima the latest")


def test_a_minimum_of_unknown_residency_is_not_shadowed_by_one_of_a_territory() -> None:
    found = shadowed(
        rule("wide", limit="P6Y", match="{residency: [GB]}", more="bound: minimum"),
        rule("narrow", limit="P1Y", match="{residency: [UNKNOWN]}", more="bound: minimum"),
    )

    assert found == []
