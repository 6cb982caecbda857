"""A scenario played through the real job, to its end."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple, Protocol

from pipeline.commands import Command
from pipeline.documents import Envelope
from pipeline.errors import InvalidInput
from pipeline.events import Event
from pipeline.findings import Finding, Quarantined
from pipeline.identifiers import CommandId, RecordId, StoreName
from pipeline.instants import SECOND, Instant, parse_instant
from pipeline.receipts import Receipt
from pipeline.stories.driver import Driver, Pace, move_clock
from pipeline.stories.scenario import Answering, GivenReceipt, Happening, Scenario
from pipeline.stories.scene import Scene
from pipeline.stories.stores import Delivery, Store
from pipeline.vocabulary import Happening as What
from pipeline.vocabulary import RecordKind

SHARDS = 4
_KEPT = frozenset({What.CREATED.value, What.DERIVED.value, What.INVENTORIED.value})


class Played(NamedTuple):
    """What came of a scenario: commands, each once, in the order of the log's time."""

    commands: tuple[Delivery, ...]
    findings: tuple[Finding, ...]
    quarantined: tuple[Quarantined, ...]


class Running(Protocol):
    """What a player asks of the job."""

    def trouble(self) -> str | None:
        """Say why the job runs no more; None while it does."""
        ...


class Runner(NamedTuple):
    """What plays may run on.

    Attributes:
        start: returns the job in a scene; it runs from when it is entered until it is left.
        pace: of the story's clock on it.
    """

    start: Callable[[Scene], AbstractContextManager[Running]]
    pace: Pace = Pace()


def _on_prism(scene: Scene) -> AbstractContextManager[Running]:
    # Beam takes seconds to import: not before something is on the screen.
    from pipeline.stories.prism_job import PrismJob

    return PrismJob(scene, story=True, poll_seconds=0.05, read_seconds=0.05)


def play(
    scenario: Scenario,
    folder: Path,
    watch: Callable[[Instant, int], None] = lambda _at, _n: None,
    runner: Runner = Runner(_on_prism),  # noqa: B008 - it is immutable
) -> Played:
    """Play a scenario through the job, over a log in a folder.

    Args:
        scenario: what happens.
        folder: where the log is written; it must be empty.
        watch: called with the story's time and the number of the happening; for progress.
        runner: what the job runs on; a Prism of its own unless another is given.

    Raises:
        StoryFailed: the job died, or something due was not done in time.
        InvalidInput: a receipt answers a command that was not given.
    """
    scene = Scene(
        f"sqlite://{folder / 'log.db'}",
        "retention.",
        stores=scenario.stores,
        shards=SHARDS,
        approvals=scenario.approvals,
    )
    try:
        begin = Instant(scenario.happenings[0].at - SECOND)
        move_clock(scene, begin)
        if scenario.policy is not None:
            scene.publish(scenario.policy)
        with runner.start(scene) as job:
            _Player(scenario, scene, job, watch, runner.pace).play()
        return _outcome(scene)
    finally:
        scene.close()


class _Player:
    """Plays one scenario in one scene."""

    def __init__(
        self,
        scenario: Scenario,
        scene: Scene,
        job: Running,
        watch: Callable[[Instant, int], None],
        pace: Pace,
    ) -> None:
        self._scenario = scenario
        self._scene = scene
        self._stores = {name: Store(StoreName(name), scene) for name in scenario.stores}
        self._count = 0
        self._driver = Driver(
            scene,
            tuple(self._stores.values()),
            job.trouble,
            lambda: watch(self._driver.clock, self._count),
            pace,
        )

    def play(self) -> None:
        last = self._driver.clock
        for happening in self._scenario.happenings:
            if happening.at > last:
                self._driver.run_to(happening.at)
                last = happening.at
            self._count += 1
            self._do(happening)
        self._driver.run_to(self._scenario.until)
        self._driver.close()
        for store in self._stores.values():
            store.close()

    def _do(self, happening: Happening) -> None:
        what = happening.what
        if isinstance(what, bytes):
            self._scene.send_raw(what)
        elif isinstance(what, Event):
            self._scene.happen([what])
            if what.what in _KEPT:
                self._keep(what)
        elif isinstance(what, Envelope):
            self._scene.publish(what)
        elif isinstance(what, Answering):
            store = self._stores.get(what.store)
            if store is None:
                raise InvalidInput(f"{happening.place}: no event or document names {what.store}")
            store.silent, store.holds.answers = what.silent, what.status
        else:
            self._driver.settle()  # the command may be about to be given
            self._scene.send_receipt(self._receipt(what, happening))

    def _keep(self, event: Event) -> None:
        collected = event.happened_at if event.collected_at is None else event.collected_at
        for name in event.stores:
            holds = self._stores[name].holds
            keep = holds.keep_image if event.kind == RecordKind.SOURCE else holds.keep_template
            keep(event.record_id, b"data", collected_at=collected, stored_at=event.happened_at)

    def _receipt(self, given: GivenReceipt, happening: Happening) -> Receipt:
        fields = given.fields
        command_id, record_id, store = (
            str(fields.get(key, "")) for key in ("command_id", "record_id", "store")
        )
        if not command_id:
            command = self._newest(given)
            if command is None:
                raise InvalidInput(f"{happening.place}: no such command was given until then")
            command_id, record_id, store = command.command_id, command.record_id, command.store
        at = fields.get("at")
        return Receipt(
            CommandId(command_id),
            RecordId(record_id),
            StoreName(store),
            fields["status"],
            self._driver.clock if at is None else parse_instant(at),
            fields.get("verified_remaining"),
            fields.get("detail"),
        )

    def _newest(self, given: GivenReceipt) -> Command | None:
        store = self._stores.get(given.store)
        wanted = (given.kind, given.record, given.cause)
        found = [
            delivery.command
            for delivery in (store.deliveries if store else ())
            if (delivery.command.kind, delivery.command.record_id, delivery.command.cause) == wanted
        ]
        return found[-1] if found else None


def _by_time(found: Delivery) -> tuple[Instant, CommandId]:
    return (found.at, found.command.command_id)


def _outcome(scene: Scene) -> Played:
    first: dict[CommandId, Delivery] = {}
    for name in scene.stores:
        for message in scene.read(scene.topics.commands(name)):
            if message.value is not None:
                command = scene.codec.decode_command(message.value)
                first.setdefault(command.command_id, Delivery(command, message.timestamp))
    findings = {item.finding_id: item for item in scene.findings()}
    return Played(
        commands=tuple(sorted(first.values(), key=_by_time)),
        findings=tuple(findings.values()),
        quarantined=tuple(scene.quarantined()),
    )
