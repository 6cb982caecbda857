"""Questions of derived records to their parents that wait for an answer. See `kinship`."""

import heapq
from collections.abc import Iterable, Iterator

from pipeline.identifiers import RecordId
from pipeline.instants import Instant
from pipeline.ledger.kinship import vouches_for, words
from pipeline.records import ASK, Mail, Record, is_key

Ask = tuple[RecordId, RecordId, Instant]
"""Parent, child, and the instant of which the parent's word is wanted."""


class Asks:
    """Questions of children that wait: for their instant, or for what the parent's parents say."""

    def __init__(self) -> None:
        self._waiting: dict[RecordId, dict[RecordId, Instant]] = {}
        self._heap: list[tuple[Instant, RecordId]] = []
        self._added: list[Ask] = []
        self._done: list[tuple[RecordId, RecordId]] = []

    def take(self, mails: Iterable[Mail]) -> list[RecordId]:
        """Take the questions among messages; return whom messages are for, each once."""
        names: dict[RecordId, None] = {}
        for mail in mails:
            names[mail.record_id] = None
            if mail.what == ASK:
                self.add(mail.record_id, mail.other_id, mail.at)
        return list(names)

    def add(self, parent: RecordId, child: RecordId, at: Instant) -> None:
        """Take who asks whom, and for when; of two questions of one child the later counts."""
        waiting = self._waiting.setdefault(parent, {})
        if waiting.get(child, Instant(-1)) < at:
            waiting[child] = at
            heapq.heappush(self._heap, (at, parent))
            self._added.append((parent, child, at))

    def answered(self, parent: RecordId, child: RecordId) -> None:
        """Forget a question."""
        waiting = self._waiting.get(parent, {})
        if waiting.pop(child, None) is not None:
            self._added = [ask for ask in self._added if ask[:2] != (parent, child)]
            self._done.append((parent, child))
        if not waiting:
            self._waiting.pop(parent, None)

    def wanted(self, parent: RecordId, vouched: Instant) -> Instant | None:
        """Return the latest instant that has passed of which a parent is asked; None: of none."""
        asked = self._waiting.get(parent, {}).values()
        return max([at for at in asked if at <= vouched], default=None)

    def answers(
        self, parent: RecordId, record: Record | None, vouched: Instant, now: Instant
    ) -> list[Mail]:
        """Return what a parent can say to those who ask it, who are forgotten.

        Args:
            parent: who is asked.
            record: what is known of it; None: nothing, or nothing any more.
            vouched: up to when its shard has taken everything published into account.
            now: the broker's time.
        """
        found = record or Record(parent, version=now)
        at = vouches_for(found, vouched)
        ready = [child for child, asked in self._waiting.get(parent, {}).items() if asked <= at]
        for child in ready:
            self.answered(parent, child)
        # A key has nothing to say unless data of it was deleted.
        return words(found, ready, vouched) if found.told or not is_key(parent) else []

    def __iter__(self) -> Iterator[Ask]:
        """Yield every question: parent, child and instant."""
        for parent in sorted(self._waiting):
            for child, at in sorted(self._waiting[parent].items()):
                yield parent, child, at

    def next(self) -> Instant | None:
        """Return the earliest instant that a question waits for."""
        while self._heap and self._heap[0][1] not in self._waiting:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def due(self, until: Instant) -> list[RecordId]:
        """Return the parents that are asked for an instant which has passed, each once."""
        found: dict[RecordId, None] = {}
        while self._heap and self._heap[0][0] <= until:
            found[heapq.heappop(self._heap)[1]] = None
        return [parent for parent in found if parent in self._waiting]

    def changes(self) -> tuple[tuple[Ask, ...], tuple[tuple[RecordId, RecordId], ...]]:
        """Return what came and what was answered since the last call: the journal keeps it."""
        added, done = tuple(self._added), tuple(self._done)
        self._added, self._done = [], []
        return added, done
