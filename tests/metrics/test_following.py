"""An exporter among documents that come all the time."""

from pipeline.metrics.follower import Follower
from pipeline.metrics.reader import BATCH_MESSAGES
from tests.metrics.build import START, Desk, lasting, read
from tests.support.build import event, hold

MOST_STEPS = 40


def test_documents_that_come_faster_than_the_inventory_is_read_do_not_keep_it_silent(
    desk: Desk,
) -> None:
    desk.happen(*(event(f"r{number}", at=START) for number in range(4 * BATCH_MESSAGES)))
    follower = Follower(desk.scene.broker, desk.scene.settings())
    steps = 0
    while not follower.ready and steps < MOST_STEPS:
        desk.scene.publish(hold(name=f"h{steps}", records=(f"r{steps}",)))
        follower._refreshed = float("-inf")
        follower.step()
        steps += 1
    assert follower.ready
    # What came meanwhile is read about again, as soon as that is done.
    for _ in range(2):
        read(follower)
    assert lasting(follower.figures()) == lasting(desk.figures())
    assert follower.figures()["retention_held_records"] != {}
    follower.close()
