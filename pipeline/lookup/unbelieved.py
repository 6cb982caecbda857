"""Documents that would stand if the keyring let them: what giving one makes void."""

from typing import NamedTuple

from pipeline.documents import KINDS
from pipeline.errors import Undecodable
from pipeline.identifiers import DocumentId
from pipeline.lookup.log import Log
from pipeline.wire.trust import Distrusted, Stamped


class Unbelieved(NamedTuple):
    """A document of which the newest version is not sealed by a key that may write its kind."""

    kind: str
    document_id: DocumentId
    version: int

    def __str__(self) -> str:
        """Name it as it lies on its topic."""
        return f"{self.kind}/{self.document_id} version {self.version}"


def unbelieved(log: Log) -> list[Unbelieved]:
    """Return the documents that are there and do not count, by kind and id.

    A hold that was published before there were keys is one: where it does not stand, what it keeps
    is deleted.

    Raises:
        InvalidInput: a topic of documents does not exist.
    """
    found: list[Unbelieved] = []
    for kind in KINDS:
        stands: dict[DocumentId, int] = {}
        refused: dict[DocumentId, int] = {}
        for message in log.messages(log.wanted(kind)):
            value = message.value
            if value is None:
                continue
            try:
                envelope = log.codec.decode_envelope(kind, value)
                newest = stands
                log.trust.envelope(kind, Stamped(message.topic, value, message.timestamp))
            except Distrusted:
                newest = refused
            except Undecodable:  # it lies in quarantine, with or without keys
                continue
            name = envelope.document_id
            newest[name] = max(newest.get(name, 0), envelope.version)
        found += [
            Unbelieved(kind, name, version)
            for name, version in sorted(refused.items())
            if version > stands.get(name, 0)
        ]
    return found
