"""What came of the story of `make demo`: tables for people, and checks against the story.

The checks use the log's own time of each command and what the story says must happen
(`demo_story.Group`), not what the pipeline says of itself.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipeline.commands import Command
from pipeline.events import Event
from pipeline.findings import Finding
from pipeline.identifiers import StoreName
from pipeline.instants import Instant, to_datetime
from pipeline.ledger.unanswered import OVERDUE_AFTER
from pipeline.stories.scene import Scene
from pipeline.stories.stores import Delivery, Store
from pipeline.testing.demo_story import Group, Happening, Story

ISSUED_WITHIN = 60_000
"""A command's `issued_at` and the log's time may differ by this much (milliseconds)."""
DELETE, RESTRICT = "DELETE", "RESTRICT"
EXPECTED_FINDINGS = {"NO_RULE", "WITHHELD", "HELD_PAST_LIMIT", "OVERDUE"}


@dataclass
class Played:
    """What was done in the story: events and poison published, documents, how long it took."""

    stores: Mapping[StoreName, Store]
    events: list[Event] = field(default_factory=list)
    poison: int = 0
    published: dict[str, Instant] = field(default_factory=dict)
    seconds: float = 0.0
    largest: tuple[int, float] = (0, 0.0)

    def add(self, events: Sequence[Event], happening: Happening, seconds: float) -> None:
        """Note what was published and the time until it was judged, written and acknowledged."""
        self.events += events
        self.poison += happening.poison
        self.largest = max(self.largest, (len(events), seconds))

    @property
    def deliveries(self) -> list[Delivery]:
        """Every command of every store, repetitions included, in the order of the log's time."""
        found = [delivery for store in self.stores.values() for delivery in store.deliveries]
        return sorted(found, key=lambda delivery: delivery.at)


@dataclass(frozen=True)
class Check:
    """One thing that must hold, and how often it did not."""

    says: str
    checked: int
    wrong: int

    @property
    def holds(self) -> bool:
        """Whether it holds, and was not true of nothing."""
        return self.checked > 0 and self.wrong == 0


def summarise(console: Console, scene: Scene, story: Story, played: Played) -> bool:
    """Print the summary; return whether everything came out as it should."""
    findings = list({item.finding_id: item for item in scene.findings()}.values())
    quarantined = Counter(item.reason for item in scene.quarantined())
    console.print()
    tables = (_came_in(story, played, quarantined), _commanded(played), _findings(findings))
    for table in tables:
        console.print(table)
        console.print()
    console.print(_outcome(story, played, findings), soft_wrap=True)
    checks = [
        *deletion_checks(story, played, played.deliveries),
        *_checks_of_settling(story, played, findings),
        Check("unreadable messages are in quarantine, and the stream went on", played.poison,
              abs(played.poison - quarantined.total())),
        Check("the findings are of the kinds expected", len(EXPECTED_FINDINGS),
              len({item.kind for item in findings} ^ EXPECTED_FINDINGS)),
    ]  # fmt: skip
    console.print("\n[bold]Checked against the story and the log's own times[/]")
    for check in checks:
        mark = "[green]yes[/]" if check.holds else "[bold red]NO [/]"
        wrong = "" if check.holds else f": not so for {check.wrong:,}"
        console.print(f"  {mark}  {check.says} ({check.checked:,} checked{wrong})", soft_wrap=True)
    count, seconds = played.largest
    console.print(
        f"\n{len(played.events):,} events and {len(played.deliveries):,} commands of three years "
        f"in {played.seconds:.0f} s. The largest crawl, {count:,} events, was read, judged, "
        f"written and acknowledged in {seconds:.1f} s: {count / seconds:,.0f} a second, waiting "
        "included (`make bench` measures throughput).",
        soft_wrap=True,
    )
    good = all(check.holds for check in checks)
    told = "[bold green]came out as it should[/]" if good else "[bold red]did NOT come out right[/]"
    console.print(f"The story {told}.")
    return good


# -- tables ---------------------------------------------------------------------------------------


def _table(title: str, *columns: str, numbers: Sequence[str] = ()) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if column in numbers else "left", overflow="fold")
    return table


def _came_in(story: Story, played: Played, quarantined: Counter[str]) -> Table:
    where = {name: group for group in story.groups for name in group.record_ids}
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for event in played.events:
        group = where[event.record_id]
        counts[group.residency or "unknown", group.purpose][event.kind] += 1
    numbers = ("images", "templates")
    table = _table("What came in (events)", "people in", "purpose", *numbers, numbers=numbers)
    for (residency, purpose), kinds in sorted(counts.items()):
        table.add_row(residency, purpose, f"{kinds['source']:,}", f"{kinds['template']:,}")
    for reason, count in sorted(quarantined.items()):
        table.add_row("unreadable", f"quarantined: {reason}", f"{count:,}", "")
    return table


