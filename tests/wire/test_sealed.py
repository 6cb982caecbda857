"""Seals in messages: which bytes they are about, whatever wrote them; and what is let in."""

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import fastavro
import msgspec
import pytest

from pipeline.errors import Undecodable
from pipeline.instants import DAY, Instant
from pipeline.settings import Settings
from pipeline.signing import Refusal, SigningKey
from pipeline.wire.codec import Codec
from pipeline.wire.framing import SchemaIds
from pipeline.wire.schemas import parsed, schema
from pipeline.wire.sealed import (
    SEALED,
    SealReader,
    content_of,
    sealed_document,
    sealed_receipts,
    with_seal,
)
from pipeline.wire.trust import Distrusted, Stamped, Trust
from tests.signing.build import COUNSEL, ISSUED, JOB, STORE, STRANGER, entry, ring_file
from tests.wire.refusals import CODEC
from tests.wire.values import COMMAND, ENVELOPE, RECEIPT

ENCODE: dict[str, tuple[Callable[[Any], bytes], Callable[[bytes], Any], Any]] = {
    "command": (CODEC.encode_command, CODEC.decode_command, COMMAND),
    "receipt": (CODEC.encode_receipt, CODEC.decode_receipt, RECEIPT),
    "document": (
        CODEC.encode_envelope,
        lambda value: CODEC.decode_envelope(ENVELOPE.kind, value),
        ENVELOPE,
    ),
}
RECEIPTS = "retention.receipts"
POLICIES = f"retention.{ENVELOPE.kind}"


@pytest.mark.parametrize("name", sorted(SEALED))
@pytest.mark.parametrize("seal", ["", "x", "ä" * 700])
def test_a_seal_is_taken_off_and_the_value_is_read_as_before(name: str, seal: str) -> None:
    encode, decode, value = ENCODE[name]
    unsigned = encode(value)
    signed = with_seal(content_of(unsigned), seal)
    assert SealReader(name).read(signed) == (unsigned[:-1], seal)
    assert SealReader(name).read(unsigned) == (unsigned, None)
    assert decode(signed) == decode(unsigned) == value


@pytest.mark.parametrize("name", sorted(SEALED))
def test_it_is_the_same_to_any_library_for_avro(name: str) -> None:
    encode, _, value = ENCODE[name]
    signed = with_seal(content_of(encode(value)), "a seal")
    found = fastavro.schemaless_reader(BytesIO(signed[10:]), schema(name).avro, None)
    assert isinstance(found, dict)
    assert found["seal"] == "a seal"
    again = BytesIO()
    fastavro.schemaless_writer(again, schema(name).avro, found)
    assert again.getvalue() == signed[10:]


def older(name: str) -> tuple[SchemaIds, bytes, Any]:
    """A version of a schema without the field before the seal, and its frame."""
    raw = schema(name).avro
    fields = [field for field in raw["fields"] if field["name"] not in ("detail", "uses")]
    text = msgspec.json.encode({**without_private(raw), "fields": fields}).decode()
    found = parsed(text, "older")
    return SchemaIds({1: found}), b"\xc3\x01" + found.fingerprint, found.avro


def without_private(raw: Any) -> dict[str, Any]:
    return {key: value for key, value in raw.items() if not key.startswith("__")}


def test_what_another_version_of_the_schema_wrote_is_verified_by_its_own_bytes() -> None:
    ids, frame, avro = older("receipt")
    out = BytesIO()
    values = dict(zip(RECEIPT.__struct_fields__, msgspec.structs.astuple(RECEIPT), strict=True))
    fastavro.schemaless_writer(out, avro, {**values, "seal": "a seal"})
    value = frame + out.getvalue()
    content, seal = SealReader("receipt", ids).read(value)
    assert seal == "a seal"
    assert value == with_seal(content, "a seal")


def test_a_seal_that_is_not_the_last_field_is_none() -> None:
    raw = schema("receipt").avro
    fields = [raw["fields"][-1], *raw["fields"][:-1]]
    turned = parsed(
        msgspec.json.encode({**without_private(raw), "fields": fields}).decode(), "turned"
    )
    out = BytesIO()
    values = dict(zip(RECEIPT.__struct_fields__, msgspec.structs.astuple(RECEIPT), strict=True))
    fastavro.schemaless_writer(out, turned.avro, {**values, "seal": "a seal"})
    with pytest.raises(Undecodable, match="altered"):
        SealReader("receipt", SchemaIds({1: turned})).read(
            b"\xc3\x01" + turned.fingerprint + out.getvalue()
        )


# -- what is let in ------------------------------------------------------------------------------


