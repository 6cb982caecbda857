"""What is asked of one record, and what is answered: values only. `explain` makes them."""

from enum import StrEnum
from typing import Generic, TypeVar

import msgspec

from pipeline.commands import Command
from pipeline.documents import Envelope
from pipeline.findings import Decision, Finding
from pipeline.identifiers import RecordId
from pipeline.instants import MIN_INSTANT, Instant
from pipeline.receipts import Receipt
from pipeline.records import Record


class Result(StrEnum):
    """What came of a rule, notice step, request, hold or pause for one record."""

    DECIDES = "decides"
    LATER = "later than the one that decides"
    NOT_NEEDED = "not needed: a rule covers it"
    NO_MATCH = "does not mean it"
    NOT_STARTED = "its clock has not started"
    OBSERVED = "observed, not enforced"
    KEEPS = "keeps it"
    KEEPS_NOTHING = "keeps nothing back"
    FOREIGN = "another law's duty, which does not stop this erasure"
    ORDERS = "orders it"
    REVIEWED = "has a person review the model first"
    RESTRICTS_ONLY = "restricts it: residency is not sure enough to delete"
    LEAVES = "leaves it: residency is not concluded"
    COLLECTED_BEFORE = "forbids only what is collected after its time is up"
    COLLECTED_LATER = "means only what was collected earlier"
    WITHDRAWN = "is withdrawn"
    PRELIMINARY = "is not served yet"
    SUSPENDED = "is suspended: an appeal is pending, or it is stayed"
    QUASHED = "is quashed"
    SUBSTITUTED = "is substituted by another notice"
    CANCELLED = "is cancelled"
    INFORMED = "was fulfilled: the people were told"
    FULFILLED = "is fulfilled"
    RESTRICTS_UNTOLD = "restricts it from then on until the people are told"
    RESTRICTS_UNLAWFUL = "restricts it from then on until that is put right"
    BLOCKS = "blocks deletion"
    RELEASED = "is released"
    REFUSED = "is refused"
    UNDECIDED = "is not decided yet"
    UNANSWERED = "keeps it until the person was answered"
    ANSWERED = "was answered"
    IN_PART = "means it in part: a person must tell apart what must stop"
    PAUSES = "pauses deletion"


# -- the question ----------------------------------------------------------------------------------


class Row(msgspec.Struct, frozen=True):
    """A row of the inventory that is still kept; `at`: when it was written."""

    at: Instant
    record: Record


class Published(msgspec.Struct, frozen=True):
    """A document, and when the broker took it."""

    at: Instant
    envelope: Envelope


class Sent(msgspec.Struct, frozen=True):
    """A command as it lies on its store's topic."""

    at: Instant
    command: Command


V = TypeVar("V")


class Dated(msgspec.Struct, Generic[V], frozen=True):
    """What a topic keeps, and when the broker took it."""

    at: Instant
    value: V


