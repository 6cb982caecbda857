"""The floor: one plain loop of kafka-python consume, fastavro decode, encode and produce.

No Beam, no state, no ledger: what anybody would write first. Runs in a child (`child`).
"""

import time
from io import BytesIO
from typing import Any

from fastavro import schemaless_reader, schemaless_writer
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from pipeline.transports.kafka_batches import BATCH_BYTES
from pipeline.transports.kafka_connect import servers_of
from pipeline.transports.kafka_consumer import FETCH_BYTES, PARTITION_FETCH_BYTES
from pipeline.transports.kafka_producer import LINGER_MS
from pipeline.wire.schemas import schema

HEADER_BYTES = 10
"""Single-object encoding: two bytes of magic and eight of the schema's fingerprint."""


def producer_settings(*, ours: bool) -> dict[str, Any]:
    """Return the producer's settings: the pipeline's own, or none (the library's defaults)."""
    if not ours:
        return {}
    return {
        "acks": "all",
        "enable_idempotence": True,
        "linger_ms": LINGER_MS,
        "batch_size": BATCH_BYTES,
    }


def consumer_settings(*, ours: bool) -> dict[str, Any]:
    """Return the consumer's settings: the pipeline's large fetches, or none."""
    if not ours:
        return {}
    return {"fetch_max_bytes": FETCH_BYTES, "max_partition_fetch_bytes": PARTITION_FETCH_BYTES}


def measure(*, url: str, source: str, sink: str, events: int, ours: bool) -> dict[str, float]:
    """Copy so many events from one topic to another; return events/s and CPU µs per event.

    The time runs from the first fetched record until the broker has acknowledged the last one.
    """
    servers = servers_of(url)
    avro = schema("event").avro
    consumer = KafkaConsumer(
        bootstrap_servers=servers,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        **consumer_settings(ours=ours),
    )
    partitions = [
        TopicPartition(source, number) for number in consumer.partitions_for_topic(source)
    ]
    consumer.assign(partitions)
    producer = KafkaProducer(bootstrap_servers=servers, **producer_settings(ours=ours))
    done, began, cpu = 0, 0.0, 0.0
    while done < events:
        fetched = consumer.poll(timeout_ms=1_000)
        if fetched and not began:
            began, cpu = time.perf_counter(), time.process_time()
        for records in fetched.values():
            for record in records:
                value = schemaless_reader(BytesIO(record.value[HEADER_BYTES:]), avro, None)
                out = BytesIO()
                out.write(record.value[:HEADER_BYTES])
                schemaless_writer(out, avro, value)
                producer.send(sink, out.getvalue(), value["record_id"].encode())
            done += len(records)
    producer.flush()
    seconds, spent = time.perf_counter() - began, time.process_time() - cpu
    producer.close()
    consumer.close()
    return {"rate": done / seconds, "cpu_micros": spent / done * 1e6}
