"""A governor, what is given to it, and what left it."""

from collections.abc import Iterable

import msgspec

from pipeline.commands import Command
from pipeline.documents import Envelope, enveloped
from pipeline.findings import Finding, StateRow
from pipeline.governor import Governor, GovernorChunk
from pipeline.identifiers import Cause, CommandId, EventId, RecordId, StoreName
from pipeline.instants import DAY, Instant
from pipeline.ledger.parts import Part, Span, decode_part, encode_part
from tests.support.build import policy_text, rule

CAUSE = "policy:acme/gb-search"
APPROVE = f"cause:{CAUSE}"
AWAITED = {"policies": 1, "state": 1}
DOCUMENTS = Span("policies", 0, 0, 1, 0, 1)
STATES = Span("state", 0, 0, 1, 0, 1)


EXPIRES = Instant(90 * DAY)


def command(
    name: str,
    *,
    kind: str = "DELETE",
    cause: str = CAUSE,
    store: str = "images",
    attempt: int = 1,
) -> Command:
    at = Instant(11_000)
    return Command(
        CommandId(name), kind, StoreName(store), RecordId(f"record-{name}"), EventId("e1"),
        Cause(cause), 1, "Act s.1", at, at, at, EXPIRES, at, attempt=attempt,
    )  # fmt: skip


def cancel(name: str) -> Command:
    """Return what takes a deletion back; it is called like it, in capitals."""
    made = command(name.upper(), kind="CANCEL")
    return msgspec.structs.replace(made, withdraws=CommandId(name))


def commands(*names: str) -> Part:
    return Part(commands=tuple(command(name) for name in names))


class Desk:
    """A governor and what left it. Every part and every chunk goes through its wire form."""

    def __init__(
        self, *envelopes: Envelope, awaited: dict[str, int] | None = None, ledgers: int = 0
    ) -> None:
        self.awaited = awaited or {}
        self.ledgers = ledgers
        self.governor = Governor(0, self.awaited, ledgers=ledgers)
        self.out: list[str] = []
        self.states: list[StateRow] = []
        self.findings: list[Finding] = []
        self.chunks: list[bytes] = []
        self.give(Part(envelopes=envelopes, tick=Instant(12_000)))

    def give(self, *parts: Part) -> list[str]:
        before = len(self.out)
        for part in parts:
            outcome = self.governor.apply(decode_part(encode_part(part)))
            self.out += [item.command_id for item in outcome.commands]
            self.states += outcome.states
            self.findings += outcome.findings
            chunk = self.governor.take_chunk(len(self.chunks) + 1)
            if chunk is not None:
                self.chunks.append(msgspec.msgpack.encode(chunk))
        return self.out[before:]

    def confirm(self, *shards: int) -> list[str]:
        """Let ledgers say that they obey the documents that are in force here."""
        stamp = self.governor.in_force.fingerprint
        return self.give(Part(confirmed=tuple((shard, stamp) for shard in shards)))

    def ticks(self, *instants: int) -> list[list[str]]:
        """Let time pass; return what leaves at each tick."""
        return [self.give(Part(tick=Instant(at))) for at in instants]

    @property
    def waiting(self) -> int:
        """How many commands wait."""
        return self.governor.progress()["governor_withheld_commands"]

    def fold(self) -> None:
        """Forget the decoded governor; chunks come back in any order."""
        stored: Iterable[GovernorChunk] = [
            msgspec.msgpack.decode(data, type=GovernorChunk) for data in reversed(self.chunks)
        ]
        self.governor = Governor.folded(0, self.awaited, stored, ledgers=self.ledgers)

    def reported(self) -> list[str]:
        return [item.kind for item in self.findings]


def limited(at_most: int | str = 2) -> Envelope:
    """Return a policy whose rule may delete so many a day, or such a share of all records."""
    text = policy_text(rule() + f"    at_most: {at_most}\n")
    return enveloped("policies", text, "counsel")


def paced(per_minute: int, *, version: int = 1) -> Envelope:
    """Return a policy whose store takes so many deletions a minute."""
    settings = f"images: {{lead: PT0S, per_minute: {per_minute}}}"
    text = policy_text(version=version).replace("images: {lead: PT0S}", settings)
    return enveloped("policies", text, "counsel")
