"""Fixtures of every folder: one real Kafka a session, started when a test first asks for it."""

from collections.abc import Iterator

import pytest

from pipeline.testing.kafka_broker import LocalKafka


@pytest.fixture(scope="session")
def kafka() -> Iterator[LocalKafka]:
    """A running Kafka. Tests share it: name topics uniquely, and do not stop it."""
    with LocalKafka() as broker:
        yield broker
