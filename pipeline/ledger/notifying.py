"""Telling those to whom data was disclosed that it is erased.

GDPR art 19: each recipient is told of an erasure, unless that is impossible or takes an effort out
of proportion; DPA 2018 s.151(5)-(7): a notice may require it. What a retention limit deletes is no
erasure that somebody asked for or ordered: nobody is told.
"""

from collections.abc import Iterable

import msgspec

from pipeline.commands import LIFETIME
from pipeline.identifiers import CommandId, StoreName, command_id
from pipeline.instants import Instant, month_of
from pipeline.ledger.issuing import Draft
from pipeline.ledger.leaving import DELETE, NOTIFY, REDACT
from pipeline.records import Issued
from pipeline.vocabulary import FindingKind


def notify(draft: Draft, gone: Instant, stores: Iterable[StoreName]) -> None:
    """Have the recipients of a life of a record told of what is commanded to be erased of it.

    Args:
        draft: of the record.
        gone: up to which birth the data was erased before this life.
        stores: where the life is.
    """
    if not draft.record.recipients:
        return
    told_by = draft.planner.in_force.notifier
    kinds = (DELETE, REDACT)
    erasures = [item for store in stores for kind in kinds for item in draft.standing(kind, store)]
    # One speaks for those of its cause, and of its fields, in all stores.
    for (cause, _), item in {
        (item.cause, item.fields): item for item in reversed(erasures)
    }.items():
        if cause.startswith("policy:"):
            continue
        if told_by is None:
            draft.find(
                FindingKind.NO_NOTIFIER,
                cause,
                f"recipients must be told of what {cause} erases, and no policy says by whom",
                "name the store that tells recipients: `notifier: NAME`; or tell them by hand",
                occasion=month_of(draft.now),
            )
            continue
        for recipient in draft.record.of_life(gone).recipients:
            _tell(draft, item, recipient, told_by)


def notify_anew(draft: Draft) -> None:
    """Have recipients told by a new command where nobody answered the last one in time.

    Whether the data is gone by then or not.
    """
    for item in draft.given(NOTIFY):
        if item.withdrawn or not draft.lapses(item):
            continue
        name = _name(draft, item, item.recipient or "", epoch=item.command_id)
        telling = msgspec.structs.replace(
            item,
            command_id=name,
            expires_at=Instant(draft.clock + LIFETIME),
            issued_at=draft.clock,
            outcome=None,
            answered_at=None,
            overdue=False,
            attempts=1,
        )
        draft.give_anew(telling)


def _tell(draft: Draft, erasure: Issued, recipient: str, store: StoreName) -> None:
    """Have a recipient told of an erasure, once; of the rest again when that goes."""
    about = (recipient, erasure.cause, erasure.generation, erasure.fields)
    before = [
        one
        for one in draft.given(NOTIFY)
        if (one.recipient, one.cause, one.generation, one.fields) == about
    ]
    if any(not one.withdrawn for one in before):
        return
    name = _name(draft, erasure, recipient, epoch=before[-1].command_id if before else "")
    telling = msgspec.structs.replace(
        erasure,
        command_id=name,
        kind=NOTIFY,
        store=store,
        issued_at=draft.clock,
        outcome=None,
        answered_at=None,
        overdue=False,
        attempts=1,
        recipient=recipient,
    )
    draft.give(telling)


def _name(draft: Draft, about: Issued, recipient: str, *, epoch: str) -> CommandId:
    if about.fields:
        epoch = f"{epoch} {','.join(about.fields)}"
    return command_id(
        kind=NOTIFY,
        target=recipient,
        record_id=draft.record.record_id,
        generation=about.generation,
        cause=about.cause,
        epoch=epoch,
    )
