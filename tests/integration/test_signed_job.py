"""The whole job on Prism with keys: what is signed has an effect, what is not has none."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.reference_store import ReferenceStore, StoreService, clock_of
from pipeline.signing import load_keyring
from pipeline.stories.prism_job import PrismJob
from pipeline.stories.scene import wait_for
from tests.signing.build import COUNSEL, STORE
from tests.signing.scene import SignedScene
from tests.support.build import event, policy, rule

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[SignedScene]:
    made = SignedScene(f"sqlite://{tmp_path}/log.db", "s.", partitions=2, shards=4)
    yield made
    made.close()


def test_only_what_is_signed_has_an_effect(scene: SignedScene, tmp_path: Path) -> None:
    now = scene.now()
    scene.publish(policy(rule(limit="PT1S"), name="forged", default="PT1S"))
    scene.publish_sealed(policy(rule(limit="PT6S"), default="PT1H"), COUNSEL)
    scene.happen([event("due", at=now), event("later", at=now, purpose="dpv:CustomerCare")])
    ring = load_keyring(str(scene.settings().keyring))
    stop = threading.Event()
    with PrismJob(scene), ReferenceStore(tmp_path / "images.db", "images") as store:
        service = StoreService(
            store, scene.broker, clock_of(scene.broker), prefix="s.", keyring=ring, key=STORE
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
