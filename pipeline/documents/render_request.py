"""A request in plain words. Whose it is, is never written: only how many it names."""

from pipeline.documents.render_match import records_inside
from pipeline.documents.requests import Refusal, Request
from pipeline.instants import format_instant

_ASKS = {
    "erasure": "asks for erasure",
    "objection": "objects to the processing",
    "consent_withdrawal": "withdraws consent",
    "restriction": "asks for restriction",
    "access": "asks for access",
}
_MEANS = {
    "erasure": "",
    "objection": (
        ", as far as it is held for legitimate or public interests alone, for direct marketing "
        "alone, or without a basis"
    ),
    "consent_withdrawal": ", as far as it is held by consent alone, or without a basis",
    "restriction": "",
    "access": "",
}
_FOLLOWS = {
    "delete": "it is deleted at once",
    "restrict": "it is restricted at once",
    "": "nothing is commanded",
}


def request_in_words(request: Request) -> tuple[str, ...]:
    """Return the sentences that say what a request does."""
    head = f"Request {request.document_id}, version {request.version} ({request.citation.text})"
    named = []
    if request.subjects:
        named.append(_counted(len(request.subjects), "named person", "named people"))
    if request.records:
        named.append(_counted(len(request.records), "named record", "named records"))
    asks = f"{head}: {' and '.join(named)} {_ASKS[request.kind]}; it is {request.state}."
    extended = ", which has been extended" if request.extended else ""
    told = (
        f"answered at {format_instant(request.answered)}"
        if request.answered is not None
        else f"to be answered before {format_instant(request.deadline)}{extended}"
    )
    sentences = [asks, f"It was received at {format_instant(request.received)}, {told}."]
    sentences += [_follows(request)]
    sentences += [_refused(one) for one in request.refusals]
    return tuple(sentences)


def _follows(request: Request) -> str:
    what = "Of their data"
    if request.match is not None:
        what = f"Of their data, {records_inside(request.match)}"
    if request.collected_before is not None:
        what += f" collected before {format_instant(request.collected_before)}"
    elif request.orders or request.keeps:
        what += ", what is collected later too"
    if request.keeps and not request.orders:
        return f"{what}: nobody deletes it before the person was answered."
    if not request.orders:
        return "While it stands so, nothing is commanded."
    limit = f"; stores must have done it before {format_instant(request.deadline)}"
    kept = ", and nobody deletes it meanwhile" if request.keeps else ""
    return f"{what}{_MEANS[request.kind]}: {_FOLLOWS[request.orders]}{kept}{limit}."


def _refused(one: Refusal) -> str:
    note = f" ({one.note})" if one.note else ""
    if one.is_whole:
        return f"It is refused: {one.code}{note}."
    parts = []
    if one.records:
        parts.append(_counted(len(one.records), "named record", "named records"))
    if one.match is not None:
        parts.append(records_inside(one.match))
    return f"Refused for {' and for '.join(parts)}: {one.code}{note}."


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
