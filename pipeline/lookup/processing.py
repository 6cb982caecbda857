"""The record of processing activities over a log: its inventory under the documents in force."""

from collections.abc import Iterable

from pipeline.documents import Versions
from pipeline.inquiry.processing import Activity, Register
from pipeline.lookup.log import Log
from pipeline.lookup.record import documents
from pipeline.rules import Planner


def activities(log: Log, approvals: Iterable[str] = ()) -> tuple[Activity, ...]:
    """Return every activity of which there is data.

    Args:
        log: where.
        approvals: kinds of documents that need a second person, as the job was told.

    Raises:
        InvalidInput: a topic does not exist.
    """
    known = [one.envelope for one in documents(log)]
    register = Register(Planner(Versions.of(known, approvals).in_force(log.now())))
    log.inventory(register)
    return register.activities()
