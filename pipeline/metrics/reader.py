"""Reads topics from their beginning, for as long as the exporter lives."""

from collections.abc import Callable

from pipeline.transports.contract import Broker, Message, Partition

BATCH_MESSAGES = 200
BATCH_BYTES = 1 << 20

Take = Callable[[Message], None]


class Reader:
    """Reads topics from their beginning, and knows when it has read what was there at its start."""

    def __init__(self, broker: Broker, partitions: tuple[Partition, ...]) -> None:
        self._consumer = broker.consumer()
        self._ends = dict(broker.ends(partitions))
        self._consumer.assign(broker.beginnings(partitions))

    def read(self, take: Take) -> bool:
        """Take some of what is there now; return whether there was anything."""
        messages = self._consumer.poll(BATCH_MESSAGES, BATCH_BYTES)
        for message in messages:
            take(message)
        return bool(messages)

    def caught_up(self) -> bool:
        """Whether it has read what was there when it began."""
        if self._ends:
            positions = self._consumer.positions()
            self._ends = {p: end for p, end in self._ends.items() if positions[p] < end}
        return not self._ends

    def close(self) -> None:
        """Release the connection."""
        self._consumer.close()
