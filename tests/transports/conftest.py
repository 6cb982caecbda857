"""The logs over which the conformance suite runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.transports import open_broker
from pipeline.transports.contract import TopicSpec
from tests.transports.logs import Log


@pytest.fixture(params=["sqlite", pytest.param("kafka", marks=pytest.mark.integration)])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Log]:
    """A log of each kind, with a clock topic."""
    if request.param == "sqlite":
        url = f"sqlite://{tmp_path}/log.db"
    else:
        url = request.getfixturevalue("kafka").url
    names = Log(open_broker(url))
    clock = f"{names.prefix}clock"
    with open_broker(url, clock_topic=clock) as broker:
        broker.create([TopicSpec(clock, 1, log_append_time=True)])
        yield Log(broker, names.prefix)
