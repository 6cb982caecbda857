"""The catalogue: every metric once. What is exported, shown and alerted on is checked against it.

Names follow Prometheus: base units, `_total` for what only grows, the unit last. Labels have few
values: stores, notices and topics by name, and words of the vocabulary; never an id of a record, a
person or a command.
"""

from pipeline.metrics.metric import Metric

FLOW = (
    Metric(
        name="retention_events_published_total",
        type="counter",
        unit="messages",
        labels=("topic",),
        help="Messages that producers wrote to an ingestion topic, by its positions; a producer's "
        "retries count.",
        action="When it stands still although the platform works, ask the platform team.",
    ),
    Metric(
        name="retention_events_acknowledged_total",
        type="counter",
        unit="messages",
        labels=("topic",),
        help="Messages of an ingestion topic that the job has read and written all consequences "
        "of, by its committed positions: one that is read again counts once.",
        action="When it stands still and events come in, look at the job's log.",
    ),
    Metric(
        name="retention_receipts_acknowledged_total",
        type="counter",
        unit="messages",
        help="Messages of the receipts topic that the job has taken, by its committed positions: "
        "one that is read again counts once, one that a store sent again twice.",
        action="When it stands still while commands are outstanding, ask the stores' owners.",
    ),
    Metric(
        name="retention_consumer_lag_messages",
        unit="messages",
        labels=("topic",),
        help="Messages published to an input topic and not acknowledged yet.",
        action="When it grows, the job is too slow or stands: look at its log and CPU.",
    ),
    Metric(
        name="retention_quarantined_messages",
        unit="messages",
        labels=("topic", "reason"),
        help="Messages that could not be read, by origin and reason, while the quarantine topic "
        "keeps their pointers.",
        action="Repair the producer that wrote them, then publish them again.",
        distinct=True,
    ),
    Metric(
        name="retention_watermark_lag_seconds",
        unit="seconds",
        help="Broker's time less the newest time up to which everything published was "
        "acknowledged; after the exporter's start, less the time of the oldest message that waits.",
        action="Deletions come late by so much, never wrongly: give the job more CPU, or find what "
        "it waits for.",
    ),
    Metric(
        name="retention_shard_time_lag_seconds",
        unit="seconds",
        help="Broker's time less the time that the slowest shard has heard; shards say so about "
        "every 10 seconds.",
        action="When it grows, the job stands: look at its log, start it again.",
    ),
    Metric(
        name="retention_wake_lag_seconds",
        unit="seconds",
        help="How long the most urgent deadline of a shard has been due without being acted on; 0: "
        "none is due.",
        action="When it grows, timers do not fire: look at the watermark lag first.",
    ),
    Metric(
        name="retention_clock_difference_seconds",
        unit="seconds",
        help="Largest difference between the broker's time and a worker's clock; above 300 no "
        "deletion is commanded.",
        action="Set both clocks by NTP.",
    ),
    Metric(
        name="retention_paused_shards",
        unit="shards",
        help="Shards that command no deletion because their worker's clock differs too much.",
        action="Set both clocks by NTP; deletion resumes by itself.",
    ),
    Metric(
        name="retention_existing_partitions",
        unit="partitions",
        labels=("topic",),
        help="Partitions that a topic has which the job must read.",
        action="When it grows, start the job again: it reads those that were there at its start.",
    ),
    Metric(
        name="retention_assigned_partitions",
        unit="partitions",
        labels=("topic",),
        help="Partitions of a topic that the running job reads.",
        action="When it is less than what exists, start the job again.",
    ),
)
INVENTORY = (
    Metric(
        name="retention_records",
        unit="records",
        labels=("status", "band"),
        help="Records by where they stand and how surely their people's residency is concluded.",
        action="Nothing by itself: it is what the rest is compared with.",
        distinct=True,
    ),
    Metric(
        name="retention_unknown_residency_records",
        unit="records",
        help="Records with data of somebody whose residency is not concluded.",
        action="Conclude it from data already held; until then the strictest limit applies.",
        distinct=True,
    ),
    Metric(
        name="retention_limits_due_records",
        unit="records",
        labels=("within",),
        help="Records whose deletion must be done within 1, 7 or 30 days, to the hour, each "
        "including those before it; `passed`: it should be done. Held records are left out.",
        action="A peak ahead: see that the stores and `at_most` bear it. Passed: see which "
        "commands are outstanding.",
        distinct=True,
    ),
    Metric(
        name="retention_unlimited_records",
        unit="records",
        help="Records with data and without a limit: no policy is in force, or it cannot be "
        "worked out.",
        action="Publish a policy; see the findings NO_POLICY and CANNOT_BE_EVALUATED.",
        distinct=True,
    ),
    Metric(
        name="retention_returned_records",
        unit="records",
        help="Records with data that came after a deletion which a store has confirmed.",
        action="Find the producer that collects again: see the findings COLLECTED_AGAIN.",
        distinct=True,
    ),
    Metric(
        name="retention_restricted_records",
        unit="records",
        help="Records with data that a store was told to restrict and not yet to release.",
        action="Nothing by itself; when it jumps, see which notice or hold came.",
        distinct=True,
    ),
    Metric(
        name="retention_held_records",
        unit="records",
        help="Records with data under an active hold.",
        action="Review holds that stay long with counsel.",
        distinct=True,
    ),
    Metric(
        name="retention_unreviewed_records",
        unit="records",
        help="Records that shards have yet to look at under documents that changed.",
        action="It falls by itself after a change; when it does not, look at the job.",
    ),
    Metric(
        name="retention_notice_scope_records",
        unit="records",
        labels=("notice", "step"),
        help="Records that a step of a notice orders something of, or has.",
        action="Compare with what counsel expected of the notice.",
        distinct=True,
    ),
    Metric(
        name="retention_notice_settled_records",
        unit="records",
        labels=("notice", "step"),
        help="Of those in scope, records of which every store has done what the step orders.",
        action="Before the deadline it must reach the number in scope: find the store that lacks.",
        distinct=True,
    ),
    Metric(
        name="retention_notice_deadline_timestamp_seconds",
        unit="seconds since 1970",
        labels=("notice", "step"),
        help="When a step of a notice in force must be done.",
        action="Nothing by itself: alerts compare the broker's time with it.",
    ),
)
COMMANDING = (
    Metric(
        name="retention_commands_total",
        type="counter",
        unit="commands",
        labels=("kind", "cause_kind"),
        help="Commands issued, each once however often it was sent; what the governor withholds "
        "is included. Of commands of one kind to one store about one record the newest 16 count.",
        action="A jump without a change of documents: pause deletion, then look at the decisions.",
        distinct=True,
    ),
    Metric(
        name="retention_command_messages_total",
        type="counter",
        unit="messages",
        labels=("store",),
        help="Messages written to a store's command topic, repetitions included.",
        action="Much more than commands: the store does not answer.",
    ),
    Metric(
        name="retention_observed_deletions",
        unit="commands",
        help="Deletions that rules in mode `observe` would have commanded.",
        action="Look at them before the rule is enforced.",
        distinct=True,
    ),
    Metric(
        name="retention_answered_commands",
        unit="commands",
        labels=("outcome",),
        help="Commands by the most final answer that the store gave.",
        action="PARTIAL, FAILED and NOT_SUPPORTED: ask the store's owner.",
        distinct=True,
    ),
    Metric(
        name="retention_outstanding_commands",
        unit="commands",
        labels=("store", "kind"),
        help="Commands that no store has settled and nothing withdrew; what the governor withholds "
        "is included.",
        action="When it stays, the store does not answer, or the governor withholds.",
        distinct=True,
    ),
    Metric(
        name="retention_oldest_outstanding_age_seconds",
        unit="seconds",
        help="Age of the oldest outstanding command; 0: none is outstanding.",
        action="Find the store by its outstanding commands.",
        distinct=True,
    ),
    Metric(
        name="retention_overdue_commands",
        unit="commands",
        labels=("store",),
        help="Outstanding commands whose deadline has passed.",
        action="This is a breach: ask the store's owner at once.",
        distinct=True,
    ),
    Metric(
        name="retention_withheld_commands",
        unit="commands",
        help="Commands that wait in the governor for an approval, a resume or the store's rate.",
        action="Look at why so much is due, then publish an `approve` or wait for the next day.",
        distinct=True,
    ),
    Metric(
        name="retention_unconfirmed_shards",
        unit="shards",
        help="Shards that have not confirmed the documents in force, as the slowest governor "
        "knows; until they do, nothing withheld leaves.",
        action="It falls by itself after a change; when it does not, look at the job.",
    ),
)
WATCHING = (
    Metric(
        name="retention_findings",
        unit="findings",
        labels=("kind", "severity"),
        help="Findings by kind, each once however often it was reported, while the findings topic "
        "keeps them.",
        action="Read the newest of the kind: each says what to do.",
        distinct=True,
    ),
    Metric(
        name="retention_broker_timestamp_seconds",
        unit="seconds since 1970",
        help="The broker's time when these numbers were put together.",
        action="When it stands still, the exporter does not reach the broker.",
    ),
    Metric(
        name="retention_unreadable_messages",
        unit="messages",
        labels=("topic",),
        help="Messages of the pipeline's own topics that the exporter could not read; they are "
        "missing in its numbers.",
        action="Inspect the topic: somebody else writes to it, or the exporter is older than the "
        "job.",
    ),
    Metric(
        name="retention_exporter_rereads",
        unit="rereadings",
        help="1 while the exporter reads the inventory again because documents changed; until it "
        "is done, numbers of records follow the former documents.",
        action="When it stays at 1, give the exporter more CPU.",
    ),
)
METRICS = FLOW + INVENTORY + COMMANDING + WATCHING
BY_NAME = {metric.name: metric for metric in METRICS}
