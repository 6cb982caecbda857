"""A reader waits for the next fetch where more is known to be there, and nowhere else."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from kafka import TopicPartition

from pipeline.transports.contract import Partition
from pipeline.transports.kafka_consumer import WAIT_MS, KafkaLogConsumer

PLACE = Partition("events", 0)


class Client:
    """A client that answers with what it was given, and notes how long it was told to wait."""

    def __init__(self, highwater: int | None, *answers: Sequence[int]) -> None:
        self._highwater, self._answers = highwater, list(answers)
        self._next = 0
        self.waits: list[int] = []

    def assign(self, _: object) -> None: ...

    def seek(self, _: object, position: int) -> None:
        self._next = position

    def highwater(self, _: object) -> int | None:
        return self._highwater

    def position(self, _: object, timeout_ms: int) -> int:
        assert timeout_ms == 0
        return self._next

    def poll(self, timeout_ms: int, max_records: int) -> dict[TopicPartition, list[Any]]:
        assert max_records == 10
        self.waits.append(timeout_ms)
        offsets = self._answers.pop(0) if self._answers else ()
        if not offsets:
            return {}
        self._next = offsets[-1] + 1
        records = [SimpleNamespace(offset=n, timestamp=1, key=b"", value=b"") for n in offsets]
        return {TopicPartition(*PLACE): records}


def polled(client: Client, position: int) -> list[int]:
    broker: Any = SimpleNamespace(url="kafka://nowhere:1")
    consumer = KafkaLogConsumer(broker, dict, 1.0)
    consumer._client = client
    consumer.assign({PLACE: position})
    return [message.offset for message in consumer.poll(10, 1 << 20)]


def test_what_has_come_is_handed_out_without_a_wait() -> None:
    client = Client(9, [3, 4])
    assert polled(client, 3) == [3, 4]
    assert client.waits == [0]


def test_behind_the_end_the_next_fetch_is_waited_for() -> None:
    client = Client(9, (), [3, 4])
    assert polled(client, 3) == [3, 4]
    assert client.waits == [0, WAIT_MS]


def test_at_the_end_or_where_none_is_known_nothing_is_waited_for() -> None:
    for end in (3, None):
        client = Client(end, (), [3, 4])
        assert polled(client, 3) == []
        assert client.waits == [0]


def test_a_partition_that_brings_nothing_costs_one_wait() -> None:
    client = Client(9)
    assert polled(client, 3) == []
    assert client.waits == [0, WAIT_MS]
