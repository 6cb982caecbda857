"""What a governor knows survives folds and rebuilds, whenever they happen."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from pipeline.documents import Envelope
from pipeline.governor import Governor, GovernorChunk
from pipeline.identifiers import Cause, StoreName
from pipeline.instants import DAY, Instant
from pipeline.ledger.parts import Part
from tests.governor.desk import (
    APPROVE,
    AWAITED,
    CAUSE,
    DOCUMENTS,
    STATES,
    Desk,
    cancel,
    command,
    commands,
    limited,
)
from tests.support.build import control, policy


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


STEPS = {
    **{name: commands(name) for name in "abcde"},
    **{f"again {name}": Part(commands=(command(name, attempt=2),)) for name in "ab"},
    **{f"cancel {name}": Part(commands=(cancel(name),)) for name in "abc"},
    "restrict": Part(commands=(command("r", kind="RESTRICT"),)),
    "approve": Part(envelopes=(control("approve", APPROVE),)),
    "approve more": Part(envelopes=(control("approve", APPROVE, version=2),)),
    "pause": Part(envelopes=(control("pause", version=3),)),
    "resume": Part(envelopes=(control("resume", version=4),)),
    "grow": Part(census=((0, 300),)),
    "later": Part(tick=Instant(13_000)),
    "tomorrow": Part(tick=Instant(DAY)),
}


@given(
    st.lists(st.sampled_from([*STEPS, "confirm 0", "confirm 1"]), max_size=12),
    st.data(),
)
def test_folding_at_any_moment_changes_nothing(steps: list[str], data: st.DataObject) -> None:
    steady, shaken = Desk(limited("1%"), ledgers=2), Desk(limited("1%"), ledgers=2)
    for step in steps:
        if data.draw(st.booleans()):
            shaken.fold()
            shaken.give(Part(tick=steady.governor.now))  # no tick is kept, and the next is near
        for desk in (steady, shaken):
            if step.startswith("confirm"):
                desk.confirm(int(step[-1]))
            else:
                desk.give(STEPS[step])
    assert shaken.out == steady.out
    assert shaken.states == steady.states
    assert shaken.governor.waiting == steady.governor.waiting


def test_what_waited_came_again_and_left_does_not_wait_after_a_fold() -> None:
    desk = Desk(policy(), control("pause"))
    desk.give(commands("a"))
    resume = control("resume", version=2)
    assert desk.give(Part(envelopes=(resume,), commands=(command("a"),))) == ["a"]
    desk.fold()
    assert desk.waiting == 0


def test_what_waited_came_again_and_was_taken_back_does_not_leave_after_a_fold() -> None:
    desk = Desk(policy(), control("pause"))
    desk.give(commands("a"), Part(commands=(command("a"), cancel("a"))))
    desk.fold()
    assert desk.give(Part(envelopes=(control("resume", version=2),))) == []


def test_a_whole_chunk_stands_for_everything_before_it() -> None:
    desk = Desk(limited(1), awaited=AWAITED, ledgers=2)
    desk.give(Part(spans=(DOCUMENTS, STATES), census=((0, 7), (1, 8))))
    desk.give(commands(*"abc"), Part(commands=(cancel("b"), cancel("z"))))
    desk.confirm(1)
    whole = msgspec.msgpack.encode(desk.governor.whole_chunk(len(desk.chunks) + 1))
    before = desk.governor
    for chunks in ([whole], [*desk.chunks, whole]):
        decoded = [msgspec.msgpack.decode(data, type=GovernorChunk) for data in chunks]
        after = Governor.folded(0, AWAITED, decoded, ledgers=2)
        for name in ("now", "in_force", "allowances", "waiting", "held", "confirmed", "cancelled"):
            assert getattr(after, name) == getattr(before, name), name
        since_it_was_loaded = {"governor_taken_commands": 0, "governor_sent_commands": 0}
        assert after.progress() == before.progress() | since_it_was_loaded
        assert after.gate.open


def test_nothing_new_makes_no_chunk() -> None:
    desk = Desk(limited(1))
    desk.give(commands("a", "b"))
    count = len(desk.chunks)
    desk.ticks(12_001, 12_002)
    assert len(desk.chunks) == count


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
    day = 20 * DAY
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
        assert governor.allowances.counts[StoreName("images"), Cause(CAUSE)].granted == 3
