"""What leaves the ledger after one arrival or wake, in typed form; the sinks encode it."""

from dataclasses import dataclass, field
from typing import NamedTuple

from pipeline.commands import Command
from pipeline.findings import Decision, Finding, StateRow
from pipeline.identifiers import RecordId
from pipeline.ledger.parts import Origin
from pipeline.records import Mail, Record
from pipeline.rules import Plan


class Row(NamedTuple):
    """A record that changed, with the plan that follows from it (None when its life ended)."""

    record: Record
    plan: Plan | None


@dataclass
class Outcome:
    """Everything one step emits. `origins` may be acknowledged once all the rest is flushed.

    `census`: how many records the shard holds, where governors must know; None: nothing new.
    `confirmed`: the documents under which everything commanded was looked at; None: nothing new.
    """

    rows: list[Row] = field(default_factory=list)
    states: list[StateRow] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    removed: dict[RecordId, None] = field(default_factory=dict)
    mails: list[Mail] = field(default_factory=list)
    origins: list[Origin] = field(default_factory=list)
    census: int | None = None
    confirmed: str | None = None
