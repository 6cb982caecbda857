"""Commands in, receipts out: what runs beside a store.

At least once: obey, send the receipts, wait until they are acknowledged, and only then commit the
position. Whoever is killed in between reads the same commands again, which the store answers as
before.
"""

import contextlib
import logging
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Self

from pipeline.commands import Command
from pipeline.errors import BrokerUnavailable, InvalidInput, RetentionError, Undecodable
from pipeline.instants import MAX_INSTANT, MIN_INSTANT, Clock, Instant
from pipeline.receipts import Receipt
from pipeline.reference_store.store import ReferenceStore
from pipeline.reference_store.verifying import Verifier, refused
from pipeline.signing import WHY, Keyring, Refusal, SigningKey
from pipeline.transports.contract import Broker, Consumer, Message, Partition, Producer
from pipeline.transports.topics import DEFAULT_PREFIX, Topics
from pipeline.wire.codec import Codec
from pipeline.wire.sealed import sealed_receipts

BATCH_MESSAGES = 5_000
"""Most commands between two commits of the position: what is done again after a kill.

What waits is read as a whole first: a CANCEL in it comes before the deletion that it stops.
"""
BATCH_BYTES = 1 << 20
"""Most bytes read at once."""
IDLE_SECONDS = 0.2
PAUSES_SECONDS = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Pauses while the broker does not answer; after the last one the service gives up."""

_LOG = logging.getLogger(__name__)


class StoreService:
    """Runs a store on its command topic. For one thread; `silent` may be set from any.

    Args:
        store: what obeys.
        broker: where commands and receipts lie; it stays the caller's to close.
        clock: by which the store obeys.
        prefix: of the pipeline's topics.
        group: consumer group of its position; by default `PREFIXstore.NAME`.
        keyring: the public keys whose commands it obeys; None: it obeys unsigned ones too.
        key: seals its receipts; None: they are not sealed.

    Attributes:
        silent: while it is True, nothing is read, obeyed or answered.
        answered: receipts sent, repetitions included.
        skipped: messages that could not be read.
        refused: commands by why they were not believed.
    """

    def __init__(
        self,
        store: ReferenceStore,
        broker: Broker,
        clock: Clock,
        *,
        prefix: str = DEFAULT_PREFIX,
        group: str | None = None,
        keyring: Keyring | None = None,
        key: SigningKey | None = None,
    ) -> None:
        self.silent = False
        self.answered = 0
        self.skipped = 0
        self.refused: Counter[Refusal] = Counter()
        self.topic = Topics(prefix).commands(store.name)
        self.group = group or Topics(prefix).store_group(store.name)
        self._store = store
        self._broker = broker
        self._clock = clock
        self._receipts = Topics(prefix).name("receipts")
        self._codec = Codec({})
        self._key = key
        self._verifier: Verifier | None = None
        if keyring is not None:
            self._verifier = Verifier(keyring, store.name, self.topic)
        self._connection: tuple[Consumer, Producer] | None = None

    def step(self, now: Instant | None = None) -> int:
        """Obey and answer what is there; return how many answers were sent.

        Args:
            now: the present; None asks the clock after each reading, so that no command is held
                against an instant before it was given.

        Raises:
            InvalidInput: a topic does not exist.
            BrokerUnavailable: the broker does not answer. Nothing is lost: step again.
            StoreUnavailable: the store's file cannot be used. Nothing is lost: step again.
            LogTruncated: the position lies above the newest message.
        """
        answered = 0
        while messages := self._read():
            answered += self._handle(messages, now)
        return answered

    def run(self, stop: threading.Event) -> None:
        """Step by the clock until told to stop, which it heeds between two batches.

        Raises:
            RetentionError: as `step`; a broker that does not answer is tried again first.
        """
        pauses = iter(PAUSES_SECONDS)
        while not stop.is_set():
            try:
                messages = self._read()
                if messages:
                    self._handle(messages, None)
            except BrokerUnavailable as error:
                pause = next(pauses, None)
                if pause is None:
                    raise
                _LOG.warning("store %s: %s; next try in %.0f s", self._store.name, error, pause)
                stop.wait(pause)
            else:
                pauses = iter(PAUSES_SECONDS)
                if not messages:
                    stop.wait(IDLE_SECONDS)

    def close(self) -> None:
        """Release connections; a later step opens others and goes on at the committed position."""
        connection, self._connection = self._connection, None
        for client in connection or ():
            with contextlib.suppress(RetentionError):
                client.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def _read(self) -> Sequence[Message]:
        if self.silent:
            return ()
        with self._undone():
            consumer, _ = self._connected()
            found: list[Message] = []
            while len(found) < BATCH_MESSAGES:
                messages = consumer.poll(BATCH_MESSAGES - len(found), BATCH_BYTES)
                if not messages:
                    break
                found += messages
            return found

    def _handle(self, messages: Sequence[Message], now: Instant | None) -> int:
        with self._undone():
            consumer, producer = self._connected()
            at = self._clock.now() if now is None else now
            commands: list[Command] = []
            receipts: list[Receipt] = []
            for message in messages:
                command = self._command(message)
                refusal = None if command is None else self._refusal(command, message, at)
                if command is None:
                    continue
                if refusal is None:
                    commands.append(command)
                else:
                    receipts.append(refused(command, self._store.name, refusal, at))
            receipts += self._store.obey_all(commands, at)
            for receipt, value in zip(receipts, self._encoded(receipts, at), strict=True):
                producer.send(self._receipts, receipt.record_id.encode(), value)
            producer.flush()
            self._broker.commit(self.group, consumer.positions())
        self.answered += len(receipts)
        return len(receipts)

    def _encoded(self, receipts: Sequence[Receipt], now: Instant) -> list[bytes]:
        """Return the messages that answer, sealed where there is a key."""
        values = [self._codec.encode_receipt(receipt) for receipt in receipts]
        if self._key is None:
            return values
        return sealed_receipts(values, self._key, self._receipts, self._store.name, now)

    def _refusal(self, command: Command, message: Message, now: Instant) -> Refusal | None:
        """Return why a command is not believed; it is counted and said."""
        if self._verifier is None:
            return None
        refusal = self._verifier.check(command, message, now)
        if refusal is not None:
            self.refused[refusal] += 1
            _LOG.warning(
                "store %s: %s/%d offset %d is not obeyed: %s",
                self._store.name,
                message.topic,
                message.partition,
                message.offset,
                WHY[refusal],
            )
        return refusal

    def _command(self, message: Message) -> Command | None:
        """Return the command of a message; one that cannot be read is counted and passed over."""
        try:
            command = self._codec.decode_command(message.value)
            _check(command)
        except Undecodable as error:
            self.skipped += 1
            _LOG.warning(
                "store %s: %s/%d offset %d is no command and is passed over: %s",
                self._store.name,
                message.topic,
                message.partition,
                message.offset,
                error,
            )
            return None
        return command

    @contextlib.contextmanager
    def _undone(self) -> Iterator[None]:
        """After any error, read again from the committed position."""
        try:
            yield
        except BaseException:
            self.close()
            raise

    def _connected(self) -> tuple[Consumer, Producer]:
        if self._connection is None:
            positions = self._positions()
            consumer, producer = self._broker.consumer(), self._broker.producer()
            self._connection = consumer, producer
            consumer.assign(positions)
        return self._connection

    def _positions(self) -> dict[Partition, int]:
        """Return where to go on: at the committed position, or at the oldest command kept.

        What is not kept any more has expired, or was sent again since.
        """
        count = self._broker.partitions(self.topic)
        if count is None:
            raise InvalidInput(
                f"topic {self.topic} does not exist; "
                f"create it: retention topics create --store {self._store.name}"
            )
        partitions = [Partition(self.topic, number) for number in range(count)]
        committed = self._broker.committed(self.group, partitions)
        oldest = self._broker.beginnings(partitions)
        return {p: max(committed.get(p, oldest[p]), oldest[p]) for p in partitions}


def _check(command: Command) -> None:
    """Refuse what could be neither obeyed nor answered.

    Raises:
        Undecodable: an id is empty, or an instant lies outside what dates can express.
    """
    if not (command.command_id and command.record_id):
        raise Undecodable("bad_id", "`command_id` and `record_id` may not be empty")
    for instant in (command.not_before, command.data_until, command.expires_at):
        if not MIN_INSTANT <= instant <= MAX_INSTANT:
            raise Undecodable("impossible_date", "an instant lies outside 1970..9999")
