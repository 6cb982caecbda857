"""What a life inherits from those that its data was derived from."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.oracle.asked import asked_of
from tests.oracle.history import Document, Hold, Notice, Request
from tests.oracle.lives import Known, Life, lives
from tests.oracle.words import ELSEWHERE, LIKELY, NO, POSSIBLE, reach


@dataclass
class Heard:
    """What parents say: how surely notices mean them, by name; requests and holds by name.

    Attributes:
        decides: whether they alone say whom the life is about.
        unsure: whether something of them is gone: what meant it before then is not worked out here.
    """

    notices: dict[str, int] = field(default_factory=dict)
    requests: set[str] = field(default_factory=set)
    holds: set[str] = field(default_factory=set)
    decides: bool = False
    unsure: bool = False


def meant(life: Life, notice: Notice, heard: Heard) -> int:
    """Return how surely a notice speaks of a life."""
    if life.kind == "template" and not notice.templates:
        return NO
    own = reach(notice.match, life.said, life.subjects)
    if heard.decides and own < LIKELY:
        own = NO
    if notice.collected_before is not None and life.collected >= notice.collected_before:
        own = min(own, ELSEWHERE)
    return max(own, heard.notices.get(notice.name, NO))


def holds_on(life: Life, documents: list[Document], heard: Heard) -> list[str]:
    """Return the names of what keeps a life: holds, requests, and those of its parents."""
    found = set(heard.holds)
    for one in documents:
        if isinstance(one, Hold) and _holds(one, life):
            found.add(one.name)
        if isinstance(one, Request):
            what = asked_of(one, life, named=one.name in heard.requests)
            if what == "keep" or (what == "restrict" and one.kind == "restriction"):
                found.add(f"request:{one.name}")
    return sorted(found)


def _holds(hold: Hold, life: Life) -> bool:
    if not hold.active:
        return False
    people = {subject.subject_id for subject in life.subjects}
    return (
        life.record in hold.records
        or not people.isdisjoint(hold.subjects)
        or (hold.match is not None and reach(hold.match, life.said, life.subjects) >= ELSEWHERE)
    )


def generations(known: Known, record: str) -> int:
    """Return how many generations a record was derived from, as events name its parents."""
    parents: dict[str, set[str]] = {}
    for event in known.events:
        parents.setdefault(event.record_id, set()).update(event.parents)
    count, present, seen = 0, parents.get(record, set()), {record}
    while present := present - seen:
        count += 1
        seen |= present
        present = {name for one in present for name in parents.get(one, ())}
    return count


def kinship(known: Known, documents: list[Document]) -> Callable[[Life], Heard]:
    """Return what tells of each life what its parents say."""
    found: dict[str, list[Life]] = {}
    for life in lives(known):
        found.setdefault(life.record, []).append(life)
    told_of = {str(event.record_id) for event in known.events}
    gone = {record for record, *_ in known.ended}

    def of(life: Life) -> Heard:
        heard = Heard()
        for parent in life.parents:
            heard.unsure |= parent in gone or (parent in told_of and parent not in found)
            for one in found.get(parent, ()):
                _add(heard, one, documents, of(one))
        silent = not any(subject.evidence for subject in life.subjects)
        heard.decides = bool(life.parents) and silent and set(life.parents) <= told_of
        return heard

    return of


def _add(heard: Heard, parent: Life, documents: list[Document], above: Heard) -> None:
    heard.unsure |= above.unsure
    heard.requests |= above.requests
    heard.holds |= set(holds_on(parent, documents, above))
    for name, sure in above.notices.items():
        heard.notices[name] = max(heard.notices.get(name, NO), sure)
    for one in documents:
        if isinstance(one, Notice) and one.in_force and one.steps:
            sure = meant(parent, one, above)
            if sure >= LIKELY or (sure == POSSIBLE and one.unknown == "restrict"):
                heard.notices[one.name] = max(heard.notices.get(one.name, NO), sure)
        if isinstance(one, Request):
            what = asked_of(one, parent, named=one.name in above.requests)
            if what in ("delete", "restrict"):
                heard.requests.add(one.name)
