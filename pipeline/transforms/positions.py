"""Where reading goes on: the positions that were acknowledged, and that Kafka does not forget them.

Kafka drops a group's position of a partition that nobody commits again for
`offsets.retention.minutes`, seven days by default. A partition that is idle so long would be read
from its beginning, and what was deleted from the log meanwhile would not be missed.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence

from pipeline.errors import BrokerUnavailable, LogTruncated
from pipeline.transports.contract import Broker, Partition, Position

RENEW_SECONDS = 3_600.0
"""How often positions are committed again as they are."""

_LOG = logging.getLogger(__name__)


def acknowledged(
    broker: Broker, group: str, partitions: Sequence[Partition]
) -> dict[Partition, Position]:
    """Return where to go on in each partition: what was acknowledged, or the oldest message.

    Raises:
        LogTruncated: a message that was not acknowledged is not kept any more, or what was
            acknowledged lies beyond the newest.
    """
    committed = broker.committed(group, partitions)
    ends = broker.sample(partitions).ends
    # Where nobody serves a partition, its reading begins when somebody does, and is checked then.
    begins = broker.beginnings([p for p in partitions if p not in committed or p in ends])
    for partition, position in committed.items():
        if partition in ends and not begins[partition] <= position <= ends[partition]:
            raise LogTruncated(
                f"{partition.topic}/{partition.number}: position {position} was acknowledged, but "
                f"the oldest kept message is {begins[partition]} and the newest ends at "
                f"{ends[partition]}; messages are lost: see LogTruncated in the README"
            )
    return {p: committed[p] if p in committed else begins[p] for p in partitions}


def go_back(broker: Broker, group: str, positions: Mapping[Partition, Position]) -> None:
    """Take back what was acknowledged beyond these positions, from which it is read again.

    A runner that went back to a checkpoint has ledgers without what came since. What they write
    replaces richer rows: should they be lost too before they have caught up, the job that begins
    anew from its topics must read it once more.
    """
    committed = broker.committed(group, list(positions))
    beyond = {p: at for p, at in positions.items() if committed.get(p, at) > at}
    if beyond:
        _LOG.warning("went back: %d partitions are read again", len(beyond))
        broker.commit(group, beyond)


class Renewal:
    """Commits positions again, so that idle partitions keep theirs.

    Args:
        group: whose positions.
        partitions: of which partitions.
        seconds: by which clock the hour is counted.
    """

    def __init__(
        self,
        group: str,
        partitions: Sequence[Partition],
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._group = group
        self._partitions = partitions
        self._seconds = seconds
        self._last = seconds()

    def renew(self, broker: Broker) -> Mapping[Partition, Position]:
        """Commit again when it is time; return what was.

        Should a newer position be committed between the look and the commit, some messages are read
        twice after a restart, which changes nothing. A broker that is away is tried the next time.
        """
        if self._seconds() - self._last < RENEW_SECONDS:
            return {}
        self._last = self._seconds()
        try:
            committed = broker.committed(self._group, self._partitions)
            if committed:
                broker.commit(self._group, committed)
        except BrokerUnavailable as error:
            _LOG.warning("positions are not renewed: %s", error)
            return {}
        return committed
