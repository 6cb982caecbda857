from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.metrics.build import Desk
from tests.support.build import policy, rule


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Topics under a policy of one rule: a day for search data in GB, else 60 days."""
    made = Desk(tmp_path, policy(rule(limit="PT24H"), default="P60D"))
    yield made
    made.scene.close()
