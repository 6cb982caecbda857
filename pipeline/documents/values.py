"""Notices, holds and controls: frozen values, as somebody wrote them.

Policies are in `policy`, requests in `requests`.

What a notice orders at an instant, after all that has happened to it, is for `life`.

`load` makes them from text, `in_force` keeps the newest of each, `render` says them in words.
"""

from typing import Literal

import msgspec

from pipeline.documents.authorities import Appeal
from pipeline.documents.match import Match
from pipeline.documents.policy import Citation, Mode, Policy
from pipeline.documents.requests import Request
from pipeline.identifiers import Cause, DocumentId, RecordId, StoreName, SubjectId
from pipeline.instants import Instant
from pipeline.periods import Period

StepAction = Literal["restrict", "delete", "stop_collection", "attest"]
NoticeKind = Literal["enforcement", "information", "assessment"]
WrittenState = Literal["in_force", "preliminary", "withdrawn"]
Beginning = Literal["service", "appeal_period"]
Happened = Literal[
    "appealed",
    "appeal_withdrawn",
    "cancelled",
    "complied",
    "dismissed",
    "quashed",
    "remitted",
    "stay_ended",
    "stayed",
    "substituted",
    "urgency_lifted",
]
HoldState = Literal["active", "released"]
ControlAction = Literal["pause", "resume", "approve", "withdraw", "exclude", "include", "accept"]
Unknown = Literal["restrict", "leave"]
Extent = Literal["SOURCE", "SOURCE+TEMPLATES", "SOURCE+TEMPLATES+MODELS"]

DOCUMENT_SCOPE = "document:"
"""How the scope of a control begins that lets a document take effect."""
MODEL_SCOPE = "model:"
"""How the scope of a control begins by which a person approves that a model is deleted."""
PARTITION_SCOPE = "partition:"
"""How the scope of a control begins that leaves a partition out of the time, or ends that."""
LOSS_SCOPE = "loss:"
"""How the scope of a control begins by which a person accepts that messages are gone."""
SIMULATION_SCOPE = "simulation:"
"""How the scope of a control begins that approves a simulation of a document."""
SIMULATED = frozenset({"policies", "notices"})
"""Kinds of documents of which simulations are approved: those that have a mode."""
APPROVAL_DIGITS = 12
"""So many digits of a text's digest an approval repeats: it is given to that text, no other."""


_KINDS: dict[str, tuple[str, ...]] = {
    "SOURCE": ("source",),
    "SOURCE+TEMPLATES": ("source", "template"),
    "SOURCE+TEMPLATES+MODELS": ("source", "template", "model"),
}


class Window(msgspec.Struct, frozen=True):
    """From when an order is in force, and by when it must be obeyed, as two instants."""

    not_before: Instant
    complete_by: Instant


class Given(msgspec.Struct, frozen=True):
    """Time to obey, as a period: from when it begins to run, and how long it is."""

    after: Beginning
    within: Period


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One thing an authority orders, with times of its own (DPA 2018 s.150(4)).

    Attributes:
        times: its window, or the time it gives.
        keeps: whether what it restricted stays so while the notice is suspended.
        uses: what a restriction stops, as purposes; empty: every use but keeping it.
        tell: stores, or what stands for people there, that are told to stop collecting or to
            attest: of the notice itself, not of a record.
    """

    step_id: str
    action: StepAction
    times: Window | Given
    keeps: bool = False
    tell: tuple[StoreName, ...] = ()
    uses: tuple[str, ...] = ()


class HappenedTo(msgspec.Struct, frozen=True):
    """Something that happened to a notice after it was served."""

    what: Happened
    at: Instant
    note: str = ""


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What an authority ordered.

    Attributes:
        kind: an enforcement notice orders; an information or assessment notice keeps the data it
            means from being destroyed, as a hold does (DPA 2018 s.148).
        mode: `observe` only reports what it would delete.
        state: as written; what has become of it is for `life`.
        orders: what it orders; nothing unless it is an enforcement notice.
        served: when it was given; None: not said, so that its orders have windows.
        urgent: whether it says that it must be obeyed urgently (DPA 2018 s.150(8)).
        appeal: how it may be appealed; None: nobody said, and nothing depends on it.
        life: what happened to it, in order of time.
        collected_before: only data collected earlier; None is any.
        unknown: what becomes of records whose residency is not concluded and may be meant:
            restricted until it is, or left. They are never deleted under the notice.
        reach: which kinds of records it means: what was collected, what was derived from that, and
            what was trained on either.
    """

    document_id: DocumentId
    version: int
    authority: str
    citation: Citation
    match: Match
    kind: NoticeKind = "enforcement"
    mode: Mode = "enforce"
    state: WrittenState = "in_force"
    orders: tuple[Order, ...] = ()
    served: Instant | None = None
    urgent: bool = False
    appeal: Appeal | None = None
    life: tuple[HappenedTo, ...] = ()
    collected_before: Instant | None = None
    unknown: Unknown = "restrict"
    reach: Extent = "SOURCE+TEMPLATES"

    def means(self, kind: str) -> bool:
        """Whether it means records of a kind (`vocabulary.RecordKind`)."""
        return kind in _KINDS[self.reach]

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
            `cause:CAUSE`, e.g. `cause:policy:acme/uk-faces`, a document that needs a second
            person, e.g. `document:policies/acme@2:0a1b2c3d4e5f`, a simulation of one, e.g.
            `simulation:policies/acme@2:0a1b2c3d4e5f/6a7b8c9d0e1f`, or a model that a person has
            reviewed, `model:RECORD_ID`; for withdraw such a simulation; for exclude and include
            `partition:TOPIC/NUMBER`; for accept what the job says is gone,
            `loss:TOPIC/NUMBER@POSITION` or `loss:TOPIC@IDENTITY`.
        author: who published it; empty until it has come in an envelope.
    """

    document_id: DocumentId
    version: int
    action: ControlAction
    scope: str
    reason: str
    author: str = ""


Document = Policy | Notice | Hold | Request | Control
