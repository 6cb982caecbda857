"""Tags: what the evidence about a record's subjects says of where they reside and where they are.

`signals` is the table of weights, `residency` the judgement. Residency is judged, never guessed:
what is not enough stays UNKNOWN, which gets the strictest finite limit.
"""

from pipeline.tags.residency import Conclusion, Judge, Residency, Tag, evidence_in_words
from pipeline.vocabulary.signals import (
    DEFAULT_METHOD,
    DEFAULT_SIGNALS,
    GROUPS,
    REPEATED_DAYS,
    Method,
    Signal,
)

__all__ = [
    "DEFAULT_METHOD",
    "DEFAULT_SIGNALS",
    "GROUPS",
    "REPEATED_DAYS",
    "Conclusion",
    "Judge",
    "Method",
    "Residency",
    "Signal",
    "Tag",
    "evidence_in_words",
]
