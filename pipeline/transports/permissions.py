"""Who may do what: the least that each role needs, from the names of the topics.

Names are literal, but for the command topics of whoever serves every store: an event may name a
store that nobody has foreseen, so those are given by their common prefix. A right to read or write
includes the right to see that a topic is there: alone, that is given only where neither is needed.
"""

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

from pipeline.errors import InvalidInput
from pipeline.transports.topics import Topics


class Operation(StrEnum):
    """What is done to a topic or group, in Kafka's words."""

    READ = "Read"
    WRITE = "Write"
    DESCRIBE = "Describe"
    DESCRIBE_CONFIGS = "DescribeConfigs"
    CREATE = "Create"


class Kind(StrEnum):
    """What a right is to."""

    TOPIC = "topic"
    GROUP = "group"


class Permission(NamedTuple):
    """One right; `prefixed` means every name that begins so."""

    kind: Kind
    name: str
    prefixed: bool
    operation: Operation


class Wanted(NamedTuple):
    """What rights are derived from: names of topics, the job's group, and a store or none."""

    topics: Topics
    group: str
    store: str | None = None


def permissions(role: str, wanted: Wanted) -> tuple[Permission, ...]:
    """Return the least that a role needs, in a fixed order.

    Raises:
        InvalidInput: there is no such role, or a store is missing or of no use.
    """
    if role not in ROLES:
        raise InvalidInput(f"`{role}` is not a role; choose {', '.join(ROLES)}")
    if (role == "store") != (wanted.store is not None):
        what = "needs --store NAME" if role == "store" else "serves every store: leave out --store"
        raise InvalidInput(f"the role {role} {what}")
    return tuple(dict.fromkeys(ROLES[role](wanted)))


_READ_BY_PEOPLE = ("records", "receipts", "findings", "decisions", "quarantine", "measurements")


def _platform(wanted: Wanted) -> Iterator[Permission]:
    yield from _each(Operation.WRITE, wanted.topics.events)


def _pipeline(wanted: Wanted) -> Iterator[Permission]:
    topics = wanted.topics
    yield from _each(Operation.READ, (*topics.arrivals, *topics.documents))
    yield from _own(wanted, Operation.READ, "records", "state")
    yield from _own(wanted, Operation.WRITE, "records", "state", "lineage", "clock", "findings")
    yield from _own(wanted, Operation.WRITE, "decisions", "quarantine", "measurements")
    yield _commands(wanted, Operation.WRITE)
    yield _group(wanted.group, Operation.READ)


def _store(wanted: Wanted) -> Iterator[Permission]:
    store = wanted.store or ""
    yield from _each(Operation.READ, (wanted.topics.commands(store),))
    yield from _own(wanted, Operation.WRITE, "receipts")
    yield _group(wanted.topics.store_group(store), Operation.READ)


def _exporter(wanted: Wanted) -> Iterator[Permission]:
    """Follows topics and positions; the broker's time is asked by writing to the clock.

    Of what arrives it reads when the first message that waits was published.
    """
    topics = wanted.topics
    yield from _each(Operation.READ, (*topics.arrivals, *topics.documents))
    yield from _own(wanted, Operation.READ, "records", "findings", "quarantine", "measurements")
    yield from _own(wanted, Operation.DESCRIBE, "state")
    yield from _own(wanted, Operation.WRITE, "clock")
    yield _commands(wanted, Operation.DESCRIBE)
    yield _group(wanted.group, Operation.DESCRIBE)


def _counsel(wanted: Wanted) -> Iterator[Permission]:
    yield from _asking(wanted)
    yield from _each(Operation.WRITE, wanted.topics.documents)
    yield from _own(wanted, Operation.WRITE, "findings")
    yield _group(wanted.group, Operation.DESCRIBE)


def _operator(wanted: Wanted) -> Iterator[Permission]:
    """Provisions topics, pauses, replays, imports, answers by hand, moves the job's positions."""
    topics = wanted.topics
    yield from _asking(wanted)
    yield from _each(Operation.READ, topics.events)
    yield from _each(Operation.WRITE, topics.events)
    yield from _own(wanted, Operation.READ, "state", "lineage")
    yield from _own(wanted, Operation.WRITE, "controls", "receipts", "findings", "quarantine")
    for operation in (Operation.DESCRIBE_CONFIGS, Operation.CREATE):
        yield from _each(operation, tuple(spec.name for spec in topics.specs()))
        yield _commands(wanted, operation)
    yield _group(wanted.group, Operation.READ)


def _asking(wanted: Wanted) -> Iterator[Permission]:
    """What `explain`, `status`, `simulate` and the like read."""
    topics = wanted.topics
    yield from _each(Operation.READ, topics.documents)
    yield from _own(wanted, Operation.READ, *_READ_BY_PEOPLE)
    yield _commands(wanted, Operation.READ)
    yield from _each(Operation.DESCRIBE, (*topics.events, topics.name("lineage")))
    yield from _own(wanted, Operation.WRITE, "clock")


ROLES: Mapping[str, Callable[[Wanted], Iterator[Permission]]] = {
    "platform": _platform,
    "pipeline": _pipeline,
    "store": _store,
    "exporter": _exporter,
    "counsel": _counsel,
    "operator": _operator,
}


def _each(operation: Operation, topics: tuple[str, ...]) -> Iterator[Permission]:
    for topic in topics:
        yield Permission(Kind.TOPIC, topic, False, operation)


def _own(wanted: Wanted, operation: Operation, *names: str) -> Iterator[Permission]:
    yield from _each(operation, tuple(map(wanted.topics.name, names)))


def _commands(wanted: Wanted, operation: Operation) -> Permission:
    return Permission(Kind.TOPIC, wanted.topics.commands(""), True, operation)


def _group(name: str, operation: Operation) -> Permission:
    return Permission(Kind.GROUP, name, False, operation)
