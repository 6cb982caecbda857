"""Nothing that a producer sent, or somebody typed, makes a terminal obey it."""

from collections.abc import Iterator

import pytest

from pipeline.cli.tables import visible
from pipeline.instants import DAY
from pipeline.records import applied
from pipeline.vocabulary import FindingKind
from tests.cli.conftest import Retention
from tests.cli.topics import Topics
from tests.support.build import event, policy

HOSTILE = "r1\x1b[31m[bold]\x07\u202eevil"
SHOWN = "r1\\x1b[31m[bold]\\x07\\u202eevil"


@pytest.fixture
def topics(ready: str) -> Iterator[Topics]:
    made = Topics(ready, 400 * DAY)
    made.publish(policy())
    made.row(applied(None, event(HOSTILE, at=400 * DAY, stores=(HOSTILE,))), policy())
    made.raise_(FindingKind.OVERDUE, HOSTILE)
    yield made
    made.broker.close()


@pytest.mark.parametrize(
    "verb",
    [
        ("explain", HOSTILE),
        ("explain", f"{HOSTILE}2"),
        ("findings", "list"),
        ("findings", "resolve", HOSTILE, "--reason", "x"),
        ("findings", "show", HOSTILE),
    ],
)
def test_ids_are_written_out(
    retention: Retention, ready: str, topics: Topics, verb: tuple[str, ...]
) -> None:
    said = retention(*verb, "--broker", ready)
    for found in (said.out, said.err):
        assert not {"\x1b", "\x07", "\u202e"} & set(found)
    assert SHOWN in said.text or "findings" in verb


def test_what_is_listed_is_written_out(retention: Retention, ready: str, topics: Topics) -> None:
    assert SHOWN in retention("findings", "list", "--broker", ready).out


def test_plain_text_stays_as_it_is() -> None:
    assert visible("Zoë \u65e5\u672c\nline") == "Zoë \u65e5\u672c\nline"
