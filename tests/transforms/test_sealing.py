"""Signed from end to end, through the stages of the job and a store, and what is kept out."""

import base64
import bz2
import contextlib
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

import apache_beam as beam
import msgspec
import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from pipeline.commands import Command
from pipeline.documents import Envelope
from pipeline.errors import InvalidInput
from pipeline.identifiers import CommandId
from pipeline.instants import Instant, ManualClock
from pipeline.jobs.enforce import build
from pipeline.ledger.parts import Part
from pipeline.receipts import Receipt
from pipeline.reference_store import ReferenceStore, StoreService
from pipeline.settings import to_json
from pipeline.signing import load_keyring
from pipeline.stories.scene import Scene
from pipeline.transforms import sink as sink_module
from pipeline.transforms.sink import Sink
from pipeline.transports.sqlite import SqliteBroker
from pipeline.wire.sealed import SealReader, sealed_receipts
from tests.signing.build import COUNSEL, JOB, STORE, STRANGER, entry, ring_file
from tests.signing.scene import SignedScene
from tests.support.build import event, policy
from tests.transforms.stage import START, Stage

NOW = Instant(11_000)
TOPIC = "x.commands.images"


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[SignedScene]:
    found = SignedScene(f"sqlite://{tmp_path}/log.db", "x.", partitions=1)
    assert isinstance(found.broker, SqliteBroker)
    found.broker.set_clock(NOW)
    yield found
    found.close()


def commanded(scene: Scene, documents: tuple[Envelope, ...], records: int = 3) -> list[Command]:
    """Let a ledger and a governor do their work."""
    ledger = Stage(scene)
    events = tuple(event(f"r{number}", at=1_000) for number in range(records))
    ledger.bundle(Part(envelopes=documents, events=events), Part(tick=NOW))
    ledger.bundle(fire=NOW)
    governor = Stage(scene, "governor")
    governor.bundle(Part(envelopes=documents, tick=NOW))
    governor.bundle(Part(commands=tuple(ledger.commands)))
    for stage in (ledger, governor):
        stage.stage.teardown()
    return ledger.commands


def test_from_a_signed_policy_to_a_signed_receipt(scene: SignedScene, tmp_path: Path) -> None:
    scene.publish_sealed(policy(), COUNSEL)
    documents = scene.read_by_split("policies").envelopes
    assert documents == (policy(),)
    commands = commanded(scene, documents)
    assert scene.commands() == commands
    [said] = set(scene.statements())
    assert (said.topic, said.store, said.size, said.issued_at) == (TOPIC, "images", 3, NOW)
    assert said.key_id == JOB.key_id
    assert len(said.documents) == 64
    ring = load_keyring(str(scene.settings().keyring))
    with ReferenceStore(tmp_path / "images.db", "images") as store:
        clock = ManualClock(Instant(NOW + 1))
        with StoreService(
            store, scene.broker, clock, prefix="x.", keyring=ring, key=STORE
        ) as service:
            service.step()
            assert (service.answered, service.refused.total()) == (3, 0)
    answers = scene.read_by_split("receipts").receipts
    assert {one.command_id for one in answers} == {one.command_id for one in commands}
    assert scene.values("quarantine") == []


def test_an_unsigned_policy_does_not_take_effect_and_a_person_is_told(scene: SignedScene) -> None:
    scene.publish(policy())
    scene.publish_sealed(policy(name="other"), STRANGER)
    assert scene.read_by_split("policies").envelopes == ()
    assert [one.kind for one in scene.findings()] == ["INVALID_DOCUMENT"] * 2
    assert "--signing-key" in scene.findings()[0].remedy
    found = [scene.codec.decode_quarantine(value) for value in scene.values("quarantine")]
    assert [one.reason for one in found] == ["unsigned", "unknown_key"]


