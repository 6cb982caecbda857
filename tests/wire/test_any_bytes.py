"""Whatever bytes come, they are read or refused, and the error repeats nothing of them."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import Undecodable
from pipeline.wire.schemas import schema
from tests.wire.avro import assert_read_or_refused
from tests.wire.refusals import CODEC, VALID, changed, decode, evidence
from tests.wire.values import (
    COMMAND,
    DECISION,
    DERIVED,
    ENVELOPE,
    FINDING,
    FULL_RECORD,
    MAIL,
    MEASUREMENT,
    QUARANTINED,
    RECEIPT,
    STATE,
)

READS: dict[str, Callable[[bytes], Any]] = {
    "event": decode,
    "document": lambda value: CODEC.decode_envelope("holds", value),
    "receipt": CODEC.decode_receipt,
    "record": CODEC.decode_record,
    "state": CODEC.decode_state,
    "command": CODEC.decode_command,
    "finding": CODEC.decode_finding,
    "decision": CODEC.decode_decision,
    "quarantine": CODEC.decode_quarantine,
    "measurement": CODEC.decode_measurement,
    "lineage": CODEC.decode_mail,
}
WHOLE = {
    "event": VALID,
    "document": CODEC.encode_envelope(ENVELOPE),
    "receipt": CODEC.encode_receipt(RECEIPT),
    "record": CODEC.encode_record(FULL_RECORD, DERIVED),
    "state": CODEC.encode_state(STATE),
    "command": CODEC.encode_command(COMMAND),
    "finding": CODEC.encode_finding(FINDING),
    "decision": CODEC.encode_decision(DECISION),
    "quarantine": CODEC.encode_quarantine(QUARANTINED),
    "measurement": CODEC.encode_measurement(MEASUREMENT),
    "lineage": CODEC.encode_mail(MAIL),
}


@pytest.mark.parametrize("name", READS)
@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=300), framed=st.booleans())
def test_random_bytes_are_read_or_refused(name: str, data: bytes, framed: bool) -> None:
    frame = b"\xc3\x01" + schema(name).fingerprint if framed else b""
    assert_read_or_refused(READS[name], frame + data)


@pytest.mark.parametrize("name", READS)
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_changed_messages_are_read_or_refused(name: str, data: st.DataObject) -> None:
    value = bytearray(WHOLE[name])
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(value)))
        value[place : place + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=8))
    assert_read_or_refused(READS[name], bytes(value))


@settings(max_examples=100, deadline=None)
@given(junk=st.text(alphabet="qxz", min_size=12, max_size=40))
def test_no_part_of_a_message_stands_in_the_error(junk: str) -> None:
    for data in (changed(what=junk), changed(purpose=junk), changed(subjects=evidence(junk))):
        with pytest.raises(Undecodable) as caught:
            decode(data)
        assert junk not in str(caught.value)
        assert junk not in repr(caught.value.args)
