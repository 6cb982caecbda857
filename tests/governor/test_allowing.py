"""How many deletions leave a day, and how many a minute."""

import msgspec
import pytest

from pipeline.documents import enveloped
from pipeline.instants import DAY, MINUTE, Instant
from pipeline.ledger.parts import Part
from tests.governor.desk import APPROVE, CAUSE, Desk, command, commands, limited, paced
from tests.support.build import control, policy, policy_text, rule


def test_without_a_limit_everything_due_goes_at_once() -> None:
    assert Desk(policy()).give(commands("a", "b", "c")) == ["a", "b", "c"]


def test_a_rule_lets_out_its_most_deletions_and_withholds_the_rest_visibly() -> None:
    desk = Desk(limited())
    assert desk.give(commands("a", "b", "c", "d")) == ["a", "b"]
    assert desk.governor.progress()["governor_withheld_commands"] == 2
    assert desk.reported() == ["WITHHELD"]


def test_a_limit_counts_over_several_deliveries() -> None:
    desk = Desk(limited(3))
    assert desk.give(commands("a", "b"), commands("c", "d")) == ["a", "b", "c"]


def test_what_is_withheld_is_reported_once_a_day_and_not_at_every_tick() -> None:
    desk = Desk(limited(1))
    desk.give(commands("a", "b"))
    for second in range(13, 20):
        desk.give(Part(tick=Instant(second * 1_000)))
    assert desk.reported() == ["WITHHELD"]


def test_causes_are_counted_apart() -> None:
    desk = Desk(policy(rule(at_most=1), rule("other", "{residency: [FR]}", at_most=1)))
    other = command("c", cause="policy:acme/other")
    assert desk.give(commands("a", "b"), Part(commands=(other,))) == ["a", "c"]


def test_the_count_begins_anew_with_the_utc_day_and_not_a_millisecond_before() -> None:
    desk = Desk(limited(1))
    assert desk.give(commands("a", "b")) == ["a"]
    assert desk.give(Part(tick=Instant(DAY - 1))) == []
    assert desk.give(Part(tick=Instant(DAY))) == ["b"]


def test_an_approval_lets_out_as_many_again_and_only_once() -> None:
    desk = Desk(limited())
    desk.give(commands(*"abcdef"))
    assert desk.give(Part(envelopes=(control("approve", APPROVE),))) == ["c", "d"]
    assert desk.give(Part(envelopes=(control("approve", APPROVE),))) == []
    assert desk.give(Part(envelopes=(control("approve", APPROVE, version=2),))) == ["e", "f"]


def test_an_approval_of_another_cause_releases_nothing() -> None:
    desk = Desk(limited(1))
    desk.give(commands("a", "b"))
    other = control("approve", "cause:policy:acme/other")
    assert desk.give(Part(envelopes=(other,))) == []


def test_stores_are_counted_apart() -> None:
    desk = Desk(limited(1))
    other = Part(commands=(command("c", store="index"), command("d", store="index")))
    assert desk.give(commands("a", "b"), other) == ["a", "c"]


def test_a_new_day_lets_out_no_more_than_the_rule_allows_on_one() -> None:
    desk = Desk(limited())
    desk.give(commands(*"abcdefg"))
    assert desk.ticks(DAY, DAY + 1, 2 * DAY) == [["c", "d"], [], ["e", "f"]]


def test_what_waits_is_reported_again_every_day() -> None:
    desk = Desk(limited(1))
    desk.give(commands(*"abcd"))
    desk.ticks(DAY, DAY + 1, 2 * DAY)
    assert desk.reported() == ["WITHHELD"] * 3
    assert len({item.finding_id for item in desk.findings}) == 3


@pytest.mark.parametrize(
    ("held", "most"), [((), 1), (((0, 99),), 1), (((0, 150), (1, 150)), 3), (((0, 399),), 3)]
)
def test_a_share_is_of_the_records_of_all_shards_and_at_least_one(
    held: tuple[tuple[int, int], ...], most: int
) -> None:
    desk = Desk(limited("1%"))
    desk.give(Part(census=held))
    assert len(desk.give(commands(*"abcdef"))) == most


def test_the_newest_count_of_a_shard_holds() -> None:
    desk = Desk(limited("1%"))
    desk.give(Part(census=((0, 100), (1, 100))), commands(*"abcdef"))
    assert desk.out == ["a", "b"]
    assert desk.give(Part(census=((1, 300),))) == ["c", "d"]


def test_a_day_that_has_begun_does_not_end_when_ticks_come_late() -> None:
    desk = Desk(limited(1))
    desk.give(Part(tick=Instant(2 * DAY)), commands("a", "b"))
    assert desk.ticks(DAY, 2 * DAY) == [[], []]


def test_a_higher_limit_lets_out_the_rest_at_once() -> None:
    desk = Desk(limited(1))
    desk.give(commands(*"abcd"))
    more = policy_text(rule(at_most=3), version=2)
    assert desk.give(Part(envelopes=(enveloped("policies", more, "counsel"),))) == ["b", "c"]


