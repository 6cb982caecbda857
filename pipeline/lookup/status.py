"""Watching a log: what was written since the last look is read, and the overview made from it."""

import time
from collections import Counter
from collections.abc import Iterable
from typing import TypeVar

from pipeline.documents import Envelope, InvalidDocument, Policy, Request, Versions, parsed
from pipeline.documents.outages import excluded
from pipeline.errors import BrokerUnavailable, InvalidInput, LogTruncated, Undecodable
from pipeline.findings import Finding, Quarantined
from pipeline.identifiers import RecordId
from pipeline.inquiry.cases import cases
from pipeline.inquiry.census import Census
from pipeline.inquiry.overview import Flow, Overview, Pulse, asked
from pipeline.inquiry.unread import by_reason, unread
from pipeline.instants import MIN_INSTANT, SECOND, Instant
from pipeline.lookup.log import Log
from pipeline.records import Record
from pipeline.rules import Planner
from pipeline.transports.contract import Message, Partition, Position
from pipeline.transports.reading import BATCH_BYTES, BATCH_MESSAGES, SILENCE_SECONDS
from pipeline.transports.topics import DOCUMENT_KINDS

V = TypeVar("V")
_OWN = ("findings", "quarantine", "measurements")


class Watch:
    """One look after the other at a log.

    Args:
        log: where.
        group: whose committed positions say how far events and receipts are read.
        approvals: kinds of documents that need a second person, as the job was told.
    """

    def __init__(self, log: Log, group: str, approvals: Iterable[str] = ()) -> None:
        self._log = log
        self._group = group
        self._approvals = tuple(approvals)
        self._kinds = {log.topics.name(kind): kind for kind in DOCUMENT_KINDS}
        self._flow: dict[str, tuple[int, Instant]] = {}
        self._begin()

    def _begin(self) -> None:
        self._consumer = self._log.broker.consumer()
        self._positions: dict[Partition, Position] = {}
        self._envelopes: list[Envelope] = []
        self._findings: list[Finding] = []
        self._quarantined: list[Quarantined] = []
        self._pulse = Pulse()
        self._census: Census | None = None
        self._counted_under = 0
        self._until: Instant | None = None
        self._stores: set[str] = set()
        self._paused: tuple[str, ...] = ()
        self._excluded: tuple[str, ...] = ()
        self._requests: tuple[Request, ...] = ()

    def close(self) -> None:
        """Release the connection."""
        self._consumer.close()

    def look(self) -> Overview:
        """Read what was written since the last look, and return where everything stands.

        Raises:
            InvalidInput: a topic does not exist.
            BrokerUnavailable: nothing was heard for half a minute although messages are missing.
        """
        now = self._log.now()
        try:
            waiting = self._read_all(now)
        except LogTruncated:  # what was next is past its topic's retention: begin again
            self.close()
            self._begin()
            waiting = self._read_all(now)
        assert self._census is not None  # noqa: S101  # it was read
        open_cases = [case for case in cases(self._findings) if case.is_open]
        return Overview(
            at=now,
            job=self._pulse.job(now),
            flow=tuple(self._flows(now)),
            counts=self._census.counts(now),
            findings=dict(Counter(case.finding.kind for case in open_cases).most_common()),
            quarantine=by_reason(unread(self._quarantined)),
            paused=self._paused,
            excluded=self._excluded,
            waiting=waiting,
            requests=asked(self._requests, now),
        )

    # -- reading -----------------------------------------------------------------------------------

    def _read_all(self, now: Instant) -> tuple[str, ...]:
        """Take in everything; return the documents that wait for an approval."""
        log = self._log
        names = [*DOCUMENT_KINDS, *_OWN]
        self._follow([p for name in names for p in log.wanted(name)])
        self._catch_up()
        in_force = Versions.of(self._envelopes, self._approvals).in_force(now)
        outdated = self._until is not None and self._until <= now
        inventory = log.wanted("records")
        if self._census is None or len(self._envelopes) != self._counted_under or outdated:
            # Limits follow the documents: every row is read again under those in force.
            self._unfollow([*inventory, *self._commands()])
            self._census = Census(Planner(in_force))
            self._counted_under, self._until = len(self._envelopes), in_force.until
        self._follow(inventory)
        self._catch_up()
        self._stores |= {
            name
            for envelope in self._envelopes
            if isinstance(policy := parsed(envelope), Policy)
            for name in policy.stores
        }
        self._follow(self._commands())
        self._catch_up()
        self._paused = tuple(
            f"{control.scope} by {control.author}: {control.reason}"
            for control in in_force.controls
            if control.action == "pause"
        )
        self._excluded = tuple(
            f"{topic}/{number} by {control.author}: {control.reason}"
            for (topic, number), control in excluded(in_force.controls).items()
        )
        self._requests = in_force.requests
        return in_force.waiting

    def _commands(self) -> list[Partition]:
        topics = [self._log.topics.commands(store) for store in sorted(self._stores)]
        return [p for topic in topics for p in self._log.partitions(topic)]

    def _follow(self, partitions: list[Partition]) -> None:
        """Read these partitions from their beginnings on, beside those that are followed."""
        fresh = [partition for partition in partitions if partition not in self._positions]
        if fresh:
            self._positions |= self._log.broker.beginnings(fresh)
            self._consumer.assign(self._positions)

    def _unfollow(self, partitions: list[Partition]) -> None:
        for partition in partitions:
            self._positions.pop(partition, None)

    def _catch_up(self) -> None:
        """Read up to where the partitions end now."""
        ends = self._log.broker.ends(list(self._positions))
        heard = time.monotonic()
        while any(self._positions[p] < end for p, end in ends.items()):
            messages = self._consumer.poll(BATCH_MESSAGES, BATCH_BYTES)
            self._positions = dict(self._consumer.positions())
            if messages:
                heard = time.monotonic()
            elif time.monotonic() - heard > SILENCE_SECONDS:
                url = self._log.broker.url
                raise BrokerUnavailable(f"{url} sent nothing for {SILENCE_SECONDS:.0f} s")
            else:
                time.sleep(0.01)
            for message in messages:
                self._take(message)

    def _take(self, message: Message) -> None:
        topics, codec = self._log.topics, self._log.codec
        kind = self._kinds.get(message.topic)
        if kind is not None:
            self._take_document(kind, message)
        elif message.topic == topics.name("records"):
            self._log.row(message, self, steps=True)
        elif message.value is None:
            return
        elif message.topic == topics.name("findings"):
            self._findings += _one(self._log.read(message, codec.decode_finding))
        elif message.topic == topics.name("quarantine"):
            self._quarantined += _one(self._log.read(message, codec.decode_quarantine))
        elif message.topic == topics.name("measurements"):
            for one in _one(self._log.read(message, codec.decode_measurement)):
                self._pulse.take(one.name, one.shard, one.value, one.at)
        elif self._census is not None:
            for command in _one(self._log.read(message, codec.decode_command)):
                self._census.sent(command.command_id)

    def _take_document(self, kind: str, message: Message) -> None:
        try:
            envelope = self._log.envelope(kind, message)
            parsed(envelope)
        except (Undecodable, InvalidDocument):
            return  # as the job does, which raises a finding
        self._envelopes.append(envelope)

    def take(self, record: Record) -> None:
        """Take a row of the inventory."""
        assert self._census is not None  # noqa: S101  # rows are followed once it is there
        self._stores.update(record.stores, (item.store for item in record.issued if item.store))
        self._census.take(record)

    def forget(self, record_id: RecordId) -> None:
        """Take note that a row of the inventory was removed."""
        assert self._census is not None  # noqa: S101
        self._census.forget(record_id)

    # -- positions ---------------------------------------------------------------------------------

    def _flows(self, now: Instant) -> Iterable[Flow]:
        broker = self._log.broker
        for topic in self._log.topics.arrivals:
            partitions = self._log.partitions(topic)
            if not partitions:
                raise InvalidInput(f"topic {topic} does not exist; name the platform's: --events")
            ends, begins = broker.ends(partitions), broker.beginnings(partitions)
            committed = broker.committed(self._group, partitions)
            read_to = {p: max(committed.get(p, begins[p]), begins[p]) for p in partitions}
            position = sum(read_to.values())
            yield Flow(
                topic,
                position,
                sum(ends[p] - read_to[p] for p in partitions),
                self._rate(topic, position, now),
            )

    def _rate(self, topic: str, position: int, now: Instant) -> float | None:
        before, at = self._flow.get(topic, (0, MIN_INSTANT))
        self._flow[topic] = (position, now)
        if at == MIN_INSTANT or now <= at:
            return None
        return max(0, position - before) * SECOND / (now - at)


def _one(found: V | None) -> tuple[V, ...]:
    return () if found is None else (found,)
