"""Requests of people about their data: erasure, objection, withdrawn consent, restriction, access.

What a law gives to answer them is a table, so that counsel need not type it. Engineering notes from
public sources, not legal advice.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

import msgspec

from pipeline.documents.match import Match
from pipeline.documents.policy import Citation
from pipeline.identifiers import Cause, DocumentId, RecordId, SubjectId
from pipeline.instants import Instant
from pipeline.periods import Period, Roll

RequestKind = Literal["erasure", "objection", "consent_withdrawal", "restriction", "access"]
RequestState = Literal["received", "accepted", "refused", "withdrawn"]
RefusalCode = Literal[
    "LegallyRequired",
    "LegalClaims",
    "FreedomOfExpression",
    "PublicHealth",
    "PublicInterest",
    "OfficialAuthority",
    "Archiving",
    "CompellingGrounds",
    "Other",
]
"""Why a request is refused: W3C DPV 2.3 `eu-gdpr:JustificationA17…` (GDPR art 17(3)); compelling
legitimate grounds are those of art 21(1); `Other` needs a note."""


class Refusal(msgspec.Struct, frozen=True):
    """What of a request is refused, and why. Without records and a match: all of it."""

    code: RefusalCode
    records: tuple[RecordId, ...] = ()
    match: Match | None = None
    note: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether the whole request is refused."""
        return not self.records and self.match is None


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What a person asked for, and what the controller decided.

    Attributes:
        state: `received`, to be decided; `accepted`; `refused` as a whole; `withdrawn`.
        citation: the right that it rests on.
        received: when it came.
        deadline: exclusive end of the time to answer, and to do it.
        extended: whether that time was extended.
        answered: when the person was told what became of it; None: not yet.
        subjects, records: whose data, or which.
        match: only what matches of it; None: all.
        collected_before: only data collected earlier; None: what is collected later too.
        refusals: what of it is refused.
    """

    document_id: DocumentId
    version: int
    kind: RequestKind
    state: RequestState
    citation: Citation
    received: Instant
    deadline: Instant
    extended: bool = False
    answered: Instant | None = None
    subjects: tuple[SubjectId, ...] = ()
    records: tuple[RecordId, ...] = ()
    match: Match | None = None
    collected_before: Instant | None = None
    refusals: tuple[Refusal, ...] = ()

    @property
    def cause(self) -> Cause:
        """The cause of the commands that follow from it."""
        return Cause(f"request:{self.document_id}/{self.kind}")

    @property
    def hold_id(self) -> str:
        """What stands for it where it keeps data as a hold does."""
        return f"request:{self.document_id}"

    @property
    def orders(self) -> Literal["delete", "restrict", ""]:
        """What it calls for as it stands.

        While an objection or the withdrawal of a consent is looked at, use stops (GDPR art
        18(1)(d), 7(3)): that can be undone. Data is erased only once the request is accepted.
        """
        if self.state == "withdrawn" or self.kind == "access":
            return ""
        if self.state == "refused":
            return self.while_refused
        if self.kind == "restriction":
            return "restrict"
        if self.state == "accepted":
            return "delete"
        return "" if self.kind == "erasure" else "restrict"

    @property
    def while_refused(self) -> Literal["restrict", ""]:
        """What it calls for where it is refused: use goes on once the person was told (18(3))."""
        harmless = self.kind in {"erasure", "access"} or self.answered is not None
        return "" if harmless else "restrict"

    @property
    def keeps(self) -> bool:
        """Whether nobody may erase what it means.

        Restricted data is only stored (GDPR art 18(2)). What a person asked to see is kept until
        that person has the answer: France's CNIL had such requests answered before the data was
        erased (SAN-2022-019); to destroy it to prevent disclosure is an offence (DPA 2018 s.173).
        """
        if self.kind == "access":
            return self.is_open and self.state != "refused"
        return self.kind == "restriction" and bool(self.orders)

    @property
    def is_open(self) -> bool:
        """Whether the person waits for an answer."""
        return self.answered is None and self.state != "withdrawn"


class RequestLaw(NamedTuple):
    """What a law says of requests.

    Attributes:
        within: the time to answer.
        extended: that time once extended, counted from the same start.
        waits: whether it begins to run only once the person is identified, where that is later.
        articles: the right, by the kind of request.
    """

    code: str
    name: str
    jurisdiction: str
    within: Period
    extended: Period
    roll: Roll
    zone: str
    calendar: str
    waits: bool
    articles: Mapping[str, str]
    url: str


_GDPR = {
    "erasure": "17(1)",
    "objection": "21(1)",
    "consent_withdrawal": "7(3)",
    "restriction": "18(1)",
    "access": "15(1)",
}
LAWS = {
    law.code: law
    for law in (
        # Art 12(3), 12A (in force on 5 February 2026), 4A: periods by Regulation 1182/71 art 3.
        RequestLaw(
            "GB-GDPR",
            "UK GDPR",
            "GB",
            Period(months=1),
            Period(months=3),
            Roll.NEXT_WORKING_DAY,
            "Europe/London",
            "GB-ENG",
            True,
            _GDPR,
            "https://www.legislation.gov.uk/eur/2016/679/contents",
        ),
        # Art 12(3). Holidays are those of the member state where action is taken: name them.
        RequestLaw(
            "EU-GDPR",
            "GDPR",
            "EU",
            Period(months=1),
            Period(months=3),
            Roll.NEXT_WORKING_DAY,
            "",
            "",
            True,
            _GDPR,
            "https://eur-lex.europa.eu/eli/reg/2016/679/oj",
        ),
        # 11 CCR 7021(b): 45 calendar days, 90 in all; verification does not stop the clock.
        RequestLaw(
            "US-CA-CCPA",
            "CCPA",
            "US-CA",
            Period(days=45),
            Period(days=90),
            Roll.NONE,
            "America/Los_Angeles",
            "NONE",
            False,
            {"erasure": "Cal. Civ. Code 1798.105", "access": "Cal. Civ. Code 1798.110"},
            "https://leginfo.legislature.ca.gov/faces/codes_displayText.xhtml"
            "?division=3.&part=4.&lawCode=CIV&title=1.81.5",
        ),
    )
}
"""Laws by the code that a request writes under `law`."""
