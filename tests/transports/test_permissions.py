"""What each role may do: derived from the topics, complete, and no more than it needs."""

import pytest

from pipeline.errors import InvalidInput
from pipeline.transports.permissions import (
    ROLES,
    Kind,
    Operation,
    Permission,
    Wanted,
    permissions,
)
from pipeline.transports.topics import Topics

TOPICS = Topics("p.", ("events.a", "events.b"))


def rights(role: str) -> tuple[Permission, ...]:
    """Return what a role gets under these names."""
    store = "images" if role == "store" else None
    return permissions(role, Wanted(TOPICS, "job", store))


def names(role: str, *operations: Operation) -> set[str]:
    """Return the topics to which a role has one of these rights, without the prefix."""
    return {
        right.name.removeprefix("p.")
        for right in rights(role)
        if right.kind is Kind.TOPIC and right.operation in operations
    }


DOCUMENTS = {"policies", "notices", "holds", "requests", "controls"}
EVENTS = set(TOPICS.events)


def test_a_platform_only_writes_events() -> None:
    assert rights("platform") == tuple(
        Permission(Kind.TOPIC, topic, False, Operation.WRITE) for topic in TOPICS.events
    )


def test_a_store_reads_its_own_commands_and_writes_receipts() -> None:
    assert rights("store") == (
        Permission(Kind.TOPIC, "p.commands.images", False, Operation.READ),
        Permission(Kind.TOPIC, "p.receipts", False, Operation.WRITE),
        Permission(Kind.GROUP, "p.store.images", False, Operation.READ),
    )


def test_the_pipeline_writes_neither_documents_nor_events_nor_receipts() -> None:
    written = names("pipeline", Operation.WRITE)
    assert written & (DOCUMENTS | EVENTS | {"receipts"}) == set()
    assert "commands." in written


def test_the_pipeline_sees_every_topic_that_it_demands() -> None:
    seen = names("pipeline", Operation.READ, Operation.WRITE)
    assert {spec.name.removeprefix("p.") for spec in TOPICS.specs()} <= seen


def test_only_the_pipeline_writes_what_it_alone_knows() -> None:
    for topic in ("records", "state", "commands.", "decisions", "lineage", "measurements"):
        assert {role for role in ROLES if topic in names(role, Operation.WRITE)} == {"pipeline"}


def test_who_only_asks_writes_nothing_but_the_clock() -> None:
    assert names("exporter", Operation.WRITE) == {"clock"}


def test_counsel_steers_and_resolves_and_commands_nothing() -> None:
    assert names("counsel", Operation.WRITE) == DOCUMENTS | {"findings", "clock"}


def test_an_operator_pauses_but_makes_no_law() -> None:
    assert names("operator", Operation.WRITE) & DOCUMENTS == {"controls"}


def test_nobody_but_an_operator_makes_topics() -> None:
    made = names("operator", Operation.CREATE)
    assert {spec.name.removeprefix("p.") for spec in TOPICS.specs()} | {"commands."} == made
    assert made == names("operator", Operation.DESCRIBE_CONFIGS)
    for role in set(ROLES) - {"operator"}:
        assert names(role, Operation.CREATE, Operation.DESCRIBE_CONFIGS) == set()


def test_every_topic_has_a_writer_and_a_reader() -> None:
    """A topic that is added must be given to somebody here, or nobody could use it."""
    for spec in TOPICS.specs():
        topic = spec.name.removeprefix("p.")
        assert any(topic in names(role, Operation.WRITE) for role in ROLES), topic
        if topic != "clock":
            assert any(topic in names(role, Operation.READ) for role in ROLES), topic


def test_names_are_literal_but_for_the_commands_of_stores_that_nobody_has_foreseen() -> None:
    prefixed = {right.name for role in ROLES for right in rights(role) if right.prefixed}
    assert prefixed == {"p.commands."}
    assert not any("*" in right.name for role in ROLES for right in rights(role))


@pytest.mark.parametrize("role", ROLES)
def test_no_right_is_given_twice(role: str) -> None:
    assert len(set(rights(role))) == len(rights(role))


@pytest.mark.parametrize(
    ("role", "store", "said"),
    [
        ("emperor", None, "is not a role; choose platform, pipeline, store, exporter, counsel"),
        ("store", None, "the role store needs --store NAME"),
        ("pipeline", "images", "serves every store: leave out --store"),
    ],
)
def test_a_role_that_cannot_be_is_refused(role: str, store: str | None, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        permissions(role, Wanted(TOPICS, "job", store))
