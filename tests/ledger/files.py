"""A bank's files on its customers, whose fields the platform has named."""

import msgspec

from pipeline.commands import Command
from pipeline.documents import Envelope
from pipeline.events import Event, Field
from pipeline.ledger.parts import Part
from tests.support.build import event, policy, rule
from tests.support.drive import Drive

PASSPORT, PHOTO = Field("id_document", ("pd:Passport",)), Field("photo", ("pd:Picture",))
NOTE = Field("note", ("pd:Name",))


def file(*fields: Field, at: int = 1_000, what: str = "created", **options: object) -> Event:
    """Return an event about r1 of which the platform names these fields."""
    made = event(at=at, what=what, **options)  # type: ignore[arg-type]
    return msgspec.structs.replace(made, fields=fields or (PASSPORT, PHOTO))


def keep(
    name: str = "aml", category: str = "pd:Passport", limit: str = "PT1H", *, law: str = "GB"
) -> str:
    """Return a minimum of a category, in YAML."""
    made = rule(name, f"{{category: [{category}]}}", limit=limit) + "    bound: minimum\n"
    return made.replace("article:", f"jurisdiction: {law}, article:")


def bank(*minima: str, limit: str = "PT10S", more: str = "", law: str = "GB") -> Envelope:
    """Return the policy of a bank whose own limit is shorter than its duties to keep."""
    own = rule(limit=limit).replace("article:", f"jurisdiction: {law}, article:") + more
    return policy(own, *(minima or (keep(),)))


def driven(*documents: Envelope, events: tuple[Event, ...] = (), until: int = 12_000) -> Drive:
    drive = Drive()
    drive.give(Part(envelopes=documents or (bank(),), events=events or (file(),)))
    drive.until(until)
    return drive


def told(drive: Drive) -> list[tuple[str, tuple[str, ...]]]:
    """Return kind and fields of every command, sent again or not, in the order of the kinds."""
    return sorted((one.kind, one.fields) for one in drive.commands)


def redaction(drive: Drive) -> Command:
    (one,) = [one for one in drive.commands if one.kind == "REDACT"]
    return one
