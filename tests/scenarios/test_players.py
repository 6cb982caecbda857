"""What becomes of stories that wait for one that does not come."""

from pathlib import Path

import pytest

from pipeline.stories.scene import Scene
from pipeline.testing.flink import FlinkFailed
from pipeline.testing.flink_stories import FlinkStories


def test_a_story_does_not_wait_for_one_that_has_failed(tmp_path: Path) -> None:
    scene = Scene(f"sqlite://{tmp_path / 'log.db'}", "retention.", shards=1)
    try:
        with FlinkStories(2, tmp_path) as stories:
            stories.give_up()
            with pytest.raises(FlinkFailed, match="another story"), stories.start(scene):
                pass
    finally:
        scene.close()
