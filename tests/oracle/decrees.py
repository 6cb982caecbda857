"""Documents of a history, each with the hour it is sent."""

import itertools
import random
from collections.abc import Sequence
from dataclasses import replace

from tests.oracle.history import (
    BASE,
    Control,
    Document,
    Hold,
    Notice,
    Policy,
    Request,
    Rule,
    Step,
    Words,
)

SPAN = 60_000
RESIDENCIES = ("GB", "FR", "DE", "EU", "US", "US-CA", "UNKNOWN")
PURPOSES = ("dpv:SearchFunctionalities", "dpv:Marketing", "dpv:DirectMarketing")
CATEGORIES = ("pd:Picture", "pd:Biometric", "pd:FacialPrint")
BASES = ("dpv:Consent", "dpv:LegitimateInterest", "dpv:InformedConsent")
SOURCES = ("crawl", "upload")
KINDS = ("erasure", "objection", "consent_withdrawal", "restriction", "access", "access")
CLOCKS = (
    *("collected", "collected", "last_interaction"),
    *("purpose_ended", "relationship_ended", "consent_withdrawn"),
)
LAWS = (None, None, "GB", "FR", "DE", "EU", "US")

Dated = tuple[int, Document]
"""When a document is sent, and the document."""


def instant(rng: random.Random, first: int = 1_000, last: int = SPAN) -> int:
    """Return an instant; often a whole second, so that things coincide."""
    at = BASE + rng.randint(first, last)
    return at - at % 1_000 if rng.random() < 0.5 else at


def policies(rng: random.Random, stores: Sequence[str]) -> tuple[Policy, list[Dated]]:
    """Return the first version of the policy, and later ones."""
    first = policy = Policy(
        version=1,
        default=rng.randint(5, 60),
        leads=tuple((store, rng.choice((0, 0, 1, 3, 12))) for store in stores),
        rules=tuple(_rule(rng, number) for number in range(rng.randint(0, 4))),
        law=rng.choice(LAWS),
        answer_within=rng.choice((86_400, 5)),
    )
    if rng.random() < 0.05:
        first = policy = replace(policy, leads=policy.leads[1:])
    later: list[Dated] = []
    for version in range(2, 2 + rng.choice((0, 0, 0, 1, 1, 2))):
        at = instant(rng)
        since = at + rng.randint(-3_000, 15_000) if rng.random() < 0.5 else None
        rules = [
            replace(_rule(rng, 0), name=rule.name) if rng.random() < 0.3 else rule
            for rule in policy.rules
            if rng.random() < 0.85
        ]
        if rng.random() < 0.4:
            rules.append(_rule(rng, 10 * version))
        policy = replace(
            policy,
            version=version,
            rules=tuple(rules),
            default=rng.randint(5, 60) if rng.random() < 0.3 else policy.default,
            effective_from=since,
        )
        later.append((at, policy))
    return first, later


def _rule(rng: random.Random, number: int) -> Rule:
    bound = "minimum" if rng.random() < 0.3 else "maximum"
    return Rule(
        name=f"rule{number}",
        match=_words(rng),
        clock=rng.choice(CLOCKS),
        limit=rng.randint(1, 40),
        bound=bound,
        mode="observe" if bound == "maximum" and rng.random() < 0.15 else "enforce",
        law=rng.choice(LAWS),
    )


def _words(rng: random.Random) -> Words:
    residency = rng.sample(RESIDENCIES, rng.randint(1, 2)) if rng.random() < 0.7 else ()
    return Words(
        residency=tuple(residency),
        purpose=(rng.choice(PURPOSES),) if rng.random() < 0.25 else (),
        category=(rng.choice(CATEGORIES),) if rng.random() < 0.2 else (),
        lawful_basis=(rng.choice(BASES),) if rng.random() < 0.2 else (),
        source=(rng.choice(SOURCES),) if rng.random() < 0.1 else (),
    )


def notices(rng: random.Random) -> list[Dated]:
    """Return notices, some of them withdrawn later."""
    found: list[Dated] = []
    for number in range(rng.choice((0, 0, 1, 1, 2))):
        at = instant(rng)
        steps = []
        for action in rng.choice((("restrict",), ("delete",), ("restrict", "delete"))):
            start = instant(rng)
            steps.append(Step(action, action, start, start + rng.randint(1, 20_000)))
        notice = Notice(
            name=f"notice{number}",
            version=1,
            match=Words(residency=tuple(rng.sample(RESIDENCIES, rng.randint(1, 2)))),
            steps=tuple(steps),
            collected_before=instant(rng) if rng.random() < 0.3 else None,
            unknown="leave" if rng.random() < 0.25 else "restrict",
            law=rng.choice(LAWS),
            templates=rng.random() < 0.75,
        )
        if rng.random() < 0.5:
            found += _with_a_life(rng, at, notice)
            continue
        found.append((at, notice))
        if rng.random() < 0.4:
            found.append((instant(rng), replace(notice, version=2, in_force=False)))
            if rng.random() < 0.2:
                found.append((instant(rng), replace(notice, version=3)))
    return found


