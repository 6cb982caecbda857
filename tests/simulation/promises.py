"""What the job promises, looked at with every message, commit and rest, and at the end.

It sees what anybody sees: the topics, and the positions that were committed.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from msgspec.structs import astuple

from pipeline.commands import Command
from pipeline.identifiers import RecordId
from pipeline.instants import Instant
from pipeline.ledger.digest import Digest, canonical
from pipeline.ledger.unanswered import open_commands
from pipeline.receipts import Receipt
from pipeline.records import Issued, Record
from pipeline.transports.contract import Message, Partition, Position
from pipeline.transports.topics import DEFAULT_EVENTS, Topics
from pipeline.vocabulary import SETTLED
from tests.oracle.generate import STORES
from tests.oracle.history import BASE, WINDOW, Control
from tests.oracle.lives import Known
from tests.oracle.oracle import expected, in_force
from tests.oracle.simulate import Emitted, Moment
from tests.simulation.alike import alike
from tests.simulation.job import SHARDS
from tests.simulation.plan import MARKED
from tests.simulation.stores import COMMANDS

if TYPE_CHECKING:
    from tests.simulation.world import World

_OPEN = ("findings", "quarantine", "measurements", "state")
_MANY = 8
"""So many failures are enough."""
Ended = tuple[str, str, int]
"""Of what is gone: record, store and up to when."""


@dataclass(frozen=True)
class Broken:
    """A promise that was not kept: which, when and of what."""

    kind: str
    at: int
    detail: str = ""

    def __str__(self) -> str:
        return f"{(self.at - BASE) / 1_000:9.3f} {self.kind}: {self.detail}"


class Promises:
    """Looks on. `moments` and `emitted` are what the oracle's checks read."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.broken: list[Broken] = []
        self.moments: list[Moment] = [Moment(BASE - 1_000)]
        self.emitted: list[Emitted] = []
        self.commands: dict[str, Command] = {}
        self.deletions: dict[str, int] = {}
        self.decided: dict[str, Instant] = {}
        self.forgotten: dict[str, frozenset[Ended]] = {}
        self.rolled_back_at = -1
        self._left: dict[str, int] = {}
        self._sent: set[tuple[str, int]] = set()
        self._rows: dict[bytes, list[bytes]] = defaultdict(list)
        self._found: set[str] = set()
        self._names = {Topics().name(topic): topic for topic in (*_OPEN, "decisions", "records")}
        world.log.on_append, world.log.on_commit = self._appended, self._committed

    def fail(self, kind: str, detail: str = "") -> None:
        """Note that something is wrong."""
        self._world.note(f"WRONG {kind}: {detail}")
        if len(self.broken) < _MANY:
            self.broken.append(Broken(kind, self._world.log.now, detail))

    # -- always ---------------------------------------------------------------------------------

    def _appended(self, message: Message) -> None:
        if message.topic.startswith(COMMANDS):
            self._commanded(self._world.codec.decode_command(message.value))
            return
        topic = self._names.get(message.topic)
        if topic in _OPEN and MARKED.encode() in (message.value or b"") + (message.key or b""):
            self.fail("personal data shown", topic)
        if topic == "findings":
            self._found.add(self._world.codec.decode_finding(message.value).subject)
        if topic == "decisions":
            decision = self._world.codec.decode_decision(message.value)
            if decision.decision_id not in self.commands:
                self.decided[decision.decision_id] = decision.at
        if topic == "records":
            self._rows[message.key or b""].append(message.value or b"")

    def _commanded(self, command: Command) -> None:
        world, name = self._world, command.command_id
        world.note(f"COMMAND {command.kind} {command.record_id}/{command.store} {command.cause}")
        known = self.commands.setdefault(name, command)
        went_back = self._left.setdefault(name, world.log.now) <= self.rolled_back_at
        same = alike(command, known, went_back=went_back)
        if same != known:
            told = zip(command.__struct_fields__, astuple(known), astuple(same), strict=True)
            self.fail("one id, two contents", f"{name} {[one for one in told if one[1] != one[2]]}")
        if command.kind == "DELETE":
            self.deletions.setdefault(name, world.log.now)
            self.forgotten.setdefault(name, self._forgotten(command))
            if command.not_before > world.log.now + world.log.skew:
                self.fail("DELETE before its not_before", str(command))
        if (name, command.attempt) not in self._sent:
            self._sent.add((name, command.attempt))
            self.emitted.append(Emitted(world.log.now, len(self.moments) - 1, command))

    def _forgotten(self, command: Command) -> frozenset[Ended]:
        """Return which lives of a record end by deletions that the job does not know of.

        It went back to before them and, by what is in force since, did not command them again: what
        stores answer is of a command that is not known, and says neither of what kind nor of what.
        """
        rows = self._rows[command.record_id.encode()][-1:]
        listed = {
            one.command_id for row in rows for one in self._world.codec.decode_record(row).issued
        }
        return frozenset(
            (one.record_id, one.store, one.data_until)
            for name, one in self.commands.items()
            if one.kind == "DELETE"
            and one.record_id == command.record_id
            and name not in listed
            and self.deletions[name] <= self.rolled_back_at
        )

    def _committed(self, partition: Partition, position: Position) -> None:
        """Of every event before a committed position its record's rows must know."""
        if partition.topic != DEFAULT_EVENTS[0]:
            return
        begin = self._world.log.commits.get(partition, 0)
        for message in self._world.log.messages[partition]:
            if begin <= message.offset < position and message.value != MARKED.encode():
                event = self._world.codec.decode_event(message.topic, message.value)
                if event.what == "deleted":
                    continue  # it leaves an instant, not its id
                rows = self._rows[event.record_id.encode()]
                if not any(event.event_id.encode() in row for row in rows):
                    self.fail("committed before it was flushed", f"{event.event_id} of {partition}")

    # -- what was told --------------------------------------------------------------------------

    def told(self, what: Sequence[object]) -> None:
        """Take note of what was published at this instant."""
        if not what:
            return
        now, last = self._world.log.now, self.moments[-1]
        events, documents = list(last.known.events), list(last.known.documents)
        ended = list(last.known.ended)
        kept = []
        for one in what:
            if not isinstance(one, Receipt):
                (events if hasattr(one, "event_id") else documents).append(one)  # type: ignore[arg-type]
                kept.append(one)
                continue
            command = self.commands.get(one.command_id)
            if command is None or command.store != one.store:
                continue
            kept.append(one)
            if command.kind == "DELETE" and one.status in SETTLED:
                ended.append((one.record_id, one.store, command.data_until))
        known = Known(tuple(events), tuple(documents), tuple(ended))
        if last.at == now:
            self.moments[-1] = replace(last, told=(*last.told, *kept), known=known)
        else:
            self.moments.append(Moment(now, tuple(kept), known))

    def at_rest(self) -> None:
        """Take note of what the ledgers know, once nothing more happens at this instant."""
        last = self.moments[-1]
        if last.at != self._world.log.now:
            return
        machines = self._world.job.machines()
        rows = {
            str(row.record_id): tuple(map(str, row.stores))
            for machine in machines
            for row in machine.holdings.records()
        }
        wakes = [wake for wake in (machine.next_wake() for machine in machines) if wake is not None]
        if len(machines) < SHARDS or not all(machine.ticked for machine in machines):
            # Of keys that moved nothing is decoded before the next tick: believe the topic.
            rows |= {row.record_id: tuple(row.stores) for row in self.records().values()}
            # And what came since waits for it: whether it is listed is asked at the next rest.
            rows |= {str(event.record_id): STORES for event in last.known.events}
            wakes = [Instant(last.at)]
        self.moments[-1] = replace(last, rows=rows, wake=min(wakes, default=None))

    # -- the end --------------------------------------------------------------------------------

    def records(self) -> dict[bytes, Record]:
        """Return the inventory as a reader of its topic sees it."""
        rows = self._world.log.newest(Topics().name("records"))
        decode = self._world.codec.decode_record
        return {row.key or b"": decode(row.value) for row in rows if row.value is not None}

    def digest(self) -> str:
        """Return the digest of the inventory."""
        return Digest(SHARDS).add_all(self.records().values()).total()

    def content(self, key: bytes) -> bytes | None:
        """Return what the digest sees of a record."""
        row = self.records().get(key)
        return None if row is None else canonical(row)

    def all_commanded(self) -> None:
        """What is due by everything that was published has been commanded."""
        withdrawn = {one.withdraws for one in self.commands.values()}
        hidden = self._hidden() if self.rolled_back_at >= 0 else set()
        for asked in expected(self.moments[-1].known, self._world.log.now - WINDOW):
            life = asked.life
            # What parents pass on, and what is gone of them, is not worked out here.
            if asked.due is None or asked.unsure or life.parents:
                continue
            if not any(
                one.kind == "DELETE"
                and (one.record_id, one.store) == (life.record, life.store)
                and one.data_until > life.after
                and one.command_id not in withdrawn
                for one in self.commands.values()
            ):
                if (life.record, life.store) in hidden:
                    self._world.hidden += 1
                    continue
                self.fail("due and never commanded", f"{life.record}/{life.store} {asked.due}")

    def _hidden(self) -> set[tuple[str, str]]:
        """Return where a ledger that went back may be at an older life than the store.

        A further deletion follows the answer to the one under way; and what was answered to one
        that is forgotten is kept as an answer to nobody.
        """
        found: set[tuple[str, str]] = set()
        for row in self.records().values():
            stores = [one.store for one in open_commands(row) if one.kind == "DELETE"]
            stores += [
                one.store
                for one in row.answers
                if one.command_id in self.deletions and one.status in SETTLED
            ]
            found |= {(row.record_id, store) for store in stores}
        return found

    def at_the_end(self) -> None:
        """Everything was taken in, every command is settled or told of, the newest row is last."""
        world, log = self._world, self._world.log
        decode = world.codec.decode_record
        for partition, end in log.next.items():
            if partition.topic in Topics().arrivals and log.commits.get(partition, 0) != end:
                self.fail("input never acknowledged", f"{partition} {log.commits.get(partition)}")
        for key, row in self.records().items():
            versions = [decode(one).version for one in self._rows[key] if one]
            if max(versions) != row.version:
                self.fail("an older row came last", f"{key!r} {versions}")
            for item in open_commands(row):
                if self.rolled_back_at >= 0 and item.command_id not in self.commands:
                    self._world.hidden += 1  # it never left, and the ledger that meant it is gone
                elif item.command_id not in self._found and not self._withheld(item):
                    self.fail("command neither settled nor told of", str(item))
        for name in self.deletions:
            command = self.commands[name]
            if RecordId(command.record_id).encode() not in self._rows:
                self.fail("DELETE without a row", name)

    def _withheld(self, item: Issued) -> bool:
        """Whether a deletion waits for the end of a pause, of which people are told by its cause.

        Each command by itself is told of an hour after its deadline: later than time goes here.
        """
        documents = in_force(self.moments[-1].known, self._world.log.now)
        paused = {
            one.name for one in documents if isinstance(one, Control) and one.action == "pause"
        }
        scopes = {"all", f"store:{item.store}", item.cause.replace("policy:", "rule:")}
        by_ledger = tuple(f"{item.cause} by {scope} version " for scope in scopes & paused)
        by_governor = (f"{item.store} {item.cause} day ",)
        return item.kind == "DELETE" and any(
            one.startswith(by_ledger + (by_governor if by_ledger else ())) for one in self._found
        )

    def rebuilt(self, digest: str, deletions: set[str]) -> None:
        """A job that began anew from its topics knows the same, and commands nothing new."""
        if self.digest() != digest:
            self.fail("rebuilt otherwise")
        if new := set(self.deletions) - deletions:
            self.fail("DELETE after a rebuild", str([self.commands[one] for one in new]))
        known = Digest(SHARDS)
        for machine in self._world.job.machines():
            known.add_all(machine.holdings.records())
        if known.total() != digest:
            self.fail("ledgers do not know what their topic holds")
