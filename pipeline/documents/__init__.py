"""Documents that steer the pipeline: policies, notices, holds, requests and controls, as data.

`policy`, `values` and `match` say what they mean, `shape` what their YAML looks like. A text goes
through `load`, in three passes (`shape`, `meaning`, `opinions`) that report all `problems` at once;
it travels in an `envelope`; `versions` keeps all that may count, `in_force` is what does; `render`
says them in plain words.
"""

from pipeline.documents.choice import (
    SIMULATIONS,
    approval_scope,
    named,
    simulation_scope,
)
from pipeline.documents.course import NoticeState
from pipeline.documents.envelope import (
    KINDS,
    Envelope,
    check_author,
    check_reason,
    enveloped,
    parsed,
)
from pipeline.documents.in_force import InForce
from pipeline.documents.life import NoticeStep, Standing, standing
from pipeline.documents.load import Loaded, kind_of, load
from pipeline.documents.match import Match, Reach
from pipeline.documents.policy import (
    DEFAULT_LEAD,
    DEFAULT_RULE,
    AtMost,
    Citation,
    DefaultLimit,
    Duty,
    Policy,
    Rule,
    StoreSettings,
)
from pipeline.documents.problems import InvalidDocument, Problem
from pipeline.documents.render import in_words
from pipeline.documents.requests import Refusal, Request
from pipeline.documents.territories import names_covering
from pipeline.documents.values import (
    APPROVAL_DIGITS,
    DOCUMENT_SCOPE,
    SIMULATED,
    SIMULATION_SCOPE,
    Control,
    Document,
    Hold,
    Notice,
)
from pipeline.documents.versions import Versions

__all__ = [
    "APPROVAL_DIGITS",
    "DEFAULT_LEAD",
    "DEFAULT_RULE",
    "DOCUMENT_SCOPE",
    "KINDS",
    "SIMULATED",
    "SIMULATIONS",
    "SIMULATION_SCOPE",
    "AtMost",
    "Citation",
    "Control",
    "DefaultLimit",
    "Document",
    "Duty",
    "Envelope",
    "Hold",
    "InForce",
    "InvalidDocument",
    "Loaded",
    "Match",
    "Notice",
    "NoticeState",
    "NoticeStep",
    "Policy",
    "Problem",
    "Reach",
    "Refusal",
    "Request",
    "Rule",
    "Standing",
    "StoreSettings",
    "Versions",
    "approval_scope",
    "check_author",
    "check_reason",
    "enveloped",
    "in_words",
    "kind_of",
    "load",
    "named",
    "names_covering",
    "parsed",
    "simulation_scope",
    "standing",
]
