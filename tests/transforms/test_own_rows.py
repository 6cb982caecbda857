"""Rows of our own topics that cannot be read: which stop the job, and that the remedy works."""

import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.errors import CorruptState
from pipeline.ledger.inventory import Derived
from pipeline.records import applied
from pipeline.settings import Settings
from pipeline.stories.scene import Scene
from pipeline.transforms.own_rows import own_rows
from pipeline.transforms.read import Batch
from pipeline.transforms.split import Split
from pipeline.transports.contract import Broker, Message
from tests.support.build import event

RUBBISH = b"\x00rubbish"
README = Path(__file__).parents[2] / "README.md"


class Topic:
    """The inventory of a log of its own, read as one batch."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.name = scene.topics.name("records")
        self.opened = 0

    def put(self, key: str, value: bytes | None) -> None:
        self.scene.producer.send(self.name, key.encode(), value)
        self.scene.producer.flush()

    def good(self, record: str) -> bytes:
        return self.scene.codec.encode_record(applied(None, event(record)), Derived("ACTIVE"))

    def batch(self, count: int | None = None) -> Batch:
        messages: list[Message] = self.scene.read(self.name)[:count]
        end = messages[-1].offset + 1
        return Batch(self.name, 0, 0, end, 0, end, messages)

    def open(self) -> Broker:
        self.opened += 1
        return Scene(self.scene.url, self.scene.prefix, partitions=1).broker

    def rows(self, count: int | None = None) -> list[str]:
        decode = self.scene.codec.decode_record
        return [row.record_id for row in own_rows(self.batch(count), decode, self.open)]


@pytest.fixture
def topic(scene: Scene) -> Topic:
    return Topic(scene)


def a_tombstone(topic: Topic) -> None:
    topic.put("r1", None)


def a_repaired_row(topic: Topic) -> None:
    topic.put("r1", topic.good("r1"))


def two_more(topic: Topic) -> None:
    topic.put("r1", RUBBISH)
    topic.put("r1", None)


@pytest.mark.parametrize("remedy", [a_tombstone, a_repaired_row, two_more])
@pytest.mark.parametrize("count", [2, None], ids=["in a later batch", "in the same batch"])
def test_what_a_later_row_of_the_key_replaces_stops_nothing(
    topic: Topic, remedy: Callable[[Topic], None], count: int | None
) -> None:
    topic.put("r0", topic.good("r0"))
    topic.put("r1", RUBBISH)
    remedy(topic)
    assert topic.rows(count)[0] == "r0"
    assert topic.opened == 1


def one_of_another_key(topic: Topic) -> None:
    topic.put("r2", None)


def another_that_cannot_be_read(topic: Topic) -> None:
    topic.put("r1", None)
    topic.put("r1", RUBBISH)


def nothing(topic: Topic) -> None:
    pass


@pytest.mark.parametrize(
    ("later", "offset"), [(nothing, 1), (one_of_another_key, 1), (another_that_cannot_be_read, 3)]
)
@pytest.mark.parametrize("count", [2, None], ids=["in a later batch", "in the same batch"])
def test_the_newest_row_of_a_key_stops_the_job_by_name(
    topic: Topic, later: Callable[[Topic], None], offset: int, count: int | None
) -> None:
    topic.put("r0", topic.good("r0"))
    topic.put("r1", RUBBISH)
    later(topic)
    with pytest.raises(CorruptState, match=rf"x\.records/0 offset {offset} cannot be read, and"):
        topic.rows(count)


def test_of_several_the_first_is_named_and_the_others_are_counted(topic: Topic) -> None:
    for key in ("r1", "r2", "r3"):
        topic.put(key, RUBBISH)
    topic.put("r1", None)
    with pytest.raises(CorruptState, match=r"offset 1 cannot be read, nor can 1 more"):
        topic.rows()
    assert topic.opened == 1, "one scan for all of them"


def test_without_a_row_that_cannot_be_read_the_log_is_not_opened(topic: Topic) -> None:
    topic.put("r0", topic.good("r0"))
    topic.put("r1", None)
    assert topic.rows() == ["r0"]
    assert topic.opened == 0


def test_the_first_stage_looks_in_its_own_log(topic: Topic) -> None:
    topic.put("r1", RUBBISH)
    settings: Settings = topic.scene.settings()
    split = Split(settings)
    split.setup()
    try:
        split.start_bundle()
        with pytest.raises(CorruptState):
            split.process(topic.batch())
        topic.put("r1", None)
        split.process(topic.batch(1))
    finally:
        split.teardown()


@pytest.fixture
def statement() -> str:
    """What the manual says repairs an embedded log."""
    [found] = re.findall(
        r'^      sqlite3 log\.db "(UPDATE [^"]+)"$', README.read_text(), re.MULTILINE
    )
    return str(found)


def test_the_manual_repairs_an_embedded_log(topic: Topic, statement: str, tmp_path: Path) -> None:
    topic.put("r0", topic.good("r0"))
    topic.put("r1", RUBBISH)
    connection = sqlite3.connect(tmp_path / "log.db")
    said = statement.replace("retention.records", topic.name).replace("= 5", "= 1")
    with connection:
        assert connection.execute(said).rowcount == 1
    connection.close()
    assert topic.rows() == ["r0"]
