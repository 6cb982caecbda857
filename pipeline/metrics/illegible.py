"""Messages of the pipeline's own topics that could not be read, while they matter."""

from collections import Counter

from pipeline.transports.contract import Message, Position


class Illegible:
    """What could not be read, by topic, until its topic lets it go, or a message of its key comes.

    So whoever repairs it publishes what can be read, or a tombstone, under the key.
    """

    def __init__(self) -> None:
        self._places: dict[str, dict[object, tuple[int, Position]]] = {}

    def add(self, message: Message) -> None:
        """Take note of a message that cannot be read."""
        places = self._places.setdefault(message.topic, {})
        places[self._name(message)] = (message.partition, message.offset)

    def replaced(self, message: Message) -> None:
        """Take note of one that can: what its key had before does not matter any more."""
        if message.topic in self._places:
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
        return (message.partition, message.offset if message.key is None else message.key)
