"""The governor: what it lets out and what it withholds, through folds and rebuilds."""

from collections.abc import Iterable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.commands import Command
from pipeline.documents import Envelope
from pipeline.findings import Finding, StateRow
from pipeline.governor import Governor, GovernorChunk
from pipeline.identifiers import Cause, CommandId, EventId, RecordId, StoreName
from pipeline.instants import DAY, Instant
from pipeline.ledger.parts import Part, Span, decode_part, encode_part
from tests.support.build import control, hold, policy, rule

CAUSE = "policy:acme/gb-search"
APPROVE = f"cause:{CAUSE}"
AWAITED = {"policies": 1, "state": 1}
DOCUMENTS = Span("policies", 0, 0, 1, 0, 1)
STATES = Span("state", 0, 0, 1, 0, 1)


def command(
    name: str, *, kind: str = "DELETE", cause: str = CAUSE, store: str = "images"
) -> Command:
    at = Instant(11_000)
    return Command(
        CommandId(name), kind, StoreName(store), RecordId(f"record-{name}"), EventId("e1"),
        Cause(cause), 1, "Act s.1", at, at, at, Instant(90 * DAY), at,
    )  # fmt: skip


def commands(*names: str) -> Part:
    return Part(commands=tuple(command(name) for name in names))


class Desk:
    """A governor and what left it. Every part and every chunk goes through its wire form."""

    def __init__(self, *envelopes: Envelope, awaited: dict[str, int] | None = None) -> None:
        self.awaited = awaited or {}
        self.governor = Governor(0, self.awaited)
        self.out: list[str] = []
        self.states: list[StateRow] = []
        self.findings: list[Finding] = []
        self.chunks: list[bytes] = []
        self.give(Part(envelopes=envelopes, tick=Instant(12_000)))

    def give(self, *parts: Part) -> list[str]:
        before = len(self.out)
        for part in parts:
            outcome = self.governor.apply(decode_part(encode_part(part)))
            self.out += [item.command_id for item in outcome.commands]
            self.states += outcome.states
            self.findings += outcome.findings
            chunk = self.governor.take_chunk(len(self.chunks) + 1)
            if chunk is not None:
                self.chunks.append(msgspec.msgpack.encode(chunk))
        return self.out[before:]

    def fold(self) -> None:
        """Forget the decoded governor; chunks come back in any order."""
        stored: Iterable[GovernorChunk] = [
            msgspec.msgpack.decode(data, type=GovernorChunk) for data in reversed(self.chunks)
        ]
        self.governor = Governor.folded(0, self.awaited, stored)

    def reported(self) -> list[str]:
        return [item.kind for item in self.findings]


def limited(at_most: int = 2) -> Envelope:
    return policy(rule(at_most=at_most))


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


@pytest.mark.parametrize("scope", ["all", "store:images", "rule:acme/gb-search"])
def test_a_pause_withholds_and_its_resume_releases(scope: str) -> None:
    desk = Desk(policy(), control("pause", scope))
    assert desk.give(commands("a")) == []
    assert desk.give(Part(envelopes=(control("resume", scope, version=2),))) == ["a"]


@pytest.mark.parametrize("scope", ["store:index", "rule:acme/other"])
def test_a_pause_of_something_else_withholds_nothing(scope: str) -> None:
    assert Desk(policy(), control("pause", scope)).give(commands("a")) == ["a"]


def test_an_approval_does_not_lift_a_pause() -> None:
    desk = Desk(policy(), control("pause"))
    desk.give(commands("a"))
    assert desk.give(Part(envelopes=(control("approve", APPROVE),))) == []


def test_a_pause_in_the_same_delivery_as_a_deletion_stops_it() -> None:
    desk = Desk(policy())
    assert desk.give(Part(envelopes=(control("pause"),), commands=(command("a"),))) == []


@pytest.mark.parametrize("kind", ["RESTRICT", "RELEASE", "CANCEL"])
def test_what_can_be_undone_is_never_withheld_and_never_counted(kind: str) -> None:
    desk = Desk(limited(1), control("pause"))
    several = tuple(command(f"r{number}", kind=kind) for number in range(5))
    assert len(desk.give(Part(commands=several))) == 5
    resume = Part(envelopes=(control("resume", version=2),))
    assert desk.give(commands("a", "b"), resume) == ["a"]


def test_a_closed_gate_lets_nothing_out_not_even_a_restriction() -> None:
    desk = Desk(policy(), awaited=AWAITED)
    stop = Part(commands=(command("s", kind="RESTRICT"),))
    assert desk.give(commands("a"), stop, Part(spans=(DOCUMENTS,))) == []
    assert sorted(desk.give(Part(spans=(STATES,)))) == ["a", "s"]


