"""A command to one store about one record. Its wire form is `command.avsc`."""

import msgspec

from pipeline.identifiers import Cause, CommandId, EventId, RecordId, StoreName
from pipeline.instants import DAY, Instant

LIFETIME = 30 * DAY
"""A command may be obeyed for this long after its deadline (milliseconds); then it is void."""


class Command(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What a store must do, why, and between which instants.

    `not_before`: obeying earlier is wrong. `complete_by`: later is a breach. `data_until`: a DELETE
    leaves what was stored under this id after it; a RESTRICT is of the record, whatever is stored
    under its id, until it is taken back or the data it was given for is deleted. `expires_at`:
    refuse the command from then on. `attempt`: how often it has been sent, this time included; the
    id is always the same. `recipient`: whom a NOTIFY_RECIPIENT is for. `uses`: what a
    RESTRICT stops; empty: every use but keeping it. `fields`: what a REDACT erases, as events named
    it, sorted; the rest stays, and so does what was stored in them after `data_until`.
    """

    command_id: CommandId
    kind: str
    store: StoreName
    record_id: RecordId
    generation: EventId
    cause: Cause
    cause_version: int
    citation: str
    not_before: Instant
    complete_by: Instant
    data_until: Instant
    expires_at: Instant
    issued_at: Instant
    withdraws: CommandId | None = None
    attempt: int = 1
    recipient: str | None = None
    uses: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
