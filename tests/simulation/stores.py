"""Stores that read their topics of commands and answer: at once, late, twice, wrongly or never.

How a command is answered follows from its id and attempt alone, so that with and without faults the
same answers come. An answer that says more than was done is an answer all the same: nothing but
receipts tells the job what stores did.
"""

import random
from collections.abc import Callable

from pipeline.commands import Command
from pipeline.identifiers import CommandId, StoreName
from pipeline.instants import DAY, Instant
from pipeline.receipts import Receipt
from pipeline.transports.contract import Partition
from pipeline.vocabulary import SETTLED
from pipeline.wire.codec import Codec
from tests.oracle.generate import STORES
from tests.oracle.simulate import ANSWERS, COMPLETED
from tests.simulation.log import Log
from tests.simulation.plan import MARKED

COMMANDS = "retention.commands."


class Stores:
    """All stores. `later` schedules a receipt; `seed` decides how they answer."""

    def __init__(
        self, log: Log, codec: Codec, seed: int, later: Callable[[int, Receipt], None]
    ) -> None:
        self._log, self._codec, self._seed, self._later = log, codec, seed, later
        self._read = {p: 0 for p in log.messages if p.topic.startswith(COMMANDS)}
        self._told: dict[str, Command] = {}
        self._settled: set[str] = set()
        self._honest = False
        self.cancelled: set[str] = set()

    @property
    def unread(self) -> list[Partition]:
        """Partitions with commands that were not read."""
        return [p for p, at in self._read.items() if at < self._log.next[p]]

    def obey(self, rng: random.Random) -> None:
        """Read one command and schedule the answers."""
        partition = rng.choice(self.unread)
        message = self._log.messages[partition][self._read[partition]]
        self._read[partition] += 1
        command = self._codec.decode_command(message.value)
        self._told[command.command_id] = command
        self._answer(command, random.Random(f"{self._seed}/{command.command_id}/{command.attempt}"))

    def settle(self) -> None:
        """Answer whatever was not settled, from now on always: they are honest, and awake."""
        self._honest = True
        for name, command in self._told.items():
            if name not in self._settled and name not in self.cancelled:
                self._send(command, 1, "COMPLETED")

    def _answer(self, command: Command, rng: random.Random) -> None:
        if self._honest:
            self._send(command, 1, "COMPLETED")
            return
        answers = rng.choice(ANSWERS if command.kind == "DELETE" else (COMPLETED, ()))
        if command.kind == "CANCEL" and rng.random() < 0.5:
            withdrawn = self._told.get(str(command.withdraws))
            if withdrawn is None or withdrawn.command_id not in self._settled:
                # It had not begun: it will not, and says so.
                self.cancelled.add(str(command.withdraws))
                told = CommandId(str(command.withdraws))
                self._receipt(1, Receipt(told, command.record_id, command.store, "CANCELLED", _at))
        for delay, status in answers:
            self._send(command, max(1, delay), status, rng.choice((0, 0, 0, -DAY, DAY)))
        if rng.random() < 0.15:
            self._mislead(command, rng)

    def _mislead(self, command: Command, rng: random.Random) -> None:
        """Answer what nobody commanded, or another store's command."""
        unknown = CommandId(f"{rng.randrange(1 << 60):032x}")
        others = [StoreName(name) for name in STORES if name != command.store]
        id_, store = rng.choice(((unknown, command.store), (command.command_id, others[0])))
        status = rng.choice(("COMPLETED", "FAILED", "NOT_FOUND"))
        self._receipt(rng.randint(1, 900), Receipt(id_, command.record_id, store, status, _at))

    def _send(self, command: Command, delay: int, status: str, wrong: int = 0) -> None:
        detail = MARKED if status == "FAILED" else None
        at = Instant(self._log.now + delay + wrong)
        whose = (command.command_id, command.record_id, command.store)
        self._receipt(delay, Receipt(*whose, status, at, detail=detail))

    def _receipt(self, delay: int, receipt: Receipt) -> None:
        self._later(self._log.now + delay, receipt)

    def is_void(self, receipt: Receipt) -> bool:
        """Whether a store gives no such answer any more; else it has answered."""
        if receipt.command_id in self.cancelled and receipt.status != "CANCELLED":
            return True
        told = self._told.get(receipt.command_id)
        if told is not None and told.store == receipt.store and receipt.status in SETTLED:
            self._settled.add(receipt.command_id)
        return False


_at = Instant(1_767_225_600_000)
