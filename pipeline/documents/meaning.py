"""Second pass: what the text of a form means. Every problem is noted; none stops the others.

Policies are read in `policy_meaning`, notices in `notice_meaning`, requests in `request_meaning`;
holds and controls are here.
"""

import re
from collections.abc import Callable

from pipeline.documents.form import MatchShape
from pipeline.documents.notice_meaning import read_notice
from pipeline.documents.outages import is_loss, is_partition
from pipeline.documents.policy_form import PolicyShape
from pipeline.documents.policy_meaning import read_policy
from pipeline.documents.problems import Notes
from pipeline.documents.request_meaning import read_request
from pipeline.documents.shape import (
    ControlShape,
    DocumentShape,
    HoldShape,
    NoticeShape,
    RequestShape,
)
from pipeline.documents.values import (
    APPROVAL_DIGITS,
    DOCUMENT_SCOPE,
    MODEL_SCOPE,
    SIMULATION_SCOPE,
    Control,
    ControlAction,
    Document,
    Hold,
    HoldState,
)
from pipeline.documents.words import known_word, read_match
from pipeline.identifiers import MAX_ID_BYTES, DocumentId, RecordId, SubjectId

_HOLD_STATES: tuple[HoldState, ...] = ("active", "released")
_CONTROL_ACTIONS: tuple[ControlAction, ...] = (
    *("pause", "resume", "approve", "withdraw", "exclude", "include", "accept"),
)
_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}"
_SWITCH_SCOPE = re.compile(rf"all|store:{_NAME}|rule:{_NAME}/{_NAME}")
_CAUSE_SCOPE = re.compile(rf"cause:(policy|notice):{_NAME}/{_NAME}")
_DOCUMENT_SCOPE = re.compile(
    rf"{DOCUMENT_SCOPE}(policies|notices|holds|requests)/{_NAME}@[1-9][0-9]{{0,15}}"
    rf":[0-9a-f]{{{APPROVAL_DIGITS}}}"
)
_SIMULATION_SCOPE = re.compile(
    rf"{SIMULATION_SCOPE}(policies|notices)/{_NAME}@[1-9][0-9]{{0,15}}"
    rf":[0-9a-f]{{{APPROVAL_DIGITS}}}/[0-9a-f]{{{APPROVAL_DIGITS}}}"
)
_MODEL_SCOPE = re.compile(rf"{MODEL_SCOPE}\S{{1,{MAX_ID_BYTES}}}")


def read_meaning(shape: DocumentShape, notes: Notes) -> Document | None:
    """Read a form; None when it cannot be made into a value, each reason for it noted."""
    if isinstance(shape, PolicyShape):
        return read_policy(shape, notes)
    if isinstance(shape, NoticeShape):
        return read_notice(shape, notes)
    if isinstance(shape, HoldShape):
        return _hold(shape, notes)
    if isinstance(shape, RequestShape):
        return read_request(shape, notes)
    return _control(shape, notes)


def _hold(shape: HoldShape, notes: Notes) -> Hold | None:
    state = known_word(shape.state, _HOLD_STATES, ("state",), notes)
    match = None
    if "match" in shape.model_fields_set:
        match = read_match(shape.match, ("match",), notes)
        if shape.match == MatchShape():
            remedy = "name an axis such as residency or purpose, or leave `match` out"
            notes.add(("match",), what="`match` of a hold names nothing", remedy=remedy)
    # A release needs to name nothing: it ends the hold of its id.
    if state == "active" and match is None and not (shape.records or shape.subjects):
        what = "the hold names nothing to hold"
        remedy = "name at least one of `records`, `subjects` and `match`"
        notes.add((), what=what, remedy=remedy)
    if state is None:
        return None
    return Hold(
        document_id=DocumentId(shape.hold),
        version=int(shape.version),
        state=state,
        reason=shape.reason,
        records=tuple(RecordId(name) for name in sorted(set(shape.records))),
        subjects=tuple(SubjectId(name) for name in sorted(set(shape.subjects))),
        match=match,
    )


def _control(shape: ControlShape, notes: Notes) -> Control | None:
    action = known_word(shape.action, _CONTROL_ACTIONS, ("action",), notes)
    if action is None:
        return None
    scope = shape.control
    may, what, remedy = _SCOPES.get(action, _SWITCHES)
    if not may(scope):
        notes.add(("control",), what=f"the scope of `{action}` is {what}", remedy=remedy)
    return Control(
        document_id=DocumentId(scope),
        version=int(shape.version),
        action=action,
        scope=scope,
        reason=shape.reason,
    )


def _one_of(*patterns: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda scope: any(pattern.fullmatch(scope) for pattern in patterns)


_Scope = tuple[Callable[[str], bool], str, str]
"""Which scopes an action may have, what another one is, and what to write."""
# A cause cannot be paused: pause and approve of one scope would undo each other.
_SWITCHES: _Scope = (
    _one_of(_SWITCH_SCOPE),
    "neither all, a store nor a rule",
    "write `control: all`, `control: store:NAME` or `control: rule:POLICY/RULE`",
)
_PARTITIONS: _Scope = (
    is_partition,
    "no partition",
    "write e.g. `control: partition:ingestion.events/3`, as the alert names it",
)
_SCOPES: dict[ControlAction, _Scope] = {
    "approve": (
        _one_of(_CAUSE_SCOPE, _DOCUMENT_SCOPE, _SIMULATION_SCOPE, _MODEL_SCOPE),
        "no cause, document, simulation or model",
        (
            "write e.g. `control: cause:policy:acme/uk-faces`, `cause:notice:ID/STEP`, "
            "`document:policies/acme@2:DIGEST` (`retention publish` says which), "
            "`simulation:ID` (`retention simulate` says which) or `model:RECORD_ID`"
        ),
    ),
    "withdraw": (
        _one_of(_SIMULATION_SCOPE, _MODEL_SCOPE),
        "no simulation and no model",
        "write `control: simulation:ID` or `control: model:ID`, as it was approved",
    ),
    "exclude": _PARTITIONS,
    "include": _PARTITIONS,
    "accept": (
        is_loss,
        "no loss of messages",
        "write `control: loss:TOPIC/NUMBER@POSITION`, as the job says it",
    ),
}
