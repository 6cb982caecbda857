"""Whether a message is what an allowed key has sealed. Every doubt is a refusal.

Whether a key is valid is judged at the broker's stamp of the message, not at the present: who reads
the same topic later decides the same, and what a key signed in its time outlives its rotation.
"""

from enum import StrEnum
from typing import NamedTuple

from pipeline.instants import Instant
from pipeline.signing.keyring import RECEIPTS, Key, Keyring, receipts_of
from pipeline.signing.keys import is_signed
from pipeline.signing.seals import Seal, Statement, parse_seal
from pipeline.signing.tree import leaf_hash, root_of

_KNOWN_MOST = 1_024


class Refusal(StrEnum):
    """Why a message is not believed."""

    UNSIGNED = "UNSIGNED"
    ALTERED = "ALTERED"
    UNKNOWN_KEY = "UNKNOWN_KEY"
    KEY_NOT_VALID = "KEY_NOT_VALID"
    KEY_NOT_ALLOWED = "KEY_NOT_ALLOWED"
    WRONG_TOPIC = "WRONG_TOPIC"
    WRONG_STORE = "WRONG_STORE"
    WRONG_AUTHOR = "WRONG_AUTHOR"
    REPLAYED = "REPLAYED"
    EXPIRED = "EXPIRED"


WHY = {
    Refusal.UNSIGNED: "it has no seal",
    Refusal.ALTERED: "it is not what was signed, or its seal is damaged",
    Refusal.UNKNOWN_KEY: "its key is not in the keyring",
    Refusal.KEY_NOT_VALID: "its key was not valid when it was published",
    Refusal.KEY_NOT_ALLOWED: "its key may not sign this",
    Refusal.WRONG_TOPIC: "it was signed for another topic",
    Refusal.WRONG_STORE: "it was signed for or by another store",
    Refusal.WRONG_AUTHOR: "its author is not the owner of its key",
    Refusal.REPLAYED: "it was published long after it was signed",
    Refusal.EXPIRED: "its seal has expired",
}


class Expected(NamedTuple):
    """What a seal must say.

    Attributes:
        kind: of message, as `Statement.kind`.
        topic: where the message lies.
        store: whom it is for or from; empty for documents.
    """

    kind: str
    topic: str
    store: str = ""

    @property
    def word(self) -> str:
        """What a key must be allowed to sign."""
        return receipts_of(self.store) if self.kind == RECEIPTS else self.kind


class Checker:
    """Checks seals against a keyring. Signatures of a batch are verified once. For one thread."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._signed: dict[tuple[Statement, bytes], bool] = {}

    def check(
        self,
        content: bytes,
        seal: str | None,
        expected: Expected,
        *,
        appended_at: Instant,
        within: int | None = None,
        now: Instant | None = None,
    ) -> Key | Refusal:
        """Return the key that sealed a message, or why it is not believed.

        Args:
            content: the message without its seal.
            seal: what it carries.
            expected: what that must say.
            appended_at: the broker's stamp of the message.
            within: it must have been published at most so many milliseconds after it was signed.
            now: the present, at which the seal may not have expired; None: it is not asked.
        """
        if seal is None:
            return Refusal.UNSIGNED
        found = parse_seal(seal)
        if found is None:
            return Refusal.ALTERED
        statement = found.statement
        key = self._keyring.get(statement.key_id)
        if key is None:
            return Refusal.UNKNOWN_KEY
        if not self._is_signed(found, key) or not _holds(found, content):
            return Refusal.ALTERED
        refusal = _other_than(statement, expected)
        if refusal is not None:
            return refusal
        if expected.word not in key.signs:
            return Refusal.KEY_NOT_ALLOWED
        if not key.is_valid_at(appended_at):
            return Refusal.KEY_NOT_VALID
        if within is not None and appended_at - statement.issued_at > within:
            return Refusal.REPLAYED
        if now is not None and statement.expires_at is not None and now >= statement.expires_at:
            return Refusal.EXPIRED
        return key

    def _is_signed(self, seal: Seal, key: Key) -> bool:
        name = (seal.statement, seal.signature)
        known = self._signed.get(name)
        if known is None:
            if len(self._signed) >= _KNOWN_MOST:
                self._signed.clear()
            known = is_signed(key.public, seal.signature, seal.statement.text().encode())
            self._signed[name] = known
        return known


def _holds(seal: Seal, content: bytes) -> bool:
    """Whether the tree that was signed has the message at the place that the seal names."""
    root = root_of(leaf_hash(content), seal.place, seal.statement.size, seal.path)
    return root == seal.statement.root


def _other_than(statement: Statement, expected: Expected) -> Refusal | None:
    if (statement.kind, statement.topic) != (expected.kind, expected.topic):
        return Refusal.WRONG_TOPIC
    return Refusal.WRONG_STORE if statement.store != expected.store else None
