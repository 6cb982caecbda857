"""Metrics of the job and of its watching: what flows, what is found, what the exporter does."""

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
        help="Messages that could not be read and that nobody has replayed or dismissed, by origin "
        "and reason, while the quarantine topic keeps their pointers.",
        action="Repair what made them unreadable, then replay them, or dismiss them.",
        distinct=True,
    ),
    Metric(
        name="retention_watermark_lag_seconds",
        unit="seconds",
        help="Broker's time less the newest time up to which everything published was "
        "acknowledged; after the exporter's start, less the time of the oldest message that waits. "
        "Partitions that an operator has excluded do not count.",
        action="Deletions come late by so much, never wrongly: give the job more CPU, or find what "
        "it waits for.",
    ),
    Metric(
        name="retention_partition_watermark_lag_seconds",
        unit="seconds",
        labels=("topic", "partition"),
        help="The same of single partitions, excluded ones too: the 200 that are furthest behind. "
        "The highest holds all deadlines.",
        action="When one is far above the others, see the alert RetentionPartitionStalled.",
    ),
    Metric(
        name="retention_partition_stalled_seconds",
        unit="seconds",
        labels=("topic", "partition"),
        help="For how long messages have waited in a partition, or nobody has served it, and the "
        "job has acknowledged none of it; of the 200 highest. An idle partition has 0.",
        action="Look at the broker that leads the partition; see RetentionPartitionStalled.",
    ),
    Metric(
        name="retention_shard_time_lag_seconds",
        unit="seconds",
        help="Broker's time less the time that the slowest shard has heard; shards say so about "
        "every 10 seconds. Before any job has run: since the exporter's start.",
        action="When it grows, the job stands: look at its log, start it again.",
    ),
    Metric(
        name="retention_wake_lag_seconds",
        unit="seconds",
        help="How long the most urgent deadline that a shard has told of has been due; 0: none is. "
        "Shards tell about every 10 seconds.",
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
        name="retention_open_findings",
        unit="findings",
        labels=("kind", "severity"),
        help="Findings that nobody has resolved, or that came on another occasion since, while the "
        "findings topic keeps them.",
        action="`retention findings list`; each says what to do. Resolve what is dealt with.",
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
        help="Messages of the pipeline's own topics that the exporter could not read, until the "
        "topic lets them go or a newer one replaces them; they are missing in its numbers.",
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
