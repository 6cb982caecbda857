"""What a job that was killed must have left behind, read off its topics."""

from pipeline.errors import Undecodable
from pipeline.stories.scene import Scene
from pipeline.transports.contract import Partition
from pipeline.vocabulary import SETTLED


def check_positions(scene: Scene) -> None:
    """Whatever is committed was flushed: its rows are in the inventory. For a job that is dead.

    Every event before the position has a row of its record, every answer one that knows of it.
    """
    partitions = [
        Partition(topic, n)
        for topic in (scene.events_topic, scene.topics.name("receipts"))
        for n in range(scene.broker.partitions(topic) or 0)
    ]
    committed = scene.broker.committed(scene.settings().group, partitions)
    newest = {row.record_id: row for row in scene.newest()}
    signs = {
        record_id: {sign.event_id for sign in (*row.births, *row.touches)}
        for record_id, row in newest.items()
    }
    settled = {
        item.command_id for row in newest.values() for item in row.issued if item.outcome in SETTLED
    }
    # An answer to what was sent and not flushed waits for the command to be given again.
    settled |= {answer.command_id for row in newest.values() for answer in row.answers}
    quarantined = {(one.partition, one.offset) for one in scene.quarantined()}
    for message in scene.read(scene.events_topic):
        if message.offset < committed.get(Partition(message.topic, message.partition), 0):
            try:
                event = scene.codec.decode_event(scene.events_topic, message.value)
            except Undecodable:  # its pointer was flushed before anything else of its batch
                assert (message.partition, message.offset) in quarantined
                continue
            assert event.record_id in newest
            assert event.what != "created" or event.event_id in signs[event.record_id]
    for message in scene.read(scene.topics.name("receipts")):
        if message.offset < committed.get(Partition(message.topic, message.partition), 0):
            receipt = scene.codec.decode_receipt(message.value)
            if receipt.status in SETTLED:
                assert receipt.command_id in settled


def check_not_early(scene: Scene) -> None:
    """Nothing was commanded before its time, by the ledger's clock and by the broker's stamp."""
    for message in scene.read(scene.topics.commands("images")):
        command = scene.codec.decode_command(message.value)
        assert command.not_before <= command.issued_at
        assert command.not_before <= message.timestamp