def test_reading_again_after_a_rotation_decides_the_same(scene: SignedScene) -> None:
    scene.publish_sealed(policy(), COUNSEL)
    first = scene.read_by_split("policies").envelopes
    ring_file(
        Path(str(scene.settings().keyring)).parent,
        entry(COUNSEL, "policies", owner="counsel", last=NOW + 1),
        entry(STRANGER, "policies", owner="counsel", first=NOW),
    )
    assert isinstance(scene.broker, SqliteBroker)
    scene.broker.set_clock(Instant(NOW + 1))
    scene.publish_sealed(policy(version=2), COUNSEL)
    scene.publish_sealed(policy(version=3), STRANGER)
    found = scene.read_by_split("policies").envelopes
    assert found[:1] == first
    assert [one.version for one in found] == [1, 3]


def test_only_a_store_answers_for_itself(scene: SignedScene) -> None:
    [command] = commanded(scene, (policy(),), records=1)
    receipt = Receipt(command.command_id, command.record_id, command.store, "COMPLETED", NOW)
    topic = scene.topics.name("receipts")
    value = scene.codec.encode_receipt(receipt)
    scene.send("receipts", value)
    for key in (STRANGER, JOB, STORE):
        scene.send("receipts", *sealed_receipts([value], key, topic, "images", NOW))
    assert scene.read_by_split("receipts").receipts == (receipt,)
    found = [scene.codec.decode_quarantine(one) for one in scene.values("quarantine")]
    assert [one.reason for one in found] == ["unsigned", "unknown_key", "key_not_allowed"]
    assert all(command.record_id not in one.detail for one in found)


def test_a_signature_is_for_all_of_a_store_that_a_flush_sends(
    scene: SignedScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sink_module, "MOST_UNSEALED", 4)
    [command] = commanded(Scene(scene.url, "y.", partitions=1), (policy(),), records=1)
    sink = Sink(scene.settings(), signs=True)
    for number in range(10):
        one = msgspec.structs.replace(command, command_id=CommandId(f"c{number}"))
        sink.command(one, "3f" * 32 if number < 9 else "4e" * 32, NOW)
    sink.flush()
    sink.flush()
    sink.close()
    assert [said.size for said in scene.statements()] == [4] * 8 + [1, 1]
    assert [one.command_id for one in scene.commands()] == [f"c{number}" for number in range(10)]


def test_without_a_key_commands_go_as_they_always_did(scene: SignedScene) -> None:
    plain = Scene(scene.url, "y.", partitions=1)
    commands = commanded(plain, (policy(),))
    assert plain.commands() == commands
    reader = SealReader("command")
    assert {reader.read(value)[1] for value in plain.values("commands.images")} == {None}


def test_a_key_that_cannot_be_read_stops_the_stage_that_signs_and_no_other(
    scene: SignedScene,
) -> None:
    settings = scene.settings(signing_key="/nowhere/job.pem")
    with pytest.raises(InvalidInput, match="cannot be read"):
        Sink(settings, signs=True)
    Sink(settings).close()


def unpacked(data: bytes) -> bytes:
    """Everything in a pipeline's proto, also what Beam has pickled, compressed and encoded."""
    found = data
    for text in re.findall(rb"[A-Za-z0-9+/]{100,}={0,2}", data):
        packed = base64.b64decode(text + b"=" * (-len(text) % 4))
        for unpack in (zlib.decompress, bz2.decompress):
            with contextlib.suppress(zlib.error, OSError, ValueError):
                found += unpack(packed)
    return found


def test_the_private_key_is_in_no_pipeline_setting_or_state(scene: SignedScene) -> None:
    pipeline = beam.Pipeline(options=PipelineOptions([]))
    build(pipeline, scene.settings(), scene.broker)
    given = unpacked(pipeline.to_runner_api().SerializeToString())
    assert given.count(str(scene.settings().signing_key).encode()) > 3, "its name is, in each stage"
    governor = Stage(scene, "governor")
    governor.bundle(START, Part(tick=NOW))
    journal, head = governor.state()
    governor.stage.teardown()
    given += to_json(scene.settings()).encode() + b"".join(journal) + (head or b"")
    raw = JOB._key.private_bytes_raw()
    body = JOB.pem().splitlines()[1]
    der = base64.b64decode(body)
    for secret in (raw, raw.hex().encode(), base64.b64encode(raw)[:40], der, body, b"PRIVATE KEY"):
        assert secret not in given
