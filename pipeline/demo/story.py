"""The story of `make demo` as data: what happens when, and what must come of it.

It is read from `deploy/examples/demo/story.yaml`.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import msgspec
import yaml

from pipeline.documents import Envelope, enveloped, kind_of
from pipeline.events import INVENTORY_IDS, Event, Evidence, Subject
from pipeline.identifiers import Cause, EventId, RecordId, StoreName, SubjectId
from pipeline.instants import DAY, HOUR, Instant, from_datetime
from pipeline.reference_store import Seed

FOLDER = Path(__file__).parents[2] / "deploy" / "examples" / "demo"
POISON = (b"\xc3\x01no schema has this fingerprint", b"not Avro at all", b"")
IMAGES, VECTORS = StoreName("images"), StoreName("vectors")
STORES = (IMAGES, VECTORS)

_Zoned = Annotated[datetime, msgspec.Meta(tz=True)]


class Sign(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A piece of evidence that every record of a group comes with."""

    signal: str
    territory: str
    days_before: int = 0


class Group(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """Records that share a fate, which somebody worked out by hand.

    Attributes:
        cause: which rule or notice step must delete them.
        earliest: the first instant at which their deletion may be commanded.
        latest: the last instant at which it must be; by default an hour after the first.
        restricted: what must restrict them before; nothing: they must not be restricted.
        people: where the people on them are, for whoever reads the story.
        of: the group of images that these templates are derived from; empty: these are images.
        collected: when a store that already had them says they were collected.
    """

    name: str
    count: int
    people: str
    cause: Cause
    earliest: _Zoned = msgspec.field(name="from")
    latest: _Zoned | None = msgspec.field(name="by", default=None)
    restricted: tuple[Cause, ...] = ()
    evidence: tuple[Sign, ...] = ()
    purpose: str | None = "dpv:SearchFunctionalities"
    lawful_basis: str | None = "dpv:LegitimateInterest"
    source: str = "web-crawl"
    of: str = ""
    held: bool = False
    collected: _Zoned | None = None

    @cached_property
    def record_ids(self) -> tuple[RecordId, ...]:
        """Ids of its records."""
        return tuple(RecordId(f"{self.name}-{n:04}") for n in range(self.count))

    @property
    def store(self) -> StoreName:
        """Where its records are kept."""
        return VECTORS if self.of else IMAGES

    @property
    def deleted_from(self) -> Instant:
        """The first instant at which its deletion may be commanded."""
        return from_datetime(self.earliest)

    @property
    def deleted_by(self) -> Instant:
        """The last instant at which its deletion must be commanded."""
        if self.latest is None:
            return Instant(self.deleted_from + HOUR)
        return from_datetime(self.latest)

    @property
    def first(self) -> str:
        """What the first event about its records says happened."""
        if self.collected is not None:
            return "inventoried"
        return "derived" if self.of else "created"

    def events(self, what: str, at: Instant) -> Iterator[Event]:
        """Make one event a record."""
        collected = None if self.collected is None else from_datetime(self.collected)
        signs = tuple(
            Evidence(sign.signal, sign.territory, Instant(at - sign.days_before * DAY))
            for sign in self.evidence
        )
        for n, record_id in enumerate(self.record_ids):
            # A template is about the person on its image.
            image = RecordId(f"{self.of}-{n:04}") if self.of else record_id
            event_id = f"{what}-{record_id}"
            yield Event(
                event_id=EventId(INVENTORY_IDS + event_id if self.collected else event_id),
                what=what,
                happened_at=at,
                record_id=record_id,
                kind="template" if self.of else "source",
                parents=(image,) if self.of else (),
                subjects=(Subject(SubjectId(f"person-{image}"), signs),),
                purpose=self.purpose,
                lawful_basis=self.lawful_basis,
                categories=("pd:FacialPrint",) if self.of else ("pd:Picture",),
                source=self.source,
                stores=(self.store,),
                collected_at=collected,
            )

    def seeds(self, at: Instant) -> Iterator[Seed]:
        """Make what the store keeps of each record: some bytes, and terms to find it by."""
        collected = at if self.collected is None else from_datetime(self.collected)
        kind = "template" if self.of else "source"
        for record_id in self.record_ids:
            yield Seed(record_id, kind, collected, record_id.encode(), (self.source, "face"))


class Touch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something that happens to every record of a group."""

    group: str
    what: str


class Happening(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that happens at one instant, in words and in deed."""

    moment: _Zoned = msgspec.field(name="at")
    say: str
    collect: tuple[Group, ...] = ()
    poison: int = 0
    touch: Touch | None = None
    publish: str | None = None
    silent: StoreName | None = None
    answering: StoreName | None = None

    @property
    def at(self) -> Instant:
        """When it happens."""
        return from_datetime(self.moment)


class Mark(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A date that the plots show."""

    moment: _Zoned = msgspec.field(name="at")
    say: str


class Story(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """A title, when the policy was published, what happens, and when the story is over."""

    title: str
    about: str
    before: _Zoned
    ends: _Zoned
    policy: str
    marks: tuple[Mark, ...]
    happenings: tuple[Happening, ...]

    @property
    def begin(self) -> Instant:
        """When the story begins."""
        return from_datetime(self.before)

    @property
    def end(self) -> Instant:
        """When the story is over."""
        return from_datetime(self.ends)

    @cached_property
    def groups(self) -> Mapping[str, Group]:
        """Every group of records by name, in order of appearance."""
        found = [group for happening in self.happenings for group in happening.collect]
        return {group.name: group for group in found}

    @cached_property
    def group_of(self) -> Mapping[RecordId, Group]:
        """The group of each record."""
        return {name: group for group in self.groups.values() for name in group.record_ids}


def read_story(folder: Path = FOLDER) -> Story:
    """Read `story.yaml`.

    Raises:
        OSError: it is not there.
        msgspec.ValidationError: a key or value is wrong; the message names it.
    """
    content: Any = yaml.safe_load((folder / "story.yaml").read_text())
    return msgspec.convert(content, Story)


def read_document(name: str, author: str, folder: Path = FOLDER) -> Envelope:
    """Read a policy, notice, hold or control of the story and put it into its envelope.

    Raises:
        InvalidDocument: it has errors.
    """
    text = (folder / name).read_text()
    return enveloped(kind_of(text, name), text, author, name)
