"""A notice of the ICO with a life, filled in so that a test shows only what it is about."""

from typing import Any

import pytest

from pipeline.documents import InvalidDocument, Notice, Problem, Standing, load, standing
from pipeline.instants import DAY, Instant, parse_instant
from pipeline.periods import last_day

CITATION = "{law: DPA 2018, article: s.149, url: https://www.legislation.gov.uk/}"
STEPS = """steps:
  - {id: stop, action: restrict, after: appeal_period, within: P3M}
  - {id: delete, action: delete, after: appeal_period, within: P6M}
"""
URGENT = {"more": "urgent: yes\n", "steps": STEPS.replace("appeal_period", "service")}
"""Of a notice that states urgency: nothing waits for the time to appeal."""
SERVED = "2022-05-18T12:00:00Z"
LONDON = "Europe/London"


def text(
    *life: tuple[str, str],
    served: str | None = SERVED,
    steps: str = STEPS,
    authority: str = "GB-ICO",
    more: str = "",
) -> str:
    """Return a notice of the ICO with a life."""
    happened = "".join(f"  - {{happened: {what}, at: {at}}}\n" for what, at in life)
    return (
        f"notice: ico\nversion: 1\nauthority: {authority}\ncitation: {CITATION}\n"
        f"match: {{residency: [GB]}}\n{f'served: {served}' if served else ''}\n"
        f"{f'life:{chr(10)}{happened}' if life else ''}{more}{steps}"
    )


def notice(*life: tuple[str, str], **changes: Any) -> Notice:
    document = load(text(*life, **changes)).document
    assert isinstance(document, Notice)
    return document


def at(when: str, *life: tuple[str, str], **changes: Any) -> Standing:
    """Return where a notice with this life stands."""
    return standing(notice(*life, **changes), parse_instant(when))


def problems(*life: tuple[str, str], **changes: Any) -> list[Problem]:
    with pytest.raises(InvalidDocument) as refusal:
        notice(*life, **changes)
    return list(refusal.value.problems)


def days(found: Standing) -> dict[str, tuple[str, str]]:
    """Return the first and last local day of each order that stands."""
    return {
        step.step_id: (
            last_day(Instant(step.not_before + DAY), LONDON).isoformat(),
            last_day(step.complete_by, LONDON).isoformat(),
        )
        for step in found.ordered
    }


APPEALED = ("appealed", "2022-06-14T12:00:00Z")
DISMISSED = ("dismissed", "2022-11-01T12:00:00Z")
BITTEN = ("appealed", "2022-07-01T12:00:00Z")
