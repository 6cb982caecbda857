"""Exit codes of `retention`, by name."""

from enum import IntEnum


class Exit(IntEnum):
    """What the caller may conclude, and do next."""

    DONE = 0
    FAILED = 1
    WRONG_INPUT = 2
    NO_BROKER = 3
    DIFFERENT = 4
    REFUSED = 5
