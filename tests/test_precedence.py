"""Precedence by tables: hold > qualifying minimum > notice in force > maximum.

Times are seconds after a record of GB was collected, at 1. Of each situation it is said what leaves
when: R restriction, D deletion, L release.
"""

from typing import Any

import msgspec
import pytest

from pipeline.documents import Envelope, enveloped
from pipeline.events import Evidence, Subject
from pipeline.identifiers import SubjectId
from pipeline.instants import Instant
from pipeline.ledger.parts import Part
from tests.support.build import control, event, hold, notice, policy, rule
from tests.support.drive import Drive

SECONDS = 1_000
BEGIN = 1_000


def limit(name: str, after: int, *, bound: str = "maximum", law: str = "", **words: str) -> str:
    """Return a rule that ends so many seconds after collection."""
    text = rule(name, words.get("match", "{residency: [GB]}"), limit=f"PT{after}S")
    if bound == "minimum":
        text += "    bound: minimum\n"
    if words.get("mode"):
        text = text.replace("mode: enforce", f"mode: {words['mode']}")
    if law:
        text = text.replace("{law: UK GDPR,", f"{{law: UK GDPR, jurisdiction: {law},")
    return text


def order(*, stop: int, delete: int, law: str = "", **options: Any) -> Envelope:
    """Return a notice whose steps are in force from these seconds on, and due at 900."""
    at = {name: (BEGIN + s * SECONDS, 900_000) for name, s in (("stop", stop), ("delete", delete))}
    made = notice(stop=at["stop"], delete=at["delete"], **options)
    text = (
        made.text.replace("law: DPA 2018,", f"law: DPA 2018, jurisdiction: {law},")
        if law
        else made.text
    )
    return enveloped("notices", text, "counsel")


_LETTER = {"RESTRICT": "R", "DELETE": "D", "RELEASE": "L"}


def story(*documents: Envelope, later: dict[int, Envelope] | None = None, until: int = 100) -> str:
    """Return what leaves when, e.g. `R10 D20`, of one record under these documents."""
    drive = Drive()
    drive.give(Part(envelopes=documents, tick=Instant(BEGIN)))
    drive.give(Part(events=(event(at=BEGIN),)))
    said: list[str] = []
    told = 0
    for second in range(until + 1):
        now = BEGIN + second * SECONDS
        drive.until(now)
        if later and second in later:
            drive.give(Part(envelopes=(later[second],)))
            drive.until(now)
        said += [f"{_LETTER[command.kind]}{second}" for command in drive.commands[told:]]
        told = len(drive.commands)
        drive.answer_all(at=now)
    return " ".join(said)


HOLD = hold(records=("r1",))
RELEASED = hold(records=("r1",), version=2, state="released")
PAUSED, PAUSED_TOO = control("pause", "rule:acme/a"), control("pause", "rule:acme/b")
RESUMED = control("resume", "rule:acme/a", version=2)
KEPT = limit("keep", 30, bound="minimum", law="GB")


