"""Figures that a run of the tests has seen: printed at its end, held against nothing."""

_TOLD: list[str] = []


def tell(line: str) -> None:
    """Take note of a line."""
    _TOLD.append(line)


def told() -> tuple[str, ...]:
    """Return what was noted, in order."""
    return tuple(_TOLD)
