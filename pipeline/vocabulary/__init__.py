"""The words that events, policies and commands may use; what is not listed here is refused.

Vocabularies that will grow are strings checked here, not Avro enums, so that a new word needs no
new schema and an unknown one fails closed into quarantine. `words` are our own, `dpv` are purposes,
categories and lawful bases, `territories` are ISO 3166 codes.
"""

from pipeline.vocabulary.dpv import (
    CATEGORIES,
    CATEGORY_TAXONOMY,
    LAWFUL_BASES,
    LAWFUL_BASIS_TAXONOMY,
    PURPOSE_TAXONOMY,
    PURPOSES,
)
from pipeline.vocabulary.taxonomy import Taxonomy
from pipeline.vocabulary.territories import territories, territory
from pipeline.vocabulary.words import (
    DESTROYING,
    PROHIBITED_SIGNALS,
    RECEIPT_RANK,
    SETTLED,
    SIGNALS,
    UNKNOWN,
    WORKING,
    Anchor,
    CommandKind,
    FindingKind,
    Happening,
    ReceiptStatus,
    RecordKind,
)

__all__ = [
    "CATEGORIES",
    "CATEGORY_TAXONOMY",
    "DESTROYING",
    "LAWFUL_BASES",
    "LAWFUL_BASIS_TAXONOMY",
    "PROHIBITED_SIGNALS",
    "PURPOSES",
    "PURPOSE_TAXONOMY",
    "RECEIPT_RANK",
    "SETTLED",
    "SIGNALS",
    "UNKNOWN",
    "WORKING",
    "Anchor",
    "CommandKind",
    "FindingKind",
    "Happening",
    "ReceiptStatus",
    "RecordKind",
    "Taxonomy",
    "territories",
    "territory",
]
