"""Notices, holds and controls: frozen values, as the rules read them. Policies are in `policy`.

`load` makes them from text, `in_force` keeps the newest of each, `render` says them in words.
"""

from typing import Literal

import msgspec

from pipeline.documents.match import Match
from pipeline.documents.policy import Citation, Policy
from pipeline.identifiers import Cause, DocumentId, RecordId, SubjectId
from pipeline.instants import Instant

StepAction = Literal["restrict", "delete"]
NoticeState = Literal["in_force", "withdrawn"]
HoldState = Literal["active", "released"]
ControlAction = Literal["pause", "resume", "approve"]
Unknown = Literal["restrict", "leave"]

DOCUMENT_SCOPE = "document:"
"""How the scope of a control begins that lets a document take effect."""
APPROVAL_DIGITS = 12
"""So many digits of a text's digest an approval repeats: it is given to that text, no other."""


class NoticeStep(msgspec.Struct, frozen=True, kw_only=True):
    """One thing an authority orders, with its own window (DPA 2018 s.150(4))."""

    step_id: str
    action: StepAction
    not_before: Instant
    complete_by: Instant


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What an authority ordered.

    Attributes:
        collected_before: only data collected earlier; None is any.
        unknown: what becomes of records whose residency is not concluded and may be meant:
            restricted until it is, or left. They are never deleted under the notice.
    """

    document_id: DocumentId
    version: int
    authority: str
    citation: Citation
    state: NoticeState
    match: Match
    steps: tuple[NoticeStep, ...]
    collected_before: Instant | None = None
    unknown: Unknown = "restrict"

    def cause(self, step_id: str) -> Cause:
        """Name a step as the cause of a command."""
        return Cause(f"notice:{self.document_id}/{step_id}")


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """Data that must not be destroyed while the hold is active (e.g. DPA 2018 s.148).

    A record is held when it is named, or one of its subjects is, or it matches. An active hold
    has at least one of the three.
    """

    document_id: DocumentId
    version: int
    state: HoldState
    reason: str
    records: tuple[RecordId, ...] = ()
    subjects: tuple[SubjectId, ...] = ()
    match: Match | None = None


class Control(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator or counsel decided; the document id is the scope.

    Attributes:
        scope: `all`, `store:NAME` or `rule:POLICY/RULE` for pause and resume; for approve
            `cause:CAUSE`, e.g. `cause:policy:acme/uk-faces`, or a document that needs a second
            person, e.g. `document:policies/acme@2:0a1b2c3d4e5f`.
        author: who published it; empty until it has come in an envelope.
    """

    document_id: DocumentId
    version: int
    action: ControlAction
    scope: str
    reason: str
    author: str = ""


Document = Policy | Notice | Hold | Control
