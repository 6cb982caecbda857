"""What a scenario gave against what it must give: the differences, one line each."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from pipeline.commands import Command
from pipeline.instants import Instant, format_instant
from pipeline.stories.lines import NUMBER
from pipeline.stories.replay import Played
from pipeline.stories.scenario import Expected, Scenario

_What = tuple[str, str, str, str]


class Difference(NamedTuple):
    """One difference: `missing`, `unexpected`, `early` or `late`; of what; and a sentence."""

    kind: str
    what: str
    says: str


def differences(scenario: Scenario, played: Played) -> tuple[Difference, ...]:
    """Return how what was given differs from what was expected; nothing: it is as it must be."""
    quarantined = Counter(item.reason for item in played.quarantined)
    found = Counter(item.kind for item in played.findings)
    return (
        *_commands(scenario.commands, played),
        *_counts("finding", scenario.findings, found),
        *_counts("in quarantine", scenario.quarantined, quarantined),
    )


def _commands(expected: Iterable[Expected], played: Played) -> Iterator[Difference]:
    wanted: dict[_What, list[Expected]] = defaultdict(list)
    for one in expected:
        wanted[_kind(one), one.record, one.store, one.cause].append(one)
    given: dict[_What, list[Instant]] = defaultdict(list)
    seen: set[_What] = set()
    for command, at in played.commands:
        what: _What = (_kind(command), command.record_id, command.store, command.cause)
        # What is commanded of the same record again is not another of the many.
        filed = what if what in seen else _filed(what, wanted)
        seen.add(what)
        given[filed].append(at)
    for what in sorted({*wanted, *given}):
        named = "{} {} in {} under {}".format(*what)
        yield from _pairs(named, wanted[what], sorted(given[what]))


def _kind(one: Expected | Command) -> str:
    """Return what is commanded, with the fields that it is of."""
    return f"{one.kind} of {', '.join(one.fields)}" if one.fields else one.kind


def _filed(what: _What, wanted: Mapping[_What, list[Expected]]) -> _What:
    """Return under what a command is compared: a line of its own, or one of many records."""
    if what in wanted:
        return what
    kind, record, store, cause = what
    for wide in wanted:
        before, number, after = wide[1].partition(NUMBER)
        pattern = rf"{re.escape(before)}\d+{re.escape(after)}"
        if (
            number
            and (kind, store, cause) == (wide[0], *wide[2:])
            and re.fullmatch(pattern, record)
        ):
            return wide
    return what


def _pairs(named: str, wanted: list[Expected], given: list[Instant]) -> Iterator[Difference]:
    """Compare what is expected with what was given, each in the order of time."""
    for at, one in zip(given, sorted(wanted, key=lambda one: one.not_before), strict=False):
        between = f"not {_window(one)}"
        if at < one.not_before:
            yield Difference("early", named, f"given at {format_instant(at)}, {between}")
        elif at > one.not_after:
            yield Difference("late", named, f"given at {format_instant(at)}, {between}")
    for one in sorted(wanted, key=lambda one: one.not_before)[len(given) :]:
        yield Difference("missing", named, f"expected {_window(one)}, never given")
    for at in given[len(wanted) :]:
        yield Difference("unexpected", named, f"given at {format_instant(at)}")


def _window(one: Expected) -> str:
    if one.not_before == one.not_after:
        return f"at {format_instant(one.not_before)}"
    return f"between {format_instant(one.not_before)} and {format_instant(one.not_after)}"


def _counts(
    name: str, wanted: Mapping[str, int | None], found: Mapping[str, int]
) -> Iterator[Difference]:
    for kind in sorted({*wanted, *found}):
        times = found.get(kind, 0)
        if kind not in wanted:
            yield Difference("unexpected", f"{name} {kind}", f"told {_times(times)}")
        elif not times:
            yield Difference("missing", f"{name} {kind}", "expected, never told")
        elif wanted[kind] not in {None, times}:
            expected = _times(wanted[kind] or 0)
            kind_of = "missing" if times < (wanted[kind] or 0) else "unexpected"
            yield Difference(kind_of, f"{name} {kind}", f"told {_times(times)}, not {expected}")


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"
