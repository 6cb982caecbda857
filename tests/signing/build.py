"""Keys that are always the same, and what they seal."""

from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pipeline.instants import Instant
from pipeline.signing import Expected, Key, Keyring, SigningKey, seal_all

ISSUED = Instant(1_772_355_600_000)
EXPIRES = Instant(ISSUED + 86_400_000)
TOPIC = "retention.commands.images"
EXPECTED = Expected("commands", TOPIC, "images")
DOCUMENTS = "3f" * 32


def key(number: int) -> SigningKey:
    return SigningKey(Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32))


JOB, STORE, COUNSEL, STRANGER = (key(number) for number in range(1, 5))


def entry(
    one: SigningKey,
    *signs: str,
    owner: str = "somebody",
    first: int | None = None,
    last: int | None = None,
) -> Key:
    return Key(
        one.key_id,
        one.public,
        owner,
        frozenset(signs),
        None if first is None else Instant(first),
        None if last is None else Instant(last),
    )


RING = Keyring(
    [
        entry(JOB, "commands", owner="the job"),
        entry(STORE, "receipts:images", owner="store images"),
        entry(COUNSEL, "policies", "holds", owner="counsel"),
    ]
)


def ring_file(folder: Path, *keys: Key) -> str:
    """Write a keyring; without keys the usual one."""
    file = folder / "keyring.yaml"
    lines = [one.entry() for one in keys or RING.keys.values()]
    file.write_text("\n".join(["keys:", *lines, ""]))
    return str(file)


def key_file(folder: Path, one: SigningKey) -> str:
    file = folder / f"{one.key_id}.pem"
    file.write_bytes(one.pem())
    file.chmod(0o600)
    return str(file)


def seals(contents: Sequence[bytes], one: SigningKey = JOB, **changes: object) -> list[str]:
    values: dict[str, object] = {
        "kind": "commands",
        "topic": TOPIC,
        "store": "images",
        "documents": DOCUMENTS,
        "issued_at": ISSUED,
        "expires_at": EXPIRES,
    }
    return seal_all(contents, one, **(values | changes))  # type: ignore[arg-type]  # checked by use
