"""Lines of a scenario's files: read, checked for unknown keys, repeated with numbers."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from pipeline.errors import InvalidInput

NUMBER = "{n}"
"""Stands for the number of a repetition, from 1 on."""


def text_of(file: Path) -> str:
    """Return the text of a file.

    Raises:
        InvalidInput: it cannot be read.
    """
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{file} cannot be read: {error}") from error


def lines_of(file: Path) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield the objects of a file of JSON lines, each with its place; empty lines are passed over.

    Raises:
        InvalidInput: a line is not a JSON object.
    """
    for number, line in enumerate(text_of(file).split("\n"), 1):
        if not line.strip():
            continue
        try:
            found = msgspec.json.decode(line)
        except msgspec.DecodeError as error:
            message = f"{file}:{number}: not JSON: {error}"
            raise InvalidInput(message) from error
        if not isinstance(found, dict):
            raise InvalidInput(f"{file}:{number}: not a JSON object")
        yield found, f"{file}:{number}"


def only(value: dict[str, Any], known: set[str], place: str) -> None:
    """Refuse an object with a key that is not known.

    Raises:
        InvalidInput: it has one.
    """
    unknown = sorted(set(value) - known)
    if unknown:
        raise InvalidInput(f"{place}: `{unknown[0]}` is not known; known are {sorted(known)}")


def times_of(value: dict[str, Any], place: str) -> int | None:
    """Return how often something must be; None: it is not said.

    Raises:
        InvalidInput: it is not a number above 0.
    """
    times = value.get("times")
    if times is not None and (not isinstance(times, int) or times < 1):
        raise InvalidInput(f"{place}: `times` must be a number above 0")
    return times


def repeated(value: Any, times: int | None) -> Iterator[Any]:
    """Yield a value so often, its `{n}` replaced by 1, 2, …; without `times` the value itself.

    Raises:
        InvalidInput: it says `times`, and nothing tells the repetitions apart.
    """
    if times is None:
        yield value
        return
    text = json.dumps(value)
    if NUMBER not in text:
        raise InvalidInput(f"`times` needs `{NUMBER}` in the ids, for the number")
    for number in range(1, times + 1):
        yield json.loads(text.replace(NUMBER, str(number)))
