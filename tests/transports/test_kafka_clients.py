"""A client that does not come back to its broker is replaced by another."""

import contextlib
import gc
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from kafka import errors

from pipeline.errors import BrokerUnavailable
from pipeline.testing.ports import free_port
from pipeline.transports.kafka import KafkaBroker


class Client:
    """A client that never answers, or always does."""

    def __init__(self, *, answers: bool) -> None:
        self._answers = answers
        self.closed = False

    def ask(self) -> str:
        if not self._answers:
            raise errors.KafkaTimeoutError("nothing")
        return "answered"

    def close(self) -> None:
        self.closed = True


def test_after_a_call_without_an_answer_the_next_one_has_a_client_of_its_own() -> None:
    dead, alive = Client(answers=False), Client(answers=True)
    made: list[Any] = [dead, alive]
    broker = KafkaBroker("kafka://localhost:1", clock_topic="clock", connect_seconds=0.1)
    with patch("pipeline.transports.kafka.connected", lambda *_: made.pop(0)):
        with pytest.raises(BrokerUnavailable):
            broker._ask("clock", Client, lambda client: client.ask())
        assert dead.closed
        assert broker._ask("clock", Client, lambda client: client.ask()) == "answered"
    broker.close()
    assert alive.closed


def test_while_the_broker_is_away_no_try_leaves_a_socket_behind() -> None:
    """Without the garbage collector, which in a large process comes by seldom."""
    free = free_port()
    gc.collect()
    gc.disable()
    try:
        broker = KafkaBroker(f"kafka://localhost:{free}", clock_topic="clock", connect_seconds=0.5)
        producer = broker.producer()
        before = sockets()
        for _ in range(4):
            with pytest.raises(BrokerUnavailable):
                broker.partitions("topic")
            with pytest.raises(BrokerUnavailable):
                producer.send("topic", None, b"value")
        assert sockets() == before
    finally:
        gc.enable()


def sockets() -> int:
    """Return how many sockets this process has open; Linux only."""
    names = []
    for file in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            names.append(str(file.readlink()))
    return sum(name.startswith("socket:") for name in names)
