"""What schemas/README.md tells stores in other languages, run as it stands there."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature

from pipeline.signing.keyring import parse_keyring
from pipeline.wire.codec import Codec
from pipeline.wire.sealed import SealReader, content_of, with_seal
from tests.signing.build import JOB, STORE, key, seals
from tests.wire.values import COMMAND

README = (Path(__file__).parents[2] / "schemas" / "README.md").read_text()
BLOCKS = dict(re.findall(r"^```\w+ (verify|keyring)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL))
Verified = Callable[[bytes, str, dict[str, bytes]], list[str]]


@pytest.fixture
def verified() -> Verified:
    names: dict[str, Verified] = {}
    exec(compile(BLOCKS["verify"], "schemas/README.md", "exec"), names)
    return names["verified"]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 100])
def test_the_program_verifies_what_the_job_signs_and_nothing_else(
    verified: Verified, size: int
) -> None:
    encoded = content_of(Codec({}).encode_command(COMMAND))
    keys = {JOB.key_id: JOB.public}
    contents = [encoded.replace(b"img-", b"i%02d-" % place) for place in range(size)]
    for content, seal in zip(contents, seals(contents), strict=True):
        value = with_seal(content, seal)
        lines = verified(value, seal, keys)
        assert (lines[1], lines[3]) == ("commands", "images")
        assert SealReader("command").read(value) == (content, seal)
        at = len(content) // 2
        other = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
        with pytest.raises(ValueError, match="not one of those"):
            verified(with_seal(other, seal), seal, keys)
        with pytest.raises(InvalidSignature):
            verified(value, seal, {JOB.key_id: STORE.public})
        later = seal.replace("\n1772355600000\n", "\n1772355600001\n")
        with pytest.raises(InvalidSignature):
            verified(with_seal(content, later), later, keys)


def test_the_keyring_is_one() -> None:
    keys = parse_keyring(BLOCKS["keyring"], "README").keys
    assert {key(1).key_id, key(2).key_id} == set(keys)
