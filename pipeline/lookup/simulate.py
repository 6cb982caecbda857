"""A simulation over a log: its documents and its inventory, with other documents in place."""

import hashlib
from collections.abc import Iterable, Sequence

import msgspec

from pipeline.documents import APPROVAL_DIGITS, SIMULATED, Envelope, Versions, named
from pipeline.inquiry.simulation import Simulation, Simulator
from pipeline.instants import Instant
from pipeline.lookup.log import Log
from pipeline.lookup.record import documents
from pipeline.rules import Planner
from pipeline.wire.plain_json import to_json


def simulated(
    log: Log,
    candidates: Sequence[Envelope],
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
    return identified(simulator.done(), candidates)


def identified(seen: Simulation, candidates: Iterable[Envelope]) -> Simulation:
    """Return a simulation with its ids; the same result of the same texts has the same ones."""
    texts = {named(one): one.kind for one in candidates}
    seen = msgspec.structs.replace(seen, candidates=tuple(sorted(texts)), ids=())
    came_out = msgspec.json.decode(to_json(seen))
    del came_out["ids"]
    digest = hashlib.sha256(msgspec.json.encode(came_out, order="sorted")).hexdigest()
    approvable = [name for name in seen.candidates if texts[name] in SIMULATED]
    ids = tuple([f"{name}/{digest[:APPROVAL_DIGITS]}" for name in approvable])
    return msgspec.structs.replace(seen, ids=ids)
