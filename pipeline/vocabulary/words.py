"""Words of our own: what happens, what is commanded, what stores answer, what a person must see."""

from enum import StrEnum


class Happening(StrEnum):
    """What an ingestion event says happened to a record."""

    CREATED = "created"
    UPDATED = "updated"
    DERIVED = "derived"
    ACCESSED = "accessed"
    PURPOSE_ENDED = "purpose_ended"
    RELATIONSHIP_ENDED = "relationship_ended"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    DISCLOSED = "disclosed"
    INFORMED = "informed"
    INVENTORIED = "inventoried"
    DELETED = "deleted"


class RecordKind(StrEnum):
    """What a record is: as collected, a template derived from it, or a model trained on it."""

    SOURCE = "source"
    TEMPLATE = "template"
    MODEL = "model"


class CommandKind(StrEnum):
    """What a store, recipient or person is told to do."""

    DELETE = "DELETE"
    RESTRICT = "RESTRICT"
    RELEASE = "RELEASE"
    CANCEL = "CANCEL"
    NOTIFY_RECIPIENT = "NOTIFY_RECIPIENT"
    REVIEW_MODEL = "REVIEW_MODEL"
    STOP_COLLECTION = "STOP_COLLECTION"
    ATTEST = "ATTEST"
    REDACT = "REDACT"
    """Erase the named fields, keep the rest."""


DESTROYING = frozenset({CommandKind.DELETE.value, CommandKind.REDACT.value})
"""Kinds of commands that cannot be undone: nothing lets one pass that would stop the other."""


class ReceiptStatus(StrEnum):
    """What a store answers, from least to most final: of two answers the later in this list holds.

    Receipts may arrive in any order and more than once; taking the greatest makes the outcome the
    same whatever the order.
    """

    PENDING = "PENDING"
    IN_PROGRESS = "IN_PROGRESS"
    BLOCKED_BY_HOLD = "BLOCKED_BY_HOLD"
    PARTIAL = "PARTIAL"
    FAILED = "FAILED"
    NOT_SUPPORTED = "NOT_SUPPORTED"
    CANCELLED = "CANCELLED"
    NOT_FOUND = "NOT_FOUND"
    COMPLETED = "COMPLETED"


RECEIPT_RANK = {status.value: rank for rank, status in enumerate(ReceiptStatus)}
SETTLED = frozenset({ReceiptStatus.COMPLETED.value, ReceiptStatus.NOT_FOUND.value})
"""Answers after which the data is gone from the store, or the command obeyed."""
WORKING = frozenset({ReceiptStatus.PENDING.value, ReceiptStatus.IN_PROGRESS.value})
"""Answers that say that the store is at it: it need not be told again."""


class Anchor(StrEnum):
    """The event that starts a rule's clock."""

    COLLECTED = "collected"
    LAST_INTERACTION = "last_interaction"
    PURPOSE_ENDED = "purpose_ended"
    RELATIONSHIP_ENDED = "relationship_ended"
    CONSENT_WITHDRAWN = "consent_withdrawn"


class FindingKind(StrEnum):
    """What a person must decide or repair."""

    NO_RULE = "NO_RULE"
    NO_POLICY = "NO_POLICY"
    NO_PURPOSE = "NO_PURPOSE"
    NO_LAWFUL_BASIS = "NO_LAWFUL_BASIS"
    UNKNOWN_RESIDENCY = "UNKNOWN_RESIDENCY"
    RESIDENCY_CONFLICT = "RESIDENCY_CONFLICT"
    UNTRACKED_RECORD = "UNTRACKED_RECORD"
    NOT_INFORMED = "NOT_INFORMED"
    PURPOSE_INCOMPATIBLE = "PURPOSE_INCOMPATIBLE"
    COLLECTED_AGAIN = "COLLECTED_AGAIN"
    COLLECTION_GOES_ON = "COLLECTION_GOES_ON"
    INVALID_DOCUMENT = "INVALID_DOCUMENT"
    AWAITING_APPROVAL = "AWAITING_APPROVAL"
    DEADLINE_PASSED = "DEADLINE_PASSED"
    UNKNOWN_COMMAND = "UNKNOWN_COMMAND"
    CONTRADICTING_RECEIPT = "CONTRADICTING_RECEIPT"
    DATA_REMAINS = "DATA_REMAINS"
    DELETED_DESPITE_CANCEL = "DELETED_DESPITE_CANCEL"
    HELD_PAST_LIMIT = "HELD_PAST_LIMIT"
    NO_STORE = "NO_STORE"
    NO_NOTIFIER = "NO_NOTIFIER"
    AWAITING_PARENT = "AWAITING_PARENT"
    MODEL_UNDECIDED = "MODEL_UNDECIDED"
    UNKNOWN_STORE = "UNKNOWN_STORE"
    OVERDUE = "OVERDUE"
    REFUSED_BY_STORE = "REFUSED_BY_STORE"
    WITHHELD = "WITHHELD"
    CLOCK_DIFFERENCE = "CLOCK_DIFFERENCE"
    FUTURE_EVENT = "FUTURE_EVENT"
    CANNOT_BE_EVALUATED = "CANNOT_BE_EVALUATED"
    RECORD_TOO_LARGE = "RECORD_TOO_LARGE"
    LINEAGE_TOO_DEEP = "LINEAGE_TOO_DEEP"
    EXPIRED = "EXPIRED"
    PARTITION_EXCLUDED = "PARTITION_EXCLUDED"
    PARTITIONS_ADDED = "PARTITIONS_ADDED"
    LOG_TRUNCATED = "LOG_TRUNCATED"


UNKNOWN = "UNKNOWN"
"""Residency of a record without usable evidence. It is matched by every rule: fail closed."""

SIGNALS = frozenset(
    """
    declared verified_address regulator_list billing_address bank_country gps_exif phone_number
    sim_mcc ip_geolocation profile_location page_cctld page_language
    """.split()
)
"""Kinds of residency evidence that may be kept."""

PROHIBITED_SIGNALS = frozenset({"nationality", "name", "appearance", "ethnicity"})
"""Refused: irrelevant in law (GDPR recital 14) and an inference of special-category data."""
