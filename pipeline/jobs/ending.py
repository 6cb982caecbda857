"""How one life of the job ended, and how that is said."""

from enum import IntEnum

from pipeline.jobs.last_words import reason_in


class Ending(IntEnum):
    """How a life of the job ended, as its exit code."""

    STOPPED = 0
    FAILED = 1
    EXPLAINED = 3
    """It failed for a reason that it has said, and that may pass."""
    REFUSED = 5


def say(sentence: str) -> None:
    """Say one sentence to the operator, at once."""
    print(f"retention: {sentence}", flush=True)  # noqa: T201


def explained(error: str) -> Ending:
    """Say why the job ended, in our own sentence where there is one."""
    reason = reason_in(error)
    if reason is None:
        say("the job ended by itself")
        return Ending.FAILED
    say(reason.sentence)
    return Ending.REFUSED if reason.fatal else Ending.EXPLAINED
