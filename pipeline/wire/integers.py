"""Avro's integers, with the checks that fastavro leaves out; `reading` and `guard` share them.

An integer is zig-zag coded in groups of seven bits, the least first. Positions past the end raise
IndexError, which the callers report as a truncated message.
"""

from pipeline.errors import Undecodable

NOT_ONE_SMALL = 0x81
"""Bits of a first byte that make a length or index negative, or longer than one byte."""
MORE = 0x80
"""Set in every byte of an integer but the last."""
_INSTANT_BYTES = 6
"""Instants from 1978 to 2039 in milliseconds, the usual integers here, take as many."""
_KNOWN: dict[bytes, int] = {}
"""Instants that were read lately: one comes several times in a message, and in its neighbours."""
_MOST_KNOWN = 16_384
_LAST = 9
"""Place of the tenth byte of an integer, which may hold the 64th bit only."""


def number(data: bytes, at: int) -> tuple[int, int]:
    """Return the integer at a position, and the position after it.

    Raises:
        Undecodable: it is padded, so that one value has many encodings, or exceeds 64 bits.
    """
    head = data[at]
    if head < MORE:
        return (head >> 1) ^ -(head & 1), at + 1
    six = data[at : at + _INSTANT_BYTES]
    known = _KNOWN.get(six)
    if known is not None:
        return known, at + _INSTANT_BYTES
    if len(six) == _INSTANT_BYTES and 0 < six[5] < MORE:
        a, b, c, d, e, f = six
        if b & c & d & e & MORE:
            value = a & 0x7F | (b & 0x7F) << 7 | (c & 0x7F) << 14 | (d & 0x7F) << 21
            value |= (e & 0x7F) << 28 | f << 35
            value = (value >> 1) ^ -(value & 1)
            if len(_KNOWN) >= _MOST_KNOWN:
                _KNOWN.clear()
            _KNOWN[six] = value
            return value, at + _INSTANT_BYTES
    value, shift = head & 0x7F, 7
    start = at
    while True:
        at += 1
        head = data[at]
        value |= (head & 0x7F) << shift
        if head < MORE:
            break
        shift += 7
        if at - start >= _LAST:
            raise _bad_integer()
    if not head or value >> 64:
        raise _bad_integer()
    return (value >> 1) ^ -(value & 1), at + 1


def length(data: bytes, at: int) -> tuple[int, int]:
    """Return the length at a position, and the position after it.

    Raises:
        Undecodable: it is negative, padded or exceeds 64 bits.
    """
    value, at = number(data, at)
    if value < 0:
        raise Undecodable("bad_length", "a length is negative")
    return value, at


def small(data: bytes, at: int) -> tuple[int, int]:
    """Return the 32-bit integer at a position, and the position after it.

    Raises:
        Undecodable: it is padded or exceeds 32 bits.
    """
    value, at = number(data, at)
    if not -(1 << 31) <= value < 1 << 31:
        raise Undecodable("bad_integer", "an integer does not fit in 32 bits")
    return value, at


def block(data: bytes, at: int, room: int) -> tuple[int, int, int | None]:
    """Return how many items a block has, the position of the first, and its end where it says so.

    Raises:
        Undecodable: it has more items than there is room for.
    """
    count, at = number(data, at)
    end = None
    if count < 0:
        count = -count
        size, at = length(data, at)
        end = at + size
    if count > room:
        raise too_many()
    return count, at, end


def too_many() -> Undecodable:
    """Return the error for a list that is longer than it may be."""
    return Undecodable("too_many", "a list has too many entries")


def bad_block() -> Undecodable:
    """Return the error for a block that does not end where it says."""
    return Undecodable("bad_block", "a block of a list has not the length it says")


def bad_branch() -> Undecodable:
    """Return the error for an index of a union or enum that does not exist."""
    return Undecodable("bad_branch", "the index of a union or enum is out of range")


def bad_boolean() -> Undecodable:
    """Return the error for a boolean byte other than 0 and 1."""
    return Undecodable("bad_boolean", "a boolean is neither 0 nor 1")


def _bad_integer() -> Undecodable:
    return Undecodable("bad_integer", "an integer is padded or exceeds 64 bits")
