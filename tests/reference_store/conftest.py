"""A store with one record in every table."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.identifiers import RecordId
from pipeline.reference_store import ReferenceStore
from tests.reference_store.build import EARLY


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
