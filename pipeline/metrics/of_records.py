"""Metrics of the inventory and of commands: what is held, what is due, who has obeyed."""

from pipeline.metrics.metric import Metric

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
ASKED = (
    Metric(
        name="retention_requests",
        unit="requests",
        labels=("kind", "state"),
        help="Requests of people about their data, by kind and by what was decided.",
        action="Decide those that are only received: `retention requests list`.",
    ),
    Metric(
        name="retention_unanswered_requests",
        unit="requests",
        labels=("within",),
        help="Requests whose person was not told what became of it, and whose time to answer ends "
        "within 1, 7 or 30 days, each including those before it; `passed`: it has ended.",
        action="Decide and answer them; publish a version with `answered`.",
    ),
)
COMMANDING = (
    Metric(
        name="retention_commands_total",
        type="counter",
        unit="commands",
        labels=("kind", "cause_kind"),
        help="Commands issued, each once however often it was sent; what the governor withholds "
        "is included. Of commands of one kind to one store about one record the newest 16 count. "
        "An exporter that begins anew does not count a restriction that Flink, gone back to a "
        "checkpoint, had no reason to repeat.",
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
        help="Outstanding commands whose deadline has passed: as the job has said, or, while it "
        "stands, to the hour.",
        action="This is a breach: ask the store's owner at once.",
        distinct=True,
    ),
    Metric(
        name="retention_refused_commands",
        unit="commands",
        labels=("store", "outcome"),
        help="Outstanding commands that the store has answered without obeying, or without "
        "obeying in full, by that answer.",
        action="Ask the store's owner; what the store answers next to the same id counts.",
        distinct=True,
    ),
    Metric(
        name="retention_active_pauses",
        unit="pauses",
        labels=("scope",),
        help="Pauses of deletion in force that somebody published: of all, of stores, of rules.",
        action="Publish a `resume` of the same scope when deletion may go on.",
    ),
    Metric(
        name="retention_oldest_pause_timestamp_seconds",
        unit="seconds since 1970",
        labels=("scope",),
        help="When the oldest pause in force of that kind was published.",
        action="Nothing by itself: an alert compares the broker's time with it.",
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
