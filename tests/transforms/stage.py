"""One shard of the stateful stage, driven as a runner drives it."""

from typing import Any

import apache_beam as beam
import msgspec
from apache_beam.utils.timestamp import Timestamp

from pipeline.commands import Command
from pipeline.ledger.parts import Origin, Part, decode_part, encode_part
from pipeline.stories.scene import Scene
from pipeline.transforms.acknowledge import Piece
from pipeline.transforms.machines import MachineKind
from pipeline.transforms.sharded import Sharded
from tests.support.build import event, policy

ORIGIN = Origin("x.events", 0, 0, 1, 0, 2)


class Bag:
    """A bag of a runner's state: it promises no order."""

    def __init__(self) -> None:
        self.items: list[bytes] = []

    def read(self) -> list[bytes]:
        return list(reversed(self.items))

    def add(self, item: bytes) -> None:
        self.items.append(item)

    def clear(self) -> None:
        self.items = []


class Cell:
    def __init__(self) -> None:
        self.value: bytes | None = None

    def read(self) -> bytes | None:
        return self.value

    def write(self, value: bytes) -> None:
        self.value = value


class Wake:
    """A timer; remembers every call."""

    def __init__(self) -> None:
        self.calls: list[int] = []

    def set(self, at: Timestamp) -> None:
        self.calls.append(at.micros // 1_000)


class Stage:
    """One shard of the stage over topics of its own, and all that its bundles gave."""

    def __init__(
        self, scene: Scene, kind: MachineKind = "ledger", *, story: bool = True, **assigned: int
    ) -> None:
        self.scene = scene
        # A story compares no clocks: the instants of these tests lie in 1970.
        settings = scene.settings(story=story, run_id=str(id(self)), measure_ms=5_000)
        self.stage = Sharded(settings, kind, {}, assigned)
        self.stage.setup()
        self.journal, self.head, self.wake = Bag(), Cell(), Wake()
        self.commands: list[Command] = []
        self.routes: dict[str, int] = {}
        self.pieces: list[Piece] = []
        self.confirmed: list[tuple[int, str]] = []

    def bundle(self, *parts: Part, fire: int | None = None) -> None:
        self.stage.start_bundle()
        for part in parts:
            self.stage.process((0, encode_part(part)), self.journal, self.head, self.wake)
        if fire is not None:
            at = Timestamp(micros=fire * 1_000)
            self.stage.fire(0, at, self.journal, self.head, self.wake)
        for found in self.stage.finish_bundle():
            self.take(found)

    def take(self, found: Any) -> None:
        if isinstance(found, beam.pvalue.TaggedOutput):
            self.pieces += msgspec.msgpack.decode(found.value.value[1], type=list[Piece])
            return
        governor, data = found.value
        part = decode_part(data)
        self.routes |= dict.fromkeys((item.command_id for item in part.commands), governor)
        self.commands += part.commands
        self.confirmed += part.confirmed

    def state(self) -> tuple[list[bytes], bytes | None]:
        return list(self.journal.items), self.head.value

    def go_back(self, state: tuple[list[bytes], bytes | None]) -> None:
        self.journal.items, self.head.value = list(state[0]), state[1]

    @property
    def kinds(self) -> list[str]:
        return [item.kind for item in self.commands]


START = Part(envelopes=(policy(),), events=(event(at=1_000),), origins=(ORIGIN,))
