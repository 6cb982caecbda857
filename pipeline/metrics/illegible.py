"""Messages of the pipeline's own topics that could not be read, while they matter."""

from collections import Counter

from pipeline.transports.contract import Message, Position


class Illegible:
    """What could not be read, by topic, until its topic lets it go or a newer message replaces it.

    Args:
        compacted: topics of which only the newest message of a key counts.
    """

    def __init__(self, compacted: frozenset[str]) -> None:
        self._compacted = compacted
        self._places: dict[str, dict[object, tuple[int, Position]]] = {}

    def add(self, message: Message) -> None:
        """Take note of a message that cannot be read."""
        places = self._places.setdefault(message.topic, {})
        places[self._name(message)] = (message.partition, message.offset)

    def replaced(self, message: Message) -> None:
        """Take note of one that can: what its key had before does not matter any more."""
        if message.topic in self._compacted and message.topic in self._places:
            self._places[message.topic].pop(self._name(message), None)

    def forget(self, topic: str, partition: int, oldest: Position) -> None:
        """Forget what lies below the oldest position that a partition keeps."""
        places = self._places.get(topic, {})
        for name, (number, position) in list(places.items()):
            if number == partition and position < oldest:
                del places[name]

    def counts(self) -> Counter[str]:
        """Return how many there are, by topic; of a topic that ever had one, 0 too."""
        return Counter({topic: len(places) for topic, places in self._places.items()})

    def _name(self, message: Message) -> object:
        if message.topic in self._compacted and message.key is not None:
            return message.key
        return (message.partition, message.offset)
