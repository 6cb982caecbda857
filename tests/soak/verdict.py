"""What was commanded, held against what a run without faults commands and what the story allows."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from pipeline.identifiers import CommandId
from pipeline.instants import MAX_INSTANT, Instant
from pipeline.stories.scene import Scene
from tests.soak.stores import Seen, logged
from tests.soak.story import Told

SHOWN = 5
"""So many of a kind of what is wrong are named."""


@dataclass
class Verdict:
    """Numbers of commands; only `messages` may exceed `expected`, by what came twice."""

    expected: int = 0
    messages: int = 0
    lost: int = 0
    unexpected: int = 0
    early: int = 0
    under_hold: int = 0
    held: int = 0
    """Records whose limit ended while a hold was on them."""
    same_ledger: bool = False
    wrong: list[str] = field(default_factory=list)

    @property
    def duplicates(self) -> int:
        """Messages that repeat a command under its id."""
        return self.messages - (self.expected - self.lost + self.unexpected)

    @property
    def kept(self) -> bool:
        """Whether every promise was."""
        return self.same_ledger and not (
            self.lost or self.unexpected or self.early or self.under_hold
        )


Windows = dict[str, tuple[Instant, Instant]]
"""From when to when each record was held, by the broker's stamps of the documents."""


def compared(killed: Scene, told: Told, calm: Scene) -> Verdict:
    """Judge what was commanded, all that is in the log of a job that was stopped; and the ledgers.

    Not what the store remembers: it may have ended before the job's last message came.
    """
    expected = {command.command_id for command in calm.deletions()}
    deletions = [one for one in logged(killed) if one.kind == "DELETE"]
    verdict = judged(deletions, expected, told, dict(_windows(killed, told)))
    digests = killed.digest().by_shard(), calm.digest().by_shard()
    verdict.same_ledger = digests[0] == digests[1]
    if not verdict.same_ledger:
        differ = [shard for shard in digests[1] if digests[0].get(shard) != digests[1][shard]]
        verdict.wrong.append(f"the ledgers differ in shards {differ}")
    return verdict


def judged(
    deletions: list[Seen], expected: set[CommandId], told: Told, windows: Windows
) -> Verdict:
    """Judge what was commanded."""
    seen = {one.command_id for one in deletions}
    early = [one for one in deletions if _is_early(one, told)]
    held = [one for one in deletions if _is_held(one, windows.get(one.record_id))]
    verdict = Verdict(
        expected=len(expected),
        messages=len(deletions),
        lost=len(expected - seen),
        unexpected=len(seen - expected),
        early=len(early),
        under_hold=len(held),
        held=sum(
            begun < told.due[name] < ended
            for name, (begun, ended) in windows.items()
            if name in told.due
        ),
    )
    names = {one.command_id: one.record_id for one in deletions}
    verdict.wrong += [f"unexpected: {names[one]}" for one in sorted(seen - expected)[:SHOWN]]
    verdict.wrong += [f"lost: {one}" for one in sorted(expected - seen)[:SHOWN]]
    verdict.wrong += [f"early: {one}" for one in early[:SHOWN]]
    verdict.wrong += [f"under a hold: {one}" for one in held[:SHOWN]]
    if len(expected) != len(told.due):
        verdict.wrong.append(f"{len(told.due)} records were due, {len(expected)} commanded")
    if not verdict.held:
        verdict.wrong.append("no record fell due under a hold: none could be deleted under one")
    return verdict


def _is_early(one: Seen, told: Told) -> bool:
    """Whether it came before the limit of its record, or of a record that has none yet."""
    due = told.due.get(one.record_id, MAX_INSTANT)
    return one.stamp < due or one.issued_at < due or one.not_before < due


def _windows(scene: Scene, told: Told) -> Iterable[tuple[str, tuple[Instant, Instant]]]:
    """Yield from when to when each record was held, by the broker's stamps of the documents."""
    stamps: dict[str, list[Instant]] = {}
    for message in scene.read(scene.topics.name("holds")):
        envelope = scene.codec.decode_envelope("holds", message.value)
        found = stamps.setdefault(envelope.document_id, [message.timestamp, MAX_INSTANT])
        if envelope.version > 1:
            # Published again where the broker died meanwhile: the first release counts.
            found[1] = min(found[1], message.timestamp)
    for name, (begun, ended) in stamps.items():
        for record_id in told.holds[name]:
            yield record_id, (begun, ended)


def _is_held(one: Seen, window: tuple[Instant, Instant] | None) -> bool:
    return window is not None and window[0] <= one.stamp < window[1]
