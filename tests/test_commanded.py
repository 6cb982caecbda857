"""Of very many commands those are remembered that something depends on."""

import itertools
import random

import msgspec

from pipeline.identifiers import Cause, CommandId, EventId, StoreName
from pipeline.instants import Instant
from pipeline.ledger.issuing import Draft
from pipeline.records import Issued, applied, bounded, is_open
from pipeline.records.commanded import MAX_ISSUED_BYTES
from tests.support.build import event, planner_of, policy

STORES = 50
PER_STORE = 400


def command(number: int, kind: str = "DELETE", store: str = "images") -> Issued:
    return Issued(
        CommandId(f"c{number:06}"), kind, StoreName(store), Cause("policy:acme/faces"), "x" * 300,
        EventId("e" * 100), Instant(number), Instant(number), Instant(number), Instant(number),
        Instant(number),
    )  # fmt: skip


def many() -> tuple[Issued, ...]:
    numbers = itertools.count(1)
    found = []
    for place in range(STORES):
        for age in range(PER_STORE):
            item = command(next(numbers), ("DELETE", "RESTRICT")[age % 2], f"s{place:02}")
            done = {"outcome": "COMPLETED", "answered_at": Instant(1)}
            change = ({}, done, {"withdrawn": True}, done)[(age // 2) % 4]
            found.append(msgspec.structs.replace(item, **change))
    return tuple(found)


def test_commands_that_name_many_fields_are_bounded_however_few_they_are() -> None:
    names = tuple(f"{number:0200}" for number in range(1_000))
    issued = tuple(
        msgspec.structs.replace(command(number, "REDACT"), fields=names) for number in range(60)
    )
    kept = bounded((*issued, command(99)))
    assert 0 < sum(len(item.fields) * 200 for item in kept) < MAX_ISSUED_BYTES
    assert command(99) in kept


def test_few_commands_are_all_remembered() -> None:
    few = many()[:900]
    assert bounded(few) is few


def test_of_too_many_the_open_the_erased_and_the_withdrawn_of_each_store_stay() -> None:
    issued = many()
    kept = bounded(issued)
    names = {item.command_id for item in kept}
    assert len(names) < len(issued)
    assert list(kept) == [item for item in issued if item.command_id in names]
    groups: dict[tuple[str, str], list[Issued]] = {}
    for item in issued:
        groups.setdefault((item.kind, item.store), []).append(item)
    assert len(groups) == 2 * STORES
    for here in groups.values():
        newest_open = max((i for i in here if is_open(i)), key=lambda i: i.data_until)
        erased = max((i for i in here if i.outcome), key=lambda i: i.data_until)
        withdrawn = max((i for i in here if i.withdrawn), key=lambda i: i.issued_at)
        assert {i.command_id for i in (newest_open, erased, withdrawn)} <= names


def test_what_stays_takes_no_more_than_it_may_and_nearly_as_much() -> None:
    size = sum(len(msgspec.msgpack.encode(item)) for item in bounded(many()))
    assert MAX_ISSUED_BYTES // 2 < size < MAX_ISSUED_BYTES


def test_what_stays_does_not_depend_on_the_order_of_other_stores() -> None:
    issued = list(many())
    kept = {item.command_id for item in bounded(tuple(issued))}
    random.Random(1).shuffle(issued)
    by_store = sorted(issued, key=lambda item: (item.store[::-1], item.issued_at))
    assert {item.command_id for item in bounded(tuple(by_store))} == kept


def test_a_look_at_a_record_keeps_no_more_than_that() -> None:
    known = msgspec.structs.replace(applied(None, event()), issued=many())
    draft = Draft(known, planner_of(policy()), Instant(5), may_delete=True)
    draft.replace(known.issued[0], msgspec.structs.replace(known.issued[0], overdue=True))
    assert len(draft.finished().issued) < len(known.issued)
