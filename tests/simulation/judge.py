"""Holds a simulation against the oracle, and against the same inputs without any fault."""

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from pipeline.commands import Command
from tests.oracle.checks import Check, Failure, Wrong
from tests.oracle.lives import Known
from tests.oracle.oracle import Expected, expected
from tests.oracle.simulate import Emitted, Run
from tests.simulation.job import MARGIN
from tests.simulation.plan import Plan
from tests.simulation.promises import Broken, Ended
from tests.simulation.world import World

_BY_ARRIVAL = frozenset({Wrong.UNASKED, Wrong.RESTRICTED_ENDED, Wrong.BACKDATED})
"""What is sent at once may depend on what arrived first, and bears the time of the last tick."""
_PROMPT = 50
"""A deletion that is commanded so soon after it falls due was not overdue (ms)."""
_WIDE = 6
"""Of what was published in so many instants any part may have been known to a late job."""


@dataclass
class Tally:
    """What many simulations came to."""

    seeds: int = 0
    steps: int = 0
    crashes: int = 0
    unjudged: int = 0
    hidden: int = 0
    overdue: int = 0
    failed: list[int] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    commands: Counter[str] = field(default_factory=Counter)

    def add(self, world: World) -> World:
        """Take one."""
        self.seeds += 1
        self.steps += world.steps
        self.crashes += world.crashes
        self.unjudged += world.unjudged
        self.hidden += world.hidden
        self.overdue += world.overdue
        self.faults += world.injected
        self.commands += Counter(one.kind for one in world.promises.commands.values())
        self.failed += [world.plan.seed] if world.promises.broken else []
        return world

    def text(self, seconds: float) -> str:
        """Return it for people."""
        pace = self.steps / max(seconds, 0.001) * 60
        return (
            f"{self.seeds} seeds, {len(self.failed)} failed; {self.steps} steps, {pace:.0f} a "
            f"minute; {self.crashes} crashes\nfaults: {_counted(self.faults)}\n"
            f"commands: {_counted(self.commands)}\nnot judged: {self.unjudged} deletions of late "
            f"jobs, {self.hidden} commands that a rollback has hidden; not compared: "
            f"{self.overdue} records with a deletion that was overdue when its cause was "
            "published, or a CANCEL in one run only\n"
        )


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.most_common()) or "none"


def attempted(
    plan: Plan, trace: Callable[[str], None] | None = None, *, races: bool = False
) -> World:
    """Play a plan and note everything that is wrong; what the job raises is wrong too."""
    world = World(plan, trace, races=races)
    try:
        _judge(world)
    except Exception as error:  # noqa: BLE001  # whatever it is, the seed must be told
        world.promises.fail(f"raises {type(error).__name__}", str(error))
    return world


def _by_arrival(world: World, failure: Failure) -> bool:
    """Whether it depends on what arrived first; a deletion that is sent again, in one instant only.

    It may leave in the instant in which it is published that nothing is there any more.
    """
    if failure.wrong == Wrong.ENDED and failure.note.startswith("sent again"):
        return any(one.at == failure.at and one.told for one in world.promises.moments)
    return failure.wrong in _BY_ARRIVAL


def _judge(world: World) -> None:
    plan = world.plan
    world.play()
    if plan.flowing:
        for item in world.promises.emitted:
            if item.command.kind == "DELETE" and item.command.attempt == 1:
                _allowed(world, item)
        return
    run = Run(plan.history, moments=world.promises.moments, emitted=world.promises.emitted)
    for failure in Check(run).done():
        if not _by_arrival(world, failure) and failure.at <= plan.end:
            detail = f"{failure.record}/{failure.store} {failure.detail}"
            world.promises.broken.append(Broken(failure.kind, failure.at, detail))
    if plan.faults:
        _compare(world, World(plan.calm).play())


def _compare(world: World, calm: World) -> None:
    """The same inputs give the same deletions and the same digest."""
    both = (world.promises, calm.promises)
    late = _late_of_old(world, calm)
    for one, other, where in ((*both, "with"), (calm.promises, world.promises, "without")):
        for name in sorted(one.deletions.keys() - other.deletions.keys()):
            command = one.commands[name]
            if command.record_id not in late:
                world.promises.fail(f"DELETE only {where} faults", _told(command))
    # Whether a CANCEL comes in time depends on arrival, and with it what a store answers.
    asked = [
        {(c.record_id, name) for name, c in p.commands.items() if c.kind == "CANCEL"} for p in both
    ]
    late |= {record_id for record_id, _ in asked[0] ^ asked[1]}
    keys = {str(key, "utf-8") for one in both for key in one.records()} - late
    differ = [key for key in sorted(keys) if len({one.content(key.encode()) for one in both}) > 1]
    if differ:
        world.promises.fail("digest differs", ", ".join(differ))
    world.overdue += len(late)


def _late_of_old(world: World, calm: World) -> set[str]:
    """Return records of which a deletion was overdue when what calls for it was published.

    It is commanded as of the last tick that its shard has seen, or of the next one, whichever
    arrives first; what it covers, and which of several causes it has, may differ by that.
    """
    first: dict[str, tuple[int, bool]] = {}
    for one, other in ((world.promises, calm.promises), (calm.promises, world.promises)):
        for name, at in one.deletions.items():
            command = one.commands[name]
            if name in other.deletions and _due(command) == _due(other.commands[name]):
                continue
            overdue = at - MARGIN > command.not_before + _PROMPT
            known = first.get(command.record_id, (at, overdue))
            first[command.record_id] = min(known, (at, overdue), key=lambda found: found[0])
    return {record for record, (_, overdue) in first.items() if overdue}


def _due(command: Command) -> tuple[int, int, int]:
    return command.not_before, command.complete_by, command.data_until


def _told(command: Command) -> str:
    return f"{command.command_id} {command.record_id}/{command.store} {command.cause}"


def _allowed(world: World, item: Emitted) -> None:
    """What was published before the instant that decided must allow the deletion.

    Of what was published between it and the command any part may have been known too.
    """
    command, promises = item.command, world.promises
    decided = promises.decided.get(command.command_id)
    if decided is None:
        return
    before = [n for n, one in enumerate(promises.moments) if one.at + world.log.skew < decided]
    began = max(before, default=0)
    window = promises.moments[began : item.moment + 1]
    if len(window) > _WIDE:
        world.unjudged += 1
        return
    # Which documents have taken effect is asked as of the last tick.
    instants = (decided, command.issued_at)
    forgotten = promises.forgotten[command.command_id]
    may_be = _known([moment.known for moment in window], forgotten)
    for known, at in itertools.product(may_be, instants):
        there = _of(command, expected(known, at))
        if there is not None and (there.due is not None or there.unsure):
            return
    there = _of(command, expected(window[0].known, decided))
    why = "no such life" if there is None else there.forbidden
    world.promises.fail("DELETE that nothing known allows", f"{why}: {_told(command)}")


def _known(parts: list[Known], forgotten: frozenset[Ended]) -> Iterator[Known]:
    """Return what may have been known: any part of what was told, but for what was forgotten."""
    ended = [part.ended for part in parts]
    ended += [tuple(one for one in told if one not in forgotten) for told in ended if forgotten]
    for events, documents, gone in itertools.product(parts, parts, dict.fromkeys(ended)):
        yield Known(events.events, documents.documents, gone)


def _of(command: Command, asked: list[Expected]) -> Expected | None:
    where = (command.record_id, command.store)
    return next((one for one in asked if (one.life.record, one.life.store) == where), None)
