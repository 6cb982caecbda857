"""Follows the topics and keeps the numbers. It reads, and writes to no topic but `clock`.

The inventory is read from its beginning under the documents in force; when others come into force
it is read again, and the former sums are served until that is done.
"""

import logging
import time
from collections.abc import Iterable

from pipeline.documents import InForce, InvalidDocument, Versions
from pipeline.documents.outages import excluded
from pipeline.documents.territories import era
from pipeline.errors import InvalidInput, Undecodable
from pipeline.inquiry.unread import is_mark, place_of
from pipeline.instants import MIN_INSTANT, Instant
from pipeline.metrics.cases import Cases
from pipeline.metrics.figures import Figures, Sources, figures_of
from pipeline.metrics.illegible import Illegible
from pipeline.metrics.inventory import Inventory
from pipeline.metrics.kept import Kept, key_of
from pipeline.metrics.positions import Positions, partitions_of
from pipeline.metrics.reader import Reader, Take
from pipeline.metrics.shards import Shards
from pipeline.rules import Planner
from pipeline.settings import Settings
from pipeline.transports.contract import Broker, Message, Partition
from pipeline.transports.topics import Topics
from pipeline.wire.codec import Codec
from pipeline.wire.trust import Stamped, Trust

REFRESH_SECONDS = 1.0
"""How often the broker is asked for its time and for positions."""
COUNT_SECONDS = 10.0
"""How often it is asked which topics and partitions there are, and what they forgot."""

_LOG = logging.getLogger(__name__)


class _Records:
    """An inventory under one state of the documents, and the reader that fills it."""

    def __init__(self, reader: Reader, in_force: InForce, codec: Codec) -> None:
        self.reader = reader
        self.inventory = Inventory(Planner(in_force))
        self._codec = codec

    def take(self, message: Message) -> None:
        """Take a row, or the removal of one.

        Raises:
            Undecodable: the row cannot be read.
        """
        if message.value is not None:
            record = self._codec.decode_record(message.value)
            if record.is_known:  # what is only named by others is no record yet
                self.inventory.put(record)
        elif message.key is not None:
            self.inventory.drop(message.key)


