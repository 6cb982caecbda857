"""A private key: signs, and is neither printed nor pickled. Ed25519 (RFC 8032)."""

import hashlib
from typing import Never

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from pipeline.errors import InvalidInput

PUBLIC_BYTES = 32
KEY_ID_DIGITS = 32

_PRIME = 2**255 - 19
_EIGHTH = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_WEAK = frozenset({0, 1, _PRIME - 1, _PRIME, _PRIME + 1, _EIGHTH, _PRIME - _EIGHTH})
"""The y of points of order 8 and less, in every way to write it."""


def key_id_of(public: bytes) -> str:
    """Return the id of a key: the first 32 hexadecimal digits of SHA-256 of its 32 public bytes.

    Made from the key, so that no two files can give one id to two keys.
    """
    return hashlib.sha256(public).hexdigest()[:KEY_ID_DIGITS]


def is_weak(public: bytes) -> bool:
    """Whether anybody could sign for a public key, as for one of zeros: no private key has it.

    The system's cryptography verifies with such a key as with any other (RFC 8032, §5.1.7).
    """
    return int.from_bytes(public, "little") & (2**255 - 1) in _WEAK


class SigningKey:
    """An Ed25519 private key.

    It is made where it is used and goes nowhere else: settings, options and state hold its name.
    """

    __slots__ = ("_key", "key_id", "public")

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public: bytes = key.public_key().public_bytes_raw()
        self.key_id = key_id_of(self.public)

    @classmethod
    def new(cls) -> "SigningKey":
        """Make a key from the system's randomness."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_pem(cls, pem: bytes, name: str) -> "SigningKey":
        """Read an unencrypted PKCS #8 key, as `openssl genpkey -algorithm ed25519` writes it.

        Raises:
            InvalidInput: it is no such key. What was read is not in the message.
        """
        try:
            key = serialization.load_pem_private_key(pem, password=None)
        except Exception:  # noqa: BLE001  # whatever the library says may quote the key
            key = None
        if not isinstance(key, Ed25519PrivateKey):
            message = f"{name} is no unencrypted Ed25519 private key in PEM; name another"
            raise InvalidInput(message) from None
        return cls(key)

    def pem(self) -> bytes:
        """Write it as `from_pem` reads it."""
        return self._key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

    def sign(self, data: bytes) -> bytes:
        """Return the signature, 64 bytes."""
        return self._key.sign(data)

    def __repr__(self) -> str:
        """Return what it is, without the key."""
        return f"SigningKey({self.key_id})"

    def __reduce__(self) -> Never:
        """Refuse to be pickled.

        Raises:
            TypeError: always.
        """
        raise TypeError("a private key is not pickled; pass its name and load it where it is used")


def is_signed(public: bytes, signature: bytes, data: bytes) -> bool:
    """Whether a signature of some data is that of a public key."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True
