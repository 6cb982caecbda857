"""The topics of the pipeline, their names under a prefix, and how each is provisioned."""

import shlex
from dataclasses import dataclass

from pipeline.instants import DAY
from pipeline.transports.contract import TopicSpec

DEFAULT_PREFIX = "retention."
DEFAULT_EVENTS = ("ingestion.events",)
MAX_ROW_BYTES = 16 << 20
"""Largest row of the inventory: a record with as much as is kept of one (`records.joining`)."""
DOCUMENT_KINDS = ("policies", "notices", "holds", "requests", "controls")
"""Topics that steer the pipeline: kept for ever, stamped by the broker."""


@dataclass(frozen=True)
class Topics:
    """Names of every topic. `events` are the platform's own; the rest lies under the prefix."""

    prefix: str = DEFAULT_PREFIX
    events: tuple[str, ...] = DEFAULT_EVENTS

    def name(self, topic: str) -> str:
        """Return the full name of one of our topics, e.g. `records`."""
        return f"{self.prefix}{topic}"

    def commands(self, store: str) -> str:
        """Return the topic a store reads its commands from."""
        return f"{self.prefix}commands.{store}"

    def store_group(self, store: str) -> str:
        """Return the consumer group that holds a store's position, unless it has another."""
        return f"{self.prefix}store.{store}"

    @property
    def documents(self) -> tuple[str, ...]:
        """Full names of the topics that steer the pipeline."""
        return tuple(self.name(kind) for kind in DOCUMENT_KINDS)

    @property
    def arrivals(self) -> tuple[str, ...]:
        """Full names of what is read once and acknowledged: events, receipts, lineage."""
        return (*self.events, self.name("receipts"), self.name("lineage"))

    def is_own(self, topic: str) -> bool:
        """Whether a topic is one of ours, which no platform may write its events to."""
        own = {spec.name for spec in self.specs(create_events=False)}
        return topic in own or topic.startswith(self.commands(""))

    def creation(self, broker_url: str = "", stores: tuple[str, ...] = ()) -> str:
        """Return the command that creates what is missing, to paste into a shell."""
        words = ["retention", "topics", "create"]
        words += ["--broker", broker_url] if broker_url else []
        words += ["--prefix", self.prefix] if self.prefix != DEFAULT_PREFIX else []
        if self.events != DEFAULT_EVENTS:
            words += [word for topic in self.events for word in ("--events", topic)]
        words += [word for store in stores for word in ("--store", store)]
        return shlex.join(words)

    def specs(
        self, *, partitions: int = 4, stores: tuple[str, ...] = (), create_events: bool = True
    ) -> tuple[TopicSpec, ...]:
        """Return how every topic is provisioned.

        Args:
            partitions: of topics whose traffic grows with the events.
            stores: names of the stores that get a command topic.
            create_events: include the platform's own topics.
        """
        many, name = partitions, self.name

        def said(kind: str, count: int, days: int, purpose: str) -> TopicSpec:
            # What is evidence carries the broker's time, not that of whoever wrote it.
            return TopicSpec(
                name(kind), count, log_append_time=True, retention_ms=days * DAY, purpose=purpose
            )

        specs = [
            TopicSpec(
                name(kind), 1, log_append_time=True, purpose="steering document, every version"
            )
            for kind in DOCUMENT_KINDS
        ]
        specs += [
            TopicSpec(
                name("records"),
                many,
                compacted=True,
                max_message_bytes=MAX_ROW_BYTES,
                purpose="the inventory",
            ),
            TopicSpec(name("state"), many, compacted=True, purpose="what else the ledger knows"),
            said("receipts", many, 90, "answers of stores"),
            said("findings", 1, 365, "for a person"),
            said("decisions", many, 6 * 365, "why"),
            said("quarantine", 1, 30, "unreadable input"),
            TopicSpec(name("measurements"), 1, compacted=True, purpose="numbers for the exporter"),
            TopicSpec(name("lineage"), many, retention_ms=90 * DAY, purpose="between shards"),
            TopicSpec(
                name("clock"), 1, log_append_time=True, retention_ms=DAY // 24, purpose="time"
            ),
        ]
        specs += [said(f"commands.{store}", many, 90, "for one store") for store in stores]
        if create_events:
            specs += [
                TopicSpec(topic, many, retention_ms=7 * DAY, purpose="ingestion events")
                for topic in self.events
            ]
        return tuple(specs)
