"""What goes to a store over its topics, and what comes back."""

import time
from collections.abc import Callable

from pipeline.commands import Command
from pipeline.receipts import Receipt
from pipeline.reference_store import StoreService
from pipeline.stories.scene import Scene
from pipeline.transports.contract import Partition
from tests.reference_store.build import NOW, command

GROUP = "store.images"
COMMANDS = (
    command("DELETE", "c1"),
    command("RESTRICT", "c2", "r2"),
    command("CANCEL", "c4", "r3", withdraws="c3"),
    command("DELETE", "c3", "r3"),
    command("ATTEST", "c5", "r4"),
)
STATUSES = {
    "c1": "COMPLETED",
    "c2": "COMPLETED",
    "c3": "CANCELLED",
    "c4": "COMPLETED",
    "c5": "NOT_SUPPORTED",
}

Start = Callable[..., StoreService]


def send(scene: Scene, *commands: Command) -> None:
    for one in commands:
        key, value = one.record_id.encode(), scene.codec.encode_command(one)
        scene.producer.send(scene.topics.commands("images"), key, value)
    scene.producer.flush()


def receipts(scene: Scene) -> list[Receipt]:
    return [scene.codec.decode_receipt(value) for value in scene.values("receipts")]


def lag(scene: Scene) -> int:
    partitions = [Partition(scene.topics.commands("images"), n) for n in range(2)]
    committed = scene.broker.committed(f"{scene.prefix}{GROUP}", partitions)
    return sum(end - committed.get(p, 0) for p, end in scene.broker.ends(partitions).items())


def work(service: StoreService, scene: Scene) -> None:
    """Step until everything is committed; what a Kafka has fetched comes when it comes."""
    deadline = time.monotonic() + 30
    while lag(scene):
        assert time.monotonic() < deadline, "not everything was answered"
        service.step(NOW)
        time.sleep(0.01)
