"""Receipts and documents of others, believed only when an allowed key has sealed them.

Without a keyring everything that can be read is believed, as before there were seals. Whoever reads
these topics reads them through this, so that a question is answered by what the job goes by.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from pipeline.documents.envelope import Envelope
from pipeline.errors import Undecodable
from pipeline.instants import Instant
from pipeline.receipts import Receipt
from pipeline.settings import Settings
from pipeline.signing import WHY, Checker, Expected, Key, Refusal, load_keyring
from pipeline.signing.keyring import RECEIPTS
from pipeline.wire.codec import Codec
from pipeline.wire.framing import SchemaIds
from pipeline.wire.sealed import SealReader

# Of these no instant is asked; and `replayed` is the mark of quarantine itself.
DISTRUSTED_FOR = tuple(one for one in Refusal if one not in (Refusal.REPLAYED, Refusal.EXPIRED))
"""Why a receipt or document may be refused; in lower case the reasons in quarantine."""


class Stamped(NamedTuple):
    """A message as it lies on its topic, with the broker's time."""

    topic: str
    value: bytes | None
    appended_at: Instant


class Distrusted(Undecodable):
    """A message is well formed, but no key that may write it has sealed it.

    The job puts it in quarantine and goes on. Operator action: see "Seals" in the README.
    """

    def __init__(self, refusal: Refusal) -> None:
        """Take why."""
        super().__init__(refusal.value.lower(), WHY[refusal])
        self.refusal = refusal

    def __reduce__(self) -> tuple[Callable[..., "Distrusted"], tuple[Refusal]]:  # type: ignore[override]
        """Pickle what it is made from."""
        return (Distrusted, (self.refusal,))


class Trust:
    """Reads receipts and documents of a pipeline. For one thread."""

    def __init__(self, codec: Codec, settings: Settings) -> None:
        """Take the codec and, of the settings, the keyring and the map of schemas.

        Raises:
            InvalidInput: the keyring or the map cannot be read.
        """
        self._codec = codec
        self._checker: Checker | None = None
        if settings.keyring is not None:
            self._checker = Checker(load_keyring(settings.keyring))
            map_ = settings.schema_map
            ids = SchemaIds.load(Path(map_)) if map_ else SchemaIds()
            self._seals = {name: SealReader(name, ids) for name in ("receipt", "document")}

    def receipt(self, message: Stamped) -> Receipt:
        """Read a store's answer.

        Raises:
            Undecodable: as `Codec.decode_receipt`; or it is `Distrusted`.
        """
        receipt = self._codec.decode_receipt(message.value)
        if self._checker is not None:
            self._key(self._checker, "receipt", message, RECEIPTS, receipt.store)
        return receipt

    def envelope(self, kind: str, message: Stamped) -> Envelope:
        """Read a document's envelope from the topic of its kind. Its text is not read.

        Raises:
            Undecodable: as `Codec.decode_envelope`; or it is `Distrusted`.
        """
        envelope = self._codec.decode_envelope(kind, message.value)
        if self._checker is not None:
            key = self._key(self._checker, "document", message, kind)
            if key.owner != envelope.author:
                raise Distrusted(Refusal.WRONG_AUTHOR)
        return envelope

    def _key(
        self, checker: Checker, name: str, message: Stamped, kind: str, store: str = ""
    ) -> Key:
        content, seal = self._seals[name].read(message.value)
        expected = Expected(kind, message.topic, store)
        found = checker.check(content, seal, expected, appended_at=message.appended_at)
        if isinstance(found, Refusal):
            raise Distrusted(found)
        return found
