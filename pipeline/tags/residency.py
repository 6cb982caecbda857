"""Residency judged by evidence: in which territories people reside, are, or may be.

`judge` is total and has no clock: the age of evidence is measured at the newest evidence about the
same person, so that the same facts give the same tags at any time and in any order.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

import msgspec

from pipeline.events import Evidence, Subject
from pipeline.instants import DAY, Instant
from pipeline.vocabulary import UNKNOWN
from pipeline.vocabulary.signals import DEFAULT_METHOD, REPEATED_DAYS, WHOLE, Method, Signal

Band = Literal["RESIDENT", "PRESENT", "LIKELY"]
Axis = Literal["resident", "present"]
_CERTAIN: dict[Axis, Band] = {"resident": "RESIDENT", "present": "PRESENT"}
_SURENESS: dict[Band, int] = {"LIKELY": 1, "PRESENT": 2, "RESIDENT": 2}
_FIRST = Instant(0)
_MEMORY = 65_536


class Tag(msgspec.Struct, frozen=True, order=True, gc=False):
    """One conclusion about people of a record, with the signals that it rests on."""

    territory: str
    band: Band
    score: int
    signals: tuple[str, ...]


class Conclusion(msgspec.Struct, frozen=True, gc=False):
    """What the evidence says of one axis: where people reside, or where they are.

    Attributes:
        tags: what is concluded, by territory.
        candidates: territories that evidence names without being enough.
        unknown: whether nothing is concluded of somebody; True without any person.
        groundless: whether of somebody nothing is concluded and nothing hints at any territory.
        coarse: countries of which, for somebody, no subdivision is named as surely: who is known
            to be in the US may be in Illinois, but not who is known to be in California.
    """

    tags: tuple[Tag, ...] = ()
    candidates: tuple[str, ...] = ()
    unknown: bool = True
    groundless: bool = True
    coarse: tuple[str, ...] = ()


class Residency(msgspec.Struct, frozen=True, gc=False, cache_hash=True):
    """What the evidence says of the people a record is about.

    Attributes:
        resident: where they reside.
        present: where they are.
        conflicts: groups whose signals contradict each other, e.g. `declared: FR, GB`.
        method: name and version of the method.
    """

    resident: Conclusion = Conclusion()
    present: Conclusion = Conclusion()
    conflicts: tuple[str, ...] = ()
    method: str = DEFAULT_METHOD.name

    @property
    def names(self) -> tuple[str, ...]:
        """Territories of residence, and `UNKNOWN` where somebody's is not concluded."""
        found = tuple([tag.territory for tag in self.resident.tags])
        return (*found, UNKNOWN) if self.resident.unknown else found


def evidence_in_words(judged: Residency) -> list[str]:
    """Say what is concluded of residency, from which signals, by which method."""
    found = [
        f"{tag.band} of {tag.territory} ({tag.score / 1_000:.2f} by {', '.join(tag.signals)}; "
        f"{judged.method})"
        for tag in judged.resident.tags
    ]
    if judged.resident.unknown:
        found.append(f"residency of somebody is not concluded ({judged.method})")
    return found + [f"signals contradict each other: {text}" for text in judged.conflicts]


