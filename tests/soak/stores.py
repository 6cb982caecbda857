"""A store that obeys and answers, and remembers every command as it lay in the log."""

import threading
import time
from typing import NamedTuple

from pipeline.errors import BrokerUnavailable, LogTruncated
from pipeline.identifiers import CommandId, RecordId, StoreName
from pipeline.instants import Instant
from pipeline.receipts import Receipt
from pipeline.stories.scene import Scene
from pipeline.transports.contract import Consumer, Message, Partition

STORE = StoreName("images")
IDLE_SECONDS = 0.05
BATCH = 2_000


class Seen(NamedTuple):
    """One message of the command topic: `stamp` is the broker's, `at` when it was read here."""

    command_id: CommandId
    kind: str
    record_id: RecordId
    not_before: Instant
    issued_at: Instant
    stamp: Instant
    at: float


def _seen(scene: Scene, message: Message) -> Seen:
    command = scene.codec.decode_command(message.value)
    return Seen(
        command.command_id,
        command.kind,
        command.record_id,
        command.not_before,
        command.issued_at,
        message.timestamp,
        time.monotonic(),
    )


def logged(scene: Scene) -> list[Seen]:
    """Return every message of the command topic."""
    return [_seen(scene, message) for message in scene.read(scene.topics.commands(STORE))]


class Store(threading.Thread):
    """Reads its command topic from the beginning and answers every message, also a repeated one."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(name="store", daemon=True)
        self.seen: list[Seen] = []
        self.trouble: BaseException | None = None
        self._scene = scene
        self._over = threading.Event()
        topic = scene.topics.commands(STORE)
        count = scene.broker.partitions(topic) or 0
        self._positions = {Partition(topic, number): 0 for number in range(count)}

    def end(self) -> None:
        """Stop reading."""
        self._over.set()
        self.join(timeout=60)

    def deletions(self) -> list[Seen]:
        """Return every DELETE so far, repetitions included."""
        return [one for one in list(self.seen) if one.kind == "DELETE"]

    def recovered_at(self, since: Instant) -> float | None:
        """Return when the first deletion was read whose limit ended after an instant."""
        found = [one.at for one in self.deletions() if one.not_before > since]
        return min(found, default=None)

    def run(self) -> None:
        """Read and answer."""
        consumer: Consumer | None = None
        try:
            while not self._over.wait(IDLE_SECONDS):
                try:
                    if consumer is None:
                        consumer = self._scene.broker.consumer()
                        consumer.assign(self._positions)
                    self._take(consumer)
                except (BrokerUnavailable, LogTruncated):
                    # It is away, or just back and has not read its own log yet.
                    if consumer is not None:
                        consumer.close()
                    consumer = None
        except BaseException as error:
            self.trouble = error
            raise
        finally:
            if consumer is not None:
                consumer.close()

    def _take(self, consumer: Consumer) -> None:
        messages = consumer.poll(BATCH, BATCH << 10)
        if not messages:
            return
        fresh = [_seen(self._scene, message) for message in messages]
        self._answer(fresh)
        # Remembered once answered: what could not be answered is read again.
        self._positions.update(consumer.positions())
        self.seen += fresh

    def _answer(self, commands: list[Seen]) -> None:
        scene = self._scene
        for one in commands:
            at = one.not_before
            receipt = Receipt(one.command_id, one.record_id, STORE, "COMPLETED", at)
            scene.producer.send(
                scene.topics.name("receipts"),
                one.record_id.encode(),
                scene.codec.encode_receipt(receipt),
            )
        scene.producer.flush()
