"""Topics on Kafka: what a `TopicSpec` means in Kafka's settings, creating, and comparing."""

from collections.abc import Mapping, Sequence
from typing import Any

from kafka import errors
from kafka.admin import ConfigResource, ConfigResourceType

from pipeline.transports.contract import MESSAGE_BYTES, Topic, TopicSpec

FOR_EVER = "-1"
"""Kafka's number for no limit."""


def settings_of(spec: TopicSpec) -> Mapping[str, str]:
    """Return the topic settings that a spec asks for.

    A compacted topic forgets by key, so its retention is left alone; where the rest is kept for
    ever, a broker's limit of size must not end that.
    """
    stamps = "LogAppendTime" if spec.log_append_time else "CreateTime"
    settings = {
        "cleanup.policy": "compact" if spec.compacted else "delete",
        "message.timestamp.type": stamps,
    }
    if spec.max_message_bytes != MESSAGE_BYTES:
        settings["max.message.bytes"] = str(spec.max_message_bytes)
    if spec.retention_ms is not None:
        settings["retention.ms"] = str(spec.retention_ms)
    elif not spec.compacted:
        settings |= {"retention.ms": FOR_EVER, "retention.bytes": FOR_EVER}
    return settings


def partition_counts(admin: Any, topics: Sequence[str]) -> dict[str, int]:
    """Return how many partitions each of the topics has; what does not exist is left out."""
    return {name: topic.partitions for name, topic in described(admin, topics).items()}


def described(admin: Any, topics: Sequence[str]) -> dict[str, Topic]:
    """Return the topics as they are now; what does not exist is left out."""
    found = {}
    for topic in admin.describe_topics(list(topics)):
        error = errors.for_code(topic["error_code"])
        if error in (errors.UnknownTopicOrPartitionError, errors.InvalidTopicError):
            continue
        if not topic["partitions"]:
            raise error(topic["name"])
        identity = str(topic.get("topic_id") or "")
        found[topic["name"]] = Topic(
            partitions=len(topic["partitions"]),
            identity=identity if identity.strip("0-") else "",  # all zeros: it has none
            unled=frozenset(
                one["partition_index"] for one in topic["partitions"] if one["leader_id"] < 0
            ),
        )
    return found


def create_missing(admin: Any, specs: Sequence[TopicSpec]) -> list[str]:
    """Create the topics that do not exist, with the broker's default replication."""
    there = partition_counts(admin, [spec.name for spec in specs])
    missing = [spec for spec in specs if spec.name not in there]
    if not missing:
        return []
    answer = admin.create_topics(
        {
            spec.name: {"num_partitions": spec.partitions, "configs": dict(settings_of(spec))}
            for spec in missing
        },
        raise_errors=False,
    )
    created = []
    for topic in answer["topics"]:
        error = errors.for_code(topic["error_code"])
        if error is errors.NoError:
            created.append(topic["name"])
        elif error is not errors.TopicAlreadyExistsError:  # Another process may have been first.
            raise error(topic["name"])
    admin.wait_for_topics([spec.name for spec in missing])
    return created


def differences(admin: Any, specs: Sequence[TopicSpec]) -> list[str]:
    """Return one sentence for each way in which an existing topic differs, or is missing."""
    counts = partition_counts(admin, [spec.name for spec in specs])
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in counts]
    found = admin.describe_configs(resources, config_filter="all") if resources else {}
    lines = []
    for spec in specs:
        if spec.name not in counts:
            lines.append(f"topic {spec.name} does not exist")
            continue
        if counts[spec.name] != spec.partitions:
            lines.append(
                f"topic {spec.name}: partitions is {counts[spec.name]}, not {spec.partitions}"
            )
        for key, wanted in settings_of(spec).items():
            is_now = found["topic"][spec.name][key]["value"]
            if is_now != wanted:
                lines.append(f"topic {spec.name}: {key} is {is_now}, not {wanted}")
    return lines
