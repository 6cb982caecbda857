"""A store with a keyring: what it does not believe it does not do, and says so."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.commands import Command
from pipeline.instants import DAY, Instant, ManualClock
from pipeline.receipts import Receipt
from pipeline.reference_store import ReferenceStore, StoreService
from pipeline.reference_store.verifying import WITHIN
from pipeline.signing import COMMANDS, Refusal, SigningKey, seal_all
from pipeline.stories.scene import Scene
from pipeline.transports.sqlite import SqliteBroker
from pipeline.wire.sealed import content_of, with_seal
from tests.reference_store.build import NOW, command
from tests.reference_store.topics import receipts
from tests.signing.build import JOB, RING, STORE, STRANGER

TOPIC = "v.commands.images"


class Given:
    """A store that verifies, on a log whose clock stands where it is put."""

    def __init__(self, folder: Path, store: ReferenceStore) -> None:
        self.scene = Scene(f"sqlite://{folder}/log.db", "v.", partitions=1)
        self.store = store
        self.at(NOW)
        self.service = StoreService(
            store, self.scene.broker, ManualClock(NOW), prefix="v.", keyring=RING, key=STORE
        )

    def at(self, now: int) -> None:
        assert isinstance(self.scene.broker, SqliteBroker)
        self.scene.broker.set_clock(Instant(now))
        self.now = Instant(now)

    def sealed(
        self,
        *commands: Command,
        key: SigningKey = JOB,
        topic: str = TOPIC,
        store: str = "images",
        issued_at: Instant = NOW,
    ) -> list[bytes]:
        contents = [content_of(self.scene.codec.encode_command(one)) for one in commands]
        seals = seal_all(
            contents,
            key,
            kind=COMMANDS,
            topic=topic,
            store=store,
            issued_at=issued_at,
            expires_at=max(one.expires_at for one in commands),
        )
        return list(map(with_seal, contents, seals))

    def send(self, *values: bytes) -> None:
        for value in values:
            self.scene.producer.send(TOPIC, b"key", value)
        self.scene.producer.flush()

    def work(self) -> list[Receipt]:
        """Obey, and return the answers of this time."""
        before = len(receipts(self.scene))
        self.service.step(self.now)
        return receipts(self.scene)[before:]


@pytest.fixture
def given(tmp_path: Path, store: ReferenceStore) -> Iterator[Given]:
    found = Given(tmp_path, store)
    yield found
    found.service.close()
    found.scene.close()


def test_what_the_job_has_sealed_is_obeyed(given: Given) -> None:
    given.send(*given.sealed(command("DELETE"), command("RESTRICT", "c2", "r2")))
    assert [one.status for one in given.work()] == ["COMPLETED", "COMPLETED"]
    assert given.store.counts().images == 0
    assert not given.service.refused


DELETE = command("DELETE")


def forged(given: Given, why: Refusal) -> bytes:
    """A message that is refused for one reason."""
    if why is Refusal.UNSIGNED:
        return given.scene.codec.encode_command(DELETE)
    if why is Refusal.ALTERED:
        [content] = [content_of(given.scene.codec.encode_command(DELETE))]
        _, other = given.sealed(command("RESTRICT"), command("RESTRICT", "c2"))
        return with_seal(content, other[other.index(b"retention-seal") :].decode())
    changes: dict[Refusal, dict[str, object]] = {
        Refusal.UNKNOWN_KEY: {"key": STRANGER},
        Refusal.KEY_NOT_ALLOWED: {"key": STORE},
        Refusal.WRONG_TOPIC: {"topic": "v.commands.vectors"},
        Refusal.WRONG_STORE: {"store": "vectors"},
    }
    [value] = given.sealed(DELETE, **changes[why])  # type: ignore[arg-type]  # of its own signature
    return value


@pytest.mark.parametrize(
    "why",
    [
        Refusal.UNSIGNED,
        Refusal.ALTERED,
        Refusal.UNKNOWN_KEY,
        Refusal.KEY_NOT_ALLOWED,
        Refusal.WRONG_TOPIC,
        Refusal.WRONG_STORE,
    ],
)
def test_what_is_not_believed_is_not_obeyed_and_is_answered_so(given: Given, why: Refusal) -> None:
    given.send(forged(given, why))
    [answer] = given.work()
    assert (answer.status, answer.command_id) == ("FAILED", DELETE.command_id)
    assert answer.detail is not None
    assert answer.detail.startswith(f"{why.value}: ")
    assert given.store.counts().images == 1
    assert given.service.refused == Counter({why: 1})


@pytest.mark.parametrize(("later", "status"), [(WITHIN, "COMPLETED"), (WITHIN + 1, "FAILED")])
def test_what_is_published_again_after_a_day_is_a_replay(
    given: Given, later: int, status: str
) -> None:
    [value] = given.sealed(command("DELETE", expires_at=9 * DAY))
    given.at(NOW + later)
    given.send(value)
    assert [one.status for one in given.work()] == [status]
    assert given.service.refused[Refusal.REPLAYED] == (status == "FAILED")


def test_an_expired_seal_is_refused_even_of_a_command_that_says_otherwise(given: Given) -> None:
    content = content_of(given.scene.codec.encode_command(command("DELETE", expires_at=9 * DAY)))
    [seal] = seal_all(
        [content],
        JOB,
        kind=COMMANDS,
        topic=TOPIC,
        store="images",
        issued_at=NOW,
        expires_at=Instant(NOW + 1),
    )
    given.send(with_seal(content, seal))
    given.at(NOW + 1)
    [answer] = given.work()
    assert answer.detail is not None
    assert answer.detail.startswith("EXPIRED")
    assert given.store.counts().images == 1


def test_a_refused_command_is_obeyed_once_it_comes_sealed(given: Given) -> None:
    given.send(given.scene.codec.encode_command(DELETE), *given.sealed(DELETE))
    assert sorted(one.status for one in given.work()) == ["COMPLETED", "FAILED"]
    assert given.store.counts().images == 0


def test_what_was_withdrawn_is_not_obeyed_when_it_is_replayed(given: Given) -> None:
    [deletion] = given.sealed(DELETE)
    given.send(*given.sealed(command("CANCEL", "c9", withdraws="c1")))
    given.work()
    given.send(deletion, deletion)
    assert [one.status for one in given.work()] == ["CANCELLED", "CANCELLED"]
    assert given.store.counts().images == 1
    assert not given.service.refused, "it is the pipeline's own, and does nothing any more"


def test_a_restriction_that_was_released_does_not_come_back(given: Given) -> None:
    [restriction] = given.sealed(command("RESTRICT", "c2"))
    given.send(restriction)
    given.work()
    given.send(*given.sealed(command("RELEASE", "c3", withdraws="c2")))
    given.work()
    given.send(restriction)
    given.work()
    assert given.store.restricted() == []


def test_no_instant_binds_what_takes_back(given: Given) -> None:
    given.at(5 * DAY)
    given.send(*given.sealed(command("CANCEL", "c9", withdraws="c1", expires_at=NOW)))
    assert [one.status for one in given.work()] == ["COMPLETED"]


def test_an_unsigned_cancel_stops_nothing(given: Given) -> None:
    cancel = given.scene.codec.encode_command(command("CANCEL", "c9", withdraws="c1"))
    given.send(cancel, *given.sealed(DELETE))
    assert sorted(one.status for one in given.work()) == ["COMPLETED", "FAILED"]
    assert given.store.counts().images == 0
