"""The whole job on a real Kafka with keys: what is signed has an effect, what is not has none."""

import threading
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from pipeline.reference_store import ReferenceStore, StoreService, clock_of
from pipeline.signing import load_keyring
from pipeline.stories.scene import wait_for
from pipeline.testing.kafka_broker import LocalKafka
from pipeline.transports import open_broker
from tests.integration.runners import Starter
from tests.signing.build import COUNSEL, STORE
from tests.signing.scene import SignedScene
from tests.support.build import event, policy, rule

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]


@pytest.fixture
def scene(kafka: LocalKafka, tmp_path: Path) -> Iterator[SignedScene]:
    prefix = f"s{uuid4().hex[:8]}."
    made = SignedScene(kafka.url, prefix, partitions=2, shards=4, folder=tmp_path)
    yield made
    made.close()


def test_only_what_is_signed_has_an_effect(
    scene: SignedScene, tmp_path: Path, start: Starter
) -> None:
    now = scene.now()
    scene.publish(policy(rule(limit="PT1S"), name="forged", default="PT1S"))
    scene.publish_sealed(policy(rule(limit="PT6S"), default="PT1H"), COUNSEL)
    scene.happen([event("due", at=now), event("later", at=now, purpose="dpv:CustomerCare")])
    ring = load_keyring(str(scene.settings().keyring))
    stop = threading.Event()
    with (
        start(scene),
        ReferenceStore(tmp_path / "images.db", "images") as store,
        open_broker(scene.url, clock_topic=scene.topics.name("clock")) as broker,
    ):
        service = StoreService(
            store, broker, clock_of(broker), prefix=scene.prefix, keyring=ring, key=STORE
        )
        obeying = threading.Thread(target=service.run, args=(stop,))
        wait_for("the deletion", lambda: bool(scene.deletions()))
        scene.answer()  # unsigned: nobody believes it
        wait_for("the pointer", lambda: len(scene.values("quarantine")) == 2)
        assert all(record.alive for record in scene.newest())
        obeying.start()
        wait_for("it is settled", lambda: sum(not one.alive for one in scene.newest()) == 1)
        stop.set()
        obeying.join()
        service.close()
    assert {one.record_id for one in scene.deletions()} == {"due"}
    assert None not in scene.statements()
    assert not service.refused
    reasons = {scene.codec.decode_quarantine(one).reason for one in scene.values("quarantine")}
    assert reasons == {"unsigned"}
