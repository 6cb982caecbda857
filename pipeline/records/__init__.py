"""Records: what is known of each record id.

`record` is the value, `joining` how events add to it, `fields` what parts of the data hold,
`issued` what was commanded, `commanded` which of that is remembered, `lineage` what records that
were derived from each other tell each other.
"""

from pipeline.records.commanded import bounded
from pipeline.records.fields import FieldCategory, categories_by_field
from pipeline.records.issued import OBSERVED, Answer, Issued, is_open
from pipeline.records.joining import LATE, MAX_VALUES, applied, is_full, pruned
from pipeline.records.lineage import (
    ASK,
    GONE,
    KEY_IDS,
    LIVING,
    MAX_DEPTH,
    TOLD,
    Heard,
    Mail,
    Taint,
    is_key,
    key_id,
    merged,
)
from pipeline.records.record import (
    DISCLOSED,
    INFORMED,
    Birth,
    Record,
)
from pipeline.records.signs import MAX_SIGNS

__all__ = [
    "ASK",
    "DISCLOSED",
    "GONE",
    "INFORMED",
    "KEY_IDS",
    "LATE",
    "LIVING",
    "MAX_DEPTH",
    "MAX_SIGNS",
    "MAX_VALUES",
    "OBSERVED",
    "TOLD",
    "Answer",
    "Birth",
    "FieldCategory",
    "Heard",
    "Issued",
    "Mail",
    "Record",
    "Taint",
    "applied",
    "bounded",
    "categories_by_field",
    "is_full",
    "is_key",
    "is_open",
    "key_id",
    "merged",
    "pruned",
]
