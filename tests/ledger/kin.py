"""For the tests of lineage: photos, what is derived from them, and mail delivered by hand."""

import msgspec

from pipeline.documents import Envelope, enveloped
from pipeline.events import Event
from pipeline.identifiers import RecordId
from pipeline.instants import Instant
from pipeline.ledger.parts import Part
from pipeline.records import ASK, TOLD, Mail, Record, Taint
from tests.ledger.looks import LONG, order
from tests.support.build import event
from tests.support.drive import Drive

PHOTO = event("photo", at=1_000)
"""Of somebody who resides in Great Britain, whom a notice means."""
OTHER = event("other", at=1_000, residency="FR")
"""Of somebody in France: no notice here means it."""
CERTAIN = 4


def derived(
    name: str = "template",
    *parents: str,
    at: int = 1_100,
    kind: str = "template",
    store: str = "index",
    residency: str | None = None,
) -> Event:
    """Return what tells of a derived record; by itself it says nothing of where anybody resides."""
    made = event(name, at=at, what="derived", stores=(store,), residency=residency)
    from_ = tuple(RecordId(parent) for parent in parents or ("photo",))
    return msgspec.structs.replace(made, kind=kind, parents=from_)


def family(
    *documents: Envelope, events: tuple[Event, ...] = (), posts: bool = True, until: int = 2_000
) -> Drive:
    """Let time pass over a photo and a template of it, unless other events are given."""
    drive = Drive(posts=posts)
    drive.give(Part(envelopes=documents or (LONG,), events=events or (PHOTO, derived())))
    drive.until(until)
    return drive


def notice(*, reach: str = "", name: str = "ico-1", **options: int) -> Envelope:
    """Return a notice in force from 5,000 on, about what people in Great Britain are in."""
    text = order(**options).text.replace("notice: ico-1", f"notice: {name}")
    if reach:
        text = text.replace("match:", f"reach: {reach}\nmatch:")
    return enveloped("notices", text, "counsel")


def gone(drive: Drive, kind: str = "DELETE") -> dict[str, str]:
    """Return under which cause each record was commanded."""
    return {one.record_id: one.cause for one in drive.commands if one.kind == kind}


def kept(drive: Drive, name: str = "template") -> Record:
    """Return what the ledger knows of a record."""
    record = drive.ledger.holdings.get(RecordId(name))
    assert record is not None
    return record


def deliver(drive: Drive, *mails: Mail) -> None:
    """Deliver mail that waits, or some of it, and all that comes of it."""
    waiting = list(mails or drive.mails)
    while waiting:
        drive.mails = [mail for mail in drive.mails if mail not in waiting]
        drive.give(Part(mails=tuple(waiting)))
        waiting = list(drive.mails)


def told(
    *documents: str, at: int = 90_000, version: int = 90_000, known: bool = True, by: str = "photo"
) -> Mail:
    """Return a parent's word to the template."""
    taints = tuple(Taint(name, CERTAIN) for name in documents)
    return Mail(RecordId("template"), RecordId(by), TOLD, Instant(at), version, 0, known, taints)


def asked(child: str = "template", at: int = 0) -> Mail:
    return Mail(RecordId("photo"), RecordId(child), ASK, Instant(at))


def alone(*documents: Envelope, until: int = 20_000) -> Drive:
    """Let time pass over a template whose photo lies on another shard, which says nothing."""
    return family(*documents, events=(derived(),), posts=False, until=until)
