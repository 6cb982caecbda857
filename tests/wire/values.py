"""One ordinary value of each kind, shared by the tests of the wire."""

from msgspec.structs import replace

from pipeline.commands import Command
from pipeline.documents.envelope import Envelope, digest_of
from pipeline.events import Event, Evidence, Field, Subject
from pipeline.findings import Decision, Measurement, Quarantined, StateRow, finding
from pipeline.identifiers import (
    Cause,
    CommandId,
    DocumentId,
    EventId,
    RecordId,
    StoreName,
    SubjectId,
)
from pipeline.instants import DAY, Instant
from pipeline.ledger.inventory import Derived, RowTag
from pipeline.receipts import Receipt
from pipeline.records import TOLD, Birth, FieldCategory, Heard, Issued, Mail, Record, Taint
from pipeline.vocabulary import FindingKind

TOPIC = "ingestion.events"
NOW = Instant(1_770_000_000_000)
LATER = Instant(NOW + 30 * DAY)

EVENT = Event(
    event_id=EventId("0190a2f4-7b1c-7e52-9d0a-1f4c2d3e5a6b"),
    what="created",
    happened_at=NOW,
    record_id=RecordId("img-00000000000000012345"),
    subjects=(Subject(SubjectId("subject-000012345"), (Evidence("declared", "GB", NOW),)),),
    purpose="dpv:SearchFunctionalities",
    lawful_basis="dpv:LegitimateInterest",
    categories=("pd:FacialPrint",),
    source="crawler-7",
    stores=(StoreName("images"),),
    collected_at=Instant(NOW - 10_000),
)
COMMAND = Command(
    command_id=CommandId("5b2f9d9e-6d5e-5c3a-9a55-0f6f4a1b2c3d"),
    kind="DELETE",
    store=StoreName("images"),
    record_id=EVENT.record_id,
    generation=EVENT.event_id,
    cause=Cause("policy:acme/uk-faces"),
    cause_version=3,
    citation="UK GDPR 5(1)(e)",
    not_before=NOW,
    complete_by=LATER,
    data_until=LATER,
    expires_at=Instant(LATER + 30 * DAY),
    issued_at=NOW,
)
WITH_FIELDS = replace(
    EVENT, fields=(Field("id_document", ("pd:Passport", "pd:Name")), Field("blob"))
)
REDACTING = replace(COMMAND, kind="REDACT", fields=("note", "photo"))
TELLING = replace(
    COMMAND,
    kind="NOTIFY_RECIPIENT",
    store=StoreName("desk"),
    cause=Cause("notice:ico-1/delete"),
    recipient="partner-1",
)
ISSUED = Issued(
    command_id=COMMAND.command_id,
    kind="DELETE",
    store=COMMAND.store,
    cause=COMMAND.cause,
    citation=COMMAND.citation,
    generation=COMMAND.generation,
    not_before=NOW,
    complete_by=LATER,
    data_until=LATER,
    expires_at=LATER,
    issued_at=NOW,
    outcome="COMPLETED",
    answered_at=LATER,
    overdue=True,
    cause_version=3,
)
RECORD = Record(
    record_id=EVENT.record_id,
    births=(Birth(NOW, EVENT.event_id, NOW),),
    subjects=EVENT.subjects,
    purposes=("dpv:SearchFunctionalities",),
    lawful_bases=("dpv:LegitimateInterest",),
    categories=EVENT.categories,
    sources=("crawler-7",),
    stores=EVENT.stores,
    version=1,
)
TAINTS = (Taint("hold:h1", 4), Taint("notice:ico-1", 3, LATER))
MAIL = Mail(RecordId("vec-1"), EVENT.record_id, TOLD, NOW, 7, known=True, taints=TAINTS)
FULL_RECORD = Record(
    record_id=EVENT.record_id,
    births=(Birth(NOW, EVENT.event_id, NOW), Birth(LATER, EventId("e2"), NOW)),
    kind="template",
    parents=(RecordId("p1"), RecordId("p2")),
    subjects=(*EVENT.subjects, Subject(SubjectId("s2"))),
    purposes=RECORD.purposes,
    lawful_bases=RECORD.lawful_bases,
    categories=RECORD.categories,
    sources=RECORD.sources,
    stores=RECORD.stores,
    recipients=("partner-1",),
    natural_key_hash="9f" * 32,
    anchors=(("consent_withdrawn", NOW), ("last_interaction", LATER)),
    cut=NOW,
    issued=(
        ISSUED,
        replace(ISSUED, kind="NOTIFY_RECIPIENT", recipient="partner-1"),
        replace(ISSUED, kind="REDACT", fields=("note", "photo")),
    ),
    version=7,
    children=(RecordId("c1"), RecordId("c2")),
    told=TAINTS,
    heard=(
        Heard(RecordId("p1"), NOW, LATER, 3, answered=True, known=True, taints=TAINTS),
        Heard(RecordId("p2"), LATER),
    ),
    fields=(FieldCategory("id_document", "pd:Passport"), FieldCategory("photo", "pd:Picture")),
)
DERIVED = Derived(
    status="ACTIVE",
    residency=("GB",),
    limit_at=NOW,
    tags=(RowTag("resident", "GB", "RESIDENT", 950, ("declared",)),),
    method="evidence/1",
    kept_until=LATER,
    holds=("h1",),
    gaps=("NO_RULE",),
)
RECEIPT = Receipt(
    command_id=COMMAND.command_id,
    record_id=EVENT.record_id,
    store=COMMAND.store,
    status="COMPLETED",
    at=NOW,
    verified_remaining=0,
)
ENVELOPE = Envelope(
    kind="holds",
    document_id=DocumentId("litigation-7"),
    version=2,
    text="hold: litigation-7\n",
    digest=digest_of("hold: litigation-7\n"),
    author="counsel",
    effective_from=NOW,
)
STATE = StateRow("governor", COMMAND.cause, 3, {"day": 20_000, "granted": 7}, ("a", "b"), 9)
FINDING = finding(
    FindingKind.OVERDUE, "command", "it is late", "ask the store", NOW, store="images"
)
DECISION = Decision(
    decision_id=COMMAND.command_id,
    record_id=EVENT.record_id,
    conclusion="DELETE",
    cause=COMMAND.cause,
    cause_version=3,
    citation=COMMAND.citation,
    reasons=("uk-faces: 6 months from collection", "no hold"),
    not_before=NOW,
    complete_by=LATER,
    at=NOW,
)
QUARANTINED = Quarantined(TOPIC, 3, 1 << 40, NOW, "truncated", "the message ends early", 17, LATER)
MEASUREMENT = Measurement("ledger_records", {"store": "images"}, 12.5, 4, NOW)
