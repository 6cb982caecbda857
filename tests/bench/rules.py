"""Tags and rules alone, after decoding, on one core and without Beam. Runs in a child."""

import gc
import random
import time
from collections.abc import Callable, Iterable

from pipeline.documents import Versions
from pipeline.events import Event, Evidence, Subject
from pipeline.instants import DAY, Instant
from pipeline.records import Record, applied
from pipeline.rules import Planner
from pipeline.vocabulary.signals import DEFAULT_SIGNALS
from tests.bench.world import full_documents, varied_event

AT = 1_767_225_600_000  # 2026-01-01T00:00Z
SEED = 1
MOST_SIGNS = 3
OTHERWISE = 0.1
"""How often a piece of evidence names another territory than the first."""
_PLACES = ("GB", "FR", "DE", "US-IL", "US-CA", "AU", "JE", "BR", "IE", "IT")


def measure(*, events: int) -> dict[str, float]:
    """Return records a second of CPU: judged, and planned (which judges too)."""
    rng = random.Random(SEED)
    records = [applied(None, _event(number, rng)) for number in range(events)]
    documents = full_documents()
    planner = Planner(Versions.of(documents).in_force(Instant(AT)))
    gc.freeze()
    judge = Planner(Versions.of(documents).in_force(Instant(AT))).judge
    return {
        "tags": _rate(lambda record: judge.judge(record.subjects), records),
        "rules": _rate(planner.plan, records),
    }


def _rate(do: Callable[[Record], object], records: Iterable[Record]) -> float:
    began, count = time.process_time(), 0
    for record in records:
        do(record)
        count += 1
    return count / (time.process_time() - began)


def _event(number: int, rng: random.Random) -> Event:
    made = varied_event(number, AT + number)
    home = rng.choice(_PLACES)
    signs = tuple(
        Evidence(
            signal,
            rng.choice(_PLACES) if rng.random() < OTHERWISE else home,
            Instant(AT - rng.randrange(20) * DAY),
        )
        for signal in rng.sample(sorted(DEFAULT_SIGNALS), rng.randint(0, MOST_SIGNS))
    )
    person = made.subjects[0].subject_id
    return Event(
        event_id=made.event_id,
        what=made.what,
        happened_at=made.happened_at,
        record_id=made.record_id,
        subjects=(Subject(person, signs),),
        purpose=made.purpose,
        lawful_basis=made.lawful_basis,
        categories=made.categories,
        source=made.source,
        stores=made.stores,
    )
