"""The stateful stage: its journal and its cache agree, whatever is lost."""

import msgspec
import pytest

from pipeline.instants import Instant
from pipeline.ledger.book import Ledger
from pipeline.ledger.clocks import CLOCK_TOLERANCE
from pipeline.ledger.parts import Part, Span, encode_part
from pipeline.stories.scene import Scene
from pipeline.transforms import sharded
from pipeline.transforms.sharded import Head
from tests.support.build import control, event, policy
from tests.transforms.stage import START, Stage


def journey(stage: Stage, *, forget: bool) -> list[str]:
    """A life of several bundles; with `forget`, no delivery finds the machine in memory."""
    parts = [
        START,
        Part(envelopes=(control("pause"),)),
        Part(tick=Instant(12_000)),
        Part(envelopes=(control("resume", version=2),)),
        Part(events=(event("r2", at=3_000),)),
        Part(tick=Instant(14_000)),
    ]
    for part in parts:
        if forget:
            sharded._CACHE.clear()
        stage.bundle(part)
        stage.bundle(fire=max(stage.wake.calls))
    stage.bundle(fire=14_000)
    return sorted(item.command_id for item in stage.commands)


def test_a_machine_out_of_the_cache_and_one_out_of_the_journal_do_the_same(scene: Scene) -> None:
    quick, slow = Stage(scene), Stage(scene)
    assert journey(quick, forget=False) == journey(slow, forget=True)
    assert len(quick.commands) == 2


def test_after_a_rollback_the_cached_machine_is_not_believed(stage: Stage) -> None:
    """A journal of the same length with other content: a count of chunks would match."""
    stage.bundle(START)
    before = stage.state()
    stage.bundle(Part(events=(event("lost", at=1_000),)))
    stage.go_back(before)
    stage.bundle(Part(events=(event("other", at=1_000),)))
    stage.go_back(stage.state())
    stage.bundle(Part(tick=Instant(11_000)))
    stage.bundle(fire=11_000)
    assert {item.record_id for item in stage.commands} == {"r1", "other"}


def test_a_call_that_failed_leaves_no_half_changed_machine_behind(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.bundle(START)
    broken = Part(events=(event("half", at=1_000),))
    with monkeypatch.context() as patched:
        patched.setattr(stage.stage, "_emit", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            stage.bundle(broken)
    stage.bundle(Part(tick=Instant(11_000)))
    stage.bundle(fire=11_000)
    assert {item.record_id for item in stage.commands} == {"r1"}


def test_a_long_journal_is_written_afresh_and_loses_nothing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharded, "COMPACT_LEAST_BYTES", 2_000)
    stage.bundle(Part(envelopes=(policy(),)))
    longest = 0
    for number in range(120):
        stage.bundle(Part(events=(event("r1", at=1_000, stores=(f"s{number % 3}",)),
                                  event(f"r{number % 7}", at=1_000 + number),)))  # fmt: skip
        longest = max(longest, len(stage.journal.items))
    assert longest < 60
    sharded._CACHE.clear()
    stage.bundle(Part(tick=Instant(12_000)))
    stage.bundle(fire=12_000)
    assert {item.record_id for item in stage.commands} == {f"r{n}" for n in range(7)}


def test_clocks_are_compared_before_the_first_tick_sends_anything_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With that tick a shard that was built from topics opens."""
    lost, stage = Stage(scene), Stage(scene, story=False)
    for part in (START, Part(tick=Instant(11_000))):
        lost.bundle(part)
    lost.bundle(fire=11_000)
    _, ledger = sharded._CACHE[lost.stage._cache_key(0)]
    assert isinstance(ledger, Ledger)
    rows = tuple(ledger.holdings.records())
    monkeypatch.setattr(sharded, "worker_now", lambda: Instant(12_000 + 12 * CLOCK_TOLERANCE))
    stage.stage._awaited = {"records": 1}
    span = Span("records", 0, 0, 1, 0, 1)
    stage.bundle(Part(envelopes=START.envelopes, rows=rows, spans=(span,)))
    stage.bundle(Part(tick=Instant(12_000)), fire=12_000)
    assert stage.commands == []
    findings = map(scene.codec.decode_finding, scene.values("findings"))
    assert "CLOCK_DIFFERENCE" in {item.kind for item in findings}
    monkeypatch.setattr(sharded, "worker_now", lambda: Instant(13_000))
    stage.bundle(Part(tick=Instant(13_000)), fire=13_000)
    assert [item.command_id for item in stage.commands] == [lost.commands[0].command_id]
    stage.stage.teardown()


def test_shards_share_nothing(scene: Scene) -> None:
    one = Stage(scene)
    other = Stage(scene)
    other.stage._settings = one.stage._settings
    one.bundle(START)
    stored = (other.journal, other.head)
    other.stage.start_bundle()
    other.stage.process((1, encode_part(Part(tick=Instant(1)))), *stored, other.wake)
    list(other.stage.finish_bundle())
    # Nothing of the one's records: it only confirms that it knows no documents.
    assert other.wake.calls == [1]


def test_a_head_survives_its_encoding() -> None:
    head = Head(b"t", 3, 100, 50, Instant(9), ahead=True)
    again = msgspec.msgpack.decode(msgspec.msgpack.encode(head), type=Head)
    assert again == head
