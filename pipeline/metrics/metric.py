"""What a metric is, and the values that its labels may have."""

from typing import Literal, get_args

import msgspec

from pipeline.documents.requests import RequestKind, RequestState
from pipeline.vocabulary import CommandKind, FindingKind, ReceiptStatus
from pipeline.wire.trust import DISTRUSTED_FOR

Type = Literal["gauge", "counter"]
Labels = tuple[str, ...]

BANDS = ("RESIDENT", "LIKELY", "UNKNOWN", "NONE")
"""How surely residency is concluded: the surest conclusion of a record; NONE: no data is left."""
STATUSES = ("ACTIVE", "RESTRICTED", "DELETE_COMMANDED", "DELETED")
CAUSES = ("policy", "notice", "request", "hold")
COMMANDS = (*(kind.value for kind in CommandKind),)
OUTCOMES = (*(status.value for status in ReceiptStatus),)
REFUSALS = ("BLOCKED_BY_HOLD", "PARTIAL", "FAILED", "NOT_SUPPORTED")
"""Answers of a store that did not obey, or not in full."""
FINDINGS = (*(kind.value for kind in FindingKind),)
SCOPES = ("all", "store", "rule")
"""What a `pause` may stop."""
REQUEST_KINDS: tuple[str, ...] = get_args(RequestKind)
REQUEST_STATES: tuple[str, ...] = get_args(RequestState)
WITHIN_DAYS = {"passed": -1, "1d": 1, "7d": 7, "30d": 30}
"""Windows of what is due: days from now; `passed` lies before now."""
REASONS = (
    *"bad_block bad_boolean bad_branch bad_id bad_integer bad_length bad_number bad_text".split(),
    *"empty future_evidence impossible_date invalid_document own_parent".split(),
    *"prohibited_signal schema_mismatch".split(),
    *"too_large too_many trailing_bytes truncated undecodable unknown_schema".split(),
    *"unknown_territory unknown_word wrong_format wrong_kind wrong_schema".split(),
    *(refusal.value.lower() for refusal in DISTRUSTED_FOR),
)
"""Why a message goes to quarantine."""


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """One metric.

    Attributes:
        name: as Prometheus knows it.
        type: a counter only grows; a gauge may fall.
        unit: of its value.
        labels: their names, in order.
        help: what it is.
        action: what to do when it moves.
        distinct: whether a message that was sent again, under whatever position, counts once.
    """

    name: str
    type: Type = "gauge"
    unit: str
    labels: tuple[str, ...] = ()
    help: str
    action: str
    distinct: bool = False
