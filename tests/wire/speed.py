"""Prints what encoding and decoding cost: `python -m tests.wire.speed`. Not a test."""

import sys
import timeit
from io import BytesIO

from fastavro import schemaless_reader

from pipeline.events import checked
from pipeline.settings import Settings
from pipeline.wire.codec import Codec
from pipeline.wire.guard import MAX_ITEMS, _Compiler
from pipeline.wire.schemas import schema
from pipeline.wire.shapes import event_value, record_fields
from tests.wire.values import COMMAND, EVENT, RECEIPT, RECORD, TOPIC


def main() -> None:
    """Measure each step by itself; the least of five."""
    codec = Codec.from_settings(Settings("sqlite:///x"))
    data, avro = codec.encode_event(EVENT), schema("event")
    walk = _Compiler(avro, MAX_ITEMS).walk(avro.avro)
    found = schemaless_reader(BytesIO(data[10:]), avro.avro, None)
    row = {"status": "live", "residency": ("GB",), "limit_at": EVENT.happened_at}
    stored = codec.encode_record(RECORD, **row)  # type: ignore[arg-type]  # one dict for brevity
    steps = {
        f"decode_event, {len(data)} bytes": lambda: codec.decode_event(TOPIC, data),
        "  guard's walk": lambda: walk(data, 10),
        "  fastavro": lambda: schemaless_reader(BytesIO(data[10:]), avro.avro, None),
        "  build": lambda: event_value(found),
        "  check words": lambda: checked(EVENT),
        "encode_event": lambda: codec.encode_event(EVENT),
        f"encode_record, {len(stored)} bytes": lambda: codec.encode_record(RECORD, **row),  # type: ignore[arg-type]
        "  build": lambda: record_fields(RECORD, "live", ("GB",), EVENT.happened_at),
        "decode_record": lambda: codec.decode_record(stored),
        "encode_command": lambda: codec.encode_command(COMMAND),
        "encode_receipt": lambda: codec.encode_receipt(RECEIPT),
    }
    for name, step in steps.items():
        least = min(timeit.repeat(step, number=4_000, repeat=5)) / 4_000 * 1e6
        sys.stdout.write(f"{name:32} {least:6.2f} µs\n")


if __name__ == "__main__":
    main()
