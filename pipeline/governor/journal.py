"""The durable form of a governor."""

import msgspec

from pipeline.commands import Command
from pipeline.documents import Envelope
from pipeline.identifiers import Cause, CommandId, StoreName
from pipeline.instants import MIN_INSTANT, Instant
from pipeline.ledger.gate import GateState


class Allowance(msgspec.Struct, array_like=True):
    """How many deletions of one cause were let through on which UTC day, under which approval."""

    day: int = 0
    granted: int = 0
    approval: int = 0
    version: int = 0


class GovernorChunk(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """What one change adds; a whole one starts afresh. All but what waits is small and whole.

    Attributes:
        allowances: by store and cause.
        waiting: commands that came to wait.
        gone: ids of commands that wait no more.
        held: records by shard.
        confirmed: documents by shard under which everything commanded was looked at.
        cancelled: ids of commands that were taken back, and until when they would count.
        left: ids of counted deletions that were let out, and until when they may be sent again.
    """

    number: int
    now: Instant = MIN_INSTANT
    envelopes: tuple[Envelope, ...] = ()
    gate: GateState | None = None
    allowances: tuple[tuple[StoreName, Cause, Allowance], ...] = ()
    waiting: tuple[Command, ...] = ()
    gone: tuple[CommandId, ...] = ()
    held: dict[int, int] = {}
    confirmed: dict[int, str] = {}
    cancelled: dict[str, Instant] = {}
    whole: bool = False
    left: dict[str, Instant] = {}
