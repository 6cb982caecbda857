"""Information and assessment notices act as holds; and notices in plain words."""

import pytest

from pipeline.documents import in_words, standing
from pipeline.instants import SECOND, Instant, parse_instant
from tests.documents.lives import APPEALED, DISMISSED, STEPS, at, notice, text
from tests.documents.states import GB, held, in_force, record, resident


@pytest.mark.parametrize("kind", ["information", "assessment"])
def test_a_notice_that_asks_for_information_keeps_what_it_means(kind: str) -> None:
    """DPA 2018 s.148: destroying what such a notice asks about is an offence."""
    asked = text(steps="", more=f"kind: {kind}\n")
    now = parse_instant("2022-06-01T00:00:00Z")
    assert held(in_force(asked, now=now), record(), GB) == ["notice:ico"]
    assert held(in_force(asked, now=now), record(), resident("FR")) == []
    ended = text(("cancelled", "2022-06-01T00:00:00Z"), steps="", more=f"kind: {kind}\n")
    assert held(in_force(ended, now=now), record(), GB) == []
    early = Instant(now - SECOND)
    assert held(in_force(ended, now=early), record(), GB) == ["notice:ico"]


def test_what_is_answered_during_an_appeal_is_kept_no_more() -> None:
    life = (APPEALED, ("complied", "2022-07-01T00:00:00Z"))
    found = notice(*life, steps="", more="kind: information\n")
    assert standing(found, found.life[0].at).holds
    assert not standing(found, found.life[1].at).holds


def test_of_a_notice_that_only_stops_collection_nobody_is_said_to_be_restricted() -> None:
    steps = "steps:\n  - {id: stop, action: stop_collection, after: appeal_period, within: P3M}\n"
    assert in_words(notice(steps=steps))[-1] == (
        "Where that is only likely, they count as meant; where it is not concluded but possible, "
        "they do too."
    )


def test_the_hold_says_whose_notice_it_is() -> None:
    served = text(steps="", more="kind: information\n")
    now = parse_instant("2022-06-01T00:00:00Z")
    [hold] = in_force(served, now=now).holds
    assert (hold.version, hold.state) == (1, "active")
    assert hold.reason == "information notice of GB-ICO (DPA 2018 s.149)"
    ended = text(("complied", "2022-06-01T00:00:00Z"), steps="", more="kind: information\n")
    [released] = in_force(ended, now=now).holds
    assert released.state == "released"


def test_a_preliminary_notice_neither_orders_nor_keeps() -> None:
    for more, steps in (("", STEPS), ("kind: information\n", "")):
        found = at("2022-07-01T00:00:00Z", steps=steps, more=f"{more}state: preliminary\n")
        assert (found.state, found.ordered, found.holds) == ("PRELIMINARY", (), False)


# -- in words ------------------------------------------------------------------------------------


def test_a_life_in_words() -> None:
    words = in_words(notice(APPEALED, DISMISSED))
    assert words[0].endswith(
        "in force from 2022-11-01T12:00:00Z on; it reaches what was derived, but no models."
    )
    assert words[1] == (
        "Served at 2022-05-18T12:00:00Z; the 28 days to appeal end before 2022-06-15T23:00:00Z, "
        "and an appeal suspends it."
    )
    assert words[2] == "At 2022-06-14T12:00:00Z it was appealed: suspended."
    assert words[3] == "At 2022-11-01T12:00:00Z the appeal was dismissed: in force."
    assert "3 months from the decision (step stop)" in words[4]


def test_what_is_suspended_in_words() -> None:
    words = in_words(notice(APPEALED))
    assert words[0].endswith("suspended; it orders nothing.")
    assert words[3].startswith("Were it in force, records of people residing in GB would have")


@pytest.mark.parametrize(
    ("more", "life", "ending"),
    [
        ("", (), "an information notice; until it ends, records of people residing in GB are not"),
        ("", (("complied", "2022-06-01T00:00:00Z"),), "it keeps nothing any more"),
        ("", (("appealed", "2022-06-01T00:00:00Z"),), "an information notice; until it ends"),
        ("", (("cancelled", "2022-06-01T00:00:00Z"),), "it keeps nothing any more"),
        ("state: preliminary\n", (), "preliminary; it orders nothing until it is served"),
    ],
)
def test_a_notice_that_keeps_in_words(
    more: str, life: tuple[tuple[str, str], ...], ending: str
) -> None:
    words = in_words(notice(*life, steps="", more=f"kind: information\n{more}"))
    assert ending in words[0]