@pytest.mark.parametrize(
    ("documents", "later", "expected"),
    [
        # A maximum alone; of several the earliest; a default where no rule covers.
        ([policy(limit("a", 10))], {}, "D10"),
        ([policy(limit("a", 10), limit("b", 7))], {}, "D7"),
        ([policy(limit("fr", 3, match="{residency: [FR]}"))], {}, "D60"),
        ([policy(limit("seen", 3, mode="observe"), limit("a", 10))], {}, "D10"),
        # A notice in force wins over a later maximum, step by step.
        ([policy(limit("a", 50)), order(stop=5, delete=8)], {}, "R5 D8"),
        ([policy(limit("a", 6)), order(stop=5, delete=8)], {}, "R5 D6"),
        # A qualifying minimum wins over both; what it keeps is restricted from when it was due.
        ([policy(limit("a", 10), limit("keep", 30, bound="minimum"))], {}, "R10 D30"),
        ([policy(limit("a", 10), limit("keep", 5, bound="minimum"))], {}, "D10"),
        (
            [policy(limit("a", 50), limit("keep", 30, bound="minimum")), order(stop=90, delete=8)],
            {},
            "R8 D30",
        ),
        # Of several minima the latest.
        (
            [
                policy(
                    limit("a", 10), limit("k", 20, bound="minimum"), limit("l", 30, bound="minimum")
                )
            ],
            {},
            "R10 D30",
        ),
        # A foreign minimum does not stop an erasure of another law; its own does.
        ([policy(limit("a", 10, law="GB"), limit("k", 30, bound="minimum", law="US"))], {}, "D10"),
        (
            [policy(limit("a", 10, law="GB"), limit("k", 30, bound="minimum", law="GB"))],
            {},
            "R10 D30",
        ),
        (
            [policy(limit("a", 10, law="EU"), limit("k", 30, bound="minimum", law="FR"))],
            {},
            "R10 D30",
        ),
        (
            [
                policy(limit("a", 50), limit("k", 30, bound="minimum", law="US")),
                order(stop=90, delete=8, law="GB"),
            ],
            {},
            "D8",
        ),
        # A hold wins over everything, for as long as it lasts.
        ([policy(limit("a", 10)), HOLD], {}, "R10"),
        ([policy(limit("a", 10)), HOLD], {40: RELEASED}, "R10 D40"),
        ([policy(limit("a", 50)), order(stop=5, delete=8), HOLD], {20: RELEASED}, "R5 D20"),
        (
            [policy(limit("a", 10), limit("k", 30, bound="minimum")), HOLD],
            {20: RELEASED},
            "R10 D30",
        ),
        (
            [policy(limit("a", 10), limit("k", 30, bound="minimum")), HOLD],
            {40: RELEASED},
            "R10 D40",
        ),
        # What is not due is not restricted; a hold that ends before the limit leaves no trace.
        ([policy(limit("a", 10)), HOLD], {5: RELEASED}, "D10"),
        # A withdrawn notice lets go what it alone restricted, and its deletion does not come.
        (
            [policy(limit("a", 50)), order(stop=5, delete=30)],
            {9: notice(stop=(1, 2), delete=(1, 2), version=2, state="withdrawn")},
            "R5 L9 D50",
        ),
        # A longer limit in a new version lets go what only the former limit restricted.
        (
            [policy(limit("a", 10)), HOLD],
            {20: policy(limit("a", 50), version=2), 21: RELEASED},
            "R10 L20 D50",
        ),
        # What holds up the earliest maximum hides no later one, and nothing is deleted twice.
        ([policy(limit("a", 10), limit("b", 20)), PAUSED], {}, "D20"),
        ([policy(limit("a", 10), limit("b", 20)), PAUSED], {30: RESUMED}, "D20"),
        ([policy(limit("a", 10), limit("b", 20)), PAUSED], {15: RESUMED}, "D15"),
        ([policy(limit("a", 10), limit("b", 20)), PAUSED, PAUSED_TOO], {30: RESUMED}, "D30"),
        ([policy(limit("a", 10), limit("b", 20)), control("pause")], {}, ""),
        ([policy(limit("a", 10)), PAUSED], {}, ""),
        ([policy(limit("a", 10)), PAUSED, order(stop=90, delete=15)], {}, "D15"),
        ([policy(limit("a", 10), KEPT), order(stop=90, delete=15, law="US")], {}, "R10 D15"),
        (
            [policy(limit("a", 10, law="GB"), limit("b", 20, law="US"), KEPT)],
            {},
            "R10 D20",
        ),
        (
            [policy(limit("a", 10, law="GB"), limit("b", 20, law="US"), KEPT), PAUSED_TOO],
            {},
            "R10 D30",
        ),
        # What may not be deleted yet is restricted, whatever comes before it that nothing keeps.
        (
            [policy(limit("a", 50, law="US"), KEPT), order(stop=90, delete=8, law="GB")],
            {},
            "R8 D30",
        ),
        # A longer limit lets go what only the former limit and a minimum restricted.
        (
            [policy(limit("a", 10), limit("k", 80, bound="minimum"))],
            {20: policy(limit("a", 50), limit("k", 80, bound="minimum"), version=2)},
            "R10 L20 R50 D80",
        ),
        # A notice's deletion that is paused hides no maximum.
        ([policy(limit("a", 20)), order(stop=90, delete=15), PAUSED], {40: RESUMED}, "D15"),
        # A shorter limit reaches what is already there.
        ([policy(limit("a", 50))], {20: policy(limit("a", 10), version=2)}, "D20"),
    ],
)
def test_what_leaves_when(
    documents: list[Envelope], later: dict[int, Envelope], expected: str
) -> None:
    assert story(*documents, later=later) == expected


@pytest.mark.parametrize(
    ("signal", "unknown", "expected"),
    [
        # Resident: deleted as soon as the step is in force.
        ("declared", "restrict", "R5 D8"),
        # Likely: restricted at once, deleted by the deadline (900, less the lead).
        ("phone_number", "restrict", "R5 R8"),
        # Unknown, but GB is hinted at: restricted, not deleted under the notice.
        ("page_cctld", "restrict", "R5 R8"),
        ("page_cctld", "leave", ""),
    ],
)
def test_a_notice_does_what_the_evidence_allows(signal: str, unknown: str, expected: str) -> None:
    document = order(stop=5, delete=8)
    text = document.text.replace("match:", f"unknown: {unknown}\nmatch:")
    person = Subject(SubjectId("s"), (Evidence(signal, "GB", Instant(BEGIN)),))
    made = msgspec.structs.replace(event(at=BEGIN), subjects=(person,))
    drive = Drive()
    long = policy(rule("long", "{}", limit="PT9000S"))
    drive.give(Part(envelopes=(long, enveloped("notices", text, "counsel")), tick=Instant(BEGIN)))
    drive.give(Part(events=(made,)))
    said = []
    for second in range(100):
        drive.until(BEGIN + second * SECONDS)
        said += [f"{command.kind[0]}{second}" for command in drive.commands if command.attempt == 1]
        drive.answer_all(at=BEGIN + second * SECONDS)
        drive.commands.clear()
    assert " ".join(said) == expected
    drive.until(900_001)
    deleted = [command.cause for command in drive.commands if command.kind == "DELETE"]
    assert deleted == (["notice:ico-1/delete"] if signal == "phone_number" else [])
