"""Watermarks from positions when messages bear the broker's own time (`log_append_time` topics).

Where a producer may stamp its messages no timestamp can be trusted, and `transforms.frontier` reads
none; see there.
"""

from collections.abc import Mapping

from pipeline.instants import MIN_INSTANT, Instant
from pipeline.transports.contract import Partition, Position, Sample


def partition_watermark(
    *,
    position: Position,
    end_at_sample: Position,
    last_timestamp: Instant | None,
    sample_now: Instant,
    margin_ms: int,
) -> Instant:
    """Return up to which instant of the broker everything in a partition has been read.

    Args:
        position: next to be read.
        end_at_sample: where the partition ended after `sample_now` was read.
        last_timestamp: the broker's, of the message read last; None when none was.
        sample_now: the broker's time at the sample.
        margin_ms: subtracted for replication and the skew between brokers.
    """
    limit = Instant(max(MIN_INSTANT, sample_now - margin_ms))
    if position >= end_at_sample:
        return limit
    return MIN_INSTANT if last_timestamp is None else min(last_timestamp, limit)


def read_watermark(
    positions: Mapping[Partition, Position],
    last_timestamps: Mapping[Partition, Instant],
    sample: Sample,
    *,
    margin_ms: int,
) -> Instant:
    """Return the least watermark over the partitions that are read.

    A partition that the sample does not know holds it at the minimum; with no partitions at all
    nothing is known either, and it is the minimum too.
    """
    if any(partition not in sample.ends for partition in positions):
        return MIN_INSTANT
    return min(
        (
            partition_watermark(
                position=position,
                end_at_sample=sample.ends[partition],
                last_timestamp=last_timestamps.get(partition),
                sample_now=sample.now,
                margin_ms=margin_ms,
            )
            for partition, position in positions.items()
        ),
        default=MIN_INSTANT,
    )
