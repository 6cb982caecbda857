"""What is published, and what lies on topics then."""

from pathlib import Path

from pipeline.documents import Envelope
from pipeline.settings import Settings
from pipeline.transports import open_broker
from pipeline.transports.contract import Message, Partition
from pipeline.transports.reading import read_to_end
from pipeline.wire.codec import Codec

EVENT = {
    "event_id": "e1",
    "what": "created",
    "happened_at": "2026-03-01T09:00:00Z",
    "record_id": "secret-record",
    "stores": ["images"],
}


def on_topic(url: str, topic: str) -> list[Message]:
    with open_broker(url) as broker:
        count = broker.partitions(topic) or 0
        return list(read_to_end(broker, [Partition(topic, number) for number in range(count)]))


def envelopes(url: str, kind: str) -> list[Envelope]:
    codec = Codec.from_settings(Settings(url))
    return [
        codec.decode_envelope(kind, message.value) for message in on_topic(url, f"retention.{kind}")
    ]


def written(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file