class Judge:
    """Judges by one method; remembers what it concluded from the same signs."""

    def __init__(self, method: Method = DEFAULT_METHOD) -> None:
        self.method = method
        self._signals = dict(method.signals)
        lasting = [s.lasts_days for s in self._signals.values() if s.lasts_days is not None]
        # Signs of different kinds that lie closer together than this are all in force.
        self._close = min(lasting, default=REPEATED_DAYS) * DAY
        self._nobody = Residency(method=method.name)
        self._by_signs = lru_cache(maxsize=_MEMORY)(self._of_signs)

    def judge(self, subjects: tuple[Subject, ...]) -> Residency:
        """Return the residency of a record about these people."""
        if len(subjects) == 1:  # the usual record
            return self._of_subject(subjects[0].evidence)
        if not subjects:
            return self._nobody
        return _union([self._of_subject(item.evidence) for item in subjects], self.method.name)

    def _of_subject(self, evidence: tuple[Evidence, ...]) -> Residency:
        if not evidence:
            return self._nobody
        signs = tuple([(item.signal, item.territory) for item in evidence])
        if len(signs) == 1:
            return self._by_signs(signs)
        if len(signs) == 2:  # as below, without the lists
            one, other = evidence
            differ, apart = one.signal != other.signal, abs(one.observed_at - other.observed_at)
        else:
            times = [item.observed_at for item in evidence]
            differ = len({signal for signal, _ in signs}) == len(signs)
            apart = max(times) - min(times)
        return (
            self._by_signs(signs) if differ and apart < self._close else self._of_evidence(evidence)
        )

    def _of_signs(self, signs: tuple[tuple[str, str], ...]) -> Residency:
        """Judge signs that are all in force: when they were observed changes nothing."""
        return self._of_evidence(tuple(Evidence(name, where, _FIRST) for name, where in signs))

    def _of_evidence(self, evidence: tuple[Evidence, ...]) -> Residency:
        live = self._live(evidence)
        conflicts = _conflicts(live)
        counted = [sign for sign in live if sign.spec.group not in conflicts]
        named = sorted({place for sign in live for place in _places(sign.territory)})
        return Residency(
            resident=self._concluded("resident", named, counted),
            present=self._concluded("present", named, counted),
            conflicts=tuple([f"{group}: {', '.join(where)}" for group, where in conflicts.items()]),
            method=self.method.name,
        )

    def _concluded(self, axis: Axis, named: list[str], signs: list["_Sign"]) -> Conclusion:
        tags = self._tags(axis, named, signs)
        sure = {tag.territory: _SURENESS[tag.band] for tag in tags}
        finer: dict[str, int] = {}
        for place in named:
            country, _, subdivision = place.partition("-")
            if subdivision:
                finer[country] = max(finer.get(country, -1), sure.get(place, 0))
        return Conclusion(
            tags=tags,
            candidates=tuple([place for place in named if place not in sure]),
            unknown=not tags,
            groundless=not named,
            coarse=tuple(
                [
                    place
                    for place in named
                    if "-" not in place and sure.get(place, 0) > finer.get(place, -1)
                ]
            ),
        )

    def _live(self, evidence: tuple[Evidence, ...]) -> list["_Sign"]:
        """Return what counts at the newest evidence: not aged, not replaced, not worth nothing."""
        newest = max(item.observed_at for item in evidence)
        latest: dict[str, Instant] = {}
        for item in evidence:
            latest[item.signal] = max(latest.get(item.signal, _FIRST), item.observed_at)
        repeated = _repeated(evidence)
        found = []
        for item in evidence:
            spec = self._signals.get(item.signal)
            if spec is None or not (spec.resident or spec.present):
                continue
            if spec.lasts_days is not None and item.observed_at + spec.lasts_days * DAY <= newest:
                continue
            if spec.newest_only and item.observed_at < latest[item.signal]:
                continue
            often = spec.repeated and (item.signal, item.territory) in repeated
            found.append(_Sign(item.signal, item.territory, spec, often=bool(often)))
        return found

    def _tags(self, axis: Axis, named: Iterable[str], signs: list["_Sign"]) -> tuple[Tag, ...]:
        method = self.method
        tags = []
        for place in named:
            best: dict[str, _Sign] = {}
            for sign in signs:
                weight = sign.weight(axis)
                if weight and place in _places(sign.territory):
                    known = best.get(sign.spec.group)
                    if known is None or known.weight(axis) < weight:
                        best[sign.spec.group] = sign
            doubt = WHOLE
            for sign in best.values():
                doubt = doubt * (WHOLE - sign.weight(axis)) // WHOLE
            score = WHOLE - doubt
            agreeing = sum(sign.weight(axis) >= method.agreeing_from for sign in best.values())
            if score >= method.resident_from or agreeing >= 2:
                band = _CERTAIN[axis]
            elif score >= method.likely_from:
                band = "LIKELY"
            else:
                continue
            names = tuple(sorted({sign.name for sign in best.values()}))
            tags.append(Tag(place, band, score, names))
        return tuple(tags)


class _Sign(msgspec.Struct, frozen=True, gc=False):
    """One piece of evidence that counts."""

    name: str
    territory: str
    spec: Signal
    often: bool

    def weight(self, axis: Axis) -> int:
        if axis == "present":
            return self.spec.present
        return max(self.spec.resident, self.spec.repeated) if self.often else self.spec.resident


def _places(territory: str) -> tuple[str, ...]:
    """Return the territory and, of a subdivision, its country: who is in US-CA is in US."""
    country = territory.partition("-")[0]
    return (territory,) if country == territory else (country, territory)


def _repeated(evidence: tuple[Evidence, ...]) -> set[tuple[str, str]]:
    """Return signal and territory of what was observed there over `REPEATED_DAYS` or more."""
    spans: dict[tuple[str, str], tuple[Instant, Instant]] = {}
    for item in evidence:
        key = (item.signal, item.territory)
        first, last = spans.get(key, (item.observed_at, item.observed_at))
        spans[key] = (min(first, item.observed_at), max(last, item.observed_at))
    return {key for key, (first, last) in spans.items() if last - first >= REPEATED_DAYS * DAY}


def _conflicts(live: list[_Sign]) -> dict[str, list[str]]:
    """Return the groups whose signals name territories of which none contains the other."""
    named: dict[str, set[str]] = {}
    for sign in live:
        named.setdefault(sign.spec.group, set()).add(sign.territory)
    return {
        group: sorted(places)
        for group, places in sorted(named.items())
        if any(
            one not in _places(other) and other not in _places(one)
            for one in places
            for other in places
        )
    }


def _union(found: list[Residency], method: str) -> Residency:
    """Join what is known of several people: each one's obligations hold for the record."""
    return Residency(
        resident=_joined([item.resident for item in found]),
        present=_joined([item.present for item in found]),
        conflicts=tuple(sorted({text for item in found for text in item.conflicts})),
        method=method,
    )


def _joined(found: list[Conclusion]) -> Conclusion:
    tags = _strongest(tag for item in found for tag in item.tags)
    concluded = {tag.territory for tag in tags}
    candidates = {place for item in found for place in item.candidates} - concluded
    return Conclusion(
        tags=tags,
        candidates=tuple(sorted(candidates)),
        unknown=any(item.unknown for item in found),
        groundless=any(item.groundless for item in found),
        coarse=tuple(sorted({place for item in found for place in item.coarse})),
    )


def _strongest(tags: Iterable[Tag]) -> tuple[Tag, ...]:
    best: dict[str, Tag] = {}
    for tag in tags:
        known = best.get(tag.territory)
        if known is None or (known.score, known.signals) < (tag.score, tag.signals):
            best[tag.territory] = tag
    return tuple(best[place] for place in sorted(best))
