"""Findings on their topic: read as cases, resolved by a message of their own."""

from collections.abc import Iterable

from pipeline.inquiry.cases import Case, cases, resolving
from pipeline.lookup.log import Log


def all_cases(log: Log) -> tuple[Case, ...]:
    """Return every finding that is kept, with what became of it, oldest first.

    Raises:
        InvalidInput: the topic does not exist.
    """
    return cases(log.values("findings", log.codec.decode_finding))


def resolve(log: Log, chosen: Iterable[Case], author: str, reason: str) -> int:
    """Publish that somebody has resolved cases; return how many.

    Raises:
        InvalidInput: the author or the reason is not fit to be published; nothing is.
    """
    now = log.now()
    items = [resolving(case, author, reason, now) for case in chosen]
    producer = log.broker.producer()
    for item in items:
        producer.send(
            log.topics.name("findings"), item.subject.encode(), log.codec.encode_finding(item)
        )
    producer.flush()
    producer.close()
    return len(items)
