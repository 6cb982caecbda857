"""Everything that topics keep of one record, as a dossier."""

from collections.abc import Iterable, Iterator

from pipeline.documents import InvalidDocument, Policy, parsed
from pipeline.errors import Undecodable
from pipeline.findings import Finding
from pipeline.identifiers import RecordId
from pipeline.inquiry.cases import is_resolution
from pipeline.inquiry.explanation import Dated, Dossier, Published, Row, Sent
from pipeline.instants import Instant
from pipeline.lookup.log import Log
from pipeline.receipts import Receipt
from pipeline.transports.contract import Message
from pipeline.transports.topics import DOCUMENT_KINDS
from pipeline.vocabulary import FindingKind


def dossier(log: Log, record_id: RecordId, approvals: Iterable[str] = ()) -> Dossier:
    """Gather what is kept of a record, and every document.

    Args:
        log: where.
        record_id: which record.
        approvals: kinds of documents that need a second person, as the job was told.

    Raises:
        InvalidInput: a topic does not exist.
    """
    key = record_id.encode()
    rows, complete = _rows(log, key)
    published = tuple(documents(log))
    stores = _stores(rows, published)
    commands, since = _commands(log, key, stores)
    names = {record_id, *(one.command.command_id for one in commands)}
    names |= {item.command_id for row in rows for item in row.record.issued}
    return Dossier(
        record_id=record_id,
        rows=rows,
        complete=complete,
        published=published,
        approvals=tuple(approvals),
        decisions=tuple(log.dated("decisions", log.codec.decode_decision, key)),
        commands=commands,
        receipts=tuple(_receipts(log, key)),
        findings=tuple(one for one in _findings(log) if one.value.subject in names),
        commands_since=since,
    )


def _rows(log: Log, key: bytes) -> tuple[tuple[Row, ...], bool]:
    """Return the rows that are kept, oldest first, and whether the first is the first ever."""
    rows: dict[int, Row] = {}
    complete = True
    expected: dict[int, int] = {}
    gaps: set[int] = set()
    for message in log.messages(log.wanted("records")):
        # Compaction leaves gaps: before the first row that is kept an older one may have been.
        if message.offset != expected.get(message.partition, 0):
            gaps.add(message.partition)
        expected[message.partition] = message.offset + 1
        if message.key != key:
            continue
        if message.value is None:  # a person removed the row
            rows, complete = {}, False
            continue
        if not rows:
            complete = complete and message.partition not in gaps
        record = log.read(message, log.codec.decode_record)
        if record is None:
            continue
        rows.setdefault(record.version, Row(message.timestamp, record))
    # A row that is not newer than what a shard knows counts for nothing.
    return tuple([rows[version] for version in sorted(rows)]), complete


def documents(log: Log) -> Iterator[Published]:
    """Yield every document that can be used, in the order of its topic; the job leaves out others.

    Raises:
        InvalidInput: a topic does not exist.
    """
    for kind in DOCUMENT_KINDS:
        for message in log.messages(log.wanted(kind)):
            try:
                envelope = log.envelope(kind, message)
                parsed(envelope)
            except (Undecodable, InvalidDocument):
                continue
            yield Published(message.timestamp, envelope)


def _stores(rows: Iterable[Row], published: Iterable[Published]) -> list[str]:
    """Return the stores whose command topics may hold something about the record."""
    found: set[str] = set()
    for row in rows:
        found.update(row.record.stores, (item.store for item in row.record.issued))
    for one in published:
        document = parsed(one.envelope)
        if isinstance(document, Policy):
            found.update(document.stores)
    return sorted(found - {""})


def _commands(
    log: Log, key: bytes, stores: Iterable[str]
) -> tuple[tuple[Sent, ...], dict[str, Instant]]:
    sent: list[Sent] = []
    since: dict[str, Instant] = {}
    for store in stores:
        for message in log.messages(log.partitions(log.topics.commands(store))):
            since[store] = min(since.get(store, message.timestamp), message.timestamp)
            if message.key != key or message.value is None:
                continue
            command = log.read(message, log.codec.decode_command)
            if command is not None:
                sent.append(Sent(message.timestamp, command))
    return tuple(sent), since


def _receipts(log: Log, key: bytes) -> Iterator[Dated[Receipt]]:
    for message in log.messages(log.wanted("receipts"), key):
        # What stores write may be unreadable: it is in quarantine then.
        receipt = _receipt(log, message)
        if receipt is not None and receipt.record_id.encode() == key:
            yield Dated(message.timestamp, receipt)


def _receipt(log: Log, message: Message) -> Receipt | None:
    try:
        return log.receipt(message)
    except Undecodable:
        return None


def _findings(log: Log) -> Iterator[Dated[Finding]]:
    return log.dated("findings", log.codec.decode_finding)


def kinds_awaiting_approval(log: Log) -> frozenset[str]:
    """Return the kinds of documents for which the job has said that they need a second person."""
    return frozenset(
        one.value.subject.partition("/")[0]
        for one in _findings(log)
        if one.value.kind == FindingKind.AWAITING_APPROVAL and not is_resolution(one.value)
    )
