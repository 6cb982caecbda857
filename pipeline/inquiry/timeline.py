"""What happened to a record, in order of time: commands, answers and decisions of every topic."""

from collections.abc import Iterator

from pipeline.findings import REASON, RESOLVED_BY
from pipeline.identifiers import CommandId
from pipeline.inquiry.cases import is_resolution
from pipeline.inquiry.explanation import Dossier, Entry, Sent
from pipeline.instants import MIN_INSTANT, Instant
from pipeline.ledger.leaving import command_of
from pipeline.records import OBSERVED, Issued, Record
from pipeline.steps import some_of


def happened(dossier: Dossier, record: Record | None) -> list[Entry]:
    """Return everything that is known to have happened, in order of time.

    Args:
        dossier: what the topics keep.
        record: its facts, which name commands that topics do not keep (any more).
    """
    found = [*_collected(record), *_decided(dossier), *_commanded(dossier, record)]
    found += [*_answered(dossier, record), *_found(dossier)]
    return sorted(found, key=lambda one: (one.at, _ORDER[one.what], one.store, one.command_id))


_ORDER = {
    "collected": 0,
    "decided": 1,
    "commanded": 2,
    "sent again": 3,
    "answered": 4,
    "found": 5,
    "resolved": 6,
}


def _collected(record: Record | None) -> Iterator[Entry]:
    if record is None:
        return
    signs = (*record.births, *record.touches)
    if signs:
        first = min(signs, key=lambda sign: sign.collected_at)
        yield Entry(at=first.collected_at, what="collected", says="")


def _decided(dossier: Dossier) -> Iterator[Entry]:
    # After a restart a decision may be written again: it is the same one.
    first = {dated.value.decision_id: dated for dated in reversed(dossier.decisions)}
    sent = {item.command.command_id: item.at for item in reversed(dossier.commands)}
    for name, dated in first.items():
        one = dated.value
        yield Entry(
            # Both are written at once, to two topics.
            at=min(dated.at, sent.get(CommandId(name), dated.at)),
            what="decided",
            says=one.conclusion,
            cause=one.cause,
            version=one.cause_version,
            citation=one.citation,
            command_id=one.decision_id,
            reasons=one.reasons,
        )


def _commanded(dossier: Dossier, record: Record | None) -> Iterator[Entry]:
    sent: dict[tuple[CommandId, int], Sent] = {}
    for one in dossier.commands:
        sent.setdefault((one.command.command_id, one.command.attempt), one)
    for (_, attempt), one in sent.items():
        yield _entry(one.at, "commanded" if attempt == 1 else "sent again", one)
    on_topic = {command_id for command_id, _ in sent}
    for item in () if record is None else record.issued:
        if item.command_id not in on_topic and item.kind != OBSERVED:
            assert record is not None  # noqa: S101  # it has issued something
            known = Sent(item.issued_at, command_of(record, item))
            yield _entry(item.issued_at, "commanded", known, _missing(dossier, item))


def _entry(at: Instant, what: str, sent: Sent, note: str = "") -> Entry:
    command = sent.command
    return Entry(
        at=at,
        what=what,
        says=command.kind,
        store=command.store,
        cause=command.cause,
        version=command.cause_version,
        citation=command.citation,
        command_id=command.command_id,
        note="; ".join(filter(None, (some_of(command.fields), note))),
    )


def _missing(dossier: Dossier, item: Issued) -> str:
    """Say why a command is not on its store's topic."""
    since = dossier.commands_since.get(item.store)
    if item.outcome is None and (since is None or item.issued_at >= since):
        return "not on the store's topic: withheld, or on its way"
    return "the store's topic does not keep it any more; this is what the inventory says"


def _answered(dossier: Dossier, record: Record | None) -> Iterator[Entry]:
    causes = {one.command.command_id: one.command for one in dossier.commands}
    for item in () if record is None else record.issued:
        assert record is not None  # noqa: S101  # it has issued something
        causes.setdefault(item.command_id, command_of(record, item))
    told = {(dated.value.command_id, dated.value.status) for dated in dossier.receipts}
    for dated in {dated.value: dated for dated in reversed(dossier.receipts)}.values():
        one = dated.value
        command = causes.get(one.command_id)
        yield Entry(
            at=dated.at,
            what="answered",
            says=one.status,
            store=one.store,
            cause="" if command is None else command.cause,
            version=0 if command is None else command.cause_version,
            citation="" if command is None else command.citation,
            command_id=one.command_id,
            remaining=one.verified_remaining,
            note="to a command that is not known" if command is None else f"to {command.kind}",
        )
    for item in () if record is None else record.issued:
        if item.outcome is None or item.answered_at is None:
            continue
        if (item.command_id, item.outcome) not in told and item.outcome != "PARTIAL":
            yield Entry(
                at=item.answered_at,
                what="answered",
                says=item.outcome,
                store=item.store,
                cause=item.cause,
                version=item.cause_version,
                citation=item.citation,
                command_id=item.command_id,
                note=f"to {item.kind}; the receipt is not kept any more",
            )


def _found(dossier: Dossier) -> Iterator[Entry]:
    # A job that starts again repeats what it found.
    first = {
        (dated.value.told_as, dated.at if is_resolution(dated.value) else MIN_INSTANT): dated
        for dated in reversed(dossier.findings)
    }
    for dated in first.values():
        found = dated.value
        author = found.details.get(RESOLVED_BY)
        if author is None:
            yield Entry(at=dated.at, what="found", says=found.kind, note=found.what)
        else:
            note = f"by {author}: {found.details.get(REASON, '')}"
            yield Entry(at=dated.at, what="resolved", says=found.kind, note=note)
