"""From an address to a broker. Each transport is imported only when its scheme is asked for."""

import re

from pipeline.errors import InvalidInput
from pipeline.transports.contract import Broker
from pipeline.transports.topics import DEFAULT_PREFIX

SCHEMES = ("kafka", "sqlite")

_QUERY = re.compile(r"\?.*")
_SECURITY = "?security="
"""Before the name of a security file, which ends an address."""


def shown(url: str) -> str:
    """Return an address for a message: what may be a password in it is masked."""
    scheme = "".join(url.partition("://")[:2]) if "://" in url else ""
    rest = url.removeprefix(scheme)
    _, found, rest = rest.rpartition("@")
    return _QUERY.sub("?***", f"{scheme}{'***@' if found else ''}{rest}")[:80]


def secured(url: str, file: str) -> str:
    """Return an address that names the file which says how to log in (`kafka_security`)."""
    return f"{without_security(url)}{_SECURITY}{file}"


def security_of(url: str) -> str | None:
    """Return the name of the security file in an address, if it has one."""
    _, found, file = url.partition(_SECURITY)
    return file if found else None


def without_security(url: str) -> str:
    """Return the address without the name of a security file."""
    return url.partition(_SECURITY)[0]


def open_broker(url: str, *, clock_topic: str = f"{DEFAULT_PREFIX}clock") -> Broker:
    """Return the broker at an address; it connects when first used.

    Args:
        url: `kafka://host:port[,host:port]`, where `?security=FILE` may follow, or `sqlite://` and
            the path of a file, which is absolute when it begins with a slash
            (`sqlite:///var/log.db`, `sqlite://log.db`).
        clock_topic: the topic whose messages the broker stamps, from which its time is read.

    Raises:
        InvalidInput: the scheme is unknown or the rest of the address is malformed.
    """
    scheme, separator, _ = url.partition("://")
    if separator and scheme == "kafka":
        from pipeline.transports.kafka import KafkaBroker

        return KafkaBroker(url, clock_topic=clock_topic)
    if separator and scheme == "sqlite":
        from pipeline.transports.sqlite import SqliteBroker

        return SqliteBroker(url)
    known = " or ".join(f"{scheme}://" for scheme in SCHEMES)
    raise InvalidInput(f"`{shown(url)}` is not the address of a broker; it begins with {known}")
