"""Landmarks: what the topics were when the job started last, so that a loss is seen at the next.

The group's positions alone do not tell. A broker forgets them of a topic that is deleted, and of
every topic once no job has run for `offsets.retention.minutes`; then the reading would begin at the
oldest message, and what had gone before would not be missed. So each start writes a row a topic to
`state`: its identity and where the reading began. What is missing stops the job, until a person
accepts it by a control that names it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from pipeline.documents import Control, InvalidDocument, Versions, parsed
from pipeline.documents.outages import accepted, lost_from, replaced_by
from pipeline.documents.values import LOSS_SCOPE
from pipeline.errors import InvalidInput, LogTruncated, Undecodable
from pipeline.findings import REASON, RESOLVED_BY, Finding, StateRow, finding, over
from pipeline.instants import MIN_INSTANT, Instant
from pipeline.settings import Settings
from pipeline.transforms.sink import Sink
from pipeline.transports.contract import Broker, Partition, Position, Sample, Topic
from pipeline.transports.reading import read_to_end
from pipeline.transports.topics import Topics
from pipeline.vocabulary import FindingKind
from pipeline.wire.codec import Codec
from pipeline.wire.trust import Stamped, Trust

KIND = "topic"
"""Kind of the rows of `state` that hold landmarks."""


class Loss(msgspec.Struct, frozen=True):
    """Messages that are gone, as a sentence; the scope of a control that accepts it; whose."""

    scope: str
    what: str
    partitions: tuple[Partition, ...]


@dataclass
class _Seen:
    """What is there now: positions to read from, and what is missing of it."""

    sample: Sample
    topics: Mapping[str, Topic]
    begins: Mapping[Partition, Position]
    starts: dict[Partition, Position] = field(default_factory=dict)
    losses: list[Loss] = field(default_factory=list)


def demand_whole(settings: Settings, broker: Broker) -> None:
    """Compare the topics with the landmarks, go on after what was accepted, write landmarks anew.

    A first start finds no landmarks and misses nothing.

    Raises:
        LogTruncated: messages are gone that were not read, and nobody has accepted it.
        InvalidInput: a topic does not exist.
    """
    ours = Topics(settings.prefix, settings.events)
    rows = _rows(settings, broker, ours)
    seen = _look(settings, broker, ours, rows)
    known = accepted(_controls(settings, broker, ours)) if seen.losses else {}
    refused = [loss for loss in seen.losses if loss.scope not in known]
    sink = Sink(settings)
    try:
        for loss in seen.losses:
            for told in _told(loss, known.get(loss.scope), seen.sample.now):
                sink.finding(told)
        sink.flush()
        if not refused:
            _go_on(settings, broker, ours, seen)
            for row in _news(rows, seen):
                sink.state(row)
            for topic in _grown(rows, seen.topics):
                reason = "the job was started again and reads all partitions"
                now = seen.sample.now
                sink.finding(over(FindingKind.PARTITIONS_ADDED, topic, reason, now))
        sink.flush()
    finally:
        sink.close()
    if refused:
        raise LogTruncated("; ".join([*(_refusal(loss) for loss in refused), _ADVICE]))


def _go_on(settings: Settings, broker: Broker, ours: Topics, seen: _Seen) -> None:
    """Begin anew after what was accepted.

    Before there are new landmarks: who died in between would find nothing missing any more, and
    take positions in the former topic for positions in the new one.
    """
    again = {p: seen.begins[p] for loss in seen.losses for p in loss.partitions}
    arriving = {p: at for p, at in again.items() if p.topic in ours.arrivals}
    if arriving:
        broker.commit(settings.group, arriving)


_ADVICE = "then start again: see LogTruncated in the README"


def _refusal(loss: Loss) -> str:
    return f"{loss.what}; to go on without it publish `control: {loss.scope}` with `action: accept`"


def _rows(settings: Settings, broker: Broker, ours: Topics) -> dict[str, StateRow]:
    """Return the landmarks by topic."""
    codec = Codec.from_settings(settings)
    found: dict[str, StateRow] = {}
    for message in read_to_end(broker, _partitions(broker, ours, ours.name("state"))):
        if message.value is None or not (message.key or b"").startswith(f"{KIND}/".encode()):
            continue
        try:
            row = codec.decode_state(message.value)
        except Undecodable:
            continue  # the stage that reads `state` stops the job, or it was superseded
        if row.name not in found or found[row.name].version <= row.version:
            found[row.name] = row
    return found


def _controls(settings: Settings, broker: Broker, ours: Topics) -> tuple[Control, ...]:
    trust, versions = Trust(Codec.from_settings(settings), settings), Versions()
    for message in read_to_end(broker, _partitions(broker, ours, ours.name("controls"))):
        try:
            stamped = Stamped(message.topic, message.value, message.timestamp)
            envelope = trust.envelope("controls", stamped)
            parsed(envelope)
        except (Undecodable, InvalidDocument):
            continue  # the job raises a finding
        versions = versions.applied(envelope)
    return versions.in_force(MIN_INSTANT).controls


def _partitions(broker: Broker, ours: Topics, topic: str) -> list[Partition]:
    count = broker.partitions(topic)
    if count is None:
        raise InvalidInput(f"topic {topic} does not exist; create it: {ours.creation(broker.url)}")
    return [Partition(topic, number) for number in range(count)]


def _look(settings: Settings, broker: Broker, ours: Topics, rows: Mapping[str, StateRow]) -> _Seen:
    own = (ours.name("records"), ours.name("state"))
    names = (*ours.arrivals, *ours.documents, *own)
    partitions = [p for name in names for p in _partitions(broker, ours, name)]
    arriving = [p for p in partitions if p.topic in ours.arrivals]
    committed = broker.committed(settings.group, arriving)
    sample = broker.sample(partitions)
    # Of a partition that nobody serves nothing can be said; its reader finds out.
    served = [p for p in partitions if p in sample.ends]
    seen = _Seen(sample, broker.topics(names), broker.beginnings(served))
    replaced = {name for name in names if _is_replaced(rows.get(name), seen.topics[name])}
    for name in sorted(replaced):
        there = tuple(p for p in served if p.topic == name)
        seen.losses.append(_replaced(name, seen.topics[name].identity, there))
    for partition in served:
        known = _known(partition, committed, rows.get(partition.topic))
        begin, end = seen.begins[partition], sample.ends[partition]
        seen.starts[partition] = begin if known is None else known
        if known is None or partition.topic in replaced or partition.topic in own:
            continue  # of a compacted topic the oldest position says nothing
        if not begin <= known <= end:
            seen.losses.append(_lost(partition, known, begin, end))
            seen.starts[partition] = begin
    return seen


def _is_replaced(row: StateRow | None, now: Topic) -> bool:
    former = row.texts[0] if row is not None and row.texts else ""
    return bool(former and now.identity and former != now.identity)


def _known(
    partition: Partition, committed: Mapping[Partition, Position], row: StateRow | None
) -> Position | None:
    """Return where reading should go on: at what was acknowledged, or where it began last.

    A partition that was added since then is to be read from its very first message.
    """
    if partition in committed:
        return committed[partition]
    numbers = {} if row is None else row.numbers
    added = bool(numbers) and partition.number > max(map(int, numbers))
    return numbers.get(str(partition.number), 0 if added else None)


def _replaced(topic: str, identity: str, partitions: tuple[Partition, ...]) -> Loss:
    what = (
        f"{topic} was deleted and made anew since the job started last (topic id {identity}); "
        "what was not read of the former one is lost"
    )
    return Loss(replaced_by(topic, identity), what, partitions)


def _lost(partition: Partition, known: Position, begin: Position, end: Position) -> Loss:
    where = f"{partition.topic}/{partition.number}"
    if known < begin:
        what = f"{where}: messages {known} to {begin - 1} are gone and were not acknowledged"
    else:
        what = f"{where}: position {known} was acknowledged and the newest message ends at {end}"
    return Loss(lost_from(*partition, known), what, (partition,))


def _told(loss: Loss, control: Control | None, at: Instant) -> Iterator[Finding]:
    """Raise that messages are gone; where somebody has accepted it, resolve it in that name."""
    kind, subject = FindingKind.LOG_TRUNCATED, loss.scope.removeprefix(LOSS_SCOPE)
    remedy = f"have the messages published anew, or accept it: `control: {loss.scope}`"
    yield finding(kind, subject, loss.what, remedy, at)
    if control is not None:
        by = {RESOLVED_BY: control.author, REASON: control.reason}
        yield msgspec.structs.replace(over(kind, subject, loss.what, at), details=by)


def _news(rows: Mapping[str, StateRow], seen: _Seen) -> Iterator[StateRow]:
    """Yield the landmarks that have changed."""
    for name, topic in seen.topics.items():
        former = rows.get(name) or StateRow(KIND, name, 0)
        replaced = _is_replaced(former, topic)
        starts = {
            str(p.number): seen.begins[p] if replaced else at
            for p, at in seen.starts.items()
            if p.topic == name
        }
        kept = {} if replaced else former.numbers
        row = StateRow(KIND, name, 0, kept | starts, (topic.identity,), former.version + 1)
        if (row.numbers, row.texts) != (former.numbers, former.texts):
            yield row


def _grown(rows: Mapping[str, StateRow], topics: Mapping[str, Topic]) -> list[str]:
    """Return the topics that had fewer partitions at the start before."""
    return [
        name
        for name, topic in topics.items()
        if name in rows and len(rows[name].numbers) < topic.partitions
    ]