def _commanded(played: Played) -> Table:
    given: dict[tuple[str, str, str], list[Delivery]] = defaultdict(list)
    for delivery in played.deliveries:
        command = delivery.command
        given[command.kind, command.cause, command.citation].append(delivery)
    numbers = ("commands", "settled")
    table = _table("What was commanded", "what", "why, by what law", "when", *numbers,
                   numbers=numbers)  # fmt: skip
    for (kind, cause, citation), found in sorted(given.items(), key=lambda item: item[1][0].at):
        days = [f"{to_datetime(delivery.at):%Y-%m-%d}" for delivery in (found[0], found[-1])]
        settled = sum(_settled(played, delivery.command) for delivery in found)
        why, when = f"{cause}\n{escape(citation)}", "\n".join(dict.fromkeys(days))
        table.add_row(kind, why, when, f"{len(found):,}", f"{settled:,}")
    return table


def _settled(played: Played, command: Command) -> bool:
    store = played.stores[command.store]
    return command.command_id in store.answered and command not in store.refused


def _findings(findings: Sequence[Finding]) -> Table:
    by_kind: dict[str, list[Finding]] = defaultdict(list)
    for item in findings:
        by_kind[item.kind].append(item)
    table = _table("What a person was told", "finding", "times", "for example", "what to do",
                   numbers=("times",))  # fmt: skip
    for kind, items in sorted(by_kind.items()):
        table.add_row(kind, f"{len(items):,}", items[0].what, items[0].remedy)
    return table


def _outcome(story: Story, played: Played, findings: Sequence[Finding]) -> str:
    records = {name for group in story.groups for name in group.record_ids}
    kept = {name for store in played.stores.values() for name in store.kept}
    restricted = {f.command.record_id for f in played.deliveries if f.command.kind == RESTRICT}
    overdue = {item.subject for item in findings if item.kind == "OVERDUE"}
    settled = {f.command.command_id for f in played.deliveries if _settled(played, f.command)}
    return (
        f"Of {len(records):,} records {len(restricted):,} were restricted and "
        f"{len(records - kept):,} are deleted from every store. {len(overdue):,} commands were "
        f"overdue, of which {len(overdue & settled):,} were settled later."
    )


# -- checks ---------------------------------------------------------------------------------------


def deletion_checks(story: Story, played: Played, deliveries: Sequence[Delivery]) -> list[Check]:
    """Check that nothing is early, nor under a hold or pause, nor void, by the log's time."""
    where = {name: group for group in story.groups for name in group.record_ids}
    deletions = [found for found in deliveries if found.command.kind == DELETE]
    held = [found for found in deletions if where[found.command.record_id].held]
    paused = [found for found in deletions if found.command.store == "images"]
    times = played.published

    def group(found: Delivery) -> Group:
        return where[found.command.record_id]

    return [
        _check("no deletion was commanded before its day", deletions,
               [found for found in deletions if found.at < group(found).deleted_from]),
        _check("each was commanded for the cause that the story expects", deletions,
               [found for found in deletions if found.command.cause != group(found).cause]),
        _check("no deletion was commanded under the hold", held,
               [f for f in held if times["hold.yaml"] <= f.at < times["release.yaml"]]),
        _check("no deletion was commanded to the paused store", paused,
               [f for f in paused if times["pause.yaml"] <= f.at < times["resume.yaml"]]),
        _check("each command says truly when it was issued", deliveries,
               [f for f in deliveries if abs(f.at - f.command.issued_at) > ISSUED_WITHIN]),
        _check("no command was void when it was given", deliveries,
               [found for found in deliveries if found.at >= found.command.expires_at]),
    ]  # fmt: skip


def _checks_of_settling(story: Story, played: Played, findings: Sequence[Finding]) -> list[Check]:
    """Everything was restricted in time, deleted everywhere, answered; only the late is overdue."""
    records = {name for group in story.groups for name in group.record_ids}
    kept = {name for store in played.stores.values() for name in store.kept}
    ids = {found.command.command_id for found in played.deliveries}
    settled = {f.command.command_id for f in played.deliveries if _settled(played, f.command)}
    late = {
        found.command.command_id
        for found in played.deliveries
        if played.stores[found.command.store].answered.get(found.command.command_id, found.at)
        > max(found.command.complete_by, found.at + OVERDUE_AFTER)
    }
    overdue = {item.subject for item in findings if item.kind == "OVERDUE"}
    groups = [group for group in story.groups if group.cause.startswith("notice:")]
    noticed = {name for group in groups for name in group.record_ids}
    restrictions = [f.command for f in played.deliveries if f.command.kind == RESTRICT]
    stopped = {one.record_id for one in restrictions if one.cause.startswith("notice:")}
    return [
        Check("the notice restricted the records it names, and no others", len(noticed),
              len(noticed ^ stopped)),
        Check("at the end no store keeps any record", len(records), len(kept)),
        Check("every command was obeyed and settled", len(ids), len(ids - settled)),
        Check("what was answered late, and nothing else, was reported overdue", len(late),
              len(late ^ overdue)),
    ]  # fmt: skip


def _check(says: str, checked: Sequence[Delivery], wrong: Sequence[Delivery]) -> Check:
    return Check(says, len(checked), len(wrong))
