"""The stateful stage: what leaves it, and when its one timer is set."""

import time

import apache_beam as beam
import msgspec
import pytest

from pipeline.identifiers import RecordId, shard_of
from pipeline.instants import DAY, Instant
from pipeline.ledger.parts import Part, encode_part
from pipeline.stories.scene import Scene
from pipeline.transforms.acknowledge import Piece
from pipeline.transports.contract import TopicSpec
from tests.support.build import event, hold, policy, rule
from tests.transforms.stage import ORIGIN, START, Stage


def test_a_record_is_written_and_its_origin_acknowledged(stage: Stage) -> None:
    stage.bundle(START)
    assert [row.record_id for row in stage.scene.rows()] == ["r1"]
    assert stage.pieces == [Piece(ORIGIN, 1)]


def test_nothing_is_acknowledged_before_the_flush(stage: Stage) -> None:
    stage.stage.start_bundle()
    stage.stage.process((0, encode_part(START)), stage.journal, stage.head, stage.wake)
    assert stage.scene.rows() == []
    found = next(stage.stage.finish_bundle())
    assert isinstance(found, beam.pvalue.TaggedOutput)
    assert len(stage.scene.rows()) == 1


def test_a_failed_flush_acknowledges_nothing_and_passes_no_command_on(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise RuntimeError("not written")

    assert stage.stage._sink is not None
    monkeypatch.setattr(stage.stage._sink, "flush", refuse)
    with pytest.raises(RuntimeError, match="not written"):
        stage.bundle(START)
    assert (stage.pieces, stage.commands) == ([], [])


def test_parts_of_one_origin_in_one_bundle_are_counted_each(stage: Stage) -> None:
    stage.bundle(START, Part(origins=(ORIGIN,)))
    assert stage.pieces == [Piece(ORIGIN, 2)]


def test_a_timer_vouched_for_by_a_tick_deletes(stage: Stage) -> None:
    stage.bundle(START)
    stage.bundle(Part(tick=Instant(11_000)), fire=stage.wake.calls[-1])
    stage.bundle(fire=11_000)
    assert stage.kinds == ["DELETE"]


def test_a_timer_ahead_of_the_ticks_deletes_nothing_and_is_not_set_again_until_one_vouches(
    stage: Stage,
) -> None:
    """Set again at once, it would spin: the watermark has passed it."""
    stage.bundle(START, Part(tick=Instant(500)))
    stage.bundle(fire=stage.wake.calls[-1])
    stage.bundle(fire=10**13)
    calls = len(stage.wake.calls)
    stage.bundle(Part(tick=Instant(10_999)))
    stage.bundle(fire=10**13)
    assert stage.kinds == []
    assert len(stage.wake.calls) == calls
    stage.bundle(Part(tick=Instant(11_000)))
    assert stage.wake.calls[calls:] == [11_000]
    stage.bundle(fire=11_000)
    assert stage.kinds == ["DELETE"]


def test_the_timer_is_set_only_when_the_wake_changes(stage: Stage) -> None:
    stage.bundle(START)
    calls = len(stage.wake.calls)
    for second in range(1, 9):
        stage.bundle(Part(tick=Instant(second * 1_000)), Part(events=(event(at=1_000),)))
    assert len(stage.wake.calls) == calls


def test_an_earlier_limit_sets_the_timer_earlier(stage: Stage) -> None:
    stage.bundle(Part(envelopes=(policy(rule(limit="P9D")),), events=(event(at=DAY),)))
    assert stage.wake.calls == [11 * DAY]
    stage.bundle(Part(events=(event("old", at=DAY, collected_at=1),)))
    stage.bundle(Part(envelopes=(policy(rule(limit="P2D"), version=2),)))
    assert stage.wake.calls == [11 * DAY, 10 * DAY, 3 * DAY]


def test_deletions_in_one_store_meet_in_one_governor(stage: Stage) -> None:
    """There they are counted: two governors would let out twice as many."""
    events = tuple(event(f"r{number}", at=1_000) for number in range(9))
    default = tuple(event(f"d{number}", at=1_000, purpose=None) for number in range(3))
    stage.bundle(Part(envelopes=(policy(),), events=(*events, *default), tick=Instant(90_000)))
    stage.bundle(fire=90_000)
    governors = stage.stage._settings.governors
    assert len(stage.commands) == 12
    for item in stage.commands:
        assert stage.routes[item.command_id] == shard_of(item.store, governors)


def test_a_governor_writes_commands_to_the_topic_of_their_store(scene: Scene) -> None:
    ledger = Stage(scene)
    ledger.bundle(START, Part(tick=Instant(11_000)))
    ledger.bundle(fire=11_000)
    governor = Stage(scene, "governor")
    governor.bundle(Part(envelopes=(policy(),), tick=Instant(11_000)))
    governor.bundle(Part(commands=tuple(ledger.commands)))
    assert scene.deletions() == ledger.commands
    assert governor.commands == []


def test_a_command_for_a_store_without_a_topic_is_a_finding_and_is_delivered_once_it_is_there(
    scene: Scene,
) -> None:
    ledger = Stage(scene)
    lost = Part(envelopes=(policy(),), events=(event(at=1_000, stores=("attic",)),))
    ledger.bundle(lost, Part(tick=Instant(11_000)))
    ledger.bundle(fire=11_000)
    governor = Stage(scene, "governor")
    governor.bundle(Part(envelopes=(policy(),), tick=Instant(11_000)))
    governor.bundle(Part(commands=tuple(ledger.commands)))
    again = [msgspec.structs.replace(one, attempt=2) for one in ledger.commands]
    governor.bundle(Part(commands=(*ledger.commands, *ledger.commands, *again)))
    told = [item for item in scene.findings() if item.kind == "UNKNOWN_STORE"]
    assert [item.occasion for item in told] == [
        "1970-01-01, attempt 1",
        "1970-01-01, attempt 2",
    ], "once each"
    scene.broker.create([TopicSpec("x.commands.attic", 1)])
    later = Stage(scene, "governor")
    later.bundle(Part(envelopes=(policy(),), tick=Instant(11_000)))
    later.bundle(Part(commands=tuple(ledger.commands)))
    assert len(scene.read("x.commands.attic")) == 1


def test_a_deletion_first_reported_for_a_record_never_seen_is_written(stage: Stage) -> None:
    stage.bundle(Part(tick=Instant(3 * DAY)))
    stage.bundle(Part(events=(event(at=3 * DAY, what="deleted"),)))
    [row] = stage.scene.rows()
    assert row.record_id == RecordId("r1")
    assert not row.alive


def test_a_worker_clock_an_hour_ahead_pauses_deletion_with_a_finding(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(scene)
    stage.stage._settings = scene.settings(story=False, run_id="clock")
    monkeypatch.setattr(time, "time", lambda: 3_600 + 12)
    stage.bundle(START, Part(tick=Instant(12_000)))
    for at in (11_000, 12_000, 13_000):
        stage.bundle(fire=at)
    assert stage.kinds == []
    assert [item.kind for item in scene.findings()] == ["CLOCK_DIFFERENCE"]
    monkeypatch.setattr(time, "time", lambda: 14)
    stage.bundle(Part(tick=Instant(14_000)))
    stage.bundle(fire=14_000)
    assert stage.kinds == ["DELETE"]


def test_what_withdraws_a_command_goes_where_the_command_may_still_wait(scene: Scene) -> None:
    """Another governor would not find it, and an approval would let it out after its CANCEL."""
    for number in range(8):
        stage = Stage(scene)
        stage.stage._settings = scene.settings(story=True, governors=8, run_id=f"c{number}")
        stage.routes.clear()
        stage.bundle(START, Part(tick=Instant(11_000)))
        stage.bundle(fire=11_000)
        stage.bundle(Part(envelopes=(hold(records=("r1",), name=f"h{number}"),)))
        stage.bundle(Part(tick=Instant(12_000)))
        stage.bundle(fire=12_000)
        [deletion] = [item for item in stage.commands if item.kind == "DELETE"]
        [cancel] = [item for item in stage.commands if item.kind == "CANCEL"]
        assert cancel.withdraws == deletion.command_id
        assert stage.routes[cancel.command_id] == stage.routes[deletion.command_id]
