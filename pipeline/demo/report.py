"""The report of `make demo`: one HTML page with everything in it, for whoever was not there."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from pipeline.demo.checks import Check
from pipeline.demo.outcome import Outcome
from pipeline.demo.plots import all_plots
from pipeline.demo.story import Story, read_document
from pipeline.demo.summary import MORE_RESTRICTIONS, arrivals, by_kind, closing, speed
from pipeline.documents import in_words, parsed
from pipeline.identifiers import RecordId
from pipeline.instants import Instant, format_instant, to_datetime

EXPLAINED = RecordId("gb-likely-0000")
"""The record of which the report tells everything."""


class Moment(NamedTuple):
    """One thing that happened to the explained record."""

    at: str
    what: str
    why: Sequence[str] = ()


def write_report(path: Path, story: Story, outcome: Outcome, checks: Sequence[Check]) -> Path:
    """Write the page and return where it is."""
    environment = Environment(
        loader=PackageLoader("pipeline.demo", "."),
        autoescape=select_autoescape(["j2", "html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    plots = {name: Markup(svg) for name, svg in all_plots(story, outcome).items()}  # noqa: S704  # our own drawing
    page = environment.get_template("report.html.j2").render(
        story=story,
        cards=_cards(outcome, checks),
        happenings=[(_day(item.at), item.say) for item in story.happenings],
        plots=plots,
        documents=_documents(story),
        arrivals=_arrivals(outcome),
        causes=_causes(outcome),
        findings=_findings(outcome),
        explained=EXPLAINED,
        moments=_moments(outcome),
        checks=checks,
        closing=closing(outcome),
        more_restrictions=MORE_RESTRICTIONS,
        speed=speed(story, outcome),
    )
    path.write_text(page, encoding="utf-8")
    return path


def _cards(outcome: Outcome, checks: Sequence[Check]) -> Mapping[str, str]:
    held = sum(check.holds for check in checks)
    return {
        "events": f"{len(outcome.events):,}",
        "commands": f"{len(outcome.deliveries):,}",
        "settled": f"{len(outcome.settled_at):,}",
        "records restricted": f"{len(outcome.restricted_at):,}",
        "records deleted": f"{len(outcome.deleted_at):,}",
        "records left": f"{sum(outcome.kept.values()):,}",
        "overdue, settled later": f"{len(outcome.overdue & outcome.settled_at.keys()):,}",
        "checks that hold": f"{held} of {len(checks)}",
    }


def _documents(story: Story) -> list[tuple[str, Sequence[str]]]:
    """Return what each document says, in words."""
    names = [story.policy, *(one.publish for one in story.happenings if one.publish)]
    return [(name, in_words(parsed(read_document(name, "counsel")))) for name in names]


def _arrivals(outcome: Outcome) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for (where, purpose), whats in arrivals(outcome).items():
        images = whats["created"] + whats["inventoried"]
        rest = whats.total() - images - whats["derived"]
        rows.append((where, purpose, f"{images:,}", f"{whats['derived']:,}", f"{rest:,}"))
    return rows


def _causes(outcome: Outcome) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for (kind, cause, citation), found in outcome.causes().items():
        ids = {item.command.command_id for item in found}
        rows.append(
            (
                kind,
                cause,
                citation,
                _day(found[0].at),
                _day(found[-1].at),
                f"{len(ids):,}",
                f"{len(ids & outcome.settled_at.keys()):,}",
                f"{len(ids & outcome.overdue):,}",
            )
        )
    return rows


def _findings(outcome: Outcome) -> list[tuple[str, ...]]:
    return [
        (kind, f"{len(items):,}", _day(items[0].at), items[0].what, items[0].remedy)
        for kind, items in by_kind(outcome.findings).items()
    ]


def _moments(outcome: Outcome) -> list[Moment]:
    """Tell everything about one record: evidence, conclusions with reasons, commands, answers."""
    found: list[tuple[Instant, int, Moment]] = []
    for at, event in outcome.events:
        if event.record_id == EXPLAINED:
            evidence = [
                f"evidence: {sign.signal} {sign.territory}, observed {_day(sign.observed_at)}"
                for subject in event.subjects
                for sign in subject.evidence
            ]
            what = f"{event.what} by {event.source}, for {event.purpose}, in {event.stores[0]}"
            found.append((at, 0, Moment(_minute(at), what, evidence)))
    for delivery in outcome.deliveries:
        command = delivery.command
        if command.record_id != EXPLAINED:
            continue
        decision = outcome.decisions.get(command.command_id)
        reasons = () if decision is None else decision.reasons
        until = _minute(command.complete_by)
        what = f"{command.kind} under {command.cause} ({command.citation}), to be done by {until}"
        found.append((delivery.at, 1, Moment(_minute(delivery.at), what, reasons)))
    for at, receipt in outcome.receipts:
        if receipt.record_id == EXPLAINED:
            left = receipt.verified_remaining
            seen = "" if left is None else f"; it looked again and found {left} copies"
            what = f"store {receipt.store} answers {receipt.status}{seen}"
            found.append((at, 2, Moment(_minute(at), what)))
    return [moment for _, _, moment in sorted(found, key=lambda entry: entry[:2])]


def _day(at: Instant) -> str:
    day: date = to_datetime(at).date()
    return day.isoformat()


def _minute(at: Instant) -> str:
    return f"{format_instant(at)[:16]}Z"
