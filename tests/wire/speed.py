"""Prints what encoding and decoding cost: `python -m tests.wire.speed`. Not a test."""

import sys
import time
import timeit
from io import BytesIO

from fastavro import schemaless_reader, schemaless_writer

from pipeline.events import checked
from pipeline.settings import Settings
from pipeline.wire.codec import Codec
from pipeline.wire.guard import MAX_IN_ALL, MAX_ITEMS, walker
from pipeline.wire.makers import MAKERS
from pipeline.wire.reading import reader
from pipeline.wire.resolved import maker_of_fields
from pipeline.wire.schemas import schema
from tests.wire.values import COMMAND, DERIVED, EVENT, RECEIPT, RECORD, TOPIC

TIMES = 1_000
ROUNDS = 30


def main() -> None:
    """Measure each step by itself; the least of many rounds."""
    codec = Codec.from_settings(Settings("sqlite:///x"))
    event, record = schema("event"), schema("record")
    data = codec.encode_event(EVENT)
    read = reader(event, MAKERS, MAX_ITEMS, MAX_IN_ALL)
    walk = walker(event, MAX_ITEMS, MAX_IN_ALL)
    make = maker_of_fields(event, MAKERS)
    fields = schemaless_reader(BytesIO(data[10:]), event.avro, None)
    row = codec.encode_record(RECORD, DERIVED)
    row_fields = schemaless_reader(BytesIO(row[10:]), record.avro, None)
    steps = {
        f"decode_event, {len(data)} bytes": lambda: codec.decode_event(TOPIC, data),
        "  strict reading to a value": lambda: read(data, 10),
        "  checking the words": lambda: checked(EVENT),
        "  instead: guard's walk": lambda: walk(data, 10),
        "  instead: fastavro": lambda: schemaless_reader(BytesIO(data[10:]), event.avro, None),
        "  instead: making the value": lambda: make(fields),
        "encode_event": lambda: codec.encode_event(EVENT),
        "  instead: fastavro, writing": lambda: schemaless_writer(BytesIO(), event.avro, fields),
        f"encode_record, {len(row)} bytes": lambda: codec.encode_record(RECORD, DERIVED),
        "  instead: fastavro, a row": lambda: schemaless_writer(BytesIO(), record.avro, row_fields),
        "decode_record": lambda: codec.decode_record(row),
        "encode_command": lambda: codec.encode_command(COMMAND),
        "encode_receipt": lambda: codec.encode_receipt(RECEIPT),
    }
    least = dict.fromkeys(steps, float("inf"))
    # In turns: what else the machine does then hits all steps alike.
    for _ in range(ROUNDS):
        for name, step in steps.items():
            seconds = timeit.timeit(step, timer=time.process_time, number=TIMES)
            least[name] = min(least[name], seconds / TIMES * 1e6)
    for name, micros in least.items():
        sys.stdout.write(f"{name:32} {micros:6.2f} µs\n")


if __name__ == "__main__":
    main()
