"""What came of the story, read from the topics: the log's own times, not what anybody says."""

import contextlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from pipeline.errors import Undecodable
from pipeline.events import Event
from pipeline.findings import Decision, Finding
from pipeline.identifiers import CommandId, RecordId, StoreName
from pipeline.instants import Instant
from pipeline.receipts import Receipt
from pipeline.stories.scene import Scene
from pipeline.stories.stores import Delivery, Store
from pipeline.vocabulary import SETTLED, CommandKind

DELETE, RESTRICT = CommandKind.DELETE.value, CommandKind.RESTRICT.value


@dataclass(frozen=True)
class Outcome:
    """Everything that a story left behind.

    Attributes:
        events: what was published to the ingestion topic, with the log's time.
        poison: how many messages that nobody can read.
        deliveries: each command once, as it was first given, by the log's time.
        repeated: how often commands were given again.
        receipts: every answer, by the log's time.
        findings: each once.
        decisions: why, by command id.
        quarantined: how many messages by reason.
        kept: what is left in each store.
        published: when each document was.
        seconds: how long the story took, and its largest crawl from its first event to the last
            acknowledgement, of the wall.
    """

    events: tuple[tuple[Instant, Event], ...]
    poison: int
    deliveries: tuple[Delivery, ...]
    repeated: int
    receipts: tuple[tuple[Instant, Receipt], ...]
    findings: tuple[Finding, ...]
    decisions: Mapping[str, Decision]
    quarantined: Counter[str]
    kept: Mapping[StoreName, int]
    published: Mapping[str, Instant]
    seconds: float
    largest: tuple[int, float]

    @cached_property
    def settled_at(self) -> Mapping[CommandId, Instant]:
        """When each command was answered for good."""
        found: dict[CommandId, Instant] = {}
        for at, receipt in self.receipts:
            if receipt.status in SETTLED:
                found.setdefault(receipt.command_id, at)
        return found

    @cached_property
    def deleted_at(self) -> Mapping[RecordId, Instant]:
        """When each record was said to be gone from its store."""
        return {
            item.command.record_id: self.settled_at[item.command.command_id]
            for item in self.of_kind(DELETE)
            if item.command.command_id in self.settled_at
        }

    @cached_property
    def restricted_at(self) -> Mapping[RecordId, Instant]:
        """When each record was first restricted."""
        found: dict[RecordId, Instant] = {}
        for item in self.of_kind(RESTRICT):
            at = self.settled_at.get(item.command.command_id)
            if at is not None:
                found[item.command.record_id] = min(at, found.get(item.command.record_id, at))
        return found

    @cached_property
    def overdue(self) -> frozenset[str]:
        """Ids of commands that were reported as overdue."""
        return frozenset(item.subject for item in self.findings if item.kind == "OVERDUE")

    def of_kind(self, kind: str) -> list[Delivery]:
        """Return the commands of one kind."""
        return [item for item in self.deliveries if item.command.kind == kind]

    def causes(self) -> dict[tuple[str, str, str], list[Delivery]]:
        """Return the commands by kind, cause and citation, in the order of their first."""
        found: dict[tuple[str, str, str], list[Delivery]] = defaultdict(list)
        for item in self.deliveries:
            command = item.command
            found[command.kind, command.cause, command.citation].append(item)
        return dict(sorted(found.items(), key=lambda entry: entry[1][0].at))


def gather(
    scene: Scene,
    stores: Iterable[Store],
    published: Mapping[str, Instant],
    poison: int,
    seconds: float,
    largest: tuple[int, float],
) -> Outcome:
    """Read everything back from the topics of a scene."""
    events = []
    for message in scene.read(scene.events_topic):
        with contextlib.suppress(Undecodable):
            event = scene.codec.decode_event(message.topic, message.value)
            events.append((message.timestamp, event))
    first: dict[CommandId, Delivery] = {}
    given = 0
    for store in stores:
        for item in store.deliveries:
            given += 1
            first.setdefault(item.command.command_id, item)
    codec = scene.codec
    return Outcome(
        events=tuple(events),
        poison=poison,
        deliveries=tuple(
            sorted(first.values(), key=lambda item: (item.at, item.command.command_id))
        ),
        repeated=given - len(first),
        receipts=tuple(
            (message.timestamp, codec.decode_receipt(message.value))
            for message in scene.read(scene.topics.name("receipts"))
        ),
        findings=tuple({item.finding_id: item for item in scene.findings()}.values()),
        decisions={
            item.decision_id: item for item in map(codec.decode_decision, scene.values("decisions"))
        },
        quarantined=Counter(item.reason for item in scene.quarantined()),
        kept={store.name: len(store.holds.inventory()) for store in stores},
        published=published,
        seconds=seconds,
        largest=largest,
    )