@pytest.fixture
def trust(tmp_path: Path) -> Trust:
    ring = ring_file(
        tmp_path,
        entry(JOB, "commands"),
        entry(STORE, f"receipts:{RECEIPT.store}", last=ISSUED + DAY),
        entry(COUNSEL, ENVELOPE.kind, owner=ENVELOPE.author, first=ISSUED),
    )
    settings = Settings("sqlite:///x", keyring=ring)
    return Trust(Codec.from_settings(settings), settings)


def receipt(key: SigningKey, **changes: str) -> bytes:
    given = {"topic": RECEIPTS, "store": str(RECEIPT.store)} | changes
    (value,) = sealed_receipts([CODEC.encode_receipt(RECEIPT)], key, now=ISSUED, **given)
    return value


def document(key: SigningKey, topic: str = POLICIES, kind: str = ENVELOPE.kind) -> bytes:
    return sealed_document(CODEC.encode_envelope(ENVELOPE), key, kind, topic, ISSUED)


def stamped(topic: str, value: bytes, at: int = ISSUED) -> Stamped:
    return Stamped(topic, value, Instant(at))


def refusal(read: Callable[[], object]) -> Refusal:
    with pytest.raises(Distrusted) as refused:
        read()
    assert refused.value.reason == refused.value.refusal.value.lower()
    assert RECEIPT.record_id not in str(refused.value)
    return refused.value.refusal


def test_a_receipt_is_let_in_when_its_store_has_sealed_it(trust: Trust) -> None:
    assert trust.receipt(stamped(RECEIPTS, receipt(STORE))) == RECEIPT


@pytest.mark.parametrize(
    ("value", "at", "why"),
    [
        (CODEC.encode_receipt(RECEIPT), ISSUED, Refusal.UNSIGNED),
        (receipt(STORE), ISSUED + DAY, Refusal.KEY_NOT_VALID),
        (receipt(STRANGER), ISSUED, Refusal.UNKNOWN_KEY),
        (receipt(JOB), ISSUED, Refusal.KEY_NOT_ALLOWED),
        (receipt(STORE, topic="other.receipts"), ISSUED, Refusal.WRONG_TOPIC),
        (receipt(STORE, store="vectors"), ISSUED, Refusal.WRONG_STORE),
    ],
)
def test_any_other_receipt_is_refused(trust: Trust, value: bytes, at: int, why: Refusal) -> None:
    assert refusal(lambda: trust.receipt(stamped(RECEIPTS, value, at))) is why


def test_an_altered_receipt_is_refused_at_every_byte(trust: Trust) -> None:
    value = receipt(STORE)
    for at in range(len(value)):
        changed = bytearray(value)
        changed[at] ^= 1
        with pytest.raises(Undecodable):
            trust.receipt(stamped(RECEIPTS, bytes(changed)))


def test_a_document_is_let_in_when_its_author_has_sealed_it(trust: Trust) -> None:
    assert trust.envelope(ENVELOPE.kind, stamped(POLICIES, document(COUNSEL))) == ENVELOPE


@pytest.mark.parametrize(
    ("value", "at", "why"),
    [
        (CODEC.encode_envelope(ENVELOPE), ISSUED, Refusal.UNSIGNED),
        (document(COUNSEL), ISSUED - 1, Refusal.KEY_NOT_VALID),
        (document(STRANGER), ISSUED, Refusal.UNKNOWN_KEY),
        (document(STORE), ISSUED, Refusal.KEY_NOT_ALLOWED),
        (document(COUNSEL, "other.policies"), ISSUED, Refusal.WRONG_TOPIC),
        (document(COUNSEL, kind="commands"), ISSUED, Refusal.WRONG_TOPIC),
    ],
)
def test_any_other_document_is_refused(trust: Trust, value: bytes, at: int, why: Refusal) -> None:
    found = refusal(lambda: trust.envelope(ENVELOPE.kind, stamped(POLICIES, value, at)))
    assert found is why


def test_an_author_is_the_owner_of_the_key(trust: Trust) -> None:
    other = msgspec.structs.replace(ENVELOPE, author=f"{ENVELOPE.author} ")
    value = sealed_document(CODEC.encode_envelope(other), COUNSEL, ENVELOPE.kind, POLICIES, ISSUED)
    found = refusal(lambda: trust.envelope(ENVELOPE.kind, stamped(POLICIES, value)))
    assert found is Refusal.WRONG_AUTHOR


def test_without_a_keyring_everything_is_let_in() -> None:
    trust = Trust(CODEC, replace(Settings("sqlite:///x"), keyring=None))
    for value in (CODEC.encode_receipt(RECEIPT), receipt(STRANGER)):
        assert trust.receipt(stamped(RECEIPTS, value)) == RECEIPT
    for value in (CODEC.encode_envelope(ENVELOPE), document(STRANGER)):
        assert trust.envelope(ENVELOPE.kind, stamped(POLICIES, value)) == ENVELOPE