def test_an_approval_lets_out_no_more_than_the_limit_on_later_days() -> None:
    desk = Desk(limited(1))
    desk.give(commands(*"abcd"), Part(envelopes=(control("approve", APPROVE),)))
    assert desk.out == ["a", "b"]
    assert desk.ticks(12_001, DAY, 2 * DAY) == [[], ["c"], ["d"]]


# -- what is sent again ----------------------------------------------------------------------------


def test_what_went_and_is_sent_again_is_not_counted_again() -> None:
    desk = Desk(limited())
    desk.give(commands("a"))
    again = Part(commands=(command("a", attempt=2), command("a", attempt=3)))
    assert desk.give(again) == ["a"]
    assert desk.give(commands("b", "c")) == ["b"]


def test_what_went_is_sent_again_though_others_wait() -> None:
    desk = Desk(limited(1))
    desk.give(commands("a", "b"))
    assert desk.give(Part(commands=(command("a", attempt=2),))) == ["a"]


def test_what_waits_for_approval_waits_on_when_it_is_sent_again() -> None:
    """The store cannot answer what it never got: the ledger sends it again every now and then."""
    desk = Desk(limited(1))
    desk.give(commands(*"abcd"))
    again = tuple(command(name, attempt=2) for name in "bcd")
    assert desk.give(Part(commands=again)) == []
    assert desk.waiting == 3
    assert desk.ticks(DAY) == [["b"]]


def test_what_has_expired_while_it_waited_never_leaves() -> None:
    """The ledger gave it anew under another id; the store would refuse it."""
    desk = Desk(limited(1))
    desk.give(commands("a", "b"))
    desk.fold()
    assert desk.ticks(100 * DAY) == [[]]
    assert desk.waiting == 0


# -- the pace of a store ---------------------------------------------------------------------------


def test_a_store_gets_no_more_a_minute_than_it_takes() -> None:
    desk = Desk(paced(3))
    assert desk.give(commands(*"abcdefgh")) == ["a", "b", "c"]
    start = 12_000
    assert desk.ticks(start + MINUTE // 3 - 1, start + MINUTE // 3) == [[], ["d"]]
    assert desk.ticks(start + MINUTE, start + 10 * MINUTE) == [["e", "f"], ["g", "h"]]


def test_an_idle_store_saves_up_one_minute_and_no_more() -> None:
    desk = Desk(paced(2))
    desk.give(Part(tick=Instant(DAY)))
    assert desk.give(commands(*"abcde")) == ["a", "b"]


def test_a_pace_holds_for_all_causes_of_a_store_together_and_for_no_other_store() -> None:
    desk = Desk(paced(2))
    other = tuple(command(name, cause="policy:acme/other") for name in "cd")
    index = tuple(command(name, store="index") for name in "xyz")
    assert desk.give(commands("a"), Part(commands=(*other, *index))) == ["a", "c", "x", "y", "z"]


def test_what_can_be_undone_is_not_paced() -> None:
    several = tuple(command(name, kind="RESTRICT") for name in "abc")
    assert Desk(paced(1)).give(Part(commands=several)) == ["a", "b", "c"]


def test_what_waits_for_its_pace_is_neither_counted_nor_reported() -> None:
    text = paced(1).text.replace("mode: enforce\n", "mode: enforce\n    at_most: 2\n")
    desk = Desk(enveloped("policies", text, "counsel"))
    assert desk.give(commands(*"abcd")) == ["a"]
    assert desk.reported() == []
    assert desk.ticks(12_000 + MINUTE, 12_000 + 3 * MINUTE) == [["b"], []]
    assert desk.reported() == ["WITHHELD"]


def test_a_new_pace_counts_at_once() -> None:
    desk = Desk(paced(1))
    desk.give(commands(*"abcdef"))
    assert desk.give(Part(envelopes=(paced(4, version=2),))) == ["b", "c", "d"]


def test_an_approval_is_no_exception_from_the_pace() -> None:
    text = paced(3).text.replace("mode: enforce\n", "mode: enforce\n    at_most: 2\n")
    desk = Desk(enveloped("policies", text, "counsel"))
    desk.give(commands(*"abcdef"))
    assert desk.give(Part(envelopes=(control("approve", APPROVE),))) == ["c"]


def test_a_rule_of_which_nothing_may_be_deleted_asks_before_the_first() -> None:
    desk = Desk(limited(0))
    assert desk.give(commands("a")) == []
    assert desk.findings[0].subject == f"images {CAUSE} day 0"


def test_what_expires_today_does_not_leave_later_today() -> None:
    desk = Desk(limited(1))
    late = [
        msgspec.structs.replace(command(name), expires_at=Instant(13_000)) for name in ("a", "b")
    ]
    desk.give(Part(commands=tuple(late)))
    assert desk.give(Part(envelopes=(control("approve", APPROVE),), tick=Instant(13_000))) == []
    assert desk.waiting == 0
