"""Fixtures of every folder: one real Kafka a session, started when a test first asks for it."""

import functools
import gc
import os
from collections.abc import Iterator

import pytest
from hypothesis import Phase, settings

from pipeline.testing.kafka_broker import LocalKafka
from tests.support import figures

# Explaining a failure traces every line and takes minutes; the smallest example says enough. The
# examples are the same in every run: a red check can be repeated by anybody. `make search` looks
# for new ones.
PHASES = [Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink]
settings.register_profile("here", deadline=None, derandomize=True, phases=PHASES)
settings.register_profile(
    "search", deadline=None, phases=PHASES, max_examples=2_000, print_blob=True
)
settings.load_profile(os.environ.get("RETENTION_HYPOTHESIS", "here"))


def pytest_sessionstart() -> None:
    """Forget what was remembered before a mutant was made: mutmut forks a process that knows it."""
    if "MUTANT_UNDER_TEST" in os.environ:
        for found in gc.get_objects():
            if isinstance(found, functools._lru_cache_wrapper):
                found.cache_clear()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures that tests have seen."""
    if found := figures.told():
        terminalreporter.section("figures of this run")
        for line in found:
            terminalreporter.line(line)


@pytest.fixture(scope="session")
def kafka() -> Iterator[LocalKafka]:
    """A running Kafka. Tests share it: name topics uniquely, and do not stop it."""
    with LocalKafka() as broker:
        yield broker
