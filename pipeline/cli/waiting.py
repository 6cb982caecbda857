"""Waiting for a broker: retried with backoff, and said plainly."""

import time

from rich.console import Console

from pipeline.errors import BrokerUnavailable
from pipeline.transports import open_broker
from pipeline.transports.contract import Broker

PAUSES_SECONDS = (1.0, 2.0, 4.0, 8.0, 15.0)


def reachable(url: str, prefix: str, console: Console) -> Broker:
    """Return the broker once it answers.

    Raises:
        BrokerUnavailable: it did not within about a minute and a half.
    """
    broker = open_broker(url, clock_topic=f"{prefix}clock")
    for pause in PAUSES_SECONDS:
        try:
            broker.partitions(f"{prefix}clock")
        except BrokerUnavailable as error:
            console.print(f"retention: {error}; next try in {pause:.0f} s")
            time.sleep(pause)
        else:
            return broker
    broker.partitions(f"{prefix}clock")
    return broker
