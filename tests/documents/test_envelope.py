"""Envelopes: filled from the text, and refused when they say other than it."""

import hashlib
import pickle

import msgspec
import pytest

from pipeline.documents import (
    KINDS,
    Control,
    Envelope,
    InvalidDocument,
    enveloped,
    parsed,
)
from pipeline.errors import InvalidInput
from pipeline.instants import parse_instant
from tests.documents.texts import control, hold, notice, policy

AUTHOR = "counsel@acme.example"


@pytest.mark.parametrize(
    ("kind", "text", "document_id", "version"),
    [
        ("policies", policy(version=3), "acme", 3),
        ("notices", notice(version=2), "ico", 2),
        ("holds", hold(), "h-1", 1),
        ("controls", control(scope="store:images", version=9), "store:images", 9),
    ],
)
def test_an_envelope_is_filled_from_its_text(
    kind: str, text: str, document_id: str, version: int
) -> None:
    envelope = enveloped(kind, text, AUTHOR)

    assert (envelope.kind, envelope.document_id, envelope.version) == (kind, document_id, version)
    assert (envelope.text, envelope.author) == (text, AUTHOR)
    assert envelope.digest == hashlib.sha256(text.encode()).hexdigest()
    assert envelope.effective_from is None
    assert kind in KINDS


def test_a_policy_says_from_when_it_takes_effect() -> None:
    text = policy(more="effective_from: 2027-01-01T00:00:00Z\n")

    assert enveloped("policies", text, AUTHOR).effective_from == parse_instant(
        "2027-01-01T00:00:00Z"
    )


def test_a_document_of_another_kind_is_refused_with_the_right_one() -> None:
    with pytest.raises(InvalidDocument, match="one of the holds, not of the policies"):
        enveloped("policies", hold(), AUTHOR)


@pytest.mark.parametrize("author", ["", "a\nb", "x" * 513])
def test_an_author_must_be_somebody(author: str) -> None:
    with pytest.raises(InvalidInput, match="author"):
        enveloped("policies", policy(), author)


def test_an_opened_control_has_the_author_of_its_envelope() -> None:
    document = parsed(enveloped("controls", control(), AUTHOR))

    assert isinstance(document, Control)
    assert document.author == AUTHOR


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "notices"},
        {"kind": "nonsense"},
        {"document_id": "other"},
        {"version": 2},
        {"digest": "0" * 64},
        {"text": policy(default="P90D")},
        {"effective_from": 1},
    ],
)
def test_an_envelope_that_says_other_than_its_text_is_refused(change: dict[str, object]) -> None:
    envelope = enveloped("policies", policy(), AUTHOR)

    with pytest.raises(InvalidDocument):
        parsed(msgspec.structs.replace(envelope, **change))


def foreign(kind: str, text: str) -> Envelope:
    digest = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
    return msgspec.convert([kind, "x", 1, text, digest, "somebody"], Envelope)


@pytest.mark.parametrize("text", ["", "policy: [", "\ud800", "policy: acme", "[" * 1_000_000])
def test_a_bad_text_in_an_envelope_is_refused_every_time(text: str) -> None:
    for _ in range(2):
        with pytest.raises(InvalidDocument) as refusal:
            parsed(foreign("policies", text))
        assert refusal.value.problems[0].file.startswith("policies@")


def test_a_refusal_survives_pickling() -> None:
    with pytest.raises(InvalidDocument) as refusal:
        parsed(foreign("policies", "policy: acme"))

    copy = pickle.loads(pickle.dumps(refusal.value))
    assert copy.problems == refusal.value.problems
    assert str(copy) == str(refusal.value)
