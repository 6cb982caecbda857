"""What Kafka says of topics, also when a partition has lost its leader."""

from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest

from pipeline.instants import Instant
from pipeline.transports.contract import Partition, Sample, Topic
from pipeline.transports.kafka import KafkaBroker
from pipeline.transports.kafka_topics import described

IDENTITY = UUID(int=7)


class Admin:
    """Answers as the client does: of the topic `t`, whose partition 1 nobody leads."""

    def describe_topics(self, topics: list[str]) -> list[dict[str, Any]]:
        leaders = {0: 1, 1: -1, 2: 3}
        there = {
            "error_code": 0,
            "name": "t",
            "topic_id": IDENTITY,
            "partitions": [
                {"partition_index": n, "leader_id": leader, "error_code": 5 * (leader < 0)}
                for n, leader in leaders.items()
            ],
        }
        missing = {"error_code": 3, "name": "u", "topic_id": UUID(int=0), "partitions": []}
        return [topic for topic in (there, missing) if topic["name"] in topics]


def test_a_partition_without_a_leader_is_told() -> None:
    assert described(Admin(), ["t", "u"]) == {"t": Topic(3, str(IDENTITY), frozenset({1}))}


def test_a_broker_that_gives_no_identities_gives_an_empty_one() -> None:
    class Old(Admin):
        def describe_topics(self, topics: list[str]) -> list[dict[str, Any]]:
            return [found | {"topic_id": UUID(int=0)} for found in super().describe_topics(topics)]

    assert described(Old(), ["t"])["t"].identity == ""


def test_a_sample_goes_without_what_nobody_leads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for the end of such a partition, the client waits: then time itself would stand."""
    broker = KafkaBroker("kafka://127.0.0.1:1")
    asked: list[Partition] = []

    def listed(which: str, partitions: list[Partition]) -> dict[Partition, int]:
        assert which == "end_offsets"
        asked.extend(partitions)
        return dict.fromkeys(partitions, 4)

    monkeypatch.setattr(broker, "_ask_admin", lambda call: call(Admin()))
    monkeypatch.setattr(broker, "_listed", listed)
    with patch.object(broker, "_ask", lambda *_: 50_000), patch.dict(broker._clients, clock=None):
        found = broker.sample([Partition("t", number) for number in range(3)])
    ends = {Partition("t", 0): 4, Partition("t", 2): 4}
    assert found == Sample(Instant(50_000), ends, {"t": Topic(3, str(IDENTITY), frozenset({1}))})
    assert asked == list(ends)
