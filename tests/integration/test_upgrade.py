"""The runbook's way to a new version or number of shards: as typed, on Kafka; and on Flink."""

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from pipeline.cli.inventory import inventory_digest
from pipeline.lookup.log import Log
from pipeline.lookup.status import Watch
from pipeline.settings import Settings
from pipeline.stories.scene import Scene, wait_for
from pipeline.testing.jobs import FlinkRun
from pipeline.testing.kafka_broker import LocalKafka
from pipeline.transports import open_broker
from pipeline.transports.topics import DEFAULT_PREFIX, Topics
from tests.readme import ROOT, blocks, executed
from tests.support.build import event, hold, policy, rule
from tests.support.shell import Shell

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

RUNBOOK = (ROOT / "deploy" / "RUNBOOK.md").read_text()
STEPS = RUNBOOK.partition("\n## To upgrade\n")[2].partition("\n## ")[0]
QUIET = 16
"""Looks, one every half a second, between which nothing may change."""
JOB = 0
"""The first that the README puts into the background; then comes a store."""


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    with LocalKafka() as kafka:  # its own: the pages have no prefix
        made = Shell(tmp_path, kafka.url)
        yield made
        made.leave()


class Looking:
    """What `retention status` and the command topic of a store tell, without typing."""

    def __init__(self, url: str) -> None:
        self.broker = open_broker(url)
        self.log = Log.of(self.broker, Topics())
        self._watch = Watch(self.log, Settings.group, ())

    def commanded(self) -> list[str]:
        """Return the ids of all commands, as often as they were sent."""
        decode = self.log.codec.decode_command
        return [command.command_id for command in self.log.values("commands.images", decode)]

    def settled(self, shards: int) -> bool:
        """Whether a job with so many shards runs, and has nothing to do."""
        seen = self._watch.look()
        behind = sum(flow.behind for flow in seen.flow)
        runs = seen.job.alive and seen.job.shards == shards
        # The README runs the store of images only.
        return runs and behind == 0 and "images" not in seen.counts.outstanding

    def close(self) -> None:
        self._watch.close()
        self.broker.close()


@pytest.fixture
def looking(shell: Shell) -> Iterator[Looking]:
    made = Looking(shell.url)
    yield made
    made.close()


def test_another_number_of_shards_by_the_runbook(shell: Shell, looking: Looking) -> None:
    for command in executed()[0].commands:
        if not command.startswith(("retention check", "retention digest")):
            shell.type(command)
    seen: list[int] = []

    def obeyed() -> bool:
        """Whether all is obeyed for some seconds: each shard commands in its own time."""
        seen.append(len(looking.commanded()) if looking.settled(64) else 0)
        return seen[-1] > 0 and seen[-QUIET:] == [seen[-1]] * QUIET

    wait_for("a store has obeyed", obeyed, every=0.5)
    before = looking.commanded()
    assert shell.stop(JOB) == 0

    [block] = blocks(STEPS)
    for command in block.commands:
        if command == "retention status":
            wait_for("it has rebuilt", lambda: looking.settled(96))
        shell.type(command)
    # What was known is known in its new shard: the same events, told again, change nothing.
    shell.type("retention publish event deploy/examples/events.jsonl")
    wait_for("they are read", lambda: looking.settled(96))
    assert looking.commanded() == before, "what was commanded is not commanded again"
    known, then = (
        json.loads((shell.folder / f"{n}.json").read_text()) for n in ("before", "after")
    )
    assert known["records"] > 0
    now = inventory_digest(looking.broker, DEFAULT_PREFIX, 64)
    assert known["digest"] == then["digest"] == now.total()


def test_another_number_of_shards_on_flink(kafka: LocalKafka, tmp_path: Path) -> None:
    """The next job starts without a checkpoint: what it knows is in topics."""
    prefix = f"u{uuid4().hex[:8]}."
    four, six = (Scene(kafka.url, prefix, shards=shards) for shards in (4, 6))
    now = four.now()
    told = [event(f"due{n}", at=now) for n in range(40)]
    told += [event(f"kept{n}", at=now, purpose="dpv:CustomerCare") for n in range(20)]
    four.publish(policy(rule(limit="PT3S"), default="P90D"), hold(records=("due0", "due1")))
    four.happen(told)

    def deleted(count: int) -> bool:
        four.answer()
        newest = four.newest()
        return len(newest) >= len(told) and sum(not row.alive for row in newest) == count

    with FlinkRun(four, tmp_path / "four") as job:
        wait_for("what is due and free is deleted", lambda: deleted(38))
        wait_for("everything is acknowledged", lambda: four.lag() == 0)
        job.cancel()
    known, commands = four.digest().total(), {c.command_id for c in four.commands()}
    watch = Watch(Log.of(six.broker, six.topics), six.settings().group)
    with FlinkRun(six, tmp_path / "six"):
        wait_for("it has rebuilt", lambda: watch.look().job.shards == 6)
        # The same again changes nothing; what is new is commanded, and what is released.
        six.happen(told)
        wait_for("they are read", lambda: six.lag() == 0)
        assert four.digest().total() == known
        assert {c.command_id for c in six.commands()} == commands
        six.publish(hold(records=("due0", "due1"), version=2, state="released"))
        six.happen([event("new", at=six.now())])
        names = {"due0", "due1", "new"}
        wait_for("the rest is commanded", lambda: names <= {c.record_id for c in six.deletions()})
    late = {c.record_id for c in six.commands() if c.command_id not in commands}
    assert late == names
    watch.close()
    four.close()
    six.close()
