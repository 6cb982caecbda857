"""A message that somebody else's producer wrote, with none of our code, leads to a command."""

import io
import json
from pathlib import Path
from uuid import uuid4

import fastavro
import pytest
from kafka import KafkaProducer

from pipeline.stories.scene import Scene, wait_for
from pipeline.testing.kafka_broker import LocalKafka
from tests.integration.runners import Starter
from tests.support.build import policy, rule

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

SCHEMA = Path(__file__).parents[2] / "schemas" / "event.avsc"


def test_a_command_appears_for_what_a_foreign_producer_wrote(
    kafka: LocalKafka, start: Starter
) -> None:
    scene = Scene(kafka.url, f"f{uuid4().hex[:8]}.", shards=4)
    scene.publish(policy(rule(limit="PT2S")))
    now = scene.now()
    event = {
        "event_id": "theirs-1",
        "what": "created",
        "happened_at": now,
        "record_id": "their-record",
        "subjects": [
            {
                "subject_id": "their-subject",
                "evidence": [{"signal": "declared", "territory": "UK", "observed_at": now}],
            }
        ],
        "purpose": "dpv:SearchFunctionalities",
        "stores": ["images"],
    }
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(json.loads(SCHEMA.read_text())), event)
    producer = KafkaProducer(bootstrap_servers=kafka.url.removeprefix("kafka://"))
    producer.send(scene.events_topic, out.getvalue()).get(timeout=30)
    producer.send(scene.events_topic, b"\xff not Avro").get(timeout=30)
    producer.close()
    with start(scene, formats=(f"{scene.events_topic}=plain",)):
        wait_for("the command", lambda: len(scene.deletions()) == 1)
        wait_for("the quarantine", lambda: len(scene.quarantined()) == 1)
    [command] = scene.deletions()
    assert (command.record_id, command.store) == ("their-record", "images")
    assert command.not_before == now + 2_000
    scene.close()
