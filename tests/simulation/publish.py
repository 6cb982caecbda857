"""Writes to the log what platforms and counsel publish, as they would."""

import random

from pipeline.events import Event
from pipeline.instants import DAY, Instant
from pipeline.transports.topics import DEFAULT_EVENTS, Topics
from pipeline.wire.codec import Codec
from tests.oracle.history import Document, envelope
from tests.simulation.log import Log


def write(log: Log, codec: Codec, what: Event | Document | bytes) -> None:
    """Write one event, document or event that cannot be read; a producer's clock may be wrong."""
    if isinstance(what, bytes):
        log.append(DEFAULT_EVENTS[0], b"unreadable", what)
    elif isinstance(what, Event):
        wrong = random.Random(what.event_id).choice((0, 0, -DAY, DAY))
        at, key = Instant(log.now + wrong), what.record_id.encode()
        log.append(DEFAULT_EVENTS[0], key, codec.encode_event(what), at)
    else:
        told = envelope(what)
        key = f"{told.document_id} {told.version}".encode()
        log.append(Topics().name(told.kind), key, codec.encode_envelope(told))
