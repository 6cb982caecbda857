"""Builders of events, documents and receipts with everything irrelevant filled in."""

from pipeline.documents import Envelope, Versions, enveloped
from pipeline.events import Event, Evidence, Subject
from pipeline.identifiers import EventId, RecordId, StoreName, SubjectId
from pipeline.instants import Instant, format_instant
from pipeline.rules import Planner


def planner_of(*envelopes: Envelope, now: int = 1) -> Planner:
    """Return the planner of these documents at an instant."""
    return Planner(Versions.of(envelopes).in_force(Instant(now)))


POLICY = """
policy: {name}
version: {version}
zone: UTC
default: {{limit: {default}, citation: {{law: UK GDPR, article: "5(1)(e)", url: "https://example.org/5"}}}}
stores:
  images: {{lead: PT0S}}
  index: {{lead: PT0S}}
rules:
{rules}
"""

RULE = """  - id: {name}
    match: {match}
    clock: {clock}
    limit: {limit}
    citation: {{law: UK GDPR, article: "5(1)(e)", url: "https://example.org/5"}}
    mode: enforce
"""


def rule(
    name: str = "gb-search",
    match: str = "{residency: [GB], purpose: [dpv:SearchFunctionalities]}",
    clock: str = "collected",
    limit: str = "PT10S",
    at_most: int | None = None,
) -> str:
    """Return one rule in YAML."""
    text = RULE.format(name=name, match=match, clock=clock, limit=limit)
    return text if at_most is None else f"{text}    at_most: {at_most}\n"


def policy_text(*rules: str, name: str = "acme", version: int = 1, default: str = "PT60S") -> str:
    """Return a policy in YAML."""
    return POLICY.format(
        name=name, version=version, default=default, rules="".join(rules or (rule(),))
    )


def policy(*rules: str, name: str = "acme", version: int = 1, default: str = "PT60S") -> Envelope:
    """Return a policy in its envelope."""
    text = policy_text(*rules, name=name, version=version, default=default)
    return enveloped("policies", text, "counsel")


def hold(
    *, records: tuple[str, ...] = (), version: int = 1, state: str = "active", name: str = "h1"
) -> Envelope:
    """Return a hold on named records in its envelope."""
    listed = ", ".join(records)
    text = (
        f"hold: {name}\nversion: {version}\nstate: {state}\nrecords: [{listed}]\n"
        "reason: litigation\n"
    )
    return enveloped("holds", text, "counsel")


def control(action: str, scope: str = "all", version: int = 1) -> Envelope:
    """Return a control in its envelope."""
    text = f"control: {scope}\nversion: {version}\naction: {action}\nreason: exercise\n"
    return enveloped("controls", text, "operator")


def notice(
    *,
    stop: tuple[int, int],
    delete: tuple[int, int],
    version: int = 1,
    state: str = "in_force",
    residency: str = "GB",
) -> Envelope:
    """Return a notice with a stop and a delete step, each `(not_before, complete_by)` in ms."""
    text = f"""
notice: ico-1
version: {version}
authority: GB-ICO
citation: {{law: DPA 2018, article: s.149, url: "https://example.org/149"}}
state: {state}
match: {{residency: [{residency}]}}
steps:
  - id: stop
    action: restrict
    not_before: "{format_instant(Instant(stop[0]))}"
    complete_by: "{format_instant(Instant(stop[1]))}"
  - id: delete
    action: delete
    not_before: "{format_instant(Instant(delete[0]))}"
    complete_by: "{format_instant(Instant(delete[1]))}"
"""
    return enveloped("notices", text, "counsel")


def event(
    record_id: str = "r1",
    *,
    at: int = 1_000,
    event_id: str | None = None,
    what: str = "created",
    residency: str | None = "GB",
    purpose: str | None = "dpv:SearchFunctionalities",
    lawful_basis: str | None = "dpv:LegitimateInterest",
    stores: tuple[str, ...] = ("images",),
    collected_at: int | None = None,
) -> Event:
    """Return an event about one record of one subject."""
    evidence = (Evidence("declared", residency, Instant(at)),) if residency else ()
    return Event(
        event_id=EventId(event_id or f"e-{record_id}-{what}-{at}"),
        what=what,
        happened_at=Instant(at),
        record_id=RecordId(record_id),
        subjects=(Subject(SubjectId(f"s-{record_id}"), evidence),),
        purpose=purpose,
        lawful_basis=lawful_basis,
        categories=("pd:Picture",),
        stores=tuple(StoreName(store) for store in stores),
        collected_at=None if collected_at is None else Instant(collected_at),
    )


def request(
    kind: str = "erasure",
    state: str = "accepted",
    *,
    request_id: str = "dsr-1",
    version: int = 1,
    subjects: tuple[str, ...] = ("s-r1",),
    received: int = 2_000,
    more: str = "",
) -> Envelope:
    """Return a request of people in its envelope; its time is counted in UTC by the CCPA's days."""
    text = f"""
request: {request_id}
version: {version}
kind: {kind}
state: {state}
clock: {{within: P45D, extended: P90D}}
zone: UTC
citation: {{law: UK GDPR, article: "17(1)", jurisdiction: GB}}
received: "{format_instant(Instant(received))}"
subjects: [{", ".join(subjects)}]
{more}
"""
    return enveloped("requests", text, "counsel")
