"""A short run of what `make fuzz` does at length, and that it notices a decoder that is broken."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipeline.errors import Undecodable
from tests.fuzz import entry as entries
from tests.fuzz import run as running
from tests.fuzz.entry import MAX_MEBIBYTES, Entry, Fault
from tests.fuzz.mutate import MARK
from tests.fuzz.run import Source, run
from tests.fuzz.seeds import FOREIGN, OWN, PREFIX, SINGLE, seeds
from tests.fuzz.tokens import joined
from tests.support.figures import tell

INPUTS = 3_000
SEED = 20_220_518
EVENT = joined(list(next(one.message for one in seeds() if one.topic == SINGLE)))


@pytest.fixture
def entry(tmp_path: Path) -> Iterator[Entry]:
    made = Entry(tmp_path)
    yield made
    made.close()


def test_what_the_inputs_are_made_from_is_taken_on_every_topic(entry: Entry) -> None:
    found = seeds()
    for seed in found:
        assert entry.take(seed.topic, joined(list(seed.message))).refused == "", seed.topic
    kinds = ("policies", "notices", "holds", "requests", "controls", "receipts", "lineage")
    topics = {seed.topic for seed in found}
    assert {f"{PREFIX}{kind}" for kind in kinds} | set(OWN) | {SINGLE, FOREIGN} <= topics


def test_thousands_of_hostile_inputs_are_read_or_refused() -> None:
    report = run(SEED, 0, INPUTS)
    tell(
        f"hostile inputs: {report.inputs:,}, {len(report.faults)} faults, slowest "
        f"{report.slowest:.0f} ms, memory +{report.grown:.0f} MiB"
    )
    assert report.faults == []
    assert report.inputs == INPUTS
    assert report.accepted > INPUTS / 20
    wanted = {"bad_length", "bad_text", "bad_branch", "truncated", "too_many", "invalid_document"}
    assert wanted <= set(report.refused)


def test_an_input_is_made_from_its_number() -> None:
    first, again, other = Source(SEED), Source(SEED), Source(SEED + 1)
    made = [first.input(number) for number in range(200)]
    assert [again.input(number) for number in reversed(range(200))] == made[::-1]
    assert [other.input(number) for number in range(200)] != made


# -- a decoder that is broken ---------------------------------------------------------------------

Break = Callable[[Callable[..., Any]], Callable[..., Any]]


def _dies(decode: Callable[..., Any]) -> Callable[..., Any]:
    def broken(*arguments: Any) -> Any:
        raise KeyError("whatever")

    return broken


def _dawdles(decode: Callable[..., Any]) -> Callable[..., Any]:
    def broken(*arguments: Any) -> Any:
        until = time.thread_time() + 0.02
        while time.thread_time() < until:
            pass
        return decode(*arguments)

    return broken


def _tells(decode: Callable[..., Any]) -> Callable[..., Any]:
    def broken(*arguments: Any) -> Any:
        raise Undecodable("bad_id", f"`record_id` is {decode(*arguments).record_id}")

    return broken


def _shrugs(decode: Callable[..., Any]) -> Callable[..., Any]:
    def broken(*arguments: Any) -> Any:
        raise Undecodable("", "")

    return broken


grown: list[float] = []
"""By what the peak seems to have grown: that of this process may have been reached long ago."""


def _swells(decode: Callable[..., Any]) -> Callable[..., Any]:
    def broken(*arguments: Any) -> Any:
        grown.append(2.0 * MAX_MEBIBYTES)
        time.sleep(entries.SUSPECT / 1_000)  # as taking so much would
        return decode(*arguments)

    return broken


@pytest.mark.parametrize(
    ("kind", "how"),
    [
        ("crash", _dies),
        ("slow", _dawdles),
        ("repeated", _tells),
        ("unreasoned", _shrugs),
        ("memory", _swells),
    ],
)
def test_a_broken_decoder_is_noticed(
    kind: str, how: Break, entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entries, "MAX_MILLISECONDS", 10.0)
    monkeypatch.setattr(entries, "peak", lambda: entry._base + sum(grown))
    assert entry.take(SINGLE, EVENT).refused == ""
    codec = entry.split._codec
    monkeypatch.setattr(codec, "decode_event", how(entry.codec.decode_event))
    with pytest.raises(Fault) as caught:
        entry.take(SINGLE, EVENT)
    assert caught.value.kind == kind


def _takes(mebibytes: int) -> int:
    return len(b"x" * (mebibytes << 20))


def test_memory_is_noticed_though_the_process_once_had_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _takes(160)
    made = Entry(tmp_path)
    decode = made.codec.decode_event

    def swollen(*arguments: Any) -> Any:
        _takes(80)
        return decode(*arguments)

    monkeypatch.setattr(entries, "MAX_MEBIBYTES", 64)
    monkeypatch.setattr(made.split._codec, "decode_event", swollen)
    with pytest.raises(Fault, match="memory"):
        made.take(SINGLE, EVENT)
    made.close()


def test_a_value_that_is_not_what_was_written_is_noticed(
    entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode = entry.codec.encode_event
    seen: list[int] = []

    def broken(event: Any) -> bytes:
        seen.append(1)
        return encode(msgspec.structs.replace(event, source=f"source {len(seen)}"))

    monkeypatch.setattr(entry.codec, "encode_event", broken)
    with pytest.raises(Fault, match="changed"):
        entry.take(SINGLE, EVENT)


def test_a_message_that_is_dropped_without_a_word_is_noticed(
    entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entry.split, "_quarantine", lambda *_: None)
    with pytest.raises(Fault, match="lost: 0 values and 0 pointers"):
        entry.take(SINGLE, b"\x00poison")


def test_a_run_stops_at_a_fault_and_says_how_to_replay_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(Entry):
        def _fed(self, topic: str, value: bytes) -> entries.Outcome:
            if b"\xff" in value:
                raise Fault("crash", "an odd byte")
            return super()._fed(topic, value)

    monkeypatch.setattr(running, "Entry", Broken)
    report = run(SEED, 0, INPUTS)
    [line] = report.faults
    assert line.startswith(f"crash: an odd byte\n  --replay {SEED}:{report.inputs - 1}, or --bytes")
    assert line.split()[-1] == "ff"


def test_the_mark_is_in_what_is_fed() -> None:
    assert MARK.encode() in EVENT
