"""The envelope in which a document travels on its topic. Its wire form is `document.avsc`.

The text is the document; everything else is found in it again and must agree (`parsed`).
"""

import hashlib
from functools import lru_cache

import msgspec

from pipeline.documents.load import Loaded, load
from pipeline.documents.policy import Policy
from pipeline.documents.problems import InvalidDocument, Problem
from pipeline.documents.values import Control, Document
from pipeline.errors import InvalidInput
from pipeline.identifiers import DocumentId
from pipeline.instants import Instant

KINDS = ("policies", "notices", "holds", "requests", "controls")
"""Kinds of documents: the names of their topics."""

MAX_AUTHOR = 512
MAX_REASON = 1_000
_PARSED = 1_024


class Envelope(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One version of a document: its kind, id and version, and its text as somebody wrote it.

    Attributes:
        digest: SHA-256 of the text in UTF-8, in hexadecimal.
        author: who published it.
        effective_from: as the document says, or None.
    """

    kind: str
    document_id: DocumentId
    version: int
    text: str
    digest: str
    author: str
    effective_from: Instant | None = None


def digest_of(text: str) -> str:
    """Return the SHA-256 of a text in hexadecimal. Lone surrogates count as they are."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def check_author(author: str) -> None:
    """Check that somebody can be held to account by what stands for an author.

    Raises:
        InvalidInput: it is empty, too long or holds invisible characters.
    """
    if not 0 < len(author) <= MAX_AUTHOR or not author.isprintable():
        message = f"the author must be 1 to {MAX_AUTHOR} printable characters; name who publishes"
        raise InvalidInput(message)


def check_reason(reason: str) -> None:
    """Check that a reason says something, in one line.

    Raises:
        InvalidInput: it is empty, too long or holds invisible characters.
    """
    if not 0 < len(reason.strip()) <= MAX_REASON or not reason.isprintable():
        raise InvalidInput(f"the reason must be 1 to {MAX_REASON} printable characters, one line")


def enveloped(kind: str, text: str, author: str, file: str = "document") -> Envelope:
    """Put a document into its envelope.

    Args:
        kind: one of `KINDS`: the topic it is meant for.
        text: YAML.
        author: who publishes it.
        file: what problems name as the place.

    Raises:
        InvalidDocument: the text has errors, or is of another kind.
        InvalidInput: the author is empty, too long or holds invisible characters.
    """
    check_author(author)
    loaded = load(text, file)
    if loaded.kind != kind:
        what = f"this is one of the {loaded.kind}, not of the {kind}"
        raise _refusal(file, what, f"publish it as one of the {loaded.kind}")
    return _envelope(loaded, text, author)


def _envelope(loaded: Loaded, text: str, author: str) -> Envelope:
    document = loaded.document
    return Envelope(
        kind=loaded.kind,
        document_id=document.document_id,
        version=document.version,
        text=text,
        digest=digest_of(text),
        author=author,
        effective_from=document.effective_from if isinstance(document, Policy) else None,
    )


def parsed(envelope: Envelope) -> Document:
    """Return the document in an envelope; a control gets the envelope's author.

    Raises:
        InvalidDocument: the text has errors, or the envelope says other than its text. Problems
            name the kind and digest as the place.
    """
    place = _place(envelope)
    if envelope.digest != digest_of(envelope.text):
        raise _refusal(place, "the digest is not that of the text", "publish the document again")
    loaded = _loaded(envelope.text, place)
    if isinstance(loaded, InvalidDocument):
        raise InvalidDocument(loaded.problems)
    if _envelope(loaded, envelope.text, envelope.author) != envelope:
        what = "kind, id, version or effective_from differ from what the text says"
        raise _refusal(place, what, "publish the text with `retention publish`, which fills them")
    document = loaded.document
    if isinstance(document, Control):
        return msgspec.structs.replace(document, author=envelope.author)
    return document


def _place(envelope: Envelope) -> str:
    # Nothing of it is checked yet, and anything may stand in a field of a foreign envelope.
    kind = envelope.kind if envelope.kind in KINDS else "unknown kind"
    return f"{kind}@{digest_of(envelope.text)[:12]}"


@lru_cache(maxsize=_PARSED)
def _loaded(text: str, place: str) -> Loaded | InvalidDocument:
    # Refusals are kept too: every shard is handed the same document.
    try:
        return load(text, place)
    except InvalidDocument as refusal:
        return refusal.with_traceback(None)


def _refusal(file: str, what: str, remedy: str) -> InvalidDocument:
    return InvalidDocument((Problem(file, 1, "", what, remedy),))
