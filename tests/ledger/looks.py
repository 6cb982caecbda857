"""For the tests of what is owed: one record and one look at it, or driven through time."""

import msgspec

from pipeline.commands import Command
from pipeline.documents import Envelope, enveloped
from pipeline.events import Event, Evidence, Subject
from pipeline.identifiers import SubjectId
from pipeline.instants import Instant, format_instant
from pipeline.ledger.answering import received
from pipeline.ledger.due import Due, owed
from pipeline.ledger.parts import Part
from pipeline.receipts import Receipt
from pipeline.records import Record, applied
from pipeline.rules import Planner
from tests.support.build import event, hold, notice, planner_of, policy, rule
from tests.support.drive import Drive

HELD = hold(records=("r1",))
RELEASED = hold(records=("r1",), version=2, state="released")
LONG = policy(rule(limit="P900D"))
"""A limit that no test reaches."""


def planner(*envelopes: Envelope) -> Planner:
    return planner_of(*(envelopes or (policy(),)))


def record(*stores: str) -> Record:
    return applied(None, event(at=1_000, stores=stores or ("images",)))


def look(known: Record, now: int, *envelopes: Envelope, may_delete: bool = True) -> Due:
    return owed(known, planner(*envelopes), Instant(now), may_delete=may_delete)


def answer(
    known: Record,
    at: int,
    status: str = "COMPLETED",
    store: str | None = None,
    only: tuple[str, ...] = (),
) -> Record:
    """Let stores answer every command of a record, or those to one store, or of some kinds."""
    for item in known.issued:
        if store in {None, item.store} and (not only or item.kind in only):
            receipt = Receipt(item.command_id, known.record_id, item.store, status, Instant(at))
            after, _ = received(known, receipt, Instant(at))
            assert after is not None
            known = after
    return known


def known(*events: Event) -> Record:
    """Return a record of which these events tell."""
    made: Record | None = None
    for item in events or (event(at=1_000),):
        made = applied(made, item)
    assert made is not None
    return made


def person(*signs: tuple[str, str], name: str = "s") -> Subject:
    """Return somebody with these signals and where they say that they reside."""
    return Subject(SubjectId(name), tuple(Evidence(*sign, Instant(1_000)) for sign in signs))


def about(*people: Subject, **said: object) -> Record:
    """Return a record about these people, of which something else is said too."""
    return known(msgspec.structs.replace(event(at=1_000), subjects=people, **said))


def minimum(name: str = "keep", *, limit: str = "PT1H", clock: str = "collected") -> str:
    """Return a rule of what must be kept, in YAML."""
    return rule(name, "{residency: [GB]}", clock=clock, limit=limit) + "    bound: minimum\n"


def observed(name: str = "seen", limit: str = "PT5S", match: str = "{residency: [GB]}") -> str:
    """Return a rule that is only observed, in YAML."""
    return rule(name, match, limit=limit).replace("mode: enforce", "mode: observe")


def order(
    *,
    stop: int = 5_000,
    delete: int = 5_000,
    deadline: int = 90_000,
    before: int | None = None,
    **options: str | int,
) -> Envelope:
    """Return a notice whose steps are in force from then on, about what was collected before."""
    made = notice(stop=(stop, deadline), delete=(delete, deadline), **options)  # type: ignore[arg-type]
    if before is None:
        return made
    line = f'collected_before: "{format_instant(Instant(before))}"\nmatch:'
    return enveloped("notices", made.text.replace("match:", line), "counsel")


def driven(*documents: Envelope, events: tuple[Event, ...] = (), until: int = 11_000) -> Drive:
    """Let time pass over a record of GB, collected at 1,000 and, unless told otherwise, due."""
    drive = Drive()
    drive.give(Part(envelopes=documents or (policy(),), events=events or (event(at=1_000),)))
    drive.until(until)
    return drive


def publish(drive: Drive, *documents: Envelope, until: int) -> list[str]:
    """Publish documents; return the kinds of what leaves until then, in alphabetical order."""
    told = len(drive.commands)
    drive.give(Part(envelopes=documents))
    drive.until(until)
    return sorted(command.kind for command in drive.commands[told:])


def say(drive: Drive, command: Command, status: str, at: int = 11_500) -> None:
    """Let a store answer a command."""
    receipt = Receipt(command.command_id, command.record_id, command.store, status, Instant(at))
    drive.give(Part(receipts=(receipt,)))


def withdrawn(drive: Drive) -> list[str | None]:
    return [item.withdraws for item in drive.commands if item.kind == "CANCEL"]


def found(drive: Drive) -> list[str]:
    """Return the kinds of what was found."""
    return [item.kind for item in drive.findings]


def ready(*envelopes: object) -> Drive:
    drive = Drive()
    drive.give(Part(envelopes=tuple(envelopes) or (policy(),)))  # type: ignore[arg-type]
    return drive
