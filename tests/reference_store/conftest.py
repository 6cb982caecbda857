"""A store with one record in every table, and the topics of a test."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.identifiers import RecordId
from pipeline.instants import ManualClock
from pipeline.reference_store import ReferenceStore, StoreService
from pipeline.stories.scene import Scene
from tests.reference_store.build import EARLY, NOW
from tests.reference_store.topics import Start


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The store's file."""
    return tmp_path / "images.db"


@pytest.fixture
def store(path: Path) -> Iterator[ReferenceStore]:
    """A store that holds r1: an image, a template made from it, two terms."""
    with ReferenceStore(path, "images") as store:
        r1 = RecordId("r1")
        image = store.keep_image(r1, b"face", ["beach", "sun"], collected_at=EARLY, stored_at=EARLY)
        store.keep_template(r1, b"vector", image_id=image, collected_at=EARLY, stored_at=EARLY)
        yield store


@pytest.fixture(params=["sqlite", pytest.param("kafka", marks=pytest.mark.integration)])
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    """Topics of one test, on each kind of log."""
    if request.param == "kafka":
        url = request.getfixturevalue("kafka").url
    else:
        url = f"sqlite://{tmp_path}/log.db"
    scene = Scene(url, f"t{uuid.uuid4().hex[:12]}.", partitions=2)
    yield scene
    scene.close()


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Scene]:
    """Topics of one test, where the kind of log plays no part."""
    scene = Scene(f"sqlite://{tmp_path}/log.db", "t.", partitions=2)
    yield scene
    scene.close()


@pytest.fixture
def start(store: ReferenceStore) -> Iterator[Start]:
    """Start a service of the store, at NOW; a new one goes on where the last one committed."""
    services: list[StoreService] = []

    def begin(scene: Scene, on: ReferenceStore = store) -> StoreService:
        services.append(StoreService(on, scene.broker, ManualClock(NOW), prefix=scene.prefix))
        return services[-1]

    yield begin
    for service in services:
        service.close()
