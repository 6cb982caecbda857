"""`retention topics`: creates what is missing, reports what differs, changes nothing there."""

from pathlib import Path

import pytest

from pipeline.cli import waiting
from pipeline.errors import BrokerUnavailable
from pipeline.transports import open_broker
from pipeline.transports.contract import Partition, TopicSpec
from pipeline.transports.sqlite import SqliteBroker
from tests.cli.conftest import Retention


def test_an_empty_log_gets_every_topic_and_a_second_time_none(
    retention: Retention, url: str
) -> None:
    first = retention("topics", "create", "--broker", url, "--store", "images")
    assert first.code == 0
    for name in ("retention.records", "retention.commands.images", "ingestion.events"):
        assert f"created {name}" in first.text
    again = retention("topics", "create", "--broker", url, "--store", "images")
    assert again.code == 0
    assert again.text.startswith("0 created")


def test_check_finds_what_was_created_good(retention: Retention, ready: str) -> None:
    said = retention("topics", "check", "--broker", ready, "--store", "images")
    assert (said.code, said.text) == (0, "all topics are as they should be")


def test_check_of_an_empty_log_names_what_is_missing_and_creates_nothing(
    retention: Retention, url: str
) -> None:
    with open_broker(url) as broker:
        broker.create([TopicSpec("retention.holds", 1, log_append_time=True)])
    said = retention("topics", "check", "--broker", url)
    assert said.code == 1
    assert "topic retention.records does not exist" in said.text
    with open_broker(url) as broker:
        assert broker.partitions("retention.records") is None


def test_a_missing_store_topic_is_named(retention: Retention, ready: str) -> None:
    said = retention("topics", "check", "--broker", ready, "--store", "attic")
    assert said.code == 1
    assert "retention.commands.attic does not exist" in said.text


def test_drift_is_reported_by_both_verbs_and_repaired_by_none(
    retention: Retention, url: str
) -> None:
    with open_broker(url) as broker:
        broker.create([TopicSpec("retention.records", 7), TopicSpec("retention.holds", 1)])
    wanted = (
        "topic retention.records: partitions is 7, not 4",
        "topic retention.records: compacted is False, not True",
        "topic retention.holds: log_append_time is False, not True",
    )
    created = retention("topics", "create", "--broker", url)
    checked = retention("topics", "check", "--broker", url)
    assert checked.code == 1
    for line in wanted:
        assert line in created.text
        assert line in checked.text
    with open_broker(url) as broker:
        assert broker.partitions("retention.records") == 7


def test_a_prefix_and_other_event_topics_are_obeyed(retention: Retention, url: str) -> None:
    options = ("--broker", url, "--prefix", "x.", "--events", "a", "--events", "b")
    assert retention("topics", "create", *options, "--partitions", "2").code == 0
    with open_broker(url) as broker:
        assert broker.partitions("x.records") == broker.partitions("a") == 2
        assert broker.partitions("b") == 2
        assert broker.partitions("ingestion.events") is None
        assert broker.ends([Partition("x.policies", 0)]) == {Partition("x.policies", 0): 0}


@pytest.mark.parametrize(
    "verb",
    [
        ("topics", "check"),
        ("digest",),
        ("status",),
        ("explain", "r"),
        ("findings", "list"),
        ("quarantine", "list"),
    ],
)
def test_what_only_reads_makes_no_log_at_a_mistyped_address(
    retention: Retention, tmp_path: Path, verb: tuple[str, ...]
) -> None:
    said = retention(*verb, "--broker", f"sqlite://{tmp_path}/a b.db", "--prefix", "x.")
    assert said.code == 2
    assert f"there is no file {tmp_path}/a b.db" in said.text
    assert f"create --broker 'sqlite://{tmp_path}/a b.db' --prefix x." in said.text
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "topic", ["retention.records", "retention.policies", "retention.commands.images"]
)
def test_topics_of_our_own_are_no_ingestion_topics(
    retention: Retention, url: str, topic: str
) -> None:
    said = retention("topics", "create", "--broker", url, "--events", topic)
    assert said.code == 2
    assert f"--events {topic} is a topic of the pipeline's own" in said.text
    assert retention("topics", "create", "--broker", url, "--events", "retention.x").code == 0


def test_no_partitions_are_refused(retention: Retention, url: str) -> None:
    assert retention("topics", "create", "--broker", url, "--partitions", "0").code == 2


def test_an_unknown_scheme_is_wrong_input_and_the_known_ones_are_named(
    retention: Retention,
) -> None:
    for verb in (("topics", "check"), ("topics", "create"), ("digest",)):
        said = retention(*verb, "--broker", "amqp://localhost")
        assert said.code == 2
        assert "kafka:// or sqlite://" in said.text


def test_an_address_that_names_no_file_is_wrong_input(retention: Retention) -> None:
    for url in ("sqlite://", "sqlite:///", "sqlite:///nowhere/at/all/log.db", "nonsense"):
        assert retention("topics", "check", "--broker", url).code == 2


def test_without_a_broker_the_option_is_named(retention: Retention) -> None:
    said = retention("topics", "check")
    assert said.code == 2
    assert "--broker" in said.text


def test_a_broker_that_does_not_answer_is_said_and_has_a_code_of_its_own(
    retention: Retention, monkeypatch: pytest.MonkeyPatch, ready: str
) -> None:
    def away(*_: object) -> int | None:
        raise BrokerUnavailable("the broker does not answer")

    monkeypatch.setattr(waiting, "PAUSES_SECONDS", (0.0, 0.0))
    monkeypatch.setattr(SqliteBroker, "partitions", away)
    said = retention("topics", "check", "--broker", ready)
    assert said.code == 3
    assert said.text.count("next try in") == 2
