"""Waiting for a broker: retried with backoff, and said plainly."""

import itertools
import time
from collections.abc import Callable

from rich.console import Console

from pipeline.cli.tables import visible
from pipeline.errors import BrokerUnavailable, InvalidInput, LoginRefused, NotPermitted
from pipeline.transports import open_broker
from pipeline.transports.contract import Broker
from pipeline.transports.topics import Topics

MOST_SKIPPED = 5
"""So many messages that cannot be read are told of; more say nothing new."""
PAUSES_SECONDS = (1.0, 2.0, 4.0, 8.0, 15.0)


def skipped() -> Callable[[str], None]:
    """Return what tells of messages that are left out, on standard error."""
    console = Console(stderr=True, soft_wrap=True, markup=False, highlight=False)
    counted = itertools.count(1)

    def tell(what: str) -> None:
        if next(counted) <= MOST_SKIPPED:
            console.print(f"retention: {visible(what)}")

    return tell


def reachable(url: str, prefix: str, console: Console, *, existing: bool = False) -> Broker:
    """Return the broker once it answers.

    Args:
        url: its address.
        prefix: of the pipeline's own topics.
        console: where it is said that it does not answer.
        existing: refuse an embedded log that is not there yet, for verbs that only read.

    Raises:
        BrokerUnavailable: it did not within about a minute and a half.
        InvalidInput: the address is wrong, or the log is not there.
    """
    if existing and url.startswith("sqlite://"):
        _demand_file(url, Topics(prefix))
    broker = open_broker(url, clock_topic=f"{prefix}clock")
    for pause in PAUSES_SECONDS:
        try:
            broker.partitions(f"{prefix}clock")
        except BrokerUnavailable as error:
            console.print(f"retention: {error}; next try in {pause:.0f} s")
            time.sleep(pause)
        except LoginRefused:
            raise
        except NotPermitted:  # it answers; what a verb may do shows when it does it
            return broker
        else:
            return broker
    broker.partitions(f"{prefix}clock")
    return broker


def _demand_file(url: str, topics: Topics) -> None:
    from pipeline.transports.sqlite_file import path_of

    path = path_of(url)
    if not path.exists():
        raise InvalidInput(
            f"{url}: there is no file {path}; correct the address, or make the log: "
            f"{topics.creation(url)}"
        )
