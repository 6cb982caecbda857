"""Whether a command comes from the pipeline: the check that every store makes before it obeys.

What is not believed is not obeyed. What keeps an old command from being used again: it names its
topic and its store; it is refused when it was published a day after it was signed, or has expired;
and a store gives one answer for good to each id, which for one that was withdrawn is CANCELLED.
"""

from pipeline.commands import Command
from pipeline.identifiers import StoreName
from pipeline.instants import DAY, Instant
from pipeline.receipts import Receipt
from pipeline.signing import COMMANDS, WHY, Checker, Expected, Keyring, Refusal
from pipeline.transports.contract import Message
from pipeline.vocabulary import CommandKind, ReceiptStatus
from pipeline.wire.sealed import SealReader

WITHIN = DAY
"""A command is published within moments of being signed; what comes later was sent by another.

The pipeline itself seals a command anew each time it sends it.
"""
_TAKING_BACK = frozenset({CommandKind.CANCEL.value, CommandKind.RELEASE.value})


class Verifier:
    """Checks the commands of one store. For one thread.

    Args:
        keyring: the public keys that are believed.
        store: the name of this store.
        topic: which it reads.
    """

    def __init__(self, keyring: Keyring, store: StoreName, topic: str) -> None:
        self._checker = Checker(keyring)
        self._expected = Expected(COMMANDS, topic, store)
        self._seals = SealReader("command")

    def check(self, command: Command, message: Message, now: Instant) -> Refusal | None:
        """Return why a command is not believed, or None.

        No instant binds a CANCEL or RELEASE: it names one command, and can only take that back.

        Args:
            command: as it was read.
            message: it was read from.
            now: the present.

        Raises:
            Undecodable: the message cannot be read.
        """
        content, seal = self._seals.read(message.value)
        bound = command.kind not in _TAKING_BACK
        found = self._checker.check(
            content,
            seal,
            self._expected,
            appended_at=message.timestamp,
            within=WITHIN if bound else None,
            now=now if bound else None,
        )
        if isinstance(found, Refusal):
            return found
        return None if command.store == self._expected.store else Refusal.WRONG_STORE


def refused(command: Command, store: StoreName, refusal: Refusal, now: Instant) -> Receipt:
    """Return the answer to a command that is not believed; it does not hold for good."""
    return Receipt(
        command.command_id,
        command.record_id,
        store,
        ReceiptStatus.FAILED.value,
        now,
        detail=f"{refusal.value}: {WHY[refusal]}",
    )
