"""Microseconds a command for sealing and for verifying: `python -m tests.signing.speed`.

The best of several runs, one processor. A signature is for a whole batch, so that what remains for
each command of a large one is hashing and writing its proof.
"""

import sys
import time
from collections.abc import Callable
from functools import partial

from pipeline.signing import Checker, seal_all
from pipeline.wire.sealed import SealReader, content_of, with_seal
from tests.signing.build import DOCUMENTS, EXPECTED, EXPIRES, ISSUED, JOB, RING, TOPIC
from tests.wire.refusals import CODEC
from tests.wire.values import COMMAND

SIZES = (1, 100, 2_000)
RUNS = 7


def best(work: Callable[[], object]) -> float:
    """Return the seconds of the fastest run."""
    found = []
    for _ in range(RUNS):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return min(found)


def encoded(size: int) -> list[bytes]:
    return [CODEC.encode_command(COMMAND) for _ in range(size)]


def sealed(size: int) -> list[bytes]:
    contents = [content_of(value) for value in encoded(size)]
    seals = seal_all(
        contents,
        JOB,
        kind="commands",
        topic=TOPIC,
        store="images",
        documents=DOCUMENTS,
        issued_at=ISSUED,
        expires_at=EXPIRES,
    )
    return list(map(with_seal, contents, seals))


def verify(reader: SealReader, values: list[bytes]) -> None:
    """Verify as a store that has not seen the batch before."""
    checker = Checker(RING)
    for value in values:
        content, seal = reader.read(value)
        checker.check(content, seal, EXPECTED, appended_at=ISSUED, now=ISSUED)


def each(size: int, work: Callable[[], object]) -> float:
    """Return microseconds a command, for work on a batch."""
    repeat = max(1, SIZES[-1] // size)
    return best(lambda: [work() for _ in range(repeat)]) / (size * repeat) * 1e6


def main() -> None:
    sys.stdout.write("batch   encode   encode+seal   verify (µs a command)   seal (bytes)\n")
    for size in SIZES:
        values, reader = sealed(size), SealReader("command")
        plain = each(size, partial(encoded, size))
        both = each(size, partial(sealed, size))
        taken = each(size, partial(verify, reader, values))
        more = len(values[0]) - len(CODEC.encode_command(COMMAND))
        sys.stdout.write(f"{size:5}   {plain:6.1f}   {both:11.1f}   {taken:21.1f}   {more:12}\n")


if __name__ == "__main__":
    main()
