"""Private keys: the vectors of RFC 8032, where they are kept, and where they never go."""

import base64
import copy
import json
import os
import pickle
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pipeline.errors import InvalidInput
from pipeline.signing import SigningKey, key_id_of, load_key, new_key_file
from pipeline.signing.keys import is_signed
from tests.signing.build import JOB, key_file

# RFC 8032 §7.1, TEST 1, 2 and 3: secret key, public key, message, signature.
VECTORS = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9"
            "b46bd25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11"
            "d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6"
            "594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
]


@pytest.mark.parametrize(("secret", "public", "message", "signature"), VECTORS)
def test_signatures_are_those_of_the_rfc(
    secret: str, public: str, message: str, signature: str
) -> None:
    key = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(secret)))
    assert key.public.hex() == public
    assert key.sign(bytes.fromhex(message)).hex() == signature
    assert is_signed(key.public, bytes.fromhex(signature), bytes.fromhex(message))
    assert not is_signed(key.public, bytes.fromhex(signature), b"another")
    assert not is_signed(JOB.public, bytes.fromhex(signature), bytes.fromhex(message))


@pytest.mark.parametrize(("public", "signature"), [(b"", b""), (bytes(32), bytes(64)), (b"x", b"")])
def test_what_is_no_key_or_signature_signs_nothing(public: bytes, signature: bytes) -> None:
    assert not is_signed(public, signature, b"data")


def test_a_key_is_not_printed_pickled_or_copied() -> None:
    secret = JOB._key.private_bytes_raw()
    for text in (repr(JOB), str(JOB), f"{JOB}"):
        assert text == f"SigningKey({JOB.key_id})"
        assert secret.hex() not in text
    for refused in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="not pickled"):
            refused(JOB)
    with pytest.raises(TypeError):
        json.dumps(JOB)


def test_a_new_key_is_written_for_its_owner_alone_and_read_back(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        made = new_key_file(tmp_path / "job.pem")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "job.pem").stat().st_mode) == 0o600
    found = load_key(str(tmp_path / "job.pem"))
    assert (found.key_id, found.public) == (key_id_of(made.public), made.public)
    with pytest.raises(InvalidInput, match="there already"):
        new_key_file(tmp_path / "job.pem")
    with pytest.raises(InvalidInput, match="cannot be written"):
        new_key_file(tmp_path / "nowhere" / "job.pem")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o610])
def test_a_key_that_others_may_use_is_refused(tmp_path: Path, mode: int) -> None:
    name = key_file(tmp_path, JOB)
    Path(name).chmod(mode)
    with pytest.raises(InvalidInput, match="chmod 600"):
        load_key(name)


def test_a_key_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOB_KEY", JOB.pem().decode())
    assert load_key("env:JOB_KEY").key_id == JOB.key_id
    with pytest.raises(InvalidInput, match="not set"):
        load_key("env:OTHER_KEY")


@pytest.mark.parametrize("text", ["", "secret words", "-----BEGIN PRIVATE KEY-----\nAAAA\n"])
def test_what_is_no_key_is_refused_without_being_quoted(tmp_path: Path, text: str) -> None:
    file = tmp_path / "key.pem"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(InvalidInput, match="no unencrypted Ed25519") as refusal:
        load_key(str(file))
    assert not text or text not in str(refusal.value)
    assert refusal.value.__cause__ is None
    with pytest.raises(InvalidInput, match="cannot be read"):
        load_key(str(tmp_path / "missing.pem"))


def test_the_key_of_the_standard_is_read(tmp_path: Path) -> None:
    """RFC 8410 section 10: the same key, as other programs write it, and its public half."""
    file = tmp_path / "key.pem"
    inner = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC"
    file.write_text(f"-----BEGIN PRIVATE KEY-----\n{inner}\n-----END PRIVATE KEY-----\n")
    file.chmod(0o600)
    spki = base64.b64decode("MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=")
    assert load_key(str(file)).public == spki[-32:]


@pytest.mark.parametrize("before", ["", "env:"])
def test_a_key_given_in_place_of_its_name_is_not_repeated(before: str) -> None:
    pem = SigningKey.new().pem().decode()
    for given in (pem, pem.replace("\n", " ")):
        with pytest.raises(InvalidInput, match="is named, not given") as caught:
            load_key(before + given)
        assert pem.splitlines()[1] not in str(caught.value)
