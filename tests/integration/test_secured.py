"""A real Kafka with TLS, logins and access rules: each role can do its work, and nothing else."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.errors import InvalidInput, LoginRefused, NotPermitted
from pipeline.metrics.follower import Follower
from pipeline.reference_store import ReferenceStore, StoreService, clock_of
from pipeline.testing.certificates import Authority
from pipeline.testing.secure_kafka import Way
from pipeline.transports.contract import Broker, Partition
from pipeline.transports.kafka import KafkaBroker
from pipeline.transports.reading import read_to_end
from tests.cli.conftest import Retention, Said, retention
from tests.integration.secured import MARK, PREFIX, STORES, Roles

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

__all__ = ["retention"]

EXAMPLES = Path(__file__).parents[2] / "deploy" / "examples"
WAYS: tuple[Way, ...] = ("login", "certificate")
EVENTS, JOB = f"{PREFIX}events", f"{PREFIX}enforce"

Deed = Callable[[Broker], object]


def write(topic: str) -> Deed:
    """Write a message to a topic, whole name or one of ours, and wait for its acknowledgement."""

    def deed(broker: Broker) -> None:
        producer = broker.producer()
        producer.send(topic if topic == EVENTS else f"{PREFIX}{topic}", b"key", b"value")
        producer.flush()
        producer.close()

    return deed


def read(topic: str) -> Deed:
    """Read a topic to its end."""
    partition = Partition(topic if topic == EVENTS else f"{PREFIX}{topic}", 0)

    def deed(broker: Broker) -> None:
        assert list(read_to_end(broker, [partition])), "there is something to read"

    return deed


def commit(group: str, topic: str) -> Deed:
    """Commit a position in a topic, and find it again."""
    partition = Partition(topic if topic == EVENTS else f"{PREFIX}{topic}", 0)

    def deed(broker: Broker) -> None:
        broker.commit(group, {partition: 0})
        assert broker.committed(group, [partition]) == {partition: 0}

    return deed


def sample(broker: Broker) -> object:
    """Ask the broker for its time."""
    return broker.sample([Partition(EVENTS, 0)])


WORK: dict[str, tuple[Deed, ...]] = {
    "platform": (write(EVENTS),),
    "pipeline": (
        read(EVENTS),
        read("records"),
        read("lineage"),
        read("holds"),
        commit(JOB, EVENTS),
        write("commands.images"),
        write("lineage"),
        sample,
    ),
    "counsel": (write("holds"), read("decisions"), read("commands.index"), sample),
    "operator": (write("controls"), read(EVENTS), commit(JOB, "receipts"), sample),
    "exporter": (read("measurements"), sample),
    "images": (
        read("commands.images"),
        commit(f"{PREFIX}store.images", "commands.images"),
        write("receipts"),
    ),
}

REFUSED: tuple[tuple[str, str, Deed], ...] = (
    ("images", "reads another store's commands", read("commands.index")),
    ("images", "moves another store's position", commit(f"{PREFIX}store.index", "commands.images")),
    ("images", "writes commands", write("commands.images")),
    ("images", "writes events", write(EVENTS)),
    ("images", "reads the inventory", read("records")),
    ("platform", "writes receipts", write("receipts")),
    ("platform", "writes policies", write("policies")),
    ("platform", "reads its events back", read(EVENTS)),
    ("platform", "reads the inventory", read("records")),
    ("exporter", "writes measurements", write("measurements")),
    ("exporter", "writes receipts", write("receipts")),
    ("exporter", "reads commands", read("commands.images")),
    ("exporter", "reads decisions", read("decisions")),
    ("exporter", "moves the job's position", commit(JOB, EVENTS)),
    ("counsel", "writes commands", write("commands.images")),
    ("counsel", "writes receipts", write("receipts")),
    ("counsel", "reads events", read(EVENTS)),
    ("operator", "writes policies", write("policies")),
    ("operator", "writes the inventory", write("records")),
    ("pipeline", "writes policies", write("policies")),
    ("pipeline", "writes receipts", write("receipts")),
    ("pipeline", "reads commands", read("commands.images")),
    ("nobody", "reads", read(EVENTS)),
    ("nobody", "asks the time", sample),
)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("user", WORK)
def test_each_role_does_its_work(roles: Roles, user: str, way: Way) -> None:
    with roles.broker(user, way) as broker:
        for deed in WORK[user]:
            deed(broker)


@pytest.mark.parametrize(("user", "what", "deed"), REFUSED, ids=[f"{u} {w}" for u, w, _ in REFUSED])
def test_what_is_not_given_is_refused_at_once_and_named(
    roles: Roles, user: str, what: str, deed: Deed
) -> None:
    with roles.broker(user) as broker, pytest.raises(NotPermitted) as refusal:
        deed(broker)
    assert "the broker does not permit this" in str(refusal.value)
    assert PREFIX in str(refusal.value), "the topic or group is named"


def test_a_certificate_gives_no_more_than_a_login(roles: Roles) -> None:
    with roles.broker("images", "certificate") as broker, pytest.raises(NotPermitted):
        read("commands.index")(broker)


def test_a_store_and_an_exporter_run_as_they_are(roles: Roles, tmp_path: Path) -> None:
    with (
        roles.broker("index") as broker,
        ReferenceStore(tmp_path / "index.db", "index") as store,
        StoreService(store, broker, clock_of(broker), prefix=PREFIX) as service,
    ):
        service.step()
        commit(service.group, "commands.index")(broker)
    with roles.broker("exporter") as broker:
        follower = Follower(broker, roles.scene.settings())
        while follower.step():
            pass
        follower.close()


def test_verbs_take_the_security_file(
    roles: Roles, retention: Retention, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def typed(user: str, *verb: object) -> str:
        address, _, file = roles.kafka.address(user).partition("?security=")
        said = retention(*verb, "--broker", address, "--broker-security", file)
        assert said.code == 0, said.text
        assert MARK not in said.text
        return said.text

    named = ("--prefix", PREFIX, "--events", EVENTS)
    assert "published 1 event" in typed("platform", "publish", "event", one_event(tmp_path), *named)
    assert "published" in typed(
        "counsel", "publish", "policy", EXAMPLES / "policy.yaml", *named[:2]
    )
    assert EVENTS in typed("counsel", "status", *named, "--group", JOB)
    stores = [option for store in (*STORES, "attic") for option in ("--store", store)]
    made = typed("operator", "topics", "create", *named, "--partitions", 2, *stores)
    assert f"created {PREFIX}commands.attic" in made
    assert "as they should be" in typed(
        "operator", "topics", "check", *named, "--partitions", 2, *stores
    )
    monkeypatch.setenv("RETENTION_BROKER", roles.kafka.plain())
    monkeypatch.setenv("RETENTION_BROKER_SECURITY", roles.kafka.address("counsel").split("=")[1])
    assert retention("requests", "list", "--prefix", PREFIX).code == 0
    refused = retention("publish", "receipt", receipt(tmp_path), "--prefix", PREFIX)
    assert (refused.code, "does not permit" in refused.text) == (2, True)


def one_event(folder: Path) -> Path:
    """Write a file of one event that may be published."""
    first = (EXAMPLES / "events.jsonl").read_text().splitlines()[0]
    (folder / "event.jsonl").write_text(first)
    return folder / "event.jsonl"


def receipt(folder: Path) -> Path:
    """Write a file of one receipt."""
    told = {"command_id": "c", "record_id": "r", "store": "images", "status": "COMPLETED"}
    told["at"] = "2026-03-01T00:00:00Z"
    (folder / "receipt.jsonl").write_text(json.dumps(told))
    return folder / "receipt.jsonl"


def test_rights_are_given_once_compared_and_what_is_beside_them_is_told(
    roles: Roles, retention: Retention
) -> None:
    def acl(role: str, option: str) -> Said:
        named = (
            "--prefix",
            PREFIX,
            "--events",
            EVENTS,
            "--group",
            JOB,
            "--broker",
            roles.kafka.url,
        )
        return retention("topics", "acl", "--role", role, "--principal", "User:new", *named, option)

    first = acl("exporter", "--check")
    assert first.code == 1
    assert f"missing: Read on topic {PREFIX}records" in first.text
    assert f"missing: Describe on every topic that begins with {PREFIX}commands." in first.text
    assert "rights given, 0 were there" in acl("exporter", "--apply").text
    assert "0 rights given" in acl("exporter", "--apply").text
    assert acl("exporter", "--check").text == "User:new has what it needs and no more"
    beside = acl("platform", "--check")
    assert beside.code == 1
    assert f"superfluous: user:new allow read on topic {PREFIX}records (literal)" in beside.text


def test_only_an_administrator_gives_rights(roles: Roles, retention: Retention) -> None:
    url = roles.kafka.address("operator")
    refused = retention("topics", "acl", "--role", "platform", "--apply", "--broker", url)
    assert (refused.code, "does not permit" in refused.text) == (2, True)


def refused(address: str) -> InvalidInput:
    """Connect in vain; return why."""
    with (
        KafkaBroker(address, connect_seconds=1.5) as broker,
        pytest.raises(InvalidInput) as refusal,
    ):
        broker.partitions(EVENTS)
    assert MARK not in str(refusal.value)
    return refusal.value


def test_a_wrong_password_and_a_wrong_mechanism_are_told(roles: Roles, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.touch(mode=0o600)
    wrong.write_text(f"{MARK}-not")
    other: tuple[dict[str, str | None], ...] = (
        {"password_file": str(wrong)},
        {"mechanism": "SCRAM-SHA-256"},
    )
    for changes in other:
        told = refused(roles.kafka.address("pipeline", "login", **changes))
        assert isinstance(told, LoginRefused)
        assert "the broker does not accept the login of pipeline; check" in str(told)


def test_a_broker_of_an_unknown_authority_gets_no_login(roles: Roles, tmp_path: Path) -> None:
    other = Authority(tmp_path)
    for file in (str(other.file), None):
        told = refused(roles.kafka.address("pipeline", ca_file=file))
        assert "the broker's certificate is not accepted" in str(told)


def test_who_has_no_certificate_or_a_foreign_one_is_told(roles: Roles, tmp_path: Path) -> None:
    kafka, pair = roles.kafka, Authority(tmp_path).issue("pipeline")
    none: dict[str, str | None] = {"certificate_file": None, "key_file": None}
    told = refused(kafka.address("pipeline", "certificate", **none))
    assert "the broker wants a certificate" in str(told)
    foreign: dict[str, str | None] = {
        "certificate_file": str(pair.certificate),
        "key_file": str(pair.key),
    }
    told = refused(kafka.address("pipeline", "certificate", **foreign))
    assert "the broker refuses the certificate" in str(told)


@pytest.mark.parametrize("way", WAYS)
def test_who_speaks_in_the_clear_is_told_to_use_tls(roles: Roles, way: Way) -> None:
    assert "this port wants TLS; name a security file" in str(refused(roles.kafka.plain(way)))
