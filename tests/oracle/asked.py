"""What a person's request calls for."""

from tests.oracle.history import Request
from tests.oracle.lives import Life
from tests.oracle.words import covers, reach

_INTERESTS = ("dpv:LegitimateInterest",)


def asked_of(request: Request, life: Life, *, named: bool = False) -> str:
    """Return what a request calls for of a life: `delete`, `restrict`, `keep` or nothing.

    `named`: whether it names what the data was derived from: when that was collected decides.
    """
    people = {subject.subject_id for subject in life.subjects}
    derived = named
    named |= life.record in request.records or not people.isdisjoint(request.subjects)
    late = not derived and request.before is not None and life.collected >= request.before
    if not named or late or request.state == "withdrawn":
        return ""
    if request.match is not None and not reach(request.match, life.said, life.subjects):
        return ""
    if request.kind == "access":
        # What may be part of the answer is kept until it is given, or refused.
        closed = request.state == "refused" or request.answered is not None
        return "" if closed or life.record in request.refused else "keep"
    reached, part = _reached(request, life)
    if not reached and not part:
        return ""
    # Use goes on once the person was told.
    refused = request.state == "refused" or life.record in request.refused
    if refused:
        waits = request.kind != "erasure" and request.answered is None
        was = request.state in ("refused", "accepted", "received")
        return "restrict" if waits and was else ""
    if part or (
        request.match is not None
        and not all(covers(request.match.category, one) for one in life.said.category)
    ):
        return ""
    if request.kind == "restriction":
        return "restrict"
    if request.state == "accepted":
        return "delete"
    return "" if request.kind == "erasure" else "restrict"


def _reached(request: Request, life: Life) -> tuple[bool, bool]:
    """Return whether the right reaches what is held like this: wholly, and in part."""
    bases, purposes = life.said.lawful_basis, life.said.purpose
    reached, part = True, False
    if request.kind == "consent_withdrawal":
        consent = [covers(["dpv:Consent"], basis) for basis in bases]
        reached, part = all(consent), any(consent) and not all(consent)
    elif request.kind == "objection":
        marketing = [covers(["dpv:DirectMarketing"], purpose) for purpose in purposes]
        interests = [covers(_INTERESTS, basis) for basis in bases]
        reached = all(interests) or (bool(marketing) and all(marketing))
        part = not reached and (any(interests) or any(marketing))
    return reached, part


def cause_of(request: Request) -> str:
    """Return the cause of the commands that follow from a request."""
    return f"request:{request.name}/{request.kind}"


def times_of(request: Request, life: Life, *, derived: bool = False) -> tuple[int, int]:
    """Return from when and by when the data of a life must be deleted under a request."""
    begin = request.received if derived else max(request.received, life.collected)
    return begin, begin + request.within * 1_000
