"""Makes a faulty input small: pieces are left out as long as it does the same."""

from tests.fuzz.entry import Entry, Fault

MOST_TRIES = 600


def shrunk(entry: Entry, kind: str, topic: str, value: bytes) -> bytes:
    """Return the fewest bytes found that still give a fault of the kind."""
    tries, size = 0, max(1, len(value) // 2)
    if kind == "memory":  # the peak never falls again: every input would seem to do it
        return value
    while size and tries < MOST_TRIES:
        at, before = 0, len(value)
        while at < len(value) and tries < MOST_TRIES:
            shorter = value[:at] + value[at + size :]
            tries += 1
            if _does(entry, kind, topic, shorter):
                value = shorter
            else:
                at += size
        if len(value) == before:
            size //= 2
    return value


def _does(entry: Entry, kind: str, topic: str, value: bytes) -> bool:
    try:
        entry.take(topic, value)
    except Fault as fault:
        return fault.kind == kind
    return False
