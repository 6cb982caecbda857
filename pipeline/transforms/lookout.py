"""What a reader must know of its partitions besides their messages.

A topic that is another one than before stops the job. One that has more partitions than the reader
was given holds the watermark: what lies there is read after the next start. A partition that an
operator has excluded, by a control, holds it no more.

A source has no side inputs, so each reader that follows the topics of arrivals reads the controls
too, without ever waiting for them. An exclusion changes when a deadline passes and nothing else;
readers of documents and of history heed none, for a hold that was not read must hold everything.
"""

import logging
import time
from collections.abc import Callable, Mapping

from pipeline.documents import Control, InvalidDocument, Versions, parsed
from pipeline.documents.outages import excluded, included
from pipeline.errors import LogTruncated, Undecodable
from pipeline.findings import Finding, finding, over
from pipeline.instants import MIN_INSTANT, Instant
from pipeline.settings import Settings
from pipeline.transforms.sink import Sink
from pipeline.transports.contract import Broker, Consumer, Partition, Position, Sample
from pipeline.vocabulary import FindingKind
from pipeline.wire.codec import Codec
from pipeline.wire.trust import Stamped, Trust

FOLLOW_SECONDS = 1.0
"""How often controls are looked at."""
_MESSAGES, _BYTES = 1_000, 1 << 20
_LOG = logging.getLogger(__name__)


class Lookout:
    """Looks out for one reader; it never blocks but to publish the little that it finds.

    Args:
        settings: of the job.
        counts: how many partitions each topic had when the job was built.
        identities: of the topics, as far as they are known.
        seconds: by which clock controls are looked at.
    """

    def __init__(
        self,
        settings: Settings,
        counts: Mapping[str, int],
        identities: Mapping[str, str],
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._counts = dict(counts)
        self.identities = dict(identities)
        self.excluded: frozenset[Partition] = frozenset()
        self._seconds = seconds
        self._looked = float("-inf")
        self._consumer: Consumer | None = None
        self._trust: Trust | None = None
        self._unread: dict[Partition, Position] = {}
        self._versions = Versions()
        self._turned_to = Versions()
        self._dated: dict[tuple[str, int], Instant] = {}
        self._told: set[str] = set()

    def open(self, broker: Broker) -> None:
        """Begin to follow the controls; a log without that topic has none."""
        topic = f"{self._settings.prefix}controls"
        count = broker.partitions(topic)
        if count is None:
            return
        self._trust = Trust(Codec.from_settings(self._settings), self._settings)
        self._consumer = broker.consumer()
        places = [Partition(topic, number) for number in range(count)]
        self._unread = dict(broker.ends(places))
        self._consumer.assign(broker.beginnings(places))

    def close(self) -> None:
        """Release the connection."""
        if self._consumer is not None:
            self._consumer.close()
            self._consumer = None

    # -- exclusions ------------------------------------------------------------------------------

    def follow(self) -> None:
        """Take the controls that have come since the last look, when it is time for one."""
        if self._consumer is None or self._seconds() - self._looked < FOLLOW_SECONDS:
            return
        self._looked = self._seconds()
        while messages := self._consumer.poll(_MESSAGES, _BYTES):
            for message in messages:
                self._take(Stamped(message.topic, message.value, message.timestamp))
        at = self._consumer.positions()
        if all(at[place] >= end for place, end in self._unread.items()):
            self._unread = {}  # an exclusion that was taken back long ago must not count meanwhile
            self._turn()

    def _take(self, message: Stamped) -> None:
        assert self._trust is not None  # noqa: S101  # it was opened
        try:
            envelope = self._trust.envelope("controls", message)
            document = parsed(envelope)
        except (Undecodable, InvalidDocument):
            return  # the stage that splits the topic raises a finding
        self._versions = self._versions.applied(envelope)
        if isinstance(document, Control):
            self._dated.setdefault((document.scope, document.version), message.appended_at)

    def _turn(self) -> None:
        if self._versions == self._turned_to:
            return
        self._turned_to = self._versions
        controls = self._versions.in_force(MIN_INSTANT).controls
        out, back = excluded(controls), included(controls)
        self.excluded = frozenset(Partition(*place) for place in out if place[0] in self._counts)
        self._publish(
            *(self._left_out(place, control) for place, control in out.items()),
            *(self._counted_again(place, control) for place, control in back.items()),
        )

    def _at(self, control: Control) -> Instant:
        return self._dated[control.scope, control.version]

    def _left_out(self, place: tuple[str, int], control: Control) -> Finding:
        name = "/".join(map(str, place))
        by = f"{control.author} (control version {control.version}: {control.reason})"
        if place[0] in self._counts:
            what = f"deadlines pass without waiting for partition {name}, by {by}"
            remedy = (
                "what lies there unread is read when it can be, and may come too late; publish "
                f"`control: partition:{name}` with `action: include` once it is read again"
            )
        else:
            what = f"partition {name} cannot be excluded, as asked by {by}: deadlines wait for it"
            remedy = "only events, receipts and lineage can be excluded; publish an `include`"
        return finding(
            FindingKind.PARTITION_EXCLUDED,
            name,
            what,
            remedy,
            self._at(control),
            occasion=f"control version {control.version}",
        )

    def _counted_again(self, place: tuple[str, int], control: Control) -> Finding:
        name = "/".join(map(str, place))
        reason = f"included again by {control.author}: {control.reason}"
        return over(FindingKind.PARTITION_EXCLUDED, name, reason, self._at(control))

    # -- topics ----------------------------------------------------------------------------------

    def believes(self, sample: Sample) -> bool:
        """Whether a sample says of everything that this reader must read.

        Raises:
            LogTruncated: a topic was deleted and made anew.
        """
        grown = False
        for topic, count in self._counts.items():
            now = sample.topics.get(topic)
            if now is None:
                continue
            if now.identity != self.identities.setdefault(topic, now.identity):
                raise LogTruncated(
                    f"{topic} was deleted and made anew (topic id {now.identity}, was "
                    f"{self.identities[topic]}); what was not read of the former one is lost: "
                    "see LogTruncated in the README"
                )
            if now.partitions > count:
                grown = True
                self._tell_grown(topic, count, now.partitions, sample.now)
        return not grown

    def _tell_grown(self, topic: str, count: int, now: int, at: Instant) -> None:
        if f"{topic} {now}" in self._told:
            return
        self._told.add(f"{topic} {now}")
        _LOG.warning("%s has %d partitions, of which %d are read: restart", topic, now, count)
        self._publish(added(topic, count, now, at))

    def _publish(self, *found: Finding) -> None:
        if not found:
            return
        sink = Sink(self._settings)
        try:
            for one in found:
                sink.finding(one)
            sink.flush()
        finally:
            sink.close()


def added(topic: str, read: int, existing: int, at: Instant) -> Finding:
    """Make the finding that a topic has partitions that the job does not read."""
    return finding(
        FindingKind.PARTITIONS_ADDED,
        topic,
        f"{topic} has {existing} partitions, of which the job reads {read}; deadlines may wait",
        "start the job again: it reads the others from their beginning",
        at,
        occasion=f"{existing} partitions",
    )
