"""Any order and repetition of the same commands ends in the same tables, and in the same answers.

One order decides, and must: whether a CANCEL comes before the deletion that it withdraws.
"""

import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.commands import Command
from pipeline.identifiers import RecordId
from pipeline.receipts import Receipt
from pipeline.reference_store import ReferenceStore
from tests.reference_store.build import EARLY, LATER, NOW, Dump, command, dump

CANCEL = command("CANCEL", "cancel", "r2", withdraws="stopped")
STOPPED = command("DELETE", "stopped", "r2")
COMMANDS = (
    command("DELETE", "gone", "r1"),
    command("DELETE", "nothing", "r9"),
    command("RESTRICT", "of-gone", "r1"),
    command("RESTRICT", "of-later", "r1", generation="g2"),
    STOPPED,
    CANCEL,
    command("RESTRICT", "one", "r3"),
    command("RESTRICT", "two", "r3"),
    command("RELEASE", "release", "r3", withdraws="one"),
    command("RESTRICT", "lifted", "r4"),
    command("RELEASE", "lift", "r4", withdraws="lifted"),
    command("DELETE", "early", "r4", not_before=LATER),
    command("DELETE", "expired", "r4", expires_at=EARLY),
    command("DELETE", "foreign", "r4", store="index"),
    command("NOTIFY_RECIPIENT", "letter", "r4"),
)


def told(commands: Sequence[Command]) -> Dump:
    """Give the commands to a new store; return its tables, of `obeyed` only what was answered."""
    # Not a fixture: those are made once for all examples.
    with tempfile.TemporaryDirectory(prefix="retention-store-") as folder:
        path = Path(folder) / "images.db"
        with ReferenceStore(path, "images") as store:
            for number in range(1, 5):
                for at in (EARLY, LATER):
                    name = RecordId(f"r{number}")
                    image = store.keep_image(name, b"x", ["t"], collected_at=EARLY, stored_at=at)
                    store.keep_template(
                        name, b"v", ["v"], image_id=image, collected_at=EARLY, stored_at=at
                    )
            answers: dict[str, Receipt] = {}
            for one in commands:
                receipt = store.obey(one, NOW)
                assert answers.setdefault(one.command_id, receipt) == receipt
        found = dump(path)
    found["obeyed"] = [row[:4] for row in found["obeyed"]]
    return found


@cache
def in_order(*, too_late: bool) -> Dump:
    """The tables after every command once, the CANCEL after all others or before them."""
    rest = [one for one in COMMANDS if one is not CANCEL]
    return told([*rest, CANCEL] if too_late else [CANCEL, *rest])


orders = st.lists(st.sampled_from(COMMANDS), max_size=20).flatmap(
    lambda more: st.permutations([*COMMANDS, *more])
)


@settings(max_examples=60)
@given(orders)
def test_order_and_repetition_change_no_table(order: list[Command]) -> None:
    assert told(order) == in_order(too_late=order.index(STOPPED) < order.index(CANCEL))


def test_a_cancel_in_time_is_the_only_difference() -> None:
    late, in_time = in_order(too_late=True), in_order(too_late=False)
    assert late.keys() == in_time.keys()
    assert {name for name in late if late[name] != in_time[name]} == {
        "images",
        "templates",
        "search_index",
    }
