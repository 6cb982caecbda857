"""Reading a log from a beginning to the end it had at the start: for commands, not for jobs."""

import time
from collections.abc import Iterator, Mapping, Sequence

from pipeline.errors import BrokerUnavailable
from pipeline.transports.contract import Broker, Message, Partition, Position

BATCH_MESSAGES = 10_000
BATCH_BYTES = 8 << 20
SILENCE_SECONDS = 30.0


def read_to_end(broker: Broker, partitions: Sequence[Partition]) -> Iterator[Message]:
    """Yield every message that was there when the reading began, in order per partition.

    Raises:
        BrokerUnavailable: nothing came for half a minute although messages are missing.
    """
    return read_on(broker, broker.beginnings(partitions))


def read_on(broker: Broker, starts: Mapping[Partition, Position]) -> Iterator[Message]:
    """Yield every message from these positions on that was there when the reading began.

    Raises:
        BrokerUnavailable: as `read_to_end`.
    """
    ends = dict(broker.ends(list(starts)))
    left = {p: start for p, start in starts.items() if start < ends[p]}
    if not left:
        return
    consumer = broker.consumer()
    try:
        consumer.assign(left)
        heard = time.monotonic()
        while any(consumer.positions()[p] < ends[p] for p in left):
            messages = consumer.poll(BATCH_MESSAGES, BATCH_BYTES)
            if messages:
                heard = time.monotonic()
            elif time.monotonic() - heard > SILENCE_SECONDS:
                raise BrokerUnavailable(f"{broker.url} sent nothing for {SILENCE_SECONDS:.0f} s")
            else:
                time.sleep(0.01)
            for message in messages:
                if message.offset < ends[Partition(message.topic, message.partition)]:
                    yield message
    finally:
        consumer.close()
