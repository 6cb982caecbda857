"""One log as a command asks it: topics by name, values decoded, places in every error."""

import contextlib
from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol, TypeVar

from pipeline.appointing import is_appointment
from pipeline.documents import Envelope
from pipeline.errors import InvalidInput, Undecodable
from pipeline.events import is_own
from pipeline.identifiers import RecordId
from pipeline.inquiry.explanation import Dated
from pipeline.instants import Instant
from pipeline.receipts import Receipt
from pipeline.records import Record
from pipeline.settings import Settings
from pipeline.transports.contract import Broker, Message, Partition
from pipeline.transports.reading import read_to_end
from pipeline.transports.topics import Topics
from pipeline.wire.codec import Codec
from pipeline.wire.trust import Stamped, Trust

V = TypeVar("V")


class Taker(Protocol):
    """Takes rows of the inventory, in any order, and removals."""

    def take(self, record: Record) -> None:
        """Take one version of a record."""
        ...

    def forget(self, record_id: RecordId) -> None:
        """Take note that a row was removed."""
        ...


class Log(NamedTuple):
    """A broker, the names of its topics, and how their messages are read.

    Whoever asks must get an answer in spite of one bad message: what cannot be read is left out,
    and `skipped` is told. The job and `digest` are strict about their own rows.
    """

    broker: Broker
    topics: Topics
    codec: Codec
    trust: Trust
    skipped: Callable[[str], None] = lambda _: None

    @classmethod
    def of(
        cls,
        broker: Broker,
        topics: Topics,
        skipped: Callable[[str], None] = lambda _: None,
        keyring: str | None = None,
    ) -> "Log":
        """Return the log of a broker under a prefix.

        Args:
            broker: where.
            topics: their names.
            skipped: told of each message that cannot be read: its place, and why.
            keyring: file of the keys whose receipts and documents are believed, as the job has it.

        Raises:
            InvalidInput: the keyring cannot be read.
        """
        settings = Settings(broker.url, prefix=topics.prefix, events=topics.events, keyring=keyring)
        codec = Codec.from_settings(settings)
        return cls(broker, topics, codec, Trust(codec, settings), skipped)

    def now(self) -> Instant:
        """Return the broker's time. On Kafka a message to the `clock` topic asks for it."""
        return self.broker.sample(()).now

    def partitions(self, topic: str) -> list[Partition]:
        """Return the partitions of a topic; none when it does not exist."""
        count = self.broker.partitions(topic) or 0
        return [Partition(topic, number) for number in range(count)]

    def wanted(self, name: str) -> list[Partition]:
        """Return the partitions of one of our topics.

        Raises:
            InvalidInput: it does not exist.
        """
        topic = self.topics.name(name)
        found = self.partitions(topic)
        if not found:
            raise InvalidInput(f"topic {topic} does not exist; create it: {self.topics.creation()}")
        return found

    def messages(self, partitions: list[Partition], key: bytes | None = None) -> Iterator[Message]:
        """Yield what partitions hold now, in order each; with a key, only its messages."""
        for message in read_to_end(self.broker, partitions):
            if key is None or message.key == key:
                yield message

    def values(
        self, name: str, decode: Callable[[bytes], V], key: bytes | None = None
    ) -> Iterator[V]:
        """Yield the values of one of our topics that can be read."""
        for dated in self.dated(name, decode, key):
            yield dated.value

    def dated(
        self, name: str, decode: Callable[[bytes], V], key: bytes | None = None
    ) -> Iterator[Dated[V]]:
        """Yield the values of one of our topics that can be read, each with the broker's time."""
        for message in self.messages(self.wanted(name), key):
            value = None if message.value is None else self.read(message, decode)
            if value is not None:
                yield Dated(message.timestamp, value)

    def inventory(self, taker: "Taker") -> None:
        """Hand over every row of the inventory that can be read, and every removal of one.

        Raises:
            InvalidInput: its topic does not exist.
        """
        for message in self.messages(self.wanted("records")):
            self.row(message, taker)

    def row(self, message: Message, taker: "Taker", *, steps: bool = False) -> None:
        """Hand over one row, or its removal; under a key that is no text there is no record.

        Args:
            message: of the topic `records`.
            taker: who takes it.
            steps: whether steps of notices are wanted too, which are no records.
        """
        if message.value is not None:
            record = self.read(message, self.codec.decode_record)
            if record is None:
                return
            step = steps and is_appointment(record.record_id)
            if record.is_known and (step or not is_own(record.record_id)):
                taker.take(record)
        elif message.key is not None:
            with contextlib.suppress(UnicodeDecodeError):
                taker.forget(RecordId(message.key.decode()))

    def envelope(self, kind: str, message: Message) -> Envelope:
        """Read a document's envelope as the job does.

        Raises:
            Undecodable: the job would not take it.
        """
        return self.trust.envelope(kind, _stamped(message))

    def receipt(self, message: Message) -> Receipt:
        """Read a receipt as the job does.

        Raises:
            Undecodable: the job would not take it.
        """
        return self.trust.receipt(_stamped(message))

    def read(self, message: Message, decode: Callable[[bytes], V]) -> V | None:
        """Decode a message of one of our own topics; None when it cannot be read."""
        assert message.value is not None  # noqa: S101  # callers leave tombstones out
        try:
            return decode(message.value)
        except Undecodable as error:
            place = f"{message.topic}/{message.partition} offset {message.offset}"
            self.skipped(f"{place} cannot be read ({error}) and is left out")
            return None


def _stamped(message: Message) -> Stamped:
    return Stamped(message.topic, message.value, message.timestamp)
