"""A log to read, and one shard of the stateful stage over topics of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.stories.scene import Scene
from pipeline.transforms import read
from tests.transforms.readers import Log, Samples
from tests.transforms.stage import Stage


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    samples = Samples()
    monkeypatch.setattr(read, "sampler", lambda *_: samples)
    found = Log(tmp_path, samples)
    yield found
    for reader in found.readers:
        reader.close()
    found.broker.close()


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    found = Scene(f"sqlite://{tmp_path}/log.db", "x.", partitions=1)
    yield found
    found.close()


@pytest.fixture
def stage(scene: Scene) -> Iterator[Stage]:
    found = Stage(scene)
    yield found
    found.stage.teardown()
