"""The soak's own judgement: it sees what is wrong."""

from dataclasses import replace as changed

import pytest

from pipeline.identifiers import CommandId, RecordId
from pipeline.instants import Instant
from pipeline.metrics.catalogue import METRICS
from tests.soak.kills import HASTE_SECONDS, VICTIMS, Report, schedule
from tests.soak.stores import Seen
from tests.soak.story import Told
from tests.soak.verdict import Verdict, judged
from tests.soak.watched import COUNTERS, STANDING, Exporter, numbers

TOLD = Told(due={"r1": Instant(1_000), "r2": Instant(2_000)}, later={"r3"})
WINDOWS = {"r2": (Instant(500), Instant(5_000))}
EXPECTED = {CommandId("c1"), CommandId("c2")}


def seen(number: int, stamp: int, not_before: int | None = None) -> Seen:
    at = Instant(stamp if not_before is None else not_before)
    name = RecordId(f"r{number}")
    return Seen(CommandId(f"c{number}"), "DELETE", name, at, at, Instant(stamp), 0.0)


GOOD = [seen(1, 1_000), seen(2, 5_000), seen(1, 1_500)]


def test_what_is_right_is_kept_and_repetitions_are_counted() -> None:
    verdict = judged(GOOD, EXPECTED, TOLD, WINDOWS)
    assert verdict == Verdict(expected=2, messages=3, held=1)
    assert verdict.duplicates == 1
    assert not verdict.kept, "no ledger was compared yet"
    assert changed(verdict, same_ledger=True).kept


@pytest.mark.parametrize(
    ("deletions", "name"),
    [
        (GOOD[1:2], "lost"),
        ([*GOOD, seen(3, 9_000)], "unexpected"),
        ([*GOOD, seen(3, 9_000)], "early"),
        ([*GOOD, seen(1, 999)], "early"),
        ([*GOOD, seen(1, 1_000, not_before=999)], "early"),
        ([*GOOD, seen(2, 4_999)], "under_hold"),
    ],
)
def test_each_wrong_is_counted_and_named(deletions: list[Seen], name: str) -> None:
    verdict = judged(deletions, EXPECTED, TOLD, WINDOWS)
    assert getattr(verdict, name) == 1
    assert verdict.wrong
    assert not changed(verdict, same_ledger=True).kept


def test_a_schedule_is_the_same_for_a_seed_and_kills_everybody_alike() -> None:
    kills = schedule(30, 7)
    assert kills == schedule(30, 7) != schedule(30, 8)
    assert {name: [k.victim for k in kills].count(name) for name in VICTIMS} == dict.fromkeys(
        VICTIMS, 6
    )
    assert not kills[0].hasty
    assert all(kill.after <= HASTE_SECONDS[1] for kill in kills if kill.hasty)


def test_a_report_is_kept_only_with_every_kill_survived() -> None:
    good, once = Verdict(same_ledger=True), {"job": 1}
    assert Report("prism", 1, once, once, verdict=good).kept
    assert not Report("prism", 1, once, once).kept
    assert not Report("prism", 1, once, verdict=good).kept
    assert not Report("prism", 1, once, once, verdict=good, trouble=["a position ran ahead"]).kept
    assert not Report("prism", 1, verdict=good).kept, "nothing was killed"


def test_a_story_without_a_record_under_a_hold_proves_nothing_of_holds() -> None:
    short = (Instant(500), Instant(1_999))
    for windows in ({}, {"r2": short}):
        verdict = judged(GOOD, EXPECTED, TOLD, windows)
        assert any("under a hold" in line for line in verdict.wrong)
    assert judged(GOOD, EXPECTED, TOLD, WINDOWS).wrong == []


class Dying:
    """An exporter's process: it tells a page, or has ended."""

    def __init__(self, page: str | None, code: int | None = None) -> None:
        self._process, self._page, self._code, self.killed = self, page, code, False

    def poll(self) -> int | None:
        return self._code

    def page(self) -> str:
        if self._page is None:
            raise OSError("nobody answers")
        return self._page

    def kill(self) -> None:
        self.killed = True

    def __enter__(self) -> None:
        pass


def exporter(process: Dying) -> Exporter:
    made = Exporter.__new__(Exporter)
    made._process, made.told, made.rolled_back = process, {}, False  # type: ignore[assignment]
    return made


def test_an_exporter_that_had_ended_before_its_kill_has_not_survived_it() -> None:
    process = Dying(None, 1)
    with pytest.raises(RuntimeError, match="had ended before"):
        exporter(process).kill()
    assert not process.killed


def test_an_exporter_is_held_to_what_the_one_before_told_until_it_has_told_more() -> None:
    name = COUNTERS[0]
    watched = exporter(Dying(f"{name} 7\n"))
    watched.kill()
    watched._process._page = None  # type: ignore[attr-defined]
    watched.kill()
    watched._process._page = f"{name} 6\n"  # type: ignore[attr-defined]
    [fell] = watched.returned()
    assert fell.startswith(f"{name} fell from 7 to 6")
    assert watched.returned() == []


def test_what_is_to_stand_still_are_metrics_that_there_are() -> None:
    assert set(STANDING) <= {metric.name for metric in METRICS}


def test_numbers_are_read_off_a_page() -> None:
    page = '# HELP a b\na{x="1 2"} 3.0\nab 4.0\na_total 5.0\n'
    assert numbers(page, ("a", "ab")) == {'a{x="1 2"}': 3.0, "ab": 4.0}