class Follower:
    """Reads the topics of one pipeline.

    Args:
        broker: of the pipeline.
        settings: prefix, ingestion topics, group, approvals and keyring as the job has them.

    Raises:
        InvalidInput: a topic of the pipeline does not exist.
        BrokerUnavailable: the broker does not answer.
    """

    def __init__(self, broker: Broker, settings: Settings) -> None:
        self._broker = broker
        self._topics = topics = Topics(settings.prefix, settings.events)
        self._codec = Codec.from_settings(settings)
        self._trust = Trust(self._codec, settings)
        self._versions = Versions(frozenset(settings.approvals))
        self._told = {
            topics.name("findings"): self._finding,
            topics.name("quarantine"): self._quarantined,
            topics.name("measurements"): self._measurement,
            **dict.fromkeys(topics.documents, self._document),
        }
        positions = Positions(broker, settings.group, topics.arrivals)
        in_force = self._versions.in_force(MIN_INSTANT)
        self._sources = Sources(
            topics.events,
            topics.name("receipts"),
            topics.name("lineage"),
            positions,
            Shards(),
            Cases(),
            Kept(),
            Illegible(),
            in_force,
            Inventory(Planner(in_force)),
        )
        self._current: _Records | None = None
        self._next: _Records | None = None
        self._refreshed = self._counted = float("-inf")
        self._counts: dict[str, int] = {}
        self._dealt_with = Kept()
        self._paused_at: dict[tuple[str, int], Instant] = {}
        self._count()
        self._reader = Reader(broker, partitions_of(self._counts, tuple(self._told)))

    # -- reading ---------------------------------------------------------------------------------

    def step(self) -> bool:
        """Read some of what is there, and ask the broker when it is time; never waits for long.

        Returns:
            Whether anything was read.

        Raises:
            RetentionError: the broker does not answer, or forgot what was to be read.
        """
        now = time.monotonic()
        if now - self._counted >= COUNT_SECONDS:
            self._count()
            self._counted = now
        if now - self._refreshed >= REFRESH_SECONDS:
            self._sources.positions.refresh()
            self._sources.sent = self._sent()
            self._turn()
            self._refreshed = now
        busy = self._reader.read(self._safely(self._tell))
        if self._reader.caught_up() and self._current is self._next is None:
            self._turn(first=True)
        for records in (self._current, self._next):
            if records is not None:
                busy |= records.reader.read(self._safely(records.take))
        if self._next is not None and self._next.reader.caught_up():
            self._replace(self._next)
        return busy

    def _safely(self, take: Take) -> Take:
        """Count what cannot be read, and go on. Of documents the job says so, in a finding."""

        def taken(message: Message) -> None:
            try:
                take(message)
            except (Undecodable, InvalidDocument):
                if message.topic not in self._topics.documents:
                    self._sources.unreadable.add(message)
            else:
                self._sources.unreadable.replaced(message)

        return taken

    def _tell(self, message: Message) -> None:
        if message.value is not None:
            self._told[message.topic](message)

    def _finding(self, message: Message) -> None:
        item = self._codec.decode_finding(message.value)
        self._sources.findings.add(message.partition, message.offset, item)

    def _quarantined(self, message: Message) -> None:
        item = self._codec.decode_quarantine(message.value)
        name, labels = str(place_of(item)), (item.topic, item.reason)
        if is_mark(item):  # it was dealt with, also where the job reads it once more
            self._dealt_with.add(message.partition, message.offset, name, labels)
            self._sources.quarantine.drop(name)
        elif key_of(name) not in self._dealt_with:
            self._sources.quarantine.add(message.partition, message.offset, name, labels)

    def _measurement(self, message: Message) -> None:
        self._sources.shards.put(self._codec.decode_measurement(message.value))

    def _document(self, message: Message) -> None:
        kind = message.topic.removeprefix(self._topics.prefix)
        stamped = Stamped(message.topic, message.value, message.timestamp)
        envelope = self._trust.envelope(kind, stamped)
        self._versions = self._versions.applied(envelope)
        if kind == "controls":
            name = (str(envelope.document_id), envelope.version)
            self._paused_at.setdefault(name, message.timestamp)

    # -- documents -------------------------------------------------------------------------------

    def _turn(self, *, first: bool = False) -> None:
        """Read the inventory again when other documents say what follows for a record."""
        in_force = self._versions.in_force(self._sources.positions.now)
        self._sources.paused = {
            control.scope: self._paused_at.get((control.scope, control.version), in_force.at)
            for control in in_force.controls
            if control.action == "pause"
        }
        left_out = excluded(in_force.controls)
        self._sources.positions.excluded = frozenset(Partition(*place) for place in left_out)
        if self._sources.requests != in_force.requests:
            self._sources.requests = in_force.requests
            for records in (self._current, self._next):
                if records is not None:
                    # What a request calls for is commanded: the record's row is written again.
                    records.inventory.follow(Planner(in_force))
        if not first and (
            self._current is None
            # Read to its end first: documents may come faster than the inventory is read.
            or self._next is not None
            or _basis(in_force) == _basis(self._sources.in_force)
        ):
            return
        partitions = partitions_of(self._counts, (self._topics.name("records"),))
        self._next = _Records(Reader(self._broker, partitions), in_force, self._codec)
        self._next_in_force = in_force
        self._sources.rereading = self._current is not None

    def _replace(self, records: _Records) -> None:
        if self._current is not None:
            self._current.reader.close()
        self._current, self._next = records, None
        self._sources.inventory = records.inventory
        self._sources.in_force = self._next_in_force
        self._sources.rereading = False
        self._count()
        self._sources.sent = self._sent()

    # -- asking ----------------------------------------------------------------------------------

    def _count(self) -> None:
        topics = self._topics
        job = (*topics.documents, topics.name("records"), topics.name("state"))
        positions = self._sources.positions
        positions.count(job)
        wanted = {*job, *positions.topics, *self._told}
        self._sources.know_stores()
        stores = map(topics.commands, self._sources.stores)
        self._counts = self._partitions(sorted(wanted | set(stores)))
        if absent := sorted(wanted - self._counts.keys()):
            raise InvalidInput(
                f"topics are missing: {', '.join(absent)}; create them: {topics.creation()}"
            )
        sources = self._sources
        kept: dict[str, tuple[Kept | Cases, ...]] = {
            topics.name("findings"): (sources.findings,),
            topics.name("quarantine"): (sources.quarantine, self._dealt_with),
        }
        followed = (*kept, topics.name("measurements"), topics.name("records"))
        partitions = partitions_of(self._counts, followed)
        for partition, oldest in self._broker.beginnings(partitions).items():
            for one in kept.get(partition.topic, ()):
                one.forget(partition.number, oldest)
            sources.unreadable.forget(partition.topic, partition.number, oldest)

    def _partitions(self, topics: Iterable[str]) -> dict[str, int]:
        counts = {topic: self._broker.partitions(topic) for topic in topics}
        return {topic: count for topic, count in counts.items() if count is not None}

    def _sent(self) -> dict[str, int]:
        """Return how many messages each store's command topic ever had."""
        names = {self._topics.commands(store): store for store in self._sources.stores}
        ends = self._broker.ends(partitions_of(self._counts, tuple(names)))
        sent = {names[topic]: 0 for topic in names if topic in self._counts}
        for partition, end in ends.items():
            sent[names[partition.topic]] += end
        return sent

    # -- what is served --------------------------------------------------------------------------

    @property
    def ready(self) -> bool:
        """Whether everything that was there at the start has been read."""
        return self._current is not None

    def figures(self) -> Figures:
        """Return every number as it is now."""
        return figures_of(self._sources)

    def close(self) -> None:
        """Release the connections of the readers; the broker stays open."""
        self._reader.close()
        for records in (self._current, self._next):
            if records is not None:
                records.reader.close()


def _basis(in_force: InForce) -> object:
    """Return what limits and scopes follow from: most documents, and the time's era.

    What a control approves is among the documents, what it pauses is due all the same. Requests
    come daily, and each concerns few records.
    """
    documents = [
        (one.kind, one.document_id, one.version, one.digest, one.author)
        for one in in_force.envelopes
        if one.kind not in {"controls", "requests"}
    ]
    return (era(in_force.at), documents)