class Dossier(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that topics still keep of one record, and every document.

    Attributes:
        rows: of the inventory, oldest first. Compaction removes the oldest, never one in between.
        complete: whether the first of them is the first there ever was.
        approvals: kinds of documents that count only once a second person has approved them.
        commands_since: the oldest instant from which each store's topic keeps commands; of a store
            that has none: not in it.
    """

    record_id: RecordId
    rows: tuple[Row, ...] = ()
    complete: bool = True
    published: tuple[Published, ...] = ()
    approvals: tuple[str, ...] = ()
    decisions: tuple[Dated[Decision], ...] = ()
    commands: tuple[Sent, ...] = ()
    receipts: tuple[Dated[Receipt], ...] = ()
    findings: tuple[Dated[Finding], ...] = ()
    commands_since: dict[str, Instant] = {}


# -- the answer ------------------------------------------------------------------------------------


class TagSaid(msgspec.Struct, frozen=True):
    """A conclusion about the people: `axis` is resident or present, `evidence` the signals.

    `score` is per mille.
    """

    axis: str
    territory: str
    band: str
    score: int
    evidence: tuple[str, ...]


class Considered(msgspec.Struct, frozen=True, kw_only=True):
    """One rule, notice step, request, hold or pause that was looked at, and what came of it.

    Attributes:
        name: the cause, e.g. `policy:acme/uk-faces`; of a hold `hold:ID`.
        bound: maximum, minimum, default, inform, notice, request, hold or pause.
        result: one of `Result`.
        ends_at: when its period ends, or the deadline of a notice's step or a request; None: it
            has none (yet).
        suppressed_by: what keeps it from being done, or from deciding.
        missed: axes of its match that do not mean the record surely enough.
    """

    name: str
    version: int
    bound: str
    result: str
    citation: str = ""
    ends_at: Instant | None = None
    suppressed_by: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()


class Told(msgspec.Struct, frozen=True):
    """From when a store is told of a step, and the pause that stops it; None: none does."""

    store: str
    due_at: Instant | None
    paused_by: str | None = None


class StepSaid(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to be commanded. `kept_until`: when the minimum `kept_by` ends."""

    kind: str
    cause: str
    version: int
    citation: str
    not_before: Instant
    complete_by: Instant
    kept_until: Instant | None = None
    kept_by: str | None = None
    uses: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    told: tuple[Told, ...] = ()


class LifeSaid(msgspec.Struct, frozen=True, kw_only=True):
    """One life of a record: the stores where the data is, and what follows for it there.

    Attributes:
        began_at: its first sign of data.
        limit_at: when the data must be gone by the earliest maximum; None: no policy is in force.
        due_by: when it must be gone with what notices order and duties keep; None: by nothing, or
            not before a duty to keep has begun to end.
        trouble: why nothing can be worked out; None: it can.
    """

    stores: tuple[str, ...]
    began_at: Instant
    collected_at: Instant | None
    limit_at: Instant | None = None
    due_by: Instant | None = None
    steps: tuple[StepSaid, ...] = ()
    observed: tuple[StepSaid, ...] = ()
    holds: tuple[str, ...] = ()
    considered: tuple[Considered, ...] = ()
    reasons: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    trouble: str | None = None


class ParentSaid(msgspec.Struct, frozen=True, kw_only=True):
    """What a record that it was derived from has said; or of its natural key, what was deleted.

    Attributes:
        answered: whether it has said anything.
        known: whether anybody ever told of it.
        at: up to when everything published is in what it said.
        documents: what means it: kind and id.
    """

    parent_id: RecordId
    answered: bool
    known: bool
    at: Instant
    documents: tuple[str, ...] = ()


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened to the record.

    Attributes:
        at: when the broker took it; of what no topic keeps any more, what the inventory says.
        what: collected, decided, commanded, sent again, answered, withdrawn, found or resolved.
        says: a command's kind, a receipt's status or a finding's kind.
        remaining: copies that a store found when it looked again.
    """

    at: Instant
    what: str
    says: str
    store: str = ""
    cause: str = ""
    version: int = 0
    citation: str = ""
    command_id: str = ""
    remaining: int | None = None
    reasons: tuple[str, ...] = ()
    note: str = ""


class DocumentSaid(msgspec.Struct, frozen=True):
    """A document in force: `digest` is that of its text, `published_at` the broker's time."""

    kind: str
    document_id: str
    version: int
    digest: str
    author: str
    published_at: Instant


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """All that can be said of one record at one instant. No subject id, no value of evidence.

    Attributes:
        status: ACTIVE, RESTRICTED, DELETE_COMMANDED, DELETED, or NOT_KNOWN: no row is kept.
        facts_at: when the row was written that the facts are from.
        people: how many persons it is about.
        fields: of each field that the platform has named, its categories.
        unknown: whether residency of somebody is not concluded.
        candidates: territories that evidence names without being enough.
        method: name and version of how residency was judged.
        parents: what the records that it was derived from have said.
        children: how many records were derived from it, as far as is remembered.
        lives: most urgent first; none: no data is believed to exist.
        gaps: what is missing, by code.
        documents: in force at the instant.
        waiting: texts that a second person must approve first.
        timeline: in order of time, up to the instant.
        later: how many things happened after it and are left out.
        not_kept: what cannot be said, because it is not kept.
    """

    record_id: RecordId
    at: Instant
    status: str = "NOT_KNOWN"
    facts_at: Instant = MIN_INSTANT
    kind: str = ""
    people: int = 0
    purposes: tuple[str, ...] = ()
    lawful_bases: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    fields: dict[str, tuple[str, ...]] = {}
    sources: tuple[str, ...] = ()
    stores: tuple[str, ...] = ()
    tags: tuple[TagSaid, ...] = ()
    unknown: bool = True
    candidates: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    method: str = ""
    parents: tuple[ParentSaid, ...] = ()
    children: int = 0
    lives: tuple[LifeSaid, ...] = ()
    gaps: tuple[str, ...] = ()
    documents: tuple[DocumentSaid, ...] = ()
    waiting: tuple[str, ...] = ()
    timeline: tuple[Entry, ...] = ()
    later: int = 0
    not_kept: tuple[str, ...] = ()
