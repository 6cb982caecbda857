"""A Kafka that lets nobody in unproved, with a user for each role; made when first asked for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.testing.secure_kafka import SecureKafka
from tests.integration.secured import USERS, Roles


@pytest.fixture(scope="session")
def roles(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Roles]:
    """The users of a secured Kafka, each with the rights of its role and no others."""
    folder: Path = tmp_path_factory.mktemp("secured")
    with SecureKafka(folder, USERS) as kafka:
        made = Roles(kafka)
        yield made
        made.scene.close()
