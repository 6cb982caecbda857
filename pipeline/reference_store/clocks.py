"""The clock by which a store obeys: the machine's, or that of an embedded log."""

import time

from pipeline.instants import MIN_INSTANT, Clock, Instant
from pipeline.transports.contract import Broker


class SystemClock:
    """The machine's time, never going back. Keep it right by NTP: commands have instants."""

    def __init__(self) -> None:
        self._last = MIN_INSTANT

    def now(self) -> Instant:
        """Return the present."""
        self._last = Instant(max(self._last, time.time_ns() // 1_000_000))
        return self._last


class LogClock:
    """A log's own time, which in a story is not the machine's."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def now(self) -> Instant:
        """Return the log's time.

        Raises:
            BrokerUnavailable: the log cannot be read.
        """
        return self._broker.sample(()).now


def clock_of(broker: Broker) -> Clock:
    """Return the log's clock for `sqlite://`, else the machine's: on Kafka, asking writes."""
    return LogClock(broker) if broker.url.startswith("sqlite:") else SystemClock()
