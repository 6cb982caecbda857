"""What a person decides about a partition that stalls, or that lost messages."""

import re
from collections.abc import Iterable

from pipeline.documents.values import LOSS_SCOPE, PARTITION_SCOPE, Control, ControlAction

_TOPIC = r"[A-Za-z0-9._-]{1,249}"
_NUMBER = r"0|[1-9][0-9]{0,8}"
_PARTITION = re.compile(rf"{PARTITION_SCOPE}({_TOPIC})/({_NUMBER})")
_LOSS = re.compile(rf"{LOSS_SCOPE}{_TOPIC}(/({_NUMBER}))?@[A-Za-z0-9-]{{1,64}}")


def is_partition(scope: str) -> bool:
    """Whether a scope names a partition."""
    return _PARTITION.fullmatch(scope) is not None


def is_loss(scope: str) -> bool:
    """Whether a scope names messages that are gone."""
    return _LOSS.fullmatch(scope) is not None


def excluded(controls: Iterable[Control]) -> dict[tuple[str, int], Control]:
    """Return, by topic and number, the controls that leave a partition out of the time."""
    return _of_partitions(controls, "exclude")


def included(controls: Iterable[Control]) -> dict[tuple[str, int], Control]:
    """Return, by topic and number, the controls that say that a partition counts again."""
    return _of_partitions(controls, "include")


def _of_partitions(
    controls: Iterable[Control], action: ControlAction
) -> dict[tuple[str, int], Control]:
    found = {}
    for control in controls:
        named = _PARTITION.fullmatch(control.scope)
        if named is not None and control.action == action:
            found[named[1], int(named[2])] = control
    return found


def accepted(controls: Iterable[Control]) -> dict[str, Control]:
    """Return, by scope, the latest controls that accept that messages are gone."""
    return {one.scope: one for one in controls if one.action == "accept" and is_loss(one.scope)}


def lost_from(topic: str, number: int, position: int) -> str:
    """Return the scope that accepts the loss of a partition's messages from a position on."""
    return f"{LOSS_SCOPE}{topic}/{number}@{position}"


def replaced_by(topic: str, identity: str) -> str:
    """Return the scope that accepts that a topic is another one than before."""
    return f"{LOSS_SCOPE}{topic}@{identity}"
