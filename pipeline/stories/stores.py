"""The stores of a story: the reference store, told and answering through topics as any store is."""

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from pipeline.commands import Command
from pipeline.identifiers import CommandId, StoreName
from pipeline.instants import Instant
from pipeline.receipts import Receipt
from pipeline.reference_store import ReferenceStore, Seed, StoreService, clock_of
from pipeline.stories.scene import Scene
from pipeline.transports.contract import Consumer, Partition

POLL_MESSAGES = 5_000
POLL_BYTES = 4 << 20


class Delivery(NamedTuple):
    """A command as it lay in the log: the log's own time says when it was given."""

    command: Command
    at: Instant


class Tail:
    """Reads on in topics, from their first message to what is there now."""

    def __init__(self, scene: Scene, topics: Iterable[str]) -> None:
        self._consumer: Consumer = scene.broker.consumer()
        self._consumer.assign(
            {
                Partition(topic, number): 0
                for topic in topics
                for number in range(scene.broker.partitions(topic) or 0)
            }
        )

    def read(self) -> Iterator[tuple[Instant, bytes]]:
        """Yield the log's time and the value of each message not read before."""
        while messages := self._consumer.poll(POLL_MESSAGES, POLL_BYTES):
            for message in messages:
                if message.value is not None:
                    yield message.timestamp, message.value

    def close(self) -> None:
        """Release the connection."""
        self._consumer.close()


class Directed(ReferenceStore):
    """A reference store that may be directed to answer something, whatever it is told.

    Attributes:
        answers: the status; None: it obeys.
    """

    answers: str | None = None

    def obey_all(self, commands: Iterable[Command], now: Instant) -> list[Receipt]:
        """Obey, or say what was directed and do nothing."""
        if self.answers is None:
            return super().obey_all(commands, now)
        return [
            Receipt(one.command_id, one.record_id, self.name, self.answers, now) for one in commands
        ]


class Store:
    """One store of a story: what it keeps, and what it has been told.

    Attributes:
        holds: the store itself.
        deliveries: every command that was given to it, repetitions included.
        given: their ids.
    """

    def __init__(self, name: StoreName, scene: Scene, folder: Path | None = None) -> None:
        self.name = name
        self.deliveries: list[Delivery] = []
        self._folder = None if folder else tempfile.TemporaryDirectory(prefix="retention-store-")
        place = folder or Path(self._folder.name if self._folder else "")
        self.holds = Directed(place / f"{name}.db", name)
        self._service = StoreService(
            self.holds, scene.broker, clock_of(scene.broker), prefix=scene.prefix
        )
        self._scene = scene
        self._tail = Tail(scene, [scene.topics.commands(name)])
        self.given: set[CommandId] = set()

    @property
    def silent(self) -> bool:
        """Whether it reads and answers nothing for now."""
        return self._service.silent

    @silent.setter
    def silent(self, silent: bool) -> None:
        self._service.silent = silent

    def keep(self, seeds: Iterable[Seed], stored_at: Instant) -> None:
        """Store records, as a platform does when it ingests them."""
        self.holds.add(seeds, stored_at)

    def listen(self) -> None:
        """Take note of the commands that came."""
        for at, value in self._tail.read():
            command = self._scene.codec.decode_command(value)
            self.deliveries.append(Delivery(command, at))
            self.given.add(command.command_id)

    def answer(self, now: Instant) -> int:
        """Obey and answer what is there, unless silent; return how many receipts were sent."""
        return self._service.step(now)

    def close(self) -> None:
        """Release connections and, if it had no folder given, its file."""
        self._tail.close()
        self._service.close()
        self.holds.close()
        if self._folder is not None:
            self._folder.cleanup()
