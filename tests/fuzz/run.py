"""Many inputs, each from its number; what they did, and the first that did what none may do."""

import tempfile
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import NamedTuple

import msgspec

from pipeline.documents.envelope import digest_of
from tests.fuzz.entry import MAX_MEBIBYTES, Entry, Fault
from tests.fuzz.mutate import broken
from tests.fuzz.seeds import Seed, seeds
from tests.fuzz.shrink import shrunk
from tests.fuzz.texts import broken_text
from tests.wire.avro import text

DOCUMENTS = 0.06
"""Share of the inputs that are documents: a text takes many times as long as a message."""


class Input(NamedTuple):
    """One input: where it is sent, and its bytes."""

    topic: str
    value: bytes


class Report(msgspec.Struct):
    """What became of the inputs.

    Attributes:
        faults: a line each, to replay.
    """

    inputs: int = 0
    accepted: int = 0
    refused: dict[str, int] = {}
    slowest: float = 0.0
    slowest_topic: str = ""
    grown: float = 0.0
    seconds: float = 0.0
    faults: list[str] = []

    def add(self, other: "Report") -> None:
        """Take in what another process did at the same time."""
        self.inputs += other.inputs
        self.accepted += other.accepted
        self.refused = dict(Counter(self.refused) + Counter(other.refused))
        if other.slowest > self.slowest:
            self.slowest, self.slowest_topic = other.slowest, other.slowest_topic
        self.grown = max(self.grown, other.grown)
        self.seconds = max(self.seconds, other.seconds)
        self.faults += other.faults


class Source:
    """Makes inputs: the same for the same seed and number."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._chance = Random()
        found = seeds()
        self._documents = [one for one in found if one.envelope is not None]
        self._messages = [one for one in found if one.envelope is None]
        self._lent = [one.message for one in found]
        self._texts = [one.envelope.text for one in self._documents if one.envelope is not None]

    def topics(self) -> tuple[str, ...]:
        """Where inputs are sent."""
        return tuple(dict.fromkeys(one.topic for one in (*self._messages, *self._documents)))

    def input(self, number: int) -> Input:
        """Return the input of a number."""
        chance = self._chance
        chance.seed(self._seed << 40 | number)
        if chance.random() < DOCUMENTS:
            return self._document(chance, chance.choice(self._documents))
        seed = chance.choice(self._messages)
        return Input(seed.topic, broken(chance, seed.message, self._lent))

    def _document(self, chance: Random, seed: Seed) -> Input:
        """Break the text, under a digest that is right; or the envelope."""
        envelope = seed.envelope
        if envelope is None or chance.random() < 0.3:
            return Input(seed.topic, broken(chance, seed.message, self._lent))
        content = broken_text(chance, envelope.text, self._texts)
        raw = content.encode(errors="surrogatepass")
        swapped = {
            envelope.text.encode(): raw,
            envelope.digest.encode(): digest_of(content).encode(),
        }
        parts: list[bytes] = []
        for token in seed.message:
            if token.kind == "text" and token.raw in swapped:
                parts[-1] = text(swapped[token.raw])  # its size stood there
            else:
                parts.append(token.raw)
        return Input(seed.topic, b"".join(parts))


def run(seed: int, first: int, count: int) -> Report:
    """Feed so many inputs; stop at the first fault."""
    report, source, accepted = Report(), Source(seed), 0
    refused: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="retention-fuzz-") as folder:
        entry = Entry(Path(folder))
        began = time.monotonic()
        try:
            for number in range(first, first + count):
                made = source.input(number)
                report.inputs += 1
                try:
                    outcome = entry.take(made.topic, made.value)
                except Fault as fault:
                    report.faults.append(line(entry, fault, made, f"{seed}:{number}"))
                    break
                if outcome.refused:
                    refused[outcome.refused] += 1
                else:
                    accepted += 1
                if outcome.milliseconds > report.slowest:
                    report.slowest, report.slowest_topic = outcome.milliseconds, made.topic
        finally:
            entry.close()
        report.seconds = time.monotonic() - began
        report.grown = entry.grown()
        if report.grown > MAX_MEBIBYTES and not report.faults:
            report.faults.append(f"memory: {seed}:{first} and those after it took it by and by")
    report.refused = dict(refused)
    report.accepted = accepted
    return report


def line(entry: Entry, fault: Fault, made: Input, name: str) -> str:
    """Return the line that replays a fault, with the fewest bytes that still do it."""
    least = shrunk(entry, fault.kind, made.topic, made.value)
    return f"{fault}\n  --replay {name}, or --bytes {made.topic} {least.hex()}"
