"""The values of the operator's one screen: `lookup.status` gathers them, the command shows them."""

from collections.abc import Iterable

import msgspec

from pipeline.documents import Request
from pipeline.inquiry.census import Counts
from pipeline.instants import DAY, MINUTE, Instant

SILENT_AFTER = MINUTE
"""A job that has measured nothing for so long (ms, by the broker's time) counts as not running."""


class Flow(msgspec.Struct, frozen=True):
    """How far a topic is read.

    Attributes:
        read: messages that the job has read and written all consequences of, since the topic began.
        behind: messages that wait.
        per_second: how many were read a second since the last look; None: this is the first.
    """

    topic: str
    read: int
    behind: int
    per_second: float | None = None


class Job(msgspec.Struct, frozen=True):
    """Whether the job seems to run, by its newest measurement.

    Attributes:
        heard_at: when it measured last, by the broker's time; None: never.
        alive: whether that is recent.
        shards: how many have measured.
        slowest_at: the time of the shard that is furthest behind; None: none has measured.
        unreviewed: records to be looked at under documents that changed.
    """

    heard_at: Instant | None = None
    alive: bool = False
    shards: int = 0
    slowest_at: Instant | None = None
    unreviewed: int = 0


class Asked(msgspec.Struct, frozen=True):
    """Requests of people that wait for an answer.

    Attributes:
        unanswered: how many.
        in_7_days: of them, those whose time to answer ends within 7 days, or has.
        passed: those whose time has ended.
        first_by: when the first must be answered; None: none waits.
    """

    unanswered: int = 0
    in_7_days: int = 0
    passed: int = 0
    first_by: Instant | None = None


def asked(requests: Iterable[Request], now: Instant) -> Asked:
    """Return which requests wait for an answer at an instant."""
    deadlines = [request.deadline for request in requests if request.is_open]
    return Asked(
        unanswered=len(deadlines),
        in_7_days=sum(deadline <= now + 7 * DAY for deadline in deadlines),
        passed=sum(deadline <= now for deadline in deadlines),
        first_by=min(deadlines, default=None),
    )


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """Where everything stands at an instant of the broker's time.

    Attributes:
        findings: open ones by kind.
        quarantine: what nobody has replayed or dismissed, by reason.
        paused: what an operator has paused, and why; deletions that fall due then have no command
            yet, so that they are not among those withheld.
        excluded: partitions that deadlines do not wait for, by whom, and why.
        waiting: documents that a second person must approve.
        requests: of people, that wait for an answer.
    """

    at: Instant
    job: Job
    flow: tuple[Flow, ...]
    counts: Counts
    findings: dict[str, int]
    quarantine: dict[str, int]
    paused: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    requests: Asked = Asked()


class Pulse:
    """Takes measurements, newest of each shard, and says whether the job seems to run."""

    def __init__(self) -> None:
        self._times: dict[int, Instant] = {}
        self._unreviewed: dict[int, int] = {}
        self._heard: Instant | None = None
        self._shards: int | None = None

    def take(self, name: str, shard: int, value: float, at: Instant) -> None:
        """Take one number of one shard; names that are not known change only when it was heard."""
        self._heard = at if self._heard is None else max(self._heard, at)
        if name == "ledger_now_ms":
            self._times[shard] = Instant(int(value))
        elif name == "ledger_unreviewed_records":
            self._unreviewed[shard] = int(value)
        elif name == "job_shards":
            self._shards = int(value)

    def job(self, now: Instant) -> Job:
        """Return how the job stands at an instant."""
        times = [at for shard, at in self._times.items() if self._has(shard)]
        return Job(
            heard_at=self._heard,
            alive=self._heard is not None and now - self._heard <= SILENT_AFTER,
            shards=len(times),
            slowest_at=min(times, default=None),
            unreviewed=sum(n for shard, n in self._unreviewed.items() if self._has(shard)),
        )

    def _has(self, shard: int) -> bool:
        """Whether the job that runs has the shard; a former one may have had more."""
        return self._shards is None or shard < self._shards
