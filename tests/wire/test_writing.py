"""What the writer keeps of values that many records share."""

from pipeline.wire.writing import MOST_SHARED, MOST_SHARED_BYTES, keep


def test_what_many_records_share_is_kept_up_to_a_number_and_a_size() -> None:
    known: dict[object, bytes] = {}
    keep(known, "too long", bytearray(MOST_SHARED_BYTES + 1))
    assert not known
    for number in range(3 * MOST_SHARED):
        keep(known, number, bytearray(MOST_SHARED_BYTES))
        assert len(known) <= MOST_SHARED
    assert known[3 * MOST_SHARED - 1] == bytes(MOST_SHARED_BYTES)