def _with_a_life(rng: random.Random, at: int, notice: Notice) -> list[Dated]:
    """Return the versions of a notice that is served, stayed and in the end perhaps cancelled.

    What happens may be told before it happens, when it does, or long after.
    """
    times = sorted({instant(rng) for _ in range(rng.randint(1, 5))})
    served, *rest = times
    words = itertools.cycle(("stayed", "stay_ended"))
    life = [(next(words), when) for when in rest]
    if life and rng.random() < 0.3:
        # What is stayed cannot be complied with.
        ends = ("cancelled", "complied") if len(life) % 2 else ("cancelled",)
        life[-1] = (rng.choice(ends), life[-1][1])
    steps = tuple(
        replace(
            step,
            complete_by=step.not_before + 1_000 * rng.randint(1, 20),
            keeps=step.action == "restrict" and rng.random() < 0.5,
        )
        for step in notice.steps
    )
    told = 0
    notice = replace(notice, steps=steps, served=served)
    found: list[Dated] = [(at, notice)]
    while told < len(life):
        told += rng.randint(1, len(life) - told)
        when = max(at, life[told - 1][1] + rng.choice((0, 0, rng.randint(-5_000, 5_000))))
        notice = replace(notice, version=notice.version + 1, life=tuple(life[:told]))
        found.append((when, notice))
    return found


def holds(rng: random.Random, records: Sequence[str]) -> list[Dated]:
    """Return holds, most of them released later, some made active again."""
    found: list[Dated] = []
    for number in range(rng.choice((0, 0, 1, 1, 2))):
        record = rng.choice(records)
        kind = rng.choice(("record", "subject", "match"))
        hold = Hold(
            name=f"hold{number}",
            version=1,
            records=(record,) if kind == "record" else (),
            subjects=(rng.choice((f"s-{record}", "s-all")),) if kind == "subject" else (),
            match=_words(rng) if kind == "match" else None,
        )
        if hold.match == Words():
            hold = replace(hold, match=None, records=(record,))
        times = sorted(instant(rng) for _ in range(rng.choice((1, 2, 2, 3))))
        for version, at in enumerate(times, start=1):
            found.append((at, replace(hold, version=version, active=version % 2 == 1)))
    return found


def requests(rng: random.Random, records: Sequence[str]) -> list[Dated]:
    """Return requests of people, most of them decided later."""
    found: list[Dated] = []
    for number in range(rng.choice((0, 0, 0, 1, 1, 2))):
        record = rng.choice(records)
        received = instant(rng)
        whose = rng.choice(("record", "subject", "subject", "all"))
        request = Request(
            name=f"dsr{number}",
            version=1,
            kind=rng.choice(KINDS),
            state=rng.choice(("received", "received", "accepted")),
            received=received,
            within=rng.randint(5, 40),
            records=(record,) if whose == "record" else (),
            subjects={"subject": (f"s-{record}",), "all": ("s-all",)}.get(whose, ()),
            match=Words(category=(rng.choice(CATEGORIES),)) if rng.random() < 0.2 else None,
            before=rng.choice((received, instant(rng))) if rng.random() < 0.5 else None,
            refused=(rng.choice(records),) if rng.random() < 0.2 else (),
            law=rng.choice(LAWS),
        )
        at = received + rng.choice((0, rng.randint(0, 10_000)))
        found.append((at, request))
        while rng.random() < 0.5:
            at += rng.randint(500, 20_000)
            state = rng.choice(("accepted", "accepted", "refused", "withdrawn", "received"))
            told = at if rng.random() < 0.4 else request.answered
            request = replace(request, version=request.version + 1, state=state, answered=told)
            found.append((at, request))
    return found


def controls(rng: random.Random, stores: Sequence[str], rules: Sequence[str]) -> list[Dated]:
    """Return pauses, most of them ended later."""
    scopes = ["all", *(f"store:{store}" for store in stores)]
    scopes += [f"rule:acme/{rule}" for rule in ("default", *rules)]
    found: list[Dated] = []
    for scope in rng.sample(scopes, min(len(scopes), rng.choice((0, 0, 0, 1, 1, 2)))):
        times = sorted(instant(rng) for _ in range(rng.choice((1, 2, 2, 3))))
        for version, at in enumerate(times, start=1):
            action = "pause" if version % 2 == 1 else "resume"
            found.append((at, Control(scope, version, action)))
    return found
