"""What a history is made of: documents in our own words, deliveries, and how stores answer."""

import json
from dataclasses import dataclass
from typing import Any

from pipeline.documents import Envelope, enveloped
from pipeline.events import Event
from pipeline.instants import Instant, format_instant

BASE = 1_767_225_600_000
"""2026-01-01T00:00Z in milliseconds: every history begins then."""
WINDOW = 2_000
"""Deliveries are late by at most so much, and a command may be (ms)."""
POLICY = "acme"
URL = "https://example.org/law"


@dataclass(frozen=True)
class Words:
    """What a document matches: a list of words an axis, empty for any."""

    residency: tuple[str, ...] = ()
    purpose: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    lawful_basis: tuple[str, ...] = ()
    source: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rule:
    """A rule of the policy; `limit` in seconds, `law` is the jurisdiction of its citation."""

    name: str
    match: Words
    clock: str
    limit: int
    bound: str = "maximum"
    mode: str = "enforce"
    law: str | None = None


@dataclass(frozen=True)
class Policy:
    """A version of the policy; `default` and `leads` in seconds."""

    version: int
    default: int
    leads: tuple[tuple[str, int], ...]
    rules: tuple[Rule, ...] = ()
    effective_from: int | None = None
    law: str | None = None
    answer_within: int = 86_400
    name: str = POLICY


@dataclass(frozen=True)
class Step:
    """A step of a notice, in milliseconds; `keeps`: what it restricted outlasts a stay."""

    name: str
    action: str
    not_before: int
    complete_by: int
    keeps: bool = False


@dataclass(frozen=True)
class Notice:
    """A version of a notice. `templates`: whether it reaches what was derived.

    With `served`, its steps give time from then on instead: as long as their windows are. `life`
    says what happened to it, and when.
    """

    name: str
    version: int
    match: Words
    steps: tuple[Step, ...]
    in_force: bool = True
    collected_before: int | None = None
    unknown: str = "restrict"
    law: str | None = None
    served: int | None = None
    life: tuple[tuple[str, int], ...] = ()
    templates: bool = True


@dataclass(frozen=True)
class Hold:
    """A version of a hold."""

    name: str
    version: int
    active: bool = True
    records: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    match: Words | None = None


@dataclass(frozen=True)
class Request:
    """A version of a person's request; `within` in seconds; `refused` lists records.

    `answered`: when the person was told (ms).
    """

    name: str
    version: int
    kind: str
    state: str
    received: int
    within: int
    records: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    match: Words | None = None
    before: int | None = None
    refused: tuple[str, ...] = ()
    law: str | None = None
    answered: int | None = None


@dataclass(frozen=True)
class Control:
    """A version of a pause or resume; `name` is the scope."""

    name: str
    version: int
    action: str


Document = Policy | Notice | Hold | Request | Control


@dataclass(frozen=True)
class Delivery:
    """Something that reaches the ledger at an instant."""

    at: int
    what: Event | Document


@dataclass(frozen=True)
class History:
    """Deliveries in order of arrival, until `end` (ms). `seed` also decides how stores answer."""

    seed: int
    deliveries: tuple[Delivery, ...]
    end: int


def envelope(document: Document) -> Envelope:
    """Publish a document as its author would, as YAML (JSON is YAML)."""
    kinds = {
        Policy: "policies",
        Notice: "notices",
        Hold: "holds",
        Request: "requests",
        Control: "controls",
    }
    return enveloped(kinds[type(document)], json.dumps(_form(document)), "counsel")


def _form(document: Document) -> dict[str, Any]:
    version = document.version
    match document:
        case Policy():
            return _policy(document)
        case Notice():
            return {
                "notice": document.name,
                "version": version,
                "authority": "GB-ICO",
                "citation": _citation(document.law),
                "state": "in_force" if document.in_force else "withdrawn",
                "match": _match(document.match),
                "unknown": document.unknown,
                "reach": "SOURCE+TEMPLATES" if document.templates else "SOURCE",
                **_instant("collected_before", document.collected_before),
                **_life(document),
                "steps": [_step(document, step) for step in document.steps],
            }
        case Hold():
            lists = {"records": document.records, "subjects": document.subjects}
            form: dict[str, Any] = {"hold": document.name, "version": version, "reason": "dispute"}
            form |= {key: list(values) for key, values in lists.items() if values}
            if document.match is not None:
                form["match"] = _match(document.match)
            return {**form, "state": "active" if document.active else "released"}
        case Request():
            return _request(document)
        case Control():
            return {
                "control": document.name,
                "version": version,
                "action": document.action,
                "reason": "exercise",
            }


def _request(request: Request) -> dict[str, Any]:
    lists = {"records": request.records, "subjects": request.subjects}
    refused: list[dict[str, Any]] = []
    if request.refused:
        refused.append({"code": "LegalClaims", "records": list(request.refused)})
    if request.state == "refused":
        refused.append({"code": "Archiving"})
    return {
        "request": request.name,
        "version": request.version,
        "kind": request.kind,
        "state": request.state,
        "clock": {"within": f"PT{request.within}S"},
        "zone": "UTC",
        "citation": _citation(request.law),
        **_instant("received", request.received),
        **_instant("answered", request.answered),
        **{key: list(values) for key, values in lists.items() if values},
        **({} if request.match is None else {"match": _match(request.match)}),
        **({"refused": refused} if refused else {}),
        **(
            {"collected_before": "none"}
            if request.before is None
            else _instant("collected_before", request.before)
        ),
    }


def _life(notice: Notice) -> dict[str, Any]:
    if notice.served is None:
        return {}
    return {
        **_instant("served", notice.served),
        "appeal": {"window": "PT1S", "suspends": "no", "zone": "UTC"},
        **(
            {"life": [{"happened": what, **_instant("at", at)} for what, at in notice.life]}
            if notice.life
            else {}
        ),
    }


def _step(notice: Notice, step: Step) -> dict[str, Any]:
    form = {"id": step.name, "action": step.action}
    if notice.served is None:
        return {
            **form,
            **_instant("not_before", step.not_before),
            **_instant("complete_by", step.complete_by),
        }
    seconds = (step.complete_by - step.not_before) // 1_000
    keeps = {"while_suspended": "keep"} if step.keeps else {}
    return {**form, "after": "service", "within": f"PT{seconds}S", **keeps}


def _policy(policy: Policy) -> dict[str, Any]:
    answer = f"PT{policy.answer_within}S"
    return {
        "policy": policy.name,
        "version": policy.version,
        "zone": "UTC",
        **_instant("effective_from", policy.effective_from),
        "default": {"limit": f"PT{policy.default}S", "citation": _citation(policy.law)},
        "stores": {
            store: {"lead": f"PT{lead}S", "answer_within": answer} for store, lead in policy.leads
        },
        "rules": [
            {
                "id": rule.name,
                "match": _match(rule.match),
                "clock": rule.clock,
                "limit": f"PT{rule.limit}S",
                "citation": _citation(rule.law),
                "mode": rule.mode,
                "bound": rule.bound,
            }
            for rule in policy.rules
        ],
    }


def _citation(law: str | None) -> dict[str, str]:
    said = {} if law is None else {"jurisdiction": law}
    return {"law": "Law", "article": "5(1)(e)", "url": URL, **said}


def _match(words: Words) -> dict[str, list[str]]:
    return {axis: list(named) for axis, named in vars(words).items() if named}


def _instant(key: str, at: int | None) -> dict[str, str]:
    return {} if at is None else {key: format_instant(Instant(at))}
