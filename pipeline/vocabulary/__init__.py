"""The words that events, policies and commands may use; what is not listed here is refused.

Vocabularies that will grow are strings checked here, not Avro enums, so that a new word needs no
new schema and an unknown one fails closed into quarantine. `words` are our own, `dpv` are purposes,
categories and lawful bases, `territories` are ISO 3166 codes.
"""

from pipeline.vocabulary.dpv import CATEGORIES, LAWFUL_BASES, PURPOSES
from pipeline.vocabulary.territories import territory
from pipeline.vocabulary.words import (
    PROHIBITED_SIGNALS,
    RECEIPT_RANK,
    SETTLED,
    SIGNALS,
    UNKNOWN,
    Anchor,
    CommandKind,
    FindingKind,
    Happening,
    ReceiptStatus,
    RecordKind,
)

__all__ = [
    "CATEGORIES",
    "LAWFUL_BASES",
    "PROHIBITED_SIGNALS",
    "PURPOSES",
    "RECEIPT_RANK",
    "SETTLED",
    "SIGNALS",
    "UNKNOWN",
    "Anchor",
    "CommandKind",
    "FindingKind",
    "Happening",
    "ReceiptStatus",
    "RecordKind",
    "territory",
]
