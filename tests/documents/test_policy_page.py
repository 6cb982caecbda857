"""`schemas/POLICY.md` says what the code does: signals, words and warnings."""

import re
from pathlib import Path
from typing import get_args

import pytest

from pipeline.documents import load
from pipeline.documents.authorities import AUTHORITIES
from pipeline.documents.packs import packs
from pipeline.documents.policy import Bound, Mode
from pipeline.documents.requests import LAWS, Request, RequestKind
from pipeline.documents.values import Happened, StepAction
from pipeline.periods import Counting
from pipeline.vocabulary import Anchor
from pipeline.vocabulary.signals import DEFAULT_METHOD, DEFAULT_SIGNALS, REPEATED_DAYS, WHOLE

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "schemas" / "POLICY.md").read_text()
EXAMPLES = ROOT / "deploy" / "examples"
OTHERS = ("story.yaml", "certificate.yaml", "login.yaml")
"""A story, and how to log in to a broker: they are no documents, and have tests of their own."""
DOCUMENTS = [file for file in sorted(EXAMPLES.rglob("*.yaml")) if file.name not in OTHERS]
OPINIONS = (ROOT / "pipeline" / "documents" / "opinions.py").read_text()


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the table whose head begins so, without head and rule."""
    table = PAGE.split(f"| {heading} |", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in table]


def test_the_table_of_authorities_is_that_of_the_code() -> None:
    assert rows("authority") == [
        [
            one.code,
            str(one.window),
            "yes" if one.suspends else "no",
            one.zone,
            one.calendar,
            one.citation,
        ]
        for one in AUTHORITIES.values()
    ]


def test_the_table_of_what_may_happen_to_a_notice_has_every_word() -> None:
    assert sorted(row[0] for row in rows("happened")) == sorted(get_args(Happened))


def test_the_table_of_packs_is_what_is_shipped() -> None:
    assert rows("pack") == [[name, one.title] for name, one in packs().items()]


def test_the_table_of_actions_has_every_word() -> None:
    assert [row[0] for row in rows("action")] == list(get_args(StepAction))


def test_the_table_of_requests_has_every_kind_and_what_follows() -> None:
    assert [row[0] for row in rows("request")] == list(get_args(RequestKind))
    for kind, received, accepted, _ in rows("request"):
        for state, said in (("received", received), ("accepted", accepted)):
            text = (
                f"request: x\nversion: 1\nkind: {kind}\nstate: {state}\nlaw: GB-GDPR\n"
                "received: 2026-01-01T00:00:00Z\nsubjects: [s-1]\n"
            )
            document = load(text).document
            assert isinstance(document, Request)
            assert {"": "nothing", "delete": "deleted", "restrict": "restricted"}[
                document.orders
            ] == said
    for law in LAWS:
        assert f"`{law}`" in PAGE


def weight(per_mille: int) -> str:
    return f"{per_mille / WHOLE:.2f}"


def test_the_table_of_signals_is_the_default_method() -> None:
    shown = {row[0]: row[1:] for row in rows("signal")}

    assert shown == {
        name: [
            signal.group,
            weight(signal.resident),
            weight(signal.present),
            f"{signal.lasts_days} days" if signal.lasts_days else "until a newer one",
            f"resides {weight(signal.repeated)}" if signal.repeated else "",
        ]
        for name, signal in DEFAULT_SIGNALS.items()
    }
    assert f"observed over {REPEATED_DAYS} days" in PAGE


def test_the_bands_are_those_of_the_default_method() -> None:
    sentence = " ".join(PAGE.split("**RESIDENT** (or PRESENT)", 1)[1].split("\n- ", 1)[0].split())

    assert sentence == (
        f": a score of at least {weight(DEFAULT_METHOD.resident_from)}, or two groups of at least "
        f"{weight(DEFAULT_METHOD.agreeing_from)} each. **LIKELY**: at least "
        f"{weight(DEFAULT_METHOD.likely_from)}. Else **UNKNOWN**."
    )


def test_every_warning_is_explained_and_none_that_is_not_given() -> None:
    given = set(re.findall(r'"([a-z]+(?:-[a-z]+)+)", what', OPINIONS))

    assert {row[0] for row in rows("name")} == given
    assert len(given) > 8


@pytest.mark.parametrize("word", [*Anchor, *get_args(Bound), *get_args(Mode)])
def test_every_word_of_a_rule_is_explained(word: str) -> None:
    assert f"`{word}`" in PAGE


@pytest.mark.parametrize(
    "counting", [item for item in Counting if item is not Counting.BUSINESS_DAYS_EXCLUSIVE]
)
def test_every_way_of_counting_is_explained(counting: str) -> None:
    assert f"`{counting}`" in PAGE


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: file.name)
def test_every_shipped_document_is_valid(file: Path) -> None:
    loaded = load(file.read_text(), file.name)

    assert not [problem for problem in loaded.problems if problem.severity == "error"]
