"""Records: what is known of each record id.

`record` is the value, `joining` how events add to it, `commanded` which commands are remembered.
"""

from pipeline.records.commanded import bounded
from pipeline.records.joining import LATE, MAX_SIGNS, MAX_VALUES, applied, is_full, pruned
from pipeline.records.record import (
    DISCLOSED,
    INFORMED,
    OBSERVED,
    Answer,
    Birth,
    Issued,
    Record,
    is_open,
)

__all__ = [
    "DISCLOSED",
    "INFORMED",
    "LATE",
    "MAX_SIGNS",
    "MAX_VALUES",
    "OBSERVED",
    "Answer",
    "Birth",
    "Issued",
    "Record",
    "applied",
    "bounded",
    "is_full",
    "is_open",
    "pruned",
]
