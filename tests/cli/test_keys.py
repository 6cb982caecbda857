"""Keys from the command line: made, shown, and signing what is published and run."""

import json
import stat
import sys
from pathlib import Path

import pytest

from pipeline.lookup.log import Log
from pipeline.lookup.record import documents
from pipeline.settings import Settings
from pipeline.signing import load_key, load_keyring
from pipeline.transports import open_broker
from pipeline.transports.contract import Message
from pipeline.transports.topics import Topics
from pipeline.wire.codec import Codec
from pipeline.wire.trust import Distrusted, Stamped, Trust
from tests.cli.conftest import Retention, Said
from tests.cli.publishing import on_topic, written
from tests.signing.build import COUNSEL, JOB, STORE, STRANGER, entry, key_file, ring_file
from tests.support.build import hold, policy_text

RECEIPT = {
    "command_id": "c1",
    "record_id": "r1",
    "store": "images",
    "status": "COMPLETED",
    "at": "2026-03-01T09:00:00Z",
}


@pytest.fixture
def ring(tmp_path: Path) -> str:
    return ring_file(
        tmp_path,
        entry(JOB, "commands", owner="the job"),
        entry(STORE, "receipts:images", owner="images"),
        entry(COUNSEL, "policies", owner="counsel"),
        entry(STRANGER, "policies", owner="gone", last=1_000),
    )


def test_a_key_is_made_and_its_entry_is_one_of_a_keyring(
    retention: Retention, tmp_path: Path
) -> None:
    file = tmp_path / "job.pem"
    command = ("keys", "new", file, "--owner", "the job: x", "--signs", "commands")
    said = retention(*command, "--signs", "receipts:images", "--not-after", "2030-01-01T00:00:00Z")
    assert said.code == 0, said.text
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    ring = written(tmp_path, "ring.yaml", f"keys:\n{said.out}")
    (key,) = load_keyring(str(ring)).keys.values()
    assert (key.owner, key.signs) == ("the job: x", frozenset({"commands", "receipts:images"}))
    assert key.public == load_key(str(file)).public
    assert file.read_text() not in said.text
    again = retention(*command)
    assert (again.code, "there already" in again.text) == (2, True)
    shown = retention("keys", "show", file)
    assert key.key_id in shown.out
    assert "PRIVATE" not in shown.text
    assert retention("keys", "show", file, "--keyring", ring).out == said.out
    listed = retention("keys", "show", "--keyring", ring)
    assert "until 2030-01-01T00:00:00Z" in listed.text
    assert retention("keys", "show").code == 2


def test_a_wrong_entry_makes_no_key(retention: Retention, tmp_path: Path) -> None:
    file = tmp_path / "job.pem"
    said = retention("keys", "new", file, "--owner", "x", "--signs", "everything")
    assert said.code == 2
    assert not file.exists()


def trust(url: str, ring: str) -> Trust:
    settings = Settings(url, keyring=ring)
    return Trust(Codec.from_settings(settings), settings)


def publish(retention: Retention, url: str, folder: Path, *options: object) -> Said:
    file = written(folder, "policy.yaml", policy_text())
    return retention("publish", "policy", file, "--broker", url, *options)


def test_a_signed_document_has_its_keys_owner_as_author(
    retention: Retention, ready: str, tmp_path: Path, ring: str
) -> None:
    key = key_file(tmp_path, COUNSEL)
    assert publish(retention, ready, tmp_path, "--author", "mallory").code == 0
    # What the job does not believe keeps nobody from publishing.
    signed = ("--signing-key", key, "--keyring", ring)
    assert publish(retention, ready, tmp_path, *signed).code == 0
    assert "already published" in publish(retention, ready, tmp_path, *signed).text
    unsigned, signed_one = on_topic(ready, "retention.policies")
    found = trust(ready, ring).envelope("policies", stamped(signed_one))
    assert found.author == "counsel"
    with pytest.raises(Distrusted, match="unsigned"):
        trust(ready, ring).envelope("policies", stamped(unsigned))


def stamped(message: Message) -> Stamped:
    return Stamped(message.topic, message.value, message.timestamp)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--keyring", "RING"), "give --signing-key"),
        (("--keyring", "RING", "--signing-key", "JOB"), "may not sign policies"),
        (("--keyring", "RING", "--signing-key", "GONE"), "not valid now"),
        (("--keyring", "RING", "--signing-key", "NEW"), "is not in"),
        (("--keyring", "RING", "--signing-key", "KEY", "--author", "me"), "leave --author out"),
        (("--signing-key", "/nowhere"), "cannot be read"),
        (("--keyring", "/nowhere"), "give --signing-key"),
    ],
)
def test_what_the_job_would_not_believe_is_not_published(
    retention: Retention,
    ready: str,
    tmp_path: Path,
    ring: str,
    options: tuple[str, ...],
    why: str,
) -> None:
    (tmp_path / "new").mkdir()
    names = {
        "RING": ring,
        "JOB": key_file(tmp_path, JOB),
        "GONE": key_file(tmp_path, STRANGER),
        "KEY": key_file(tmp_path, COUNSEL),
    }
    if "NEW" in options:
        retention("keys", "new", tmp_path / "x.pem", "--owner", "x", "--signs", "policies")
        names["NEW"] = str(tmp_path / "x.pem")
    said = publish(retention, ready, tmp_path, *(names.get(one, one) for one in options))
    assert said.code == 2
    assert why in said.text
    assert on_topic(ready, "retention.policies") == []


