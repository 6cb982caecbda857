"""The story of `make demo` as data: what happens when, and what must come of it.

It is read from `deploy/examples/demo/story.yaml`; `demo` plays it, `story` steps its clock.
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import yaml

from pipeline.documents import Envelope, enveloped, kind_of
from pipeline.events import Event, Evidence, Subject
from pipeline.identifiers import EventId, RecordId, StoreName, SubjectId
from pipeline.instants import Instant, from_datetime

FOLDER = Path(__file__).parents[2] / "deploy" / "examples" / "demo"
POISON = (b"\xc3\x01no schema has this fingerprint", b"not Avro at all", b"")

_Zoned = Annotated[datetime, msgspec.Meta(tz=True)]


class Group(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Records that share a fate: which cause must delete them, and the first instant it may.

    `of`: the group of images that these templates are derived from; without it they are images.
    """

    name: str
    count: int
    cause: str
    earliest: _Zoned = msgspec.field(name="from")
    residency: str | None = None
    purpose: str = "dpv:SearchFunctionalities"
    lawful_basis: str | None = None
    source: str = "web-crawl"
    of: str | None = None
    held: bool = False

    @property
    def record_ids(self) -> tuple[RecordId, ...]:
        """Ids of its records."""
        return tuple(RecordId(f"{self.name}-{n:04}") for n in range(self.count))

    @property
    def stores(self) -> tuple[StoreName, ...]:
        """Where its records are kept: a template is in the index only."""
        names = ("images", "index") if self.of is None else ("index",)
        return tuple(StoreName(name) for name in names)

    @property
    def deleted_from(self) -> Instant:
        """The first instant at which its deletion may be commanded."""
        return from_datetime(self.earliest)

    def events(self, what: str, at: Instant) -> Iterator[Event]:
        """Make one event a record."""
        for n, record_id in enumerate(self.record_ids):
            # A template is about the person on its image.
            image = record_id if self.of is None else RecordId(f"{self.of}-{n:04}")
            evidence: tuple[Evidence, ...] = ()
            if self.residency is not None:
                evidence = (Evidence("declared", self.residency, at),)
            yield Event(
                event_id=EventId(f"{what}-{record_id}"),
                what=what,
                happened_at=at,
                record_id=record_id,
                kind="source" if self.of is None else "template",
                parents=() if self.of is None else (image,),
                subjects=(Subject(SubjectId(f"person-{image}"), evidence),),
                purpose=self.purpose,
                lawful_basis=self.lawful_basis,
                categories=("pd:Picture",) if self.of is None else ("pd:FacialPrint",),
                source=self.source,
                stores=self.stores,
            )


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
    silent: str | None = None
    answering: str | None = None

    @property
    def at(self) -> Instant:
        """When it happens."""
        return from_datetime(self.moment)


class Story(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A title, when the policy was published, what happens, and when the story is over."""

    title: str
    before: _Zoned
    ends: _Zoned
    policy: str
    happenings: tuple[Happening, ...]

    @property
    def begin(self) -> Instant:
        """When the story begins."""
        return from_datetime(self.before)

    @property
    def end(self) -> Instant:
        """When the story is over."""
        return from_datetime(self.ends)

    @property
    def groups(self) -> tuple[Group, ...]:
        """Every group of records, in order of appearance."""
        return tuple(group for happening in self.happenings for group in happening.collect)

    def group(self, name: str) -> Group:
        """Return the group of a name.

        Raises:
            KeyError: there is none.
        """
        return {group.name: group for group in self.groups}[name]


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
