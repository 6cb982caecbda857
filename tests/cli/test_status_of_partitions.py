"""`retention status` shows which partitions deadlines do not wait for."""

import json

from pipeline.instants import DAY
from tests.cli.conftest import Retention
from tests.cli.topics import Topics
from tests.support.build import control


def test_what_nobody_waits_for_is_shown_with_who_decided_it(
    retention: Retention, ready: str
) -> None:
    topics = Topics(ready, 400 * DAY)
    topics.publish(control("exclude", "partition:ingestion.events/1"))
    said = retention("status", "--broker", ready, "--json")
    assert json.loads(said.out)["excluded"] == ["ingestion.events/1 by operator: exercise"]
    assert "not awaited" in retention("status", "--broker", ready).out
    topics.publish(control("include", "partition:ingestion.events/1", version=2))
    said = retention("status", "--broker", ready, "--json")
    assert json.loads(said.out)["excluded"] == []
    topics.broker.close()
