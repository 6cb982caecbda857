"""The README, typed as it stands there: on a real Kafka, by a shell, in an empty folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.lookup.log import Log
from pipeline.stories.scene import wait_for
from pipeline.testing.kafka_broker import LocalKafka
from pipeline.transports import open_broker
from pipeline.transports.topics import Topics
from tests.readme import executed
from tests.support.shell import NAMED, Shell

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    with LocalKafka() as kafka:  # its own: the README has no prefix
        made = Shell(tmp_path, kafka.url)
        yield made
        assert made.leave() == [0, 0], "the job and the store stop when they are told to"


def test_every_block_does_what_it_says(shell: Shell) -> None:
    first, second = executed()
    said = [shell.type(command) for command in first.commands]
    assert "created retention.commands.images" in "".join(said)
    url = first.commands[0].partition("=")[2].replace(NAMED, shell.url)
    with open_broker(url) as broker:
        log = Log.of(broker, Topics())
        decode = log.codec.decode_receipt
        # A store has obeyed what was due: the command line has something to tell of.
        wait_for("an answer", lambda: any(True for _ in log.values("receipts", decode)))
        wait_for(
            "the row of its record",
            lambda: any(
                item.outcome
                for row in log.values("records", log.codec.decode_record)
                for item in row.issued
            ),
        )
    told = {command: shell.type(command) for command in second.commands}
    assert "runs, heard of" in told["retention status"] or "never" in told["retention status"]
    assert "Record img-12345 at " in told["retention explain img-12345"]
    # The store of the README is empty: it says so, and that settles it too.
    assert "images answered NOT_FOUND" in told["retention explain img-12345"]
    assert "open findings" in told["retention findings list"]
    assert "0 messages" in told["retention quarantine list"]
