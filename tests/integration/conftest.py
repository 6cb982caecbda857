"""The runners of the job; a Kafka that lets nobody in unproved, with a user for each role."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.testing.secure_kafka import SecureKafka
from tests.integration.runners import RUNNERS, Starter
from tests.integration.secured import USERS, Roles


@pytest.fixture(params=RUNNERS)
def start(request: pytest.FixtureRequest, tmp_path: Path) -> Starter:
    """Start the job on each runner in turn."""
    return Starter(request.param, tmp_path)


@pytest.fixture(scope="session")
def roles(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Roles]:
    """The users of a secured Kafka, each with its role's rights; made when first asked for."""
    folder: Path = tmp_path_factory.mktemp("secured")
    with SecureKafka(folder, USERS) as kafka:
        made = Roles(kafka)
        yield made
        made.scene.close()
