"""Keyrings: what is read, what is refused, and from when to when a key is believed."""

from base64 import b64encode
from pathlib import Path

import pytest

from pipeline.errors import InvalidInput
from pipeline.instants import parse_instant
from pipeline.signing import load_keyring
from pipeline.signing.keyring import MAX_KEYRING_BYTES, parse_keyring
from pipeline.signing.keys import is_signed
from tests.signing.build import COUNSEL, JOB, RING, entry, ring_file

PUBLIC = "ioj43f0eB1KCvffrcyYD4tHZ0E2k4tEQk8BtBPJZ+Lw="
GOOD = f"""
keys:
  - owner: the job
    public: {PUBLIC}
    signs: [commands]
    not_before: 2026-01-01T00:00:00Z
    not_after: 2027-01-01T00:00:00+01:00
"""


def test_a_keyring_is_read() -> None:
    (key,) = parse_keyring(GOOD, "ring").keys.values()
    assert (key.owner, key.signs) == ("the job", frozenset({"commands"}))
    assert key.not_before == parse_instant("2026-01-01T00:00:00Z")
    assert key.not_after == parse_instant("2026-12-31T23:00:00Z")


def test_json_is_read_too() -> None:
    text = f'{{"keys": [{{"owner": "no", "public": "{PUBLIC}", "signs": ["receipts:images"]}}]}}'
    (key,) = parse_keyring(text, "ring").keys.values()
    assert (key.owner, key.not_before, key.not_after) == ("no", None, None)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    odd = entry(JOB, "commands", owner='O\'Neil: "x" # [y]', first=1_000, last=2_001)
    found = load_keyring(ring_file(tmp_path, odd, entry(COUNSEL, "policies", "receipts:a.b-c_d")))
    assert found.get(JOB.key_id) == odd
    assert load_keyring(ring_file(tmp_path)).keys == RING.keys


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("public: ", "pubic: "), "an entry has only"),
        ((PUBLIC, PUBLIC[:-4]), "32 bytes"),
        ((PUBLIC, "what"), "32 bytes"),
        (("owner: the job", "owner: ''"), "author"),
        (("owner: the job", "owner: [a]"), "`owner` is missing"),
        (("signs: [commands]", "signs: commands"), "must say"),
        (("signs: [commands]", "signs: []"), "must say"),
        (("signs: [commands]", "signs: [everything]"), "must be a list of"),
        (("signs: [commands]", "signs: [receipts]"), "must be a list of"),
        (("signs: [commands]", "signs: ['receipts:a b']"), "must be a list of"),
        (("signs: [commands]", "signs: [[commands]]"), "must be a list of"),
        (("2026-01-01T00:00:00Z", "2026-01-01"), "no zone"),
        (("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"), "not later"),
        (("2026-01-01T00:00:00Z", "[1]"), "must be an instant"),
        (("    signs", "    owner: another\n    signs"), "stands twice"),
        (("    signs", "    id: 00\n    signs"), "not that of"),
        (("keys:", "others:"), "one mapping"),
        (("keys:", "keys: {"), "not YAML"),
        (("keys:\n  -", "keys:\n  - text\n  -"), "key 1"),
    ],
)
def test_a_wrong_keyring_is_refused(change: tuple[str, str], why: str) -> None:
    text = GOOD.replace(*change, 1)
    assert text != GOOD
    with pytest.raises(InvalidInput, match=why):
        parse_keyring(text, "ring")


def test_the_same_key_stands_there_once() -> None:
    one = GOOD.removeprefix("\nkeys:\n")
    with pytest.raises(InvalidInput, match="key 2: this key stands there twice"):
        parse_keyring(f"keys:\n{one}{one}", "ring")


def test_a_file_that_cannot_be_a_keyring_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        load_keyring(str(tmp_path / "missing"))
    file = tmp_path / "ring"
    file.write_bytes(b"\xff")
    with pytest.raises(InvalidInput, match="UTF-8"):
        load_keyring(str(file))
    file.write_bytes(b" " * (MAX_KEYRING_BYTES + 1))
    with pytest.raises(InvalidInput, match="more than"):
        load_keyring(str(file))


@pytest.mark.parametrize(
    ("instant", "valid"), [(999, False), (1_000, True), (1_999, True), (2_000, False)]
)
def test_a_key_is_believed_from_its_first_instant_to_before_its_last(
    instant: int, valid: bool
) -> None:
    key = entry(JOB, "commands", first=1_000, last=2_000)
    assert key.is_valid_at(instant) is valid  # type: ignore[arg-type]  # a plain number


@pytest.mark.parametrize("y", [0, 1, 2**255 - 20, 2**255 - 19, 2**255 - 18, 1 << 255])
def test_a_public_key_for_which_anybody_can_sign_is_refused(y: int) -> None:
    """A point of small order: with the neutral one, a signature of zeros holds for every text."""
    public = y.to_bytes(32, "little")
    text = GOOD.replace(PUBLIC, b64encode(public).decode())
    with pytest.raises(InvalidInput, match="anybody can sign"):
        parse_keyring(text, "ring")
    forged = (1).to_bytes(32, "little") + bytes(32)
    assert any(is_signed(public, forged, b"text %d" % n) for n in range(64)) or y >= 2**255 - 19
