"""Where a run of the job begins to read what arrives."""

from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest

from pipeline.jobs.enforce import build
from pipeline.stories.scene import Scene
from pipeline.transforms.read import LogSource
from pipeline.transports.contract import Partition


@pytest.mark.parametrize("pinned", [True, False])
def test_the_pipeline_knows_what_was_acknowledged_unless_it_is_kept(
    tmp_path: Path, pinned: bool
) -> None:
    scene = Scene(f"sqlite://{tmp_path}/log.db", "retention.", stores=("images",), shards=2)
    made: list[LogSource] = []

    def source(*given: Any, **options: Any) -> LogSource:
        made.append(LogSource(*given, **options))
        return made[-1]

    try:
        scene.send_raw(b"anything")
        parts = [
            Partition(scene.events_topic, n)
            for n in range(scene.broker.partitions(scene.events_topic) or 0)
        ]
        [first] = [partition for partition, end in scene.broker.ends(parts).items() if end]
        scene.broker.commit(scene.settings().group, {first: 1})
        build(beam.Pipeline(), scene.settings(), scene.broker, source, pinned=pinned)  # type: ignore[arg-type]
    finally:
        scene.close()
    [arrivals] = [one for one in made if not one.history]
    if pinned:
        assert dict(arrivals.starts).keys() == set(arrivals.partitions)
        assert dict(arrivals.starts)[first] == 1
    else:
        assert arrivals.starts == ()
