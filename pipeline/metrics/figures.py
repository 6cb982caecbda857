"""The numbers put together: every metric of the catalogue, by its labels."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from pipeline.documents import InForce, Request
from pipeline.findings import severity
from pipeline.instants import DAY, HOUR, SECOND, Instant
from pipeline.metrics.cases import Cases
from pipeline.metrics.catalogue import BY_NAME, METRICS
from pipeline.metrics.illegible import Illegible
from pipeline.metrics.inventory import Inventory
from pipeline.metrics.kept import Kept
from pipeline.metrics.metric import (
    BANDS,
    CAUSES,
    COMMANDS,
    FINDINGS,
    OUTCOMES,
    REASONS,
    REFUSALS,
    REQUEST_KINDS,
    REQUEST_STATES,
    SCOPES,
    STATUSES,
    WITHIN_DAYS,
    Labels,
)
from pipeline.metrics.positions import Positions
from pipeline.metrics.shards import Shards
from pipeline.metrics.standing import Standing, notice_step
from pipeline.vocabulary import FindingKind

Figures = dict[str, dict[Labels, float]]
"""By metric, then by the values of its labels."""

MAX_STORES = 200
"""Stores that get a label of their own; events of a mistaken producer may name any number."""
OTHER = "other"
_TO_STORES = ("DELETE", "REDACT", "RESTRICT", "RELEASE", "CANCEL")


@dataclass
class Sources:
    """Everything that numbers are made from.

    Attributes:
        events: the ingestion topics.
        receipts: the topic of receipts.
        lineage: the topic of what records tell each other.
        positions: how far the job has read.
        shards: what it measures of itself.
        findings: distinct findings by kind, and those that are open.
        quarantine: distinct messages by topic and reason that nobody has dealt with.
        unreadable: messages that the exporter could not read.
        in_force: the documents in force.
        inventory: the records.
        rereading: whether the inventory is read again.
        sent: messages of each store's command topic.
        issued: the most commands ever counted, by kind and kind of cause: a counter never falls.
        stores: those that have a label of their own.
        paused: since when pauses are in force, by their scope.
        requests: of people, in force.
    """

    events: tuple[str, ...]
    receipts: str
    lineage: str
    positions: Positions
    shards: Shards
    findings: Cases
    quarantine: Kept
    unreadable: Illegible
    in_force: InForce
    inventory: Inventory
    rereading: bool = False
    sent: dict[str, int] = field(default_factory=dict)
    issued: dict[Labels, float] = field(default_factory=dict)
    stores: dict[str, None] = field(default_factory=dict)
    paused: dict[str, Instant] = field(default_factory=dict)
    requests: tuple[Request, ...] = ()

    def know_stores(self) -> None:
        """Give the stores of the inventory a label each, as far as there are any left."""
        for standing, _ in self.inventory.standings():
            for store in standing.stores:
                self.label(store)

    def label(self, store: str) -> str:
        """Return the label of a store: its name, for the first of them that were seen."""
        if store not in self.stores and len(self.stores) < MAX_STORES:
            self.stores[store] = None
        return store if store in self.stores else OTHER


def figures_of(sources: Sources) -> Figures:
    """Return the value of every metric; one without labels always has one."""
    found: Figures = {metric.name: {} for metric in METRICS}
    for part in (_flow, _job, _watching, _pauses, _ahead, _asked):
        for name, labels, value in part(sources):
            found[name][labels] = value
    _zeros(found)
    for standing, count in sources.inventory.standings():
        _add_standing(found, sources, standing, count)
    _never_falling(found["retention_commands_total"], sources.issued)
    for name, values in found.items():
        if not BY_NAME[name].labels:
            values.setdefault((), 0.0)
    return found


Sample = tuple[str, Labels, float]


def _flow(sources: Sources) -> Iterator[Sample]:
    positions = sources.positions
    for topic in sources.events:
        yield "retention_events_published_total", (topic,), positions.published(topic)
        yield "retention_events_acknowledged_total", (topic,), positions.acknowledged(topic)
    acknowledged = positions.acknowledged(sources.receipts)
    yield "retention_receipts_acknowledged_total", (), acknowledged
    for topic in (*sources.events, sources.receipts, sources.lineage):
        yield "retention_consumer_lag_messages", (topic,), positions.waiting(topic)
    yield "retention_watermark_lag_seconds", (), positions.lag()
    for (topic, number), seconds in positions.partition_lags().items():
        yield "retention_partition_watermark_lag_seconds", (topic, str(number)), seconds
    for (topic, number), seconds in positions.stalled().items():
        yield "retention_partition_stalled_seconds", (topic, str(number)), seconds
    yield "retention_broker_timestamp_seconds", (), positions.now / SECOND
    assigned = sources.shards.assigned(sources.positions.now)
    for topic, count in positions.existing.items():
        yield "retention_existing_partitions", (topic,), count
        # Without a job nothing is assigned.
        yield "retention_assigned_partitions", (topic,), assigned.get(topic, 0)


def _job(sources: Sources) -> Iterator[Sample]:
    shards = sources.shards
    now = sources.positions.now
    yield "retention_shard_time_lag_seconds", (), shards.time_lag(now, sources.positions.since)
    yield "retention_wake_lag_seconds", (), shards.wake_lag(now)
    difference = shards.most("ledger_clock_difference_ms") / SECOND
    yield "retention_clock_difference_seconds", (), difference
    yield "retention_paused_shards", (), shards.paused()
    unreviewed = shards.total("ledger_unreviewed_records")
    yield "retention_unreviewed_records", (), unreviewed
    yield "retention_withheld_commands", (), shards.total("governor_withheld_commands")
    yield "retention_unconfirmed_shards", (), shards.most("governor_unconfirmed_shards")


def _watching(sources: Sources) -> Iterator[Sample]:
    for kind in FINDINGS:
        yield "retention_findings", (kind, severity(FindingKind(kind))), 0
        yield "retention_open_findings", (kind, severity(FindingKind(kind))), 0
    for labels, count in sources.findings.counts.items():
        yield "retention_findings", labels, count
    for labels, count in sources.findings.open_counts.items():
        yield "retention_open_findings", labels, count
    for topic in (*sources.events, sources.receipts, sources.lineage):
        for reason in REASONS:
            yield "retention_quarantined_messages", (topic, reason), 0
    for labels, count in sources.quarantine.counts.items():
        yield "retention_quarantined_messages", labels, count
    for topic, count in sources.unreadable.counts().items():
        yield "retention_unreadable_messages", (topic,), count
    yield "retention_exporter_rereads", (), sources.rereading
    for store, count in sources.sent.items():
        yield "retention_command_messages_total", (store,), count


def _pauses(sources: Sources) -> Iterator[Sample]:
    for scope in SCOPES:
        since = [at for name, at in sources.paused.items() if name.partition(":")[0] == scope]
        yield "retention_active_pauses", (scope,), len(since)
        for at in sorted(since)[:1]:
            yield "retention_oldest_pause_timestamp_seconds", (scope,), at / SECOND


def _ahead(sources: Sources) -> Iterator[Sample]:
    inventory, now = sources.inventory, sources.positions.now
    for name, days in WITHIN_DAYS.items():
        yield "retention_limits_due_records", (name,), inventory.due_within(now, days)
    since = inventory.waiting_since()
    age = 0.0 if since is None else max(0.0, (now - since) / SECOND)
    yield "retention_oldest_outstanding_age_seconds", (), age
    for found in sources.in_force.notices:
        for step in found.ordered if found.notice.mode == "enforce" else ():
            labels = (found.notice.document_id, step.step_id)
            deadline = step.complete_by / SECOND
            yield "retention_notice_deadline_timestamp_seconds", labels, deadline
            yield "retention_notice_scope_records", labels, 0
            yield "retention_notice_settled_records", labels, 0


def _asked(sources: Sources) -> Iterator[Sample]:
    now = sources.positions.now
    states = Counter((str(one.kind), str(one.state)) for one in sources.requests)
    for kind in REQUEST_KINDS:
        for state in REQUEST_STATES:
            yield "retention_requests", (kind, state), states[kind, state]
    deadlines = [one.deadline for one in sources.requests if one.is_open]
    for name, days in WITHIN_DAYS.items():
        last = now if days < 0 else now + days * DAY
        count = sum(deadline <= last for deadline in deadlines)
        yield "retention_unanswered_requests", (name,), count


def _zeros(found: Figures) -> None:
    """Show what may come before it comes: a rate needs a number to begin from."""
    found["retention_records"] |= {
        (status, band): 0.0
        for status in STATUSES
        for band in BANDS
        if (status == "DELETED") == (band == "NONE")
    }
    found["retention_commands_total"] |= {
        (kind, cause): 0.0 for kind in COMMANDS for cause in CAUSES
    }
    found["retention_answered_commands"] |= {(outcome,): 0.0 for outcome in OUTCOMES}


def _add_standing(found: Figures, sources: Sources, standing: Standing, count: int) -> None:
    """Add what the records of one standing count for."""

    def add(name: str, labels: Labels, times: int) -> None:
        values = found[name]
        values[labels] = values.get(labels, 0.0) + times * count

    if standing.status:
        add("retention_records", (standing.status, standing.band), 1)
    add("retention_unknown_residency_records", (), standing.unknown)
    add("retention_unlimited_records", (), standing.unlimited)
    add("retention_returned_records", (), standing.returned)
    add("retention_restricted_records", (), standing.restricted)
    add("retention_held_records", (), standing.held)
    add("retention_observed_deletions", (), standing.observed)
    for labels, times in standing.commands:
        add("retention_commands_total", labels, times)
    for labels, times in standing.answers:
        add("retention_answered_commands", labels, times)
    for cause, settled in standing.notices:
        add("retention_notice_scope_records", notice_step(cause), 1)
        add("retention_notice_settled_records", notice_step(cause), settled)
    for name, labels, times in _by_store(sources, standing):
        add(name, labels, times)


def _by_store(sources: Sources, standing: Standing) -> Iterator[tuple[str, Labels, int]]:
    """Yield what counts for one store each; 0 too, so that a rate has a number to begin from."""
    label = sources.label
    for store in standing.stores:
        yield "retention_overdue_commands", (label(store),), 0
        for outcome in REFUSALS:
            yield "retention_refused_commands", (label(store), outcome), 0
        for kind in _TO_STORES:
            yield "retention_outstanding_commands", (label(store), kind), 0
    for (name, kind), times in standing.outstanding:
        yield "retention_outstanding_commands", (label(name), kind), times
    for (name,), times in standing.overdue:
        yield "retention_overdue_commands", (label(name),), times
    for (name, hour), times in standing.expected:
        if hour * HOUR <= sources.positions.now:
            yield "retention_overdue_commands", (label(name),), times
    for (name, outcome), times in standing.refused:
        yield "retention_refused_commands", (label(name), outcome), times


def _never_falling(values: dict[Labels, float], most: dict[Labels, float]) -> None:
    """Keep a counter where it was when what it counts was pruned."""
    for labels, value in values.items():
        values[labels] = most[labels] = max(value, most.get(labels, 0.0))
