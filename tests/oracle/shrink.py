"""Makes a history smaller while it still fails in the same way."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from pipeline.errors import RetentionError
from pipeline.events import Event
from tests.oracle.checks import Check, Failure
from tests.oracle.history import Delivery, History, Policy
from tests.oracle.simulate import Run


def failures(history: History) -> list[Failure]:
    """Play a history and return what is wrong with it."""
    return Check(Run(history).play()).done()


def shrunk(history: History, kind: str) -> History:
    """Drop happenings, rules and words for as long as a failure of this kind stays."""

    def fails(smaller: History) -> bool:
        try:
            return any(failure.kind == kind for failure in failures(smaller))
        except RetentionError:
            return False  # no longer a document, e.g. a match without words

    return _least(history, fails)


def _least(history: History, fails: Callable[[History], bool]) -> History:
    while True:
        for smaller in _smaller(history):
            if fails(smaller):
                history = smaller
                break
        else:
            return history


def _smaller(history: History) -> Iterator[History]:
    deliveries = history.deliveries
    for number, item in enumerate(deliveries):
        before, after = deliveries[:number], deliveries[number + 1 :]
        if not (isinstance(item.what, Policy) and item.what.version == 1):
            yield replace(history, deliveries=(*before, *after))
        for simpler in _simpler(item):
            yield replace(history, deliveries=(*before, simpler, *after))


def _simpler(item: Delivery) -> Iterator[Delivery]:
    what = item.what
    if isinstance(what, Policy):
        for number in range(len(what.rules)):
            rules = (*what.rules[:number], *what.rules[number + 1 :])
            yield replace(item, what=replace(what, rules=rules))
    if isinstance(what, Event):
        event = what
        for axis in ("subjects", "categories", "parents", "recipients", "stores"):
            if known := getattr(event, axis):
                for number in range(len(known)):
                    less = (*known[:number], *known[number + 1 :])
                    yield replace(item, what=_with(event, axis, less))
        for axis in ("purpose", "lawful_basis", "source", "collected_at"):
            if getattr(event, axis) is not None:
                yield replace(item, what=_with(event, axis, None))


def _with(event: Event, axis: str, value: object) -> Event:
    fields = {name: getattr(event, name) for name in event.__struct_fields__}
    return Event(**{**fields, axis: value})
