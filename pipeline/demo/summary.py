"""What came of the story, as tables on a terminal."""

from collections import Counter
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipeline.demo.checks import Check
from pipeline.demo.outcome import Outcome
from pipeline.demo.story import Story
from pipeline.events import Event
from pipeline.findings import Finding
from pipeline.identifiers import RecordId
from pipeline.instants import to_datetime
from pipeline.tags import Judge
from pipeline.vocabulary import UNKNOWN

_WHOLE = frozenset({"what", "when", "finding"})
"""Columns whose words are never broken."""
_EU = frozenset({"DE", "FR", "IE"})


def residency_of(event: Event, judge: Judge) -> str:
    """Say in a word or two where the people of a record reside, as the pipeline judges it."""
    judged = judge.judge(event.subjects).resident
    if not judged.tags:
        return UNKNOWN
    tag = judged.tags[0]
    place = "EU" if tag.territory in _EU else tag.territory
    return f"{place} (likely)" if tag.band == "LIKELY" else place


def arrivals(outcome: Outcome) -> Mapping[tuple[str, str], Counter[str]]:
    """Count the events by residency and purpose, and each by what happened."""
    judge = Judge()
    first: dict[RecordId, str] = {}
    found: dict[tuple[str, str], Counter[str]] = {}
    for _, event in outcome.events:
        where = first.setdefault(event.record_id, residency_of(event, judge))
        key = (where, event.purpose or "no purpose")
        found.setdefault(key, Counter())[event.what] += 1
    return dict(sorted(found.items()))


def print_summary(
    console: Console, story: Story, outcome: Outcome, checks: Sequence[Check]
) -> bool:
    """Print the summary; return whether everything came out as it should."""
    console.print()
    tables = (
        (_came_in(outcome), ""),
        (_commanded(outcome), f"{MORE_RESTRICTIONS}\n"),
        (_findings(outcome.findings), ""),
    )
    for table, note in tables:
        console.print(table)
        console.print(note, soft_wrap=True)
    console.print(closing(outcome), soft_wrap=True)
    console.print("\n[bold]Checked against the story and the log's own times[/]")
    for check in checks:
        mark = "[green]yes[/]" if check.holds else "[bold red]NO [/]"
        wrong = "" if check.holds else f": not so for {check.wrong:,}"
        console.print(f"  {mark}  {check.says} ({check.checked:,} checked{wrong})", soft_wrap=True)
    console.print(f"\n{speed(story, outcome)}", soft_wrap=True)
    good = all(check.holds for check in checks)
    told = "[bold green]came out as it should[/]" if good else "[bold red]did NOT come out right[/]"
    console.print(f"The story {told}.")
    return good


def closing(outcome: Outcome) -> str:
    """Return the sentence about what became of everything."""
    records = {event.record_id for _, event in outcome.events}
    settled = outcome.overdue & outcome.settled_at.keys()
    return (
        f"Of {len(records):,} records {len(outcome.restricted_at):,} were restricted first and "
        f"{len(outcome.deleted_at):,} are deleted. {len(outcome.settled_at):,} of "
        f"{len(outcome.deliveries):,} commands are settled; {len(outcome.overdue):,} were overdue, "
        f"of which {len(settled):,} were settled later; {outcome.repeated:,} were sent again under "
        "the same id."
    )


def speed(story: Story, outcome: Outcome) -> str:
    """Return the sentence about how fast it went."""
    count, seconds = outcome.largest
    years = to_datetime(story.end).year - to_datetime(story.begin).year
    return (
        f"{len(outcome.events):,} events and {len(outcome.deliveries):,} commands of {years} years "
        f"in {outcome.seconds:.0f} s. The largest crawl, {count:,} events, was read, judged, "
        f"written and acknowledged in {seconds:.1f} s: {count / seconds:,.0f} a second, waiting "
        "included (`make bench` measures throughput)."
    )


MORE_RESTRICTIONS = (
    "There are more RESTRICT commands than restricted records: each step or hold restricts by "
    "itself, and is lifted by itself, so a record under two gets two."
)
LONG_WORD = 24
"""A table on a narrow terminal breaks longer words anywhere: they are broken before, at a slash."""


def at_slashes(text: str) -> str:
    """Break long words, such as ids of rules, after their slashes."""
    words = [
        word.replace("/", "/\n").rstrip("\n") if len(word) > LONG_WORD else word
        for word in text.split(" ")
    ]
    return " ".join(words)


def _table(title: str, *columns: str, numbers: Sequence[str] = ()) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for column in columns:
        table.add_column(
            column,
            justify="right" if column in numbers else "left",
            overflow="fold",
            no_wrap=column in _WHOLE,
        )
    return table


def _came_in(outcome: Outcome) -> Table:
    numbers = ("images", "templates", "other")
    title = "What came in (events, by where the people reside and what for)"
    table = _table(title, "people in", "purpose", *numbers, numbers=numbers)
    for (where, purpose), whats in arrivals(outcome).items():
        images = whats["created"] + whats["inventoried"]
        rest = whats.total() - images - whats["derived"]
        table.add_row(where, purpose, f"{images:,}", f"{whats['derived']:,}", f"{rest:,}")
    for reason, count in sorted(outcome.quarantined.items()):
        table.add_row("unreadable", f"in quarantine: {reason}", "", "", f"{count:,}")
    return table


def _commanded(outcome: Outcome) -> Table:
    numbers = ("commands", "settled", "late")
    table = _table("What was commanded", "what", "why, by what law", "when", *numbers,
                   numbers=numbers)  # fmt: skip
    for (kind, cause, citation), found in outcome.causes().items():
        ids = {item.command.command_id for item in found}
        days = [f"{to_datetime(item.at):%Y-%m-%d}" for item in (found[0], found[-1])]
        when = "\n".join(dict.fromkeys(days))
        settled = len(ids & outcome.settled_at.keys())
        late = len(ids & outcome.overdue)
        why = f"{at_slashes(cause)}\n{escape(citation)}"
        table.add_row(kind, why, when, f"{len(ids):,}", f"{settled:,}", f"{late:,}")
    return table


def by_kind(findings: Sequence[Finding]) -> Mapping[str, list[Finding]]:
    """Return the findings by kind, sorted."""
    found: dict[str, list[Finding]] = {}
    for item in sorted(findings, key=lambda item: (item.kind, item.at)):
        found.setdefault(item.kind, []).append(item)
    return found


def _findings(findings: Sequence[Finding]) -> Table:
    table = _table("What a person was told", "finding", "times", "for example", "what to do",
                   numbers=("times",))  # fmt: skip
    for kind, items in by_kind(findings).items():
        said = (at_slashes(items[0].what), at_slashes(items[0].remedy))
        table.add_row(kind, f"{len(items):,}", *map(escape, said))
    return table
