"""The records of one shard, in few bytes: what many records share is kept once, as their class.

Of a record there remain its own ids and instants, packed as MessagePack: instants of one record lie
close together and are kept as differences. `tests/bench/memory.py` says what a record takes.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

import msgspec

from pipeline.events import Evidence, Subject, is_own
from pipeline.identifiers import EventId, RecordId, StoreName, SubjectId
from pipeline.instants import MIN_INSTANT, Instant
from pipeline.records import Answer, Birth, FieldCategory, Heard, Issued, Record, Taint

Packed = tuple[bytes, bytes]
"""A record's id and its packed form."""


class RecordClass(NamedTuple):
    """What records share: words, places, and kinds of evidence, subject by subject."""

    kind: str
    purposes: tuple[str, ...]
    lawful_bases: tuple[str, ...]
    categories: tuple[str, ...]
    sources: tuple[str, ...]
    stores: tuple[StoreName, ...]
    recipients: tuple[str, ...]
    signs: tuple[tuple[tuple[str, str], ...], ...]
    fields: tuple[FieldCategory, ...] = ()


class _Sign(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A birth or touch: milliseconds after the record's base, event, milliseconds to collection."""

    after: int
    event_id: EventId
    collected: int


class _Rest(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What few records have."""

    parents: tuple[RecordId, ...]
    natural_key_hash: str | None
    anchors: tuple[tuple[str, Instant], ...]
    cut: Instant
    issued: tuple[Issued, ...]
    answers: tuple[Answer, ...]
    touches: tuple[_Sign, ...]
    stated: tuple[int, ...]
    spacing: int
    unplaced_at: Instant
    children: tuple[RecordId, ...]
    told: tuple[Taint, ...]
    heard: tuple[Heard, ...]
    depth: int


class _Kept(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A packed record.

    Attributes:
        version: less `base`, for versions are instants of about the same time.
        subjects: each one's id and when its signs were observed, after `base`.
    """

    record_class: int
    version: int
    base: Instant
    births: tuple[_Sign, ...]
    subjects: tuple[tuple[SubjectId, tuple[int, ...]], ...]
    rest: _Rest | None


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_Kept)


class Holdings:
    """Records by id. Equal histories give equal records; the numbers of classes may differ."""

    def __init__(self) -> None:
        self._packed: dict[bytes, bytes] = {}
        self._others: set[bytes] = set()
        self._classes: list[RecordClass] = []
        self._numbers: dict[RecordClass, int] = {}

    def __len__(self) -> int:
        return len(self._packed)

    def __contains__(self, record_id: RecordId) -> bool:
        return record_id.encode() in self._packed

    def __iter__(self) -> Iterator[bytes]:
        """Yield the key of every record; `get_key` reads one."""
        return iter(self._packed)

    def keys(self) -> list[bytes]:
        """Return the key of every record that is here now."""
        return list(self._packed)

    @property
    def classes(self) -> list[RecordClass]:
        """Every class so far, by number: what the journal keeps beside the packed records."""
        return self._classes

    def get(self, record_id: RecordId) -> Record | None:
        """Return a record, or None when its id was never seen."""
        return self.get_key(record_id.encode())

    def get_key(self, key: bytes) -> Record | None:
        """Return the record of a key."""
        data = self._packed.get(key)
        return None if data is None else self._unpacked(RecordId(key.decode()), data)

    def put(self, record: Record) -> bytes:
        """Keep a record in place of the former one; return its key."""
        key = record.record_id.encode()
        self._packed[key] = self._pack(record)
        if record.is_known and not is_own(record.record_id):
            self._others.discard(key)
        else:
            self._others.add(key)
        return key

    @property
    def known(self) -> int:
        """How many records there are, but for ids that are only named, and for our own."""
        return len(self._packed) - len(self._others)

    def remove(self, record_id: RecordId) -> bytes:
        """Forget a record; return its key."""
        key = record_id.encode()
        self._packed.pop(key, None)
        self._others.discard(key)
        return key

    def records(self) -> Iterator[Record]:
        """Yield every record."""
        for key, data in self._packed.items():
            yield self._unpacked(RecordId(key.decode()), data)

    def packed(self, keys: Iterable[bytes]) -> tuple[Packed, ...]:
        """Return records as the journal keeps them."""
        return tuple([(key, self._packed[key]) for key in keys if key in self._packed])

    def restore(self, classes: Iterable[RecordClass], packed: Collection[Packed]) -> None:
        """Take in what the journal kept: classes in the order of their numbers, then records."""
        for kind in classes:
            self._numbers[kind] = len(self._classes)
            self._classes.append(kind)
        self._packed.update(packed)
        for key, _ in packed:
            record = self.get_key(key)
            if record is not None and (is_own(record.record_id) or not record.is_known):
                self._others.add(key)
            else:
                self._others.discard(key)

    def _pack(self, record: Record) -> bytes:
        signs = tuple([_signs(subject) for subject in record.subjects])
        kind = RecordClass(
            record.kind,
            record.purposes,
            record.lawful_bases,
            record.categories,
            record.sources,
            record.stores,
            record.recipients,
            signs,
            record.fields,
        )
        number = self._numbers.get(kind)
        if number is None:
            number = self._numbers[kind] = len(self._classes)
            self._classes.append(kind)
        births = record.births
        base = births[0].at if births else MIN_INSTANT
        kept = _Kept(
            number,
            record.version - base,
            base,
            _shortened(births, base),
            tuple(
                [
                    (
                        subject.subject_id,
                        tuple([sign.observed_at - base for sign in subject.evidence]),
                    )
                    for subject in record.subjects
                ]
            ),
            _rest(record, base),
        )
        return _ENCODER.encode(kept)

    def _unpacked(self, record_id: RecordId, data: bytes) -> Record:
        kept = _DECODER.decode(data)
        kind = self._classes[kept.record_class]
        base, rest = kept.base, kept.rest
        subjects = tuple(
            [
                Subject(name, _evidence(signs, times, base))
                for (name, times), signs in zip(kept.subjects, kind.signs, strict=True)
            ]
        )
        births = _restored(kept.births, base)
        if rest is None:
            return Record(
                record_id, births, kind.kind, (), subjects, kind.purposes, kind.lawful_bases,
                kind.categories, kind.sources, kind.stores, kind.recipients,
                version=base + kept.version, fields=kind.fields,
            )  # fmt: skip
        return Record(
            record_id, births, kind.kind, rest.parents, subjects, kind.purposes, kind.lawful_bases,
            kind.categories, kind.sources, kind.stores, kind.recipients, rest.natural_key_hash,
            rest.anchors, rest.cut, rest.issued, base + kept.version, rest.answers,
            _restored(rest.touches, base), tuple([Instant(base + at) for at in rest.stated]),
            rest.spacing, rest.unplaced_at, rest.children, rest.told, rest.heard,
            rest.depth, kind.fields,
        )  # fmt: skip


def _signs(subject: Subject) -> tuple[tuple[str, str], ...]:
    return tuple([(sign.signal, sign.territory) for sign in subject.evidence])


def _shortened(births: tuple[Birth, ...], base: Instant) -> tuple[_Sign, ...]:
    return tuple(
        [_Sign(sign.at - base, sign.event_id, sign.collected_at - sign.at) for sign in births]
    )


def _restored(signs: tuple[_Sign, ...], base: Instant) -> tuple[Birth, ...]:
    return tuple(
        [
            Birth(
                Instant(base + sign.after),
                sign.event_id,
                Instant(base + sign.after + sign.collected),
            )
            for sign in signs
        ]
    )


def _evidence(
    signs: tuple[tuple[str, str], ...], times: tuple[int, ...], base: Instant
) -> tuple[Evidence, ...]:
    return tuple(
        [
            Evidence(signal, place, Instant(base + after))
            for (signal, place), after in zip(signs, times, strict=True)
        ]
    )


def _rest(record: Record, base: Instant) -> _Rest | None:
    if not (
        record.issued
        or record.touches
        or record.anchors
        or record.parents
        or record.cut
        or record.answers
        or record.natural_key_hash
        or record.stated
        or record.unplaced_at
        or record.children
        or record.told
        or record.heard
    ):
        return None
    return _Rest(
        record.parents,
        record.natural_key_hash,
        record.anchors,
        record.cut,
        record.issued,
        record.answers,
        _shortened(record.touches, base),
        tuple([at - base for at in record.stated]),
        record.spacing,
        record.unplaced_at,
        record.children,
        record.told,
        record.heard,
        record.depth,
    )
