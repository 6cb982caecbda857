"""Histories from a seed: who holds what about whom, what happens to it, and what is decreed."""

import random
from collections.abc import Sequence
from dataclasses import replace

from pipeline.events import Event, Evidence, Subject
from pipeline.identifiers import EventId, RecordId, StoreName, SubjectId
from pipeline.instants import Instant
from tests.oracle.decrees import SPAN, controls, holds, instant, notices, policies, requests
from tests.oracle.history import BASE, WINDOW, Delivery, Document, History

TAIL = 150_000
"""How long nothing more happens (ms), so that every limit is over at the end."""
STORES = ("images", "index", "vectors")
TERRITORIES = ("GB", "FR", "DE", "US-CA")
SIGNALS = ("declared", "declared", "phone_number", "ip_geolocation", "page_cctld")
PURPOSES = ("dpv:SearchFunctionalities", "dpv:DirectMarketing", "dpv:Advertising", None)
BASES = ("dpv:InformedConsent", "dpv:LegitimateInterestOfController", "dpv:Consent", None)
CATEGORIES = ("pd:Picture", "pd:FacialPrint", "pd:Biometric")
SOURCES = ("crawl", "upload", None)
CREATING = ("created", "created", "created", "derived", "updated", "inventoried")
LATER = (
    *("updated", "accessed", "accessed", "derived", "disclosed", "informed", "inventoried"),
    *("purpose_ended", "relationship_ended", "consent_withdrawn", "deleted", "created"),
)


def history(seed: int) -> History:
    """Return the history of a seed: always the same."""
    rng = random.Random(seed)
    stores = STORES[: rng.randint(1, 3)]
    records = [f"r{number}" for number in range(1, rng.choice((1, 1, 2, 2, 3, 4, 5, 6)) + 1)]
    first, later = policies(rng, stores)
    documents = [
        *later,
        *notices(rng),
        *holds(rng, records),
        *controls(rng, stores, [rule.name for rule in first.rules]),
        *requests(rng, records),
    ]
    deliveries = [Delivery(BASE, first)]
    deliveries += [_late(rng, at, document) for at, document in documents]
    for record in records:
        deliveries += _events(rng, record, stores)
    deliveries += [
        replace(item, at=item.at + rng.randint(0, WINDOW))
        for item in deliveries
        if rng.random() < 0.1
    ]
    order = sorted(deliveries, key=lambda item: item.at)
    return History(seed, tuple(order), BASE + SPAN + TAIL)


def _late(rng: random.Random, at: int, what: Event | Document) -> Delivery:
    return Delivery(at + rng.choice((0, 0, rng.randint(0, WINDOW))), what)


def _events(rng: random.Random, record: str, stores: Sequence[str]) -> list[Delivery]:
    people = [f"s-{record}", "s-all"][: rng.choice((1, 1, 1, 1, 2))] if rng.random() < 0.95 else []
    home = rng.choice(TERRITORIES)
    at = instant(rng, last=SPAN // 2)
    begins = rng.choice(CREATING)
    if rng.random() < 0.35:
        begins, people = "derived", people if rng.random() < 0.5 else []
    found = [_event(rng, record, begins, at, 0, stores, people, home)]
    for number in range(1, rng.choice((1, 1, 2, 3, 4, 6))):
        at = instant(rng)
        what = rng.choice(LATER)
        found.append(_event(rng, record, what, at, number, stores, people, home))
    return [_late(rng, event.happened_at, event) for event in found]


def _event(
    rng: random.Random,
    record: str,
    what: str,
    at: int,
    number: int,
    stores: Sequence[str],
    people: list[str],
    home: str,
) -> Event:
    known = rng.random() < (0.9 if number == 0 else 0.4)
    named = rng.sample(stores, rng.randint(1, len(stores)))
    if rng.random() < (0.05 if number == 0 else 0.3):
        named = []
    # What came to be before, and sometimes what nobody ever told of.
    before = [RecordId(f"r{one}") for one in range(1, int(record[1:]))]
    if rng.random() < 0.2:
        before.append(RecordId("nobody"))
    parents = tuple(sorted(rng.sample(before, min(len(before), rng.choice((1, 1, 2))))))
    prefix = "inventory:" if what == "inventoried" else "e-"
    return Event(
        event_id=EventId(f"{prefix}{record}-{number}"),
        what=what,
        happened_at=Instant(at),
        record_id=RecordId(record),
        kind="template" if what == "derived" and parents else "source",
        parents=parents if what == "derived" else (),
        subjects=tuple(_subject(rng, name, at, home) for name in people) if known else (),
        purpose=rng.choice(PURPOSES) if known else None,
        lawful_basis=rng.choice(BASES) if known else None,
        categories=tuple(rng.sample(CATEGORIES, rng.randint(0, 2))) if known else (),
        source=rng.choice(SOURCES) if known else None,
        stores=tuple(StoreName(store) for store in sorted(named)),
        recipients=("partner",) if what == "disclosed" else (),
        collected_at=Instant(at - rng.randint(0, 15_000)) if rng.random() < 0.2 else None,
    )


def _subject(rng: random.Random, name: str, at: int, home: str) -> Subject:
    signs = set()
    for _ in range(rng.choice((0, 1, 1, 1, 2))):
        place = home if rng.random() < 0.8 else rng.choice(TERRITORIES)
        seen = at - rng.choice((0, 0, rng.randint(0, 20_000)))
        signs.add(Evidence(rng.choice(SIGNALS), place, Instant(seen)))
    return Subject(SubjectId(name), tuple(sorted(signs)))
