"""Simulated stores: they keep records, read their own command topic, obey once, and answer.

They read and write topics only, as real stores would; `demo` uses them, `story` waits for them.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pipeline.commands import Command
from pipeline.identifiers import CommandId, RecordId, StoreName
from pipeline.instants import Instant
from pipeline.receipts import Receipt
from pipeline.stories.scene import Scene
from pipeline.transports.contract import Consumer, Partition
from pipeline.vocabulary import CommandKind, ReceiptStatus

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


class Store:
    """One store: what it keeps, what it may not use, and what it has been told.

    Attributes:
        silent: whether it answers nothing for now.
        answers: the status that it answers whatever it is told; None: it obeys.
    """

    def __init__(self, name: StoreName, scene: Scene) -> None:
        self.name = name
        self.silent = False
        self.answers: str | None = None
        self.kept: set[RecordId] = set()
        self.restricted: set[RecordId] = set()
        self.deliveries: list[Delivery] = []
        self.answered: dict[CommandId, Instant] = {}
        self.refused: list[Command] = []
        self._waiting: deque[Command] = deque()
        self._seen: set[CommandId] = set()
        self._scene = scene
        self._tail = Tail(scene, [scene.topics.commands(name)])

    def keep(self, record_ids: Iterable[RecordId]) -> None:
        """Store records, as a platform does when it ingests them."""
        self.kept.update(record_ids)

    def listen(self) -> None:
        """Take in the commands that came; a repeated one has nothing new to say."""
        for at, value in self._tail.read():
            command = self._scene.codec.decode_command(value)
            self.deliveries.append(Delivery(command, at))
            if command.command_id not in self._seen:
                self._seen.add(command.command_id)
                self._waiting.append(command)

    @property
    def unanswered(self) -> int:
        """How many commands wait for an answer."""
        return len(self._waiting)

    def answer(self, now: Instant) -> int:
        """Obey and answer what waits, unless silent; return how many receipts were sent."""
        if self.silent:
            return 0
        count = len(self._waiting)
        topic = self._scene.topics.name("receipts")
        while self._waiting:
            command = self._waiting.popleft()
            status = self._obey(command, now)
            receipt = Receipt(command.command_id, command.record_id, self.name, status, now)
            key = command.record_id.encode()
            self._scene.producer.send(topic, key, self._scene.codec.encode_receipt(receipt))
            self.answered[command.command_id] = now
        self._scene.producer.flush()
        return count

    def _obey(self, command: Command, now: Instant) -> str:
        # As the schema of a command asks: too early is wrong, and too late it is void.
        if not command.not_before <= now < command.expires_at:
            self.refused.append(command)
            return ReceiptStatus.FAILED.value
        if self.answers is not None:
            return self.answers
        if command.record_id not in self.kept:
            return ReceiptStatus.NOT_FOUND.value
        if command.kind == CommandKind.DELETE:
            self.kept.remove(command.record_id)
            self.restricted.discard(command.record_id)
        elif command.kind == CommandKind.RESTRICT:
            self.restricted.add(command.record_id)
        elif command.kind == CommandKind.RELEASE:
            self.restricted.discard(command.record_id)
        return ReceiptStatus.COMPLETED.value

    def close(self) -> None:
        """Release the connection."""
        self._tail.close()
