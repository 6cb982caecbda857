"""Breaks messages: one to four changes to their pieces, sometimes a few more to their bytes."""

import struct
from collections.abc import Callable, Sequence
from random import Random

from tests.fuzz.tokens import Token, joined
from tests.wire.avro import varint

MARK = "zq7.marker@example.org"
"""Stands for personal data: no reason may repeat it."""
PERSON = "zq7.person@example.org"
"""The same where a document names records and subjects: no finding may repeat it either."""

_NUMBERS = (
    *(0, 1, -1, 2, 63, 64, -64, -65, 1_000, 1_001, 1 << 31, -(1 << 31) - 1, 1 << 40, -(1 << 40)),
    *((1 << 63) - 1, -(1 << 63), 1 << 63, 1 << 70, 253_402_300_800_000, 243_000_000_000_000),
    *(1_772_355_600_000, 1_772_355_600_000_000, 315_619_200_000),
)
_WRONG = (*map(bytes.fromhex, ("fffe", "eda080", "c080", "f4908080")), MARK.encode() + b"\xff")
"""What is not UTF-8."""
_WORDS = (
    "created deleted inventoried derived DELETE source template declared nationality GB gb XX "
    "US-CA dpv:Marketing COMPLETED TOLD policies retention:x inventory:1 %s%n ../../etc/passwd"
)
_ODD = (
    *("", "\0", "a\0b", "\n", "[" * 99, "\u202ex\u2066"),
    *("\U0001f600" * 9, "x" * 512, "x" * 513, "\u00e9" * 257, MARK, MARK * 2, MARK * 40),
)
_TEXTS = tuple(one.encode() for one in (*_WORDS.split(), *_ODD))
_BYTES = tuple(
    bytes.fromhex(one) for one in ("00", "01", "02", "7f", "80", "ff", "8000", "c301", "ff" * 10)
)
_DOUBLES = tuple(
    struct.pack("<d", one) for one in (float("nan"), float("inf"), float("-inf"), -0.0, 5e-324)
)
_LONG = (1 << 10, 1 << 14, 1 << 17)
_LARGE = ((1 << 20) - 200, 1 << 20, (1 << 20) + 1, 1 << 21)
_TIMES = (2, 10, 999, 1_000, 1_001, 12_000)

Change = Callable[[Random, list[Token], int], None]


def broken(chance: Random, message: Sequence[Token], others: Sequence[Sequence[Token]]) -> bytes:
    """Return a message with some of its pieces changed; `others` lend theirs."""
    found = list(message)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 4))):
        if chance.random() < 0.75:
            _changed_token(chance, found)
        else:
            _changed_order(chance, found, others)
    data = joined(found)
    return _changed_bytes(chance, data) if chance.random() < 0.2 else data


def _changed_token(chance: Random, found: list[Token]) -> None:
    if not found:
        return
    at = chance.randrange(len(found))
    if found[at].kind == "size" and chance.random() < 0.8:
        at = min(at + 1, len(found) - 1)  # a wrong length hides all that follows: not too often
    _CHANGES.get(found[at].kind, _any_bytes)(chance, found, at)


def _any_bytes(chance: Random, found: list[Token], at: int) -> None:
    found[at] = Token("any", chance.choice(_BYTES))


def _number(chance: Random, found: list[Token], at: int) -> None:
    kind = found[at].kind
    raw = varint(chance.choice(_NUMBERS))
    if chance.random() < 0.1:  # padded: one value, many encodings
        raw = raw[:-1] + bytes([raw[-1] | 0x80]) + b"\x80" * chance.randrange(9) + b"\x00"
    found[at] = Token(kind, raw)


def _text(chance: Random, found: list[Token], at: int) -> None:
    drawn = chance.random()
    if drawn < 0.2:
        raw = chance.choice(_WRONG)
    elif drawn < 0.6:
        raw = chance.choice(_TEXTS)
    elif drawn < 0.9:  # of the same message: an id twice, a word where none belongs
        raw = chance.choice([token.raw for token in found if token.kind == "text"])
    elif drawn < 0.97:
        raw = chance.randbytes(chance.randrange(40))
    else:
        raw = MARK.encode() + b"x" * chance.choice(_LONG if chance.random() < 0.9 else _LARGE)
    found[at] = Token("text", raw)
    if at and found[at - 1].kind == "size" and chance.random() < 0.9:
        found[at - 1] = Token("size", varint(len(raw)))


def _count(chance: Random, found: list[Token], at: int) -> None:
    """Say more or fewer items than there are, or repeat the first one as often as is said."""
    token = found[at]
    items = found[at + 1 : at + 1 + token.first]
    drawn = chance.random()
    if drawn < 0.4:
        _number(chance, found, at)
    elif drawn < 0.6:  # a block that tells its length, right or wrong
        size = len(joined(items)) + chance.choice((0, 0, 1, -1, 1 << 40))
        found[at] = Token("count", varint(-max(1, token.items)) + varint(size), token.items)
    elif token.first:
        times = chance.choice(_TIMES if chance.random() < 0.1 else _TIMES[:2])
        stated = token.items + times - chance.choice((0, 0, 0, 1))
        again = Token("any", joined(items) * times)
        found[at] = Token("count", varint(stated), stated)
        found.insert(at + 1, again)


def _branch(chance: Random, found: list[Token], at: int) -> None:
    indexes = (0, 1, 2, 3, -1, -2, 63, 64, 1 << 40)
    found[at] = Token("branch", varint(chance.choice(indexes)))


def _double(chance: Random, found: list[Token], at: int) -> None:
    found[at] = Token("double", chance.choice(_DOUBLES))


_CHANGES: dict[str, Change] = {
    "number": _number,
    "size": _number,
    "text": _text,
    "count": _count,
    "branch": _branch,
    "double": _double,
}


def _changed_order(chance: Random, found: list[Token], others: Sequence[Sequence[Token]]) -> None:
    at, to = sorted(chance.randrange(len(found) + 1) for _ in range(2))
    what = chance.randrange(6)
    if what == 0:
        del found[at : min(to, at + 4)]
    elif what == 1:
        found[to:to] = found[at:to]
    elif what == 2:
        del found[at:]
    elif what == 3:
        found.append(Token("any", chance.choice(_BYTES) * chance.choice((1, 1, 100))))
    elif what == 4:
        other = chance.choice(others)
        found[at:] = other[chance.randrange(len(other) + 1) :]
    elif len(found) > 1:
        one, two = chance.sample(range(len(found)), 2)
        found[one], found[two] = found[two], found[one]


def _changed_bytes(chance: Random, data: bytes) -> bytes:
    value = bytearray(data)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(value) + 1)
        what = chance.randrange(4)
        if what == 0 and at < len(value):
            value[at] ^= 1 << chance.randrange(8)
        elif what == 1:
            value[at:at] = chance.choice(_BYTES)
        elif what == 2:
            del value[at : at + chance.randint(1, 8)]
        else:
            value[at : at + chance.randrange(8)] = chance.randbytes(chance.randrange(8))
    return bytes(value)