def test_a_receipt_by_hand_is_sealed_with_its_stores_key(
    retention: Retention, ready: str, tmp_path: Path, ring: str
) -> None:
    file = written(tmp_path, "receipts.jsonl", json.dumps(RECEIPT))
    command = ("publish", "receipt", file, "--broker", ready, "--keyring", ring, "--signing-key")
    assert retention(*command, key_file(tmp_path, JOB)).code == 2
    assert retention(*command, key_file(tmp_path, STORE)).code == 0
    (message,) = on_topic(ready, "retention.receipts")
    found = trust(ready, ring).receipt(stamped(message))
    assert (found.command_id, found.status) == ("c1", "COMPLETED")


def test_who_asks_is_told_of_the_documents_that_the_job_believes(
    retention: Retention, ready: str, tmp_path: Path, ring: str
) -> None:
    assert publish(retention, ready, tmp_path).code == 0
    with open_broker(ready) as broker:
        assert len(list(documents(Log.of(broker, Topics())))) == 1
        assert list(documents(Log.of(broker, Topics(), keyring=ring))) == []


@pytest.mark.parametrize(
    "verb",
    [
        ("explain", "r1"),
        ("status",),
        ("requests", "list"),
        ("export", "ropa"),
        ("simulate", "--policy", "POLICY"),
    ],
)
def test_every_verb_that_asks_reads_the_keyring(
    retention: Retention,
    ready: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    verb: tuple[str, ...],
) -> None:
    file = str(written(tmp_path, "policy.yaml", policy_text()))
    words = [file if word == "POLICY" else word for word in verb]
    monkeypatch.setenv("RETENTION_KEYRING", "/nowhere/ring.yaml")
    said = retention(*words, "--broker", ready)
    assert said.code == 2
    assert "keyring /nowhere/ring.yaml cannot be read" in said.text


@pytest.fixture
def run(retention: Retention, ready: str, monkeypatch: pytest.MonkeyPatch) -> Retention:
    monkeypatch.setenv("PRISM", sys.executable)
    return lambda *options: retention("run", "--broker", ready, *options)


def test_a_job_that_does_not_sign_says_so(run: Retention, idle: list[Settings]) -> None:
    said = run()
    assert said.code == 0
    assert "commands are not signed" in said.text
    assert "believed, whoever wrote them" in said.text


def test_a_job_that_signs_is_given_the_names_alone(
    run: Retention,
    idle: list[Settings],
    tmp_path: Path,
    ring: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key = Path(key_file(tmp_path, JOB))
    monkeypatch.chdir(tmp_path)
    said = run("--signing-key", key.name, "--keyring", Path(ring).name)
    assert said.code == 0, said.text
    assert "not signed" not in said.text
    assert "believed" not in said.text
    assert (idle[0].signing_key, idle[0].keyring) == (str(key), ring)
    monkeypatch.setenv("JOB_KEY", JOB.pem().decode())
    assert run("--signing-key", "env:JOB_KEY").code == 0
    assert idle[1].signing_key == "env:JOB_KEY"


def test_a_job_whose_commands_no_store_would_believe_is_not_started(
    run: Retention, idle: list[Settings], tmp_path: Path, ring: str
) -> None:
    said = run("--signing-key", key_file(tmp_path, STORE), "--keyring", ring)
    assert said.code == 2
    assert "may not sign commands" in said.text
    file = written(tmp_path, "policy.yaml", policy_text())
    said = run("--signing-key", key_file(tmp_path, JOB), "--keyring", ring, "--policy", file)
    assert said.code == 2
    assert "publishes unsigned" in said.text
    assert idle == []


def test_a_keyring_that_would_void_what_stands_starts_no_job(
    retention: Retention,
    run: Retention,
    ready: str,
    tmp_path: Path,
    ring: str,
    idle: list[Settings],
) -> None:
    """Counsel's hold was published before there were keys: what it keeps would be deleted."""
    keys = ("--keyring", ring, "--signing-key", key_file(tmp_path, JOB))
    file = written(tmp_path, "hold.yaml", hold(records=("r1",)).text)
    assert retention("publish", "hold", file, "--broker", ready, "--author", "counsel").code == 0
    assert publish(retention, ready, tmp_path, "--author", "counsel").code == 0
    said = run(*keys)
    assert (said.code, idle) == (2, [])
    assert "2 documents" in said.text
    assert "policies/acme version 1, holds/h1 version 1" in said.text
    # The same version again, sealed; what is only for the hold to say stays unsaid.
    sealed = ("--signing-key", key_file(tmp_path, COUNSEL), "--keyring", ring)
    assert publish(retention, ready, tmp_path, *sealed).code == 0
    assert "1 documents" in run(*keys).text
    assert run().code == 0
    assert run(*keys, "--disregard-unsigned").code == 0
    assert len(idle) == 2
