"""Documents that steer the pipeline: policies, notices, holds and controls, as data.

`policy`, `values` and `match` say what they mean, `shape` what their YAML looks like. A text goes
through `load`, in three passes (`shape`, `meaning`, `opinions`) that report all `problems` at once;
it travels in an `envelope`; `in_force` keeps the newest of each; `render` says them in plain words.
"""

from pipeline.documents.envelope import KINDS, Envelope, enveloped, parsed
from pipeline.documents.in_force import InForce
from pipeline.documents.load import Loaded, kind_of, load
from pipeline.documents.match import Match
from pipeline.documents.policy import (
    DEFAULT_LEAD,
    DEFAULT_RULE,
    Citation,
    DefaultLimit,
    Policy,
    Rule,
    StoreSettings,
)
from pipeline.documents.problems import InvalidDocument, Problem, UnsupportedDocument
from pipeline.documents.render import in_words
from pipeline.documents.values import Control, Document, Hold, Notice, NoticeStep

__all__ = [
    "DEFAULT_LEAD",
    "DEFAULT_RULE",
    "KINDS",
    "Citation",
    "Control",
    "DefaultLimit",
    "Document",
    "Envelope",
    "Hold",
    "InForce",
    "InvalidDocument",
    "Loaded",
    "Match",
    "Notice",
    "NoticeStep",
    "Policy",
    "Problem",
    "Rule",
    "StoreSettings",
    "UnsupportedDocument",
    "enveloped",
    "in_words",
    "kind_of",
    "load",
    "parsed",
]
