"""Who is told of a step of a notice itself, and who tells recipients; how long is remembered."""

import pytest

from pipeline.documents import InvalidDocument, Notice, Policy, in_words, load
from pipeline.periods import Period
from tests.documents.texts import notice, policy

LETTERS = "write letters, digits, `.`, `_` and `-` only"


def step(action: str, more: str = "", *, name: str = "stop") -> str:
    return (
        f"  - {{id: {name}, action: {action}, {more}not_before: 2022-06-15T23:00:00Z, "
        "complete_by: 2022-12-16T00:00:00Z}\n"
    )


def notice_of(*steps: str, more: str = "") -> str:
    return notice(more=more).partition("steps:")[0] + "steps:\n" + "".join(steps)


def read(*steps: str) -> Notice:
    document = load(notice_of(*steps)).document
    assert isinstance(document, Notice)
    return document


def read_policy(more: str) -> Policy:
    document = load(policy(more=more)).document
    assert isinstance(document, Policy)
    return document


def refused(text: str) -> list[tuple[str, str, str]]:
    with pytest.raises(InvalidDocument) as caught:
        load(text)
    return [(one.where, one.what, one.remedy) for one in caught.value.problems]


# -- steps of a notice ---------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["stop_collection", "attest"])
@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("crawler", ("crawler",)),
        ("[crawler]", ("crawler",)),
        ("[crawler, indexer, crawler]", ("crawler", "indexer")),
    ],
)
def test_a_step_names_who_is_told(action: str, written: str, told: tuple[str, ...]) -> None:
    [order] = read(step(action, f"tell: {written}, ")).orders
    assert (order.action, order.tell) == (action, told)


def test_a_step_that_stops_collection_need_tell_nobody() -> None:
    [order] = read(step("stop_collection")).orders
    assert order.tell == ()


def test_a_step_that_nobody_is_asked_to_attest_is_refused() -> None:
    [(place, what, remedy)] = refused(notice_of(step("attest")))
    assert (place, what) == ("steps[0].tell", "`attest` asks nobody")
    assert "add `tell: [STORE]`" in remedy


@pytest.mark.parametrize("action", ["restrict", "delete"])
def test_what_is_done_to_records_is_told_to_their_stores_only(action: str) -> None:
    [(place, what, remedy)] = refused(notice_of(step(action, "tell: [crawler], ")))
    assert place == "steps[0].tell"
    assert what == f"`tell`: what `{action}` orders is told to the stores of each record"
    assert remedy == "leave it out"


@pytest.mark.parametrize("name", ["a/b", "a b", "'*'", "ä", "x" * 201])
def test_who_is_told_needs_the_name_of_a_store(name: str) -> None:
    text = notice_of(step("stop_collection", f"tell: [crawler, {name}], "))
    assert refused(text) == [
        ("steps[0].tell", "a name in `tell` is not that of a store", LETTERS),
    ]


def test_who_is_told_is_a_list_that_names_somebody() -> None:
    for written in ("[]", "{crawler: 1}"):
        text = notice_of(step("stop_collection", f"tell: {written}, "), step("restrict", name="r"))
        assert [place for place, *_ in refused(text)] == ["steps[0].tell"]


def test_nobody_must_attest_while_the_notice_is_suspended() -> None:
    [(place, what, _)] = refused(
        notice_of(step("attest", "tell: [officer], while_suspended: keep, "))
    )
    assert place == "steps[0].while_suspended"
    assert "`attest` orders nothing while the notice is suspended" in what


def test_a_notice_that_only_keeps_data_tells_nobody_anything() -> None:
    text = notice_of(step("attest", "tell: [officer], "), more="kind: information\n")
    assert [place for place, *_ in refused(text)] == ["steps"]


def test_a_notice_says_who_is_told() -> None:
    said = in_words(
        read(
            step("stop_collection", "tell: [crawler], "),
            step("attest", "tell: [officer], ", name="confirm"),
        )
    )
    assert any(one.endswith("; crawler is told so (step stop).") for one in said)
    assert any(
        one.startswith("officer is to confirm in writing between 2022-06-15T23:00:00Z and ")
        and one.endswith("(step confirm).")
        for one in said
    )
    assert not any("told so" in one for one in in_words(read(step("stop_collection"))))
    both = in_words(read(step("stop_collection", "tell: [crawler, indexer], ")))
    assert any("; crawler and indexer are told so (step stop)." in one for one in both)


def test_who_attests_changes_nothing_of_what_becomes_of_records() -> None:
    stop, delete = step("stop_collection"), step("delete", name="delete")
    attest = step("attest", "tell: [officer], ", name="attest")
    for steps in ([stop], [delete], [stop, delete]):
        assert in_words(read(*steps))[-1] == in_words(read(*steps, attest))[-1]
    assert not any("Where that is only likely" in one for one in in_words(read(attest)))


def test_a_notice_that_was_withdrawn_says_nothing_of_who_is_told() -> None:
    text = notice_of(step("attest", "tell: [officer], "), more="state: withdrawn\n")
    assert "officer" not in " ".join(in_words(load(text).document))


# -- policies ------------------------------------------------------------------------------------


def test_a_policy_names_who_tells_recipients() -> None:
    assert read_policy("notifier: desk\n").notifier == "desk"
    assert read_policy("").notifier is None
    [said] = [one for one in in_words(read_policy("notifier: desk\n")) if "desk" in one]
    assert said == "Store desk tells recipients of what a notice or request erases."


@pytest.mark.parametrize("name", ["a/b", "desk 1", "'*'", "x" * 201])
def test_who_tells_recipients_needs_the_name_of_a_store(name: str) -> None:
    found = refused(policy(more=f"notifier: {name}\n"))
    assert found == [("notifier", "`notifier` is not the name of a store", LETTERS)]


def test_one_store_tells_recipients() -> None:
    [(place, what, _)] = refused(policy(more="notifier: [desk, other]\n"))
    assert (place, what) == ("notifier", "`notifier` must be one text")


def test_deletions_are_remembered_for_six_years_unless_a_policy_says_how_long() -> None:
    assert read_policy("").tombstones == Period(years=6)
    assert read_policy("tombstones: P18M\n").tombstones == Period(months=18)


def test_a_policy_says_how_long_deletions_are_remembered_where_that_is_its_own_choice() -> None:
    sentence = "That data was deleted, and why, is remembered for 3 years."
    assert sentence in in_words(read_policy("tombstones: P3Y\n"))
    for usual in ("", "tombstones: P6Y\n"):
        assert not any("remembered" in one for one in in_words(read_policy(usual)))


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("forever", "`tombstones` is not finite"),
        ("never", "`tombstones` is not finite"),
        ("six years", "is not an ISO 8601 period"),
        ("P0D", "the period is empty or zero"),
        ("[P6Y]", "must be one text"),
    ],
)
def test_deletions_are_remembered_for_a_finite_time(written: str, says: str) -> None:
    [(place, what, _)] = refused(policy(more=f"tombstones: {written}\n"))
    assert place == "tombstones"
    assert says in what
