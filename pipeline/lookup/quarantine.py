"""Quarantine: pointers read, the messages they point to fetched, published again and marked."""

import time
from collections.abc import Sequence
from typing import NamedTuple

from pipeline.documents import check_author
from pipeline.errors import BrokerUnavailable, LogTruncated
from pipeline.inquiry.unread import Place, Unread, dismissing, mark, unread
from pipeline.lookup.log import Log
from pipeline.transports.contract import Broker, Consumer, Message, Partition
from pipeline.transports.reading import SILENCE_SECONDS

FETCHED_MESSAGES = 64
FETCHED_BYTES = 1 << 20


def in_quarantine(log: Log) -> tuple[Unread, ...]:
    """Return what is kept of the quarantine, oldest first.

    Raises:
        InvalidInput: the topic does not exist.
    """
    return unread(log.values("quarantine", log.codec.decode_quarantine))


def original(broker: Broker, place: Place) -> Message | None:
    """Return the message at a place; None when its topic does not keep it (any more).

    Raises:
        BrokerUnavailable: nothing was heard for half a minute.
    """
    consumer = broker.consumer()
    try:
        return _fetched(broker, consumer, place)
    finally:
        consumer.close()


def _fetched(broker: Broker, consumer: Consumer, place: Place) -> Message | None:
    partition = Partition(place.topic, place.partition)
    if place.partition >= (broker.partitions(place.topic) or 0):
        return None
    begin, end = broker.beginnings([partition])[partition], broker.ends([partition])[partition]
    if not begin <= place.offset < end:
        return None
    consumer.assign({partition: place.offset})
    heard = time.monotonic()
    while consumer.positions()[partition] <= place.offset:
        try:
            messages = consumer.poll(FETCHED_MESSAGES, FETCHED_BYTES)
        except LogTruncated:  # it went while we looked
            return None
        if messages:
            return messages[0] if messages[0].offset == place.offset else None
        if time.monotonic() - heard > SILENCE_SECONDS:
            raise BrokerUnavailable(f"{broker.url} sent nothing for {SILENCE_SECONDS:.0f} s")
        time.sleep(0.01)
    return None


def dismiss(log: Log, items: Sequence[Unread], author: str, reason: str) -> None:
    """Publish of messages that they need no replay.

    Raises:
        InvalidInput: the author or the reason is empty, too long or holds invisible characters.
        BrokerUnavailable: the broker does not answer.
    """
    at = log.now()
    marks = [(item.place, dismissing(item, author, reason, at)) for item in items]
    producer = log.broker.producer()
    try:
        for place, pointer in marks:
            value = log.codec.encode_quarantine(pointer)
            producer.send(log.topics.name("quarantine"), str(place).encode(), value)
        producer.flush()
    finally:
        producer.close()


class Replayed(NamedTuple):
    """What a replay did: places published again, and places whose message is not kept any more."""

    published: tuple[Place, ...]
    gone: tuple[Place, ...]


def replay(log: Log, items: Sequence[Unread], author: str, most: int) -> Replayed:
    """Publish the bytes of messages to their own topics again, then mark them as replayed.

    At most so many; what is gone does not count.

    The mark follows the acknowledgement: a replay that is killed in between may be repeated, and
    none is lost. An event that is read twice counts once.

    Raises:
        InvalidInput: the author is empty, too long or holds invisible characters.
        BrokerUnavailable: the broker does not answer; what is marked was published.
    """
    check_author(author)
    published: list[Place] = []
    gone: list[Place] = []
    consumer, producer = log.broker.consumer(), log.broker.producer()
    try:
        for item in items:
            if len(published) == most:
                break
            message = _fetched(log.broker, consumer, item.place)
            if message is None or message.value is None:
                gone.append(item.place)
                continue
            producer.send(message.topic, message.key, message.value)
            producer.flush()
            pointer = mark(item, author, log.now())
            producer.send(
                log.topics.name("quarantine"),
                str(item.place).encode(),
                log.codec.encode_quarantine(pointer),
            )
            producer.flush()
            published.append(item.place)
    finally:
        consumer.close()
        producer.close()
    return Replayed(tuple(published), tuple(gone))
