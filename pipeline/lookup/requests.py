"""People's requests over a log: its inventory under the documents in force."""

from collections.abc import Iterable

from pipeline.documents import Versions
from pipeline.inquiry.rollup import Requests, Rollup
from pipeline.instants import Instant
from pipeline.lookup.log import Log
from pipeline.lookup.record import documents
from pipeline.rules import Planner


def rolled_up(log: Log, approvals: Iterable[str] = ()) -> tuple[Instant, tuple[Rollup, ...]]:
    """Return the broker's time, and every request with what became of it, by deadline.

    Args:
        log: where.
        approvals: kinds of documents that need a second person, as the job was told.

    Raises:
        InvalidInput: a topic does not exist.
    """
    now = log.now()
    known = [one.envelope for one in documents(log)]
    found = Requests(Planner(Versions.of(known, approvals).in_force(now)))
    log.inventory(found)
    return now, found.done()
