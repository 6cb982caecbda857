"""What a person's request calls for."""

from tests.oracle.history import Request
from tests.oracle.lives import Life
from tests.oracle.words import covers, reach

_INTERESTS = ("dpv:LegitimateInterest",)


def asked_of(request: Request, life: Life) -> str:
    """Return what a request calls for of a life: `delete`, `restrict` or nothing."""
    people = {subject.subject_id for subject in life.subjects}
    named = life.record in request.records or not people.isdisjoint(request.subjects)
    late = request.before is not None and life.collected >= request.before
    if not named or late or life.record in request.refused:
        return ""
    if request.match is not None and not reach(request.match, life.said, life.subjects):
        return ""
    bases, purposes = life.said.lawful_basis, life.said.purpose
    if request.kind == "consent_withdrawal":
        grounded = all(covers(["dpv:Consent"], basis) for basis in bases)
    elif request.kind == "objection":
        marketing = all(covers(["dpv:DirectMarketing"], purpose) for purpose in purposes)
        grounded = all(covers(_INTERESTS, basis) for basis in bases)
        grounded = grounded or (bool(purposes) and marketing)
    else:
        grounded = True
    if not grounded or request.state in ("refused", "withdrawn"):
        return ""
    if request.kind == "restriction":
        return "restrict"
    if request.state == "accepted":
        return "delete"
    return "" if request.kind == "erasure" else "restrict"


def cause_of(request: Request) -> str:
    """Return the cause of the commands that follow from a request."""
    return f"request:{request.name}/{request.kind}"