def test_a_pause_that_arrives_last_of_all_history_still_stops_what_waited() -> None:
    desk = Desk(policy(), awaited=AWAITED)
    desk.give(commands("a"), Part(spans=(STATES,)))
    assert desk.give(Part(envelopes=(control("pause"),), spans=(DOCUMENTS,))) == []


def test_what_waits_counts_and_the_gate_survive_the_loss_of_the_decoded_governor() -> None:
    desk = Desk(limited(), awaited=AWAITED)
    desk.give(Part(spans=(DOCUMENTS,)), commands(*"abcd"))
    desk.fold()
    assert desk.give(Part(spans=(STATES,))) == ["a", "b"]
    desk.fold()
    assert desk.give(Part(tick=Instant(13_000))) == []
    desk.fold()
    assert desk.give(Part(envelopes=(control("approve", APPROVE),))) == ["c", "d"]
    desk.fold()
    assert desk.give(Part(envelopes=(control("approve", APPROVE),)), commands("e")) == []


@given(st.lists(st.sampled_from(["a", "b", "c", "d", "e"]), max_size=8), st.data())
def test_folding_at_any_moment_changes_nothing(names: list[str], data: st.DataObject) -> None:
    parts = [commands(name) for name in names]
    parts.insert(len(parts) // 2, Part(envelopes=(control("approve", APPROVE),)))
    steady, shaken = Desk(limited()), Desk(limited())
    for part in parts:
        steady.give(part)
        if data.draw(st.booleans()):
            shaken.fold()
        shaken.give(part)
    assert shaken.out == steady.out
    assert shaken.states == steady.states


def rebuilt(desk: Desk, *envelopes: Envelope) -> Desk:
    """Return a new run over what the topics hold: documents and the rows of `state`."""
    again = Desk(awaited=AWAITED)
    again.governor = Governor(0, AWAITED)
    again.give(Part(envelopes=envelopes, spans=(DOCUMENTS,)))
    again.give(Part(states=tuple(reversed(desk.states)), spans=(STATES,)))
    return again


def test_a_rebuild_from_state_goes_on_counting_where_it_was() -> None:
    desk = Desk(limited())
    desk.give(commands("a", "b", "c"))
    again = rebuilt(desk, limited())
    again.give(Part(tick=Instant(13_000)))
    assert again.give(commands("c")) == []


def test_a_rebuild_that_has_heard_no_tick_yet_does_not_begin_a_new_day() -> None:
    """Deletions reach a restarted governor before the first tick; the count of today holds."""
    day = 20_000 * DAY
    desk = Desk(limited())
    desk.give(Part(tick=Instant(day)), commands("a", "b", "c", "d", "e"))
    assert desk.out == ["a", "b"]
    again = rebuilt(desk, limited())
    released = again.give(commands("c", "d", "e"), Part(tick=Instant(day + 1_000)))
    assert released == []


def test_an_approval_that_was_used_is_not_used_again_after_a_rebuild() -> None:
    desk = Desk(limited())
    approval = control("approve", APPROVE)
    desk.give(commands(*"abcdef"), Part(envelopes=(approval,)))
    assert desk.out == list("abcd")
    again = rebuilt(desk, limited(), approval)
    assert again.give(Part(tick=Instant(13_000)), commands("e", "f")) == []


def test_an_older_row_of_state_loses_to_a_newer_one_whatever_comes_first() -> None:
    desk = Desk(limited(3))
    desk.give(commands("a"), commands("b"), commands("c"))
    assert [row.numbers["granted"] for row in desk.states] == [1, 2, 3]
    for rows in (desk.states, list(reversed(desk.states))):
        governor = Governor(0, {})
        governor.apply(Part(states=tuple(rows), tick=Instant(12_000)))
        assert governor.allowances[StoreName("images"), Cause(CAUSE)].granted == 3


def test_the_same_deletion_twice_waits_once() -> None:
    desk = Desk(policy(), control("pause"))
    desk.give(commands("a"), commands("a"))
    assert desk.give(Part(envelopes=(control("resume", version=2),))) == ["a"]


def test_a_pause_that_withholds_here_is_visible() -> None:
    """The ledger saw no pause when it let the command go: only the governor can report it."""
    desk = Desk(policy(), control("pause"))
    desk.give(commands("a"))
    assert desk.reported() == ["WITHHELD"]


def test_a_hold_that_comes_while_a_deletion_waits_for_approval_blocks_it() -> None:
    desk = Desk(limited(1))
    desk.give(commands("a", "b"))
    assert desk.out == ["a"]
    desk.give(Part(envelopes=(hold(records=("record-b",)),)))
    assert desk.give(Part(envelopes=(control("approve", APPROVE),))) == []
