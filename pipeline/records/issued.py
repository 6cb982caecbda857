"""A command that was issued for a record, and what stores answered."""

import msgspec

from pipeline.identifiers import Cause, CommandId, EventId, StoreName
from pipeline.instants import Instant
from pipeline.vocabulary import SETTLED

OBSERVED = "OBSERVED"
"""In place of a command's kind: what a rule would have commanded that is only observed."""


class Issued(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A command that was issued for the record, and the best answer so far.

    `attempts`: how often it was sent, always under the same id; 0: after a rebuild nobody knows
    whether it was. `withdraws`: the command that a CANCEL or RELEASE takes back, which is marked
    `withdrawn`. `recipient`: who is to be told.
    `uses`: what a restriction stops; empty: every use. `fields`: what a REDACT erases, sorted.
    """

    command_id: CommandId
    kind: str
    store: StoreName
    cause: Cause
    citation: str
    generation: EventId
    not_before: Instant
    complete_by: Instant
    data_until: Instant
    expires_at: Instant
    issued_at: Instant
    outcome: str | None = None
    answered_at: Instant | None = None
    overdue: bool = False
    cause_version: int = 0
    withdrawn: bool = False
    attempts: int = 1
    withdraws: CommandId | None = None
    recipient: str | None = None
    uses: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()


def is_open(item: Issued) -> bool:
    """Whether a command stands and no store has said that it is done."""
    return not item.withdrawn and item.outcome not in SETTLED and item.kind != OBSERVED


class Answer(msgspec.Struct, frozen=True, gc=False, array_like=True, order=True):
    """A store's answer to a command that is not known, or not known any more after a rollback."""

    command_id: CommandId
    status: str
    at: Instant
    store: StoreName
