"""Rights on Kafka: as its tool's commands, as what its admin interface takes, and compared.

`permissions` says what a role needs; nothing here takes a right away.
"""

import shlex
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
)

from pipeline.transports.permissions import Kind, Operation, Permission

EVERYBODY = "User:*"
ANY_HOST = "*"

_TOOL = 'kafka-acls.sh --bootstrap-server "$KAFKA" --command-config "$ADMIN" --add'
_KINDS = {Kind.TOPIC: ResourceType.TOPIC, Kind.GROUP: ResourceType.GROUP}
_OPERATIONS = {
    Operation.READ: ACLOperation.READ,
    Operation.WRITE: ACLOperation.WRITE,
    Operation.DESCRIBE: ACLOperation.DESCRIBE,
    Operation.DESCRIBE_CONFIGS: ACLOperation.DESCRIBE_CONFIGS,
    Operation.CREATE: ACLOperation.CREATE,
}


class Compared(NamedTuple):
    """What a user lacks, and what it has beside: sentences of rights for a person."""

    missing: tuple[Permission, ...]
    superfluous: tuple[str, ...]


def in_words(permission: Permission) -> str:
    """Return a right as a phrase."""
    kind, name, prefixed, operation = permission
    every = f"every {kind} that begins with" if prefixed else str(kind)
    return f"{operation} on {every} {name}"


def tool_commands(principal: str, permissions: Sequence[Permission]) -> list[str]:
    """Return the commands of Kafka's own tool that give these rights, one a topic or group."""
    grouped: dict[tuple[Kind, str, bool], list[Operation]] = {}
    for kind, name, prefixed, operation in permissions:
        grouped.setdefault((kind, name, prefixed), []).append(operation)
    commands = []
    for (kind, name, prefixed), operations in grouped.items():
        words = ["--allow-principal", principal]
        words += [word for operation in operations for word in ("--operation", operation)]
        words += [f"--{kind}", name, "--resource-pattern-type", _pattern(prefixed)]
        commands.append(f"{_TOOL} {shlex.join(words)}")
    return commands


def as_objects(principal: str, permissions: Sequence[Permission]) -> list[dict[str, str]]:
    """Return these rights as objects for a program."""
    return [
        {
            "principal": principal,
            "host": ANY_HOST,
            "permission": "Allow",
            "operation": operation,
            "resource_type": kind,
            "resource_name": name,
            "pattern_type": _pattern(prefixed),
        }
        for kind, name, prefixed, operation in permissions
    ]


def compared(admin: Any, principal: str, permissions: Sequence[Permission]) -> Compared:
    """Compare what a user has with what it should; what everybody has is superfluous."""
    wanted = {_acl(principal, permission): permission for permission in permissions}
    has = set(_of(admin, principal))
    beside = [*sorted(map(_said, has - wanted.keys())), *sorted(map(_said, _of(admin, EVERYBODY)))]
    missing = tuple(permission for acl, permission in wanted.items() if acl not in has)
    return Compared(missing, tuple(beside))


def give(admin: Any, principal: str, permissions: Sequence[Permission]) -> None:
    """Give a user these rights; those that it has already change nothing.

    Raises:
        KafkaError: the broker refused one.
    """
    if not permissions:
        return
    done = admin.create_acls([_acl(principal, permission) for permission in permissions])
    for refusal in done["failed"]:
        raise refusal()


def _pattern(prefixed: bool) -> str:  # noqa: FBT001  # a field of a permission
    return "prefixed" if prefixed else "literal"


def _acl(principal: str, permission: Permission) -> ACL:
    kind, name, prefixed, operation = permission
    pattern = ACLResourcePatternType.PREFIXED if prefixed else ACLResourcePatternType.LITERAL
    return ACL(
        principal,
        ANY_HOST,
        _OPERATIONS[operation],
        ACLPermissionType.ALLOW,
        ResourcePattern(_KINDS[kind], name, pattern),
    )


def _of(admin: Any, principal: str) -> Iterable[ACL]:
    everything = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)
    found, _ = admin.describe_acls(
        ACLFilter(principal, None, ACLOperation.ANY, ACLPermissionType.ANY, everything)
    )
    return list(found)


def _said(acl: ACL) -> str:
    pattern = acl.resource_pattern
    where = f"{pattern.resource_type.name} {pattern.resource_name} ({pattern.pattern_type.name})"
    return f"{acl.principal} {acl.permission_type.name} {acl.operation.name} on {where}".lower()
