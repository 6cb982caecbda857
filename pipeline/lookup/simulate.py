"""A simulation over a log: its documents and its inventory, with other documents in place."""

from collections.abc import Iterable

from pipeline.documents import Envelope, Versions
from pipeline.inquiry.simulation import Simulation, Simulator
from pipeline.instants import Instant
from pipeline.lookup.log import Log
from pipeline.lookup.record import documents
from pipeline.rules import Planner


def simulated(
    log: Log,
    candidates: Iterable[Envelope],
    until: Instant,
    approvals: Iterable[str] = (),
) -> Simulation:
    """Return what the candidates would do by an instant.

    Args:
        log: where.
        candidates: documents that take the place of those of their ids, as if they were in effect
            now, and approved.
        until: the end.
        approvals: kinds of documents that need a second person, as the job was told.

    Raises:
        InvalidInput: a topic does not exist.
    """
    now = log.now()
    known = [one.envelope for one in documents(log)]
    in_force = Versions.of(known, approvals).in_force(now)
    planners = Planner(in_force), Planner(in_force.with_documents(candidates))
    simulator = Simulator(*planners, now, until)
    log.inventory(simulator)
    return simulator.done()
