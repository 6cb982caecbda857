"""Samples the broker's time in the background: one thread a process and broker.

Readers must not block, and the broker may be slow or away: the thread retries with backoff, and a
watermark without a new sample simply stays.
"""

import logging
import threading

from pipeline.errors import LogTruncated, NoSuchPartition
from pipeline.transports import open_broker
from pipeline.transports.contract import Partition, Sample

INTERVAL_SECONDS = 0.25
MAX_BACKOFF_SECONDS = 10.0
MISSED = 4
"""A topic that is missing so often, within some eight seconds, is gone."""

_LOG = logging.getLogger(__name__)
_SAMPLERS: dict[str, "Sampler"] = {}
_LOCK = threading.Lock()


class Sampler:
    """Keeps the newest sample of every partition that a reader of this process asked for."""

    def __init__(self, broker_url: str, clock_topic: str) -> None:
        self._broker = open_broker(broker_url, clock_topic=clock_topic)
        self._lock = threading.Lock()
        self._partitions: dict[Partition, int] = {}
        self._latest: Sample | None = None
        self._missing = 0
        self._gone = ""
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def watch(self, partitions: tuple[Partition, ...]) -> None:
        """Include these partitions in every further sample; start the thread when first asked.

        A reader that begins asks anew whether they exist: a worker may outlive a job.
        """
        with self._lock:
            self._missing, self._gone = 0, ""
            for partition in partitions:
                self._partitions[partition] = self._partitions.get(partition, 0) + 1
            if self._thread is None:
                self._stop.clear()
                self._thread = threading.Thread(target=self._run, name="broker-time", daemon=True)
                self._thread.start()

    def leave(self, partitions: tuple[Partition, ...]) -> None:
        """Stop including partitions that no other reader watches."""
        with self._lock:
            for partition in partitions:
                self._partitions[partition] = self._partitions.get(partition, 1) - 1
                if self._partitions[partition] <= 0:
                    del self._partitions[partition]

    def latest(self) -> Sample | None:
        """Return the newest sample, or None before the first. Never blocks.

        Raises:
            LogTruncated: a topic that is read does not exist any more.
        """
        if self._gone:
            raise LogTruncated(f"{self._gone}; it was read: see LogTruncated in the README")
        return self._latest

    def _run(self) -> None:
        pause = INTERVAL_SECONDS
        while not self._stop.wait(pause):
            with self._lock:
                partitions = tuple(self._partitions)
            try:
                self._latest = self._broker.sample(partitions)
                self._missing, pause = 0, INTERVAL_SECONDS
            except Exception as error:  # noqa: BLE001  # a dead thread would stall every deadline
                pause = min(MAX_BACKOFF_SECONDS, pause * 2)
                self._miss(error)
                _LOG.warning(
                    "no broker time (%s: %s); next try in %.1f s",
                    type(error).__name__,
                    error,
                    pause,
                )

    def _miss(self, error: Exception) -> None:
        """Take note of a topic that is gone; a broker that starts may not know it at once."""
        self._missing = self._missing + 1 if isinstance(error, NoSuchPartition) else 0
        if self._missing >= MISSED and self._latest is not None:
            self._gone = str(error)


def sampler(broker_url: str, clock_topic: str) -> Sampler:
    """Return this process's sampler of the broker."""
    with _LOCK:
        found = _SAMPLERS.get(broker_url + clock_topic)
        if found is None:
            found = _SAMPLERS[broker_url + clock_topic] = Sampler(broker_url, clock_topic)
        return found
