"""Events as a reader takes or refuses them."""

import traceback
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from pipeline.errors import Undecodable
from pipeline.events import Event, Evidence, Subject
from pipeline.identifiers import SubjectId
from pipeline.instants import Instant
from pipeline.settings import Settings
from pipeline.wire.codec import Codec
from pipeline.wire.schemas import schema
from tests.wire.values import EVENT, NOW, TOPIC

CODEC = Codec.from_settings(Settings("sqlite:///x"))
FRAME = b"\xc3\x01" + schema("event").fingerprint
SECRET = "anna.schmidt"


def decode(data: bytes | None) -> Event:
    return CODEC.decode_event(TOPIC, data)


def refusal(data: bytes | None, read: Callable[[bytes | None], Any] = decode) -> str:
    """The reason code; the error must not repeat what the message says, nor its causes."""
    with pytest.raises(Undecodable) as caught:
        read(data)
    printed = "".join(traceback.format_exception(caught.value))
    messages = [line for line in printed.splitlines() if line and not line.startswith(" ")]
    assert SECRET not in "\n".join(messages)
    return caught.value.reason


VALID = CODEC.encode_event(EVENT)


def changed(**fields: Any) -> bytes:
    return CODEC.encode_event(msgspec.structs.replace(EVENT, **fields))


def evidence(signal: str, territory: str = "GB", at: int = NOW) -> tuple[Subject, ...]:
    return (Subject(SubjectId(SECRET), (Evidence(signal, territory, Instant(at)),)),)
