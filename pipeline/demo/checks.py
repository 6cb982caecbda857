"""What must hold at the end of the story, held against the log's own times and the story's words.

Not against what the pipeline says of itself: every expectation is in `story.yaml`, by hand.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pipeline.demo.outcome import RESTRICT, Outcome
from pipeline.demo.story import IMAGES, Group, Story
from pipeline.identifiers import Cause, RecordId
from pipeline.instants import DAY, MAX_INSTANT, Instant, from_datetime
from pipeline.ledger.unanswered import OVERDUE_AFTER
from pipeline.stories.stores import Delivery

MINUTE = 60_000
"""A command may say that it was issued this much after the log's time (milliseconds)."""
WITHHELD = DAY
"""It may be given this much later than it was issued: what a governor withholds waits a while."""
EXPECTED_FINDINGS = frozenset(
    {
        "HELD_PAST_LIMIT",
        "NO_LAWFUL_BASIS",
        "NO_RULE",
        "OVERDUE",
        "RESIDENCY_CONFLICT",
        "UNKNOWN_RESIDENCY",
        "UNTRACKED_RECORD",
        "WITHHELD",
    }
)


class Check(NamedTuple):
    """One thing that must hold, and how often it did not."""

    says: str
    checked: int
    wrong: int

    @property
    def holds(self) -> bool:
        """Whether it holds, and was not true of nothing."""
        return self.checked > 0 and self.wrong == 0


def all_checks(story: Story, outcome: Outcome) -> tuple[Check, ...]:
    """Return every check."""
    deletions = outcome.of_kind("DELETE")
    return (
        *deletion_checks(story, outcome, deletions),
        *_restrictions(story, outcome),
        *_settling(story, outcome),
        Check(
            "unreadable messages are in quarantine, and the stream went on",
            outcome.poison,
            abs(outcome.poison - outcome.quarantined.total()),
        ),
        Check(
            "a person was told of what a person must decide, and of nothing else",
            len(EXPECTED_FINDINGS),
            len({item.kind for item in outcome.findings} ^ EXPECTED_FINDINGS),
        ),
    )


def deletion_checks(
    story: Story, outcome: Outcome, deletions: Sequence[Delivery]
) -> Iterator[Check]:
    """Check that nothing is early, late, for another cause, under a hold or pause, or void."""
    times = outcome.published
    held = [found for found in deletions if _group(story, found).held]
    paused = [found for found in deletions if found.command.store == IMAGES]
    yield _check(
        "no deletion was commanded before its day",
        deletions,
        [found for found in deletions if found.at < _group(story, found).deleted_from],
    )
    yield _check(
        "none was commanded late",
        deletions,
        [found for found in deletions if found.at > _group(story, found).deleted_by],
    )
    yield _check(
        "each was commanded for the cause that the law or policy gives",
        deletions,
        [found for found in deletions if found.command.cause != _group(story, found).cause],
    )
    yield _check(
        "no deletion was commanded under the hold",
        held,
        [found for found in held if times["hold.yaml"] <= found.at < times["release.yaml"]],
    )
    yield _check(
        "no deletion was commanded to the paused store",
        paused,
        [found for found in paused if times["pause.yaml"] <= found.at < times["resume.yaml"]],
    )
    issued = outcome.deliveries
    yield _check(
        "each command says truly when it was issued, and none was void when it was given",
        issued,
        [
            found
            for found in issued
            if not -MINUTE <= found.at - found.command.issued_at <= WITHHELD
            or found.at >= found.command.expires_at
        ],
    )


def _group(story: Story, found: Delivery) -> Group:
    return story.group_of[found.command.record_id]


def _restrictions(story: Story, outcome: Outcome) -> Iterator[Check]:
    """Check that exactly what must be restricted was, and in time."""
    given: dict[RecordId, set[Cause]] = defaultdict(set)
    for found in outcome.of_kind(RESTRICT):
        given[found.command.record_id].add(found.command.cause)
    groups = story.group_of
    wrong = [name for name, group in groups.items() if given[name] != set(group.restricted)]
    yield Check(
        "what must be restricted was, for its cause, and nothing else", len(groups), len(wrong)
    )
    stop = from_datetime(next(one.moment for one in story.marks if one.say == "stop using by"))
    noticed = [name for name, group in groups.items() if _by_notice(group)]
    late = [name for name in noticed if _out_of_use(outcome, name) > stop]
    yield Check("whatever the notice names was out of use by its date", len(noticed), len(late))


def _out_of_use(outcome: Outcome, name: RecordId) -> Instant:
    """Return when a record was restricted or gone, whichever was first."""
    times = [found.get(name, MAX_INSTANT) for found in (outcome.restricted_at, outcome.deleted_at)]
    return min(times)


def _by_notice(group: Group) -> bool:
    return any(cause.startswith("notice:") for cause in group.restricted)


def _settling(story: Story, outcome: Outcome) -> Iterator[Check]:
    """Everything was deleted everywhere and answered; only the late is overdue."""
    records = len(story.group_of)
    yield Check("at the end no store keeps any record", records, sum(outcome.kept.values()))
    yield Check(
        "every record was deleted once", records, abs(len(outcome.of_kind("DELETE")) - records)
    )
    open_ = [
        item for item in outcome.deliveries if item.command.command_id not in outcome.settled_at
    ]
    yield Check("every command was obeyed and settled", len(outcome.deliveries), len(open_))
    late = {
        item.command.command_id
        for item in outcome.deliveries
        if outcome.settled_at.get(item.command.command_id, item.at + 365 * DAY)
        > max(item.command.complete_by, item.command.issued_at + OVERDUE_AFTER)
    }
    yield Check(
        "what was answered late, and nothing else, was reported overdue",
        len(late),
        len(late ^ outcome.overdue),
    )


def _check(says: str, checked: Sequence[Delivery], wrong: Sequence[Delivery]) -> Check:
    return Check(says, len(checked), len(wrong))
