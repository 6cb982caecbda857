"""What a delivery of events, receipts and mail makes of records; nothing is commanded here."""

from collections.abc import Iterable, Iterator

from pipeline.appointing import appointments
from pipeline.documents import Envelope, InForce, Versions, parsed
from pipeline.findings import Finding
from pipeline.identifiers import Cause, RecordId, shard_of
from pipeline.instants import MIN_INSTANT, Instant
from pipeline.ledger.ahead import brought_back, is_ahead, is_believed
from pipeline.ledger.answering import received, unknown
from pipeline.ledger.holdings import Holdings
from pipeline.ledger.kinship import taken_in
from pipeline.ledger.parts import Part
from pipeline.ledger.telling import collected_again, deadlines_passed, from_the_future
from pipeline.records import Record, Taint, applied


def _come_back(known: Record, record: Record, now: Instant) -> Iterator[Finding]:
    """Tell of data that is in a store again after it confirmed the deletion there."""
    before = {item.command_id for item in known.returned}
    fresh = [item for item in record.returned if item.command_id not in before]
    if fresh:
        yield collected_again(max(fresh, key=lambda item: item.data_until).cause, now)


def taken(
    part: Part, holdings: Holdings, now: Instant
) -> tuple[dict[RecordId, Record], list[Finding]]:
    """Return the records that a delivery changes, and what a person must be told of.

    Args:
        part: events, receipts, and what records tell each other.
        holdings: what is known.
        now: the broker's time.
    """
    touched: dict[RecordId, Record] = {}
    told: list[Finding] = []
    for event in part.events:
        ahead = is_ahead(event, now)
        if ahead:
            told.append(from_the_future(event, now))
            if not is_believed(event):
                continue
        known = touched.get(event.record_id) or holdings.get(event.record_id)
        record = applied(known, brought_back(event, known, now) if ahead else event)
        if record != known:
            touched[event.record_id] = record
            if known is not None and known.issued:
                told += _come_back(known, record, now)
    told += _answered(part, holdings, now, touched)
    for mail in part.mails:
        known = touched.get(mail.record_id) or holdings.get(mail.record_id)
        found = taken_in(known, mail)
        if found is not None and found != known:
            touched[mail.record_id] = found
            before = () if known is None else known.came_back
            if found.came_back and found.came_back != before:
                told.append(collected_again(_latest(found.came_back), now))
    return touched, told


def _latest(taints: tuple[Taint, ...]) -> Cause:
    return Cause(max(taints, key=lambda taint: taint.deleted_at).document)


def _answered(
    part: Part, holdings: Holdings, now: Instant, touched: dict[RecordId, Record]
) -> list[Finding]:
    """Take the receipts of a delivery into the records that it changes."""
    told: list[Finding] = []
    for receipt in part.receipts:
        known = touched.get(receipt.record_id) or holdings.get(receipt.record_id)
        if known is None:
            # Not kept: a command that is issued again is sent again, and answered again.
            told.append(unknown(receipt, now))
            continue
        answered, findings = received(known, receipt, now)
        told += findings
        if answered is not known:
            touched[receipt.record_id] = answered
    return told


def documents_taken(
    versions: Versions, envelopes: Iterable[Envelope], now: Instant
) -> tuple[Versions, list[Envelope], list[Finding]]:
    """Take documents in; return all versions, those that are new, and what is late about them."""
    new: list[Envelope] = []
    told: list[Finding] = []
    for envelope in envelopes:
        applied_to = versions.applied(envelope)
        if applied_to is not versions:
            versions = applied_to
            new.append(envelope)
            told += deadlines_passed(parsed(envelope), now) if now > MIN_INSTANT else []
    return versions, new, told


def appointed(in_force: InForce, holdings: Holdings, shard: int, shards: int) -> Iterator[Record]:
    """Yield the entry of each step of a notice that a shard keeps and has not as it should be."""
    for event in appointments(in_force):
        if shard_of(event.record_id, shards) == shard:
            known = holdings.get(event.record_id)
            record = applied(known, event)
            if record != known:
                yield record
