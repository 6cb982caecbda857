"""The record of processing activities (GDPR art 30(1)), from what is held and what is in force.

An activity is a class of records: the same purposes, bases, categories, people's territories,
sources, stores and recipients. Its envisaged time limits (art 30(1)(f)) are the rules that cover
the class. No id of a record or person is in it.
"""

from collections import Counter
from typing import NamedTuple

import msgspec

from pipeline.coverage import Limit
from pipeline.identifiers import RecordId
from pipeline.records import Record
from pipeline.rules import Planner


class TimeLimit(msgspec.Struct, frozen=True):
    """One envisaged time limit of an activity.

    Attributes:
        bound: maximum: erased at the latest then; minimum: kept until then.
        period: ISO 8601.
        clock: the happening from which it runs.
        rule: the rule it comes from, as the cause of its commands.
        citation: the law.
    """

    bound: str
    period: str
    clock: str
    rule: str
    citation: str


class Activity(msgspec.Struct, frozen=True, kw_only=True):
    """One activity, and how many records are of it.

    Attributes:
        kind: source, template or model.
        residency: where its people are believed to reside; UNKNOWN where that is not concluded.
        limits: what covers it; the earliest maximum that has started decides for a record.
        gaps: what is missing, e.g. NO_PURPOSE.
    """

    kind: str
    purposes: tuple[str, ...]
    lawful_bases: tuple[str, ...]
    categories: tuple[str, ...]
    residency: tuple[str, ...]
    sources: tuple[str, ...]
    stores: tuple[str, ...]
    recipients: tuple[str, ...]
    records: int
    limits: tuple[TimeLimit, ...]
    gaps: tuple[str, ...]


class _Class(NamedTuple):
    kind: str
    purposes: tuple[str, ...]
    lawful_bases: tuple[str, ...]
    categories: tuple[str, ...]
    residency: tuple[str, ...]
    sources: tuple[str, ...]
    stores: tuple[str, ...]
    recipients: tuple[str, ...]


class Register:
    """A record of processing in the making: a class is kept of each record, not the record.

    Args:
        planner: the rules in force.
    """

    def __init__(self, planner: Planner) -> None:
        self._planner = planner
        self._of: dict[RecordId, tuple[int, _Class | None]] = {}
        self._numbers: dict[_Class, _Class] = {}
        self._limits: dict[_Class, tuple[tuple[TimeLimit, ...], tuple[str, ...]]] = {}

    def take(self, record: Record) -> None:
        """Take one version of a record; of several the newest counts."""
        version, _ = self._of.get(record.record_id, (-1, None))
        if version >= record.version:
            return
        self._of[record.record_id] = (record.version, self._class(record))

    def forget(self, record_id: RecordId) -> None:
        """Take note that a row was removed."""
        self._of.pop(record_id, None)

    def activities(self) -> tuple[Activity, ...]:
        """Return every activity of which there is data, the most records first."""
        counts = Counter(found for _, found in self._of.values() if found is not None)
        ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        return tuple([self._activity(found, count) for found, count in ordered])

    def _class(self, record: Record) -> _Class | None:
        lives = record.lives()
        if not lives:
            return None
        facts = record.of_life(max(lives))
        judged = self._planner.judge.judge(facts.subjects)
        found = _Class(
            facts.kind,
            facts.purposes,
            facts.lawful_bases,
            facts.categories,
            judged.names,
            facts.sources,
            tuple(sorted(store for stores in lives.values() for store in stores)),
            facts.recipients,
        )
        if found not in self._limits:
            coverage = self._planner.coverage(facts, judged)
            maxima = coverage.maxima or tuple(
                Limit.default(policy) for policy in self._planner.in_force.policies
            )
            limits = [_said("maximum", limit) for limit in maxima]
            limits += [_said("minimum", limit) for limit in coverage.minima]
            gaps = coverage.gaps if coverage.maxima else coverage.gaps_without_rule
            self._limits[found] = (tuple(limits), tuple(gap.kind.value for gap in gaps))
        return self._numbers.setdefault(found, found)

    def _activity(self, found: _Class, count: int) -> Activity:
        limits, gaps = self._limits[found]
        return Activity(**found._asdict(), records=count, limits=limits, gaps=gaps)


def _said(bound: str, limit: Limit) -> TimeLimit:
    return TimeLimit(bound, str(limit.limit), str(limit.clock), limit.cause, limit.citation)
