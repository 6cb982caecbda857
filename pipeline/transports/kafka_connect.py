"""What every Kafka client here shares: the address, the login, patience, and how errors are told.

A client connects with backoff until `connect_seconds` have passed; then `BrokerUnavailable` says
so.
"""

import logging
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from kafka import errors
from kafka.net.compat import KafkaNetClient

from pipeline.errors import (
    BrokerUnavailable,
    InvalidInput,
    LoginRefused,
    NotPermitted,
    RetentionError,
)
from pipeline.transports.addresses import shown, without_security
from pipeline.transports.kafka_probe import why_no_answer
from pipeline.transports.kafka_security import Security, security_at
from pipeline.transports.kafka_sockets import PROXY_URL

CONNECT_SECONDS = 10.0
REQUEST_MS = 20_000
CLOSE_SECONDS = 2
MAX_PAUSE_SECONDS = 1.0

_CONNECTING = (
    "kafka.cluster",
    "kafka.net.connection",
    "kafka.net.manager",
    "kafka.net.transport",
    "kafka.producer.sender",
)
"""Loggers that report every failed try of every connection."""

Result = TypeVar("Result")

_SERVER = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})")
_NAME = re.compile(r"[A-Za-z0-9._-]{1,249}")
_PORTS = range(1, 65_536)

_REFUSALS = (
    errors.IncompatibleBrokerVersion,
    errors.InvalidConfigurationError,
    errors.InvalidPartitionsError,
    errors.InvalidRecordError,
    errors.InvalidReplicationFactorError,
    errors.InvalidTimestampError,
    errors.InvalidTopicError,
    errors.KafkaConfigurationError,
    errors.MessageSizeTooLargeError,
    errors.PolicyViolationError,
    errors.RecordListTooLargeError,
    errors.SecurityDisabledError,
    errors.UnsupportedSaslMechanismError,
    errors.UnsupportedVersionError,
)
"""What another try would not change."""


def servers_of(url: str) -> list[str]:
    """Return the servers that a `kafka://` address names.

    Raises:
        InvalidInput: it is another scheme, not a list of host:port, or a port is impossible.
    """
    scheme, _, rest = without_security(url).partition("://")
    servers = rest.rstrip("/").split(",")
    found = [_SERVER.fullmatch(server) for server in servers]
    if scheme == "kafka" and "@" in rest:
        raise InvalidInput(
            f"`{shown(url)}` names a user: an address holds no login; write kafka://host:port"
        )
    if scheme != "kafka" or not all(found):
        raise InvalidInput(f"`{shown(url)}` is not kafka://host:port[,host:port]")
    for port in [int(match[2]) for match in found if match]:
        if port not in _PORTS:
            raise InvalidInput(f"`{shown(url)}`: there is no port {port}; ports are 1 to 65535")
    return servers


def client_settings(
    servers: list[str], connect_seconds: float, security: Security | None = None
) -> Mapping[str, Any]:
    """Return the settings of a client that is about to connect.

    Raises:
        InvalidInput: what the security file names cannot be used.
    """
    _quieten()
    return {
        **({} if security is None else security.settings()),
        "bootstrap_servers": servers,
        "bootstrap_timeout_ms": int(connect_seconds * 1_000),
        "client_id": "retention",
        "proxy_url": PROXY_URL,
        "request_timeout_ms": REQUEST_MS,
        # Several tries must fit into the time that a caller waits.
        "reconnect_backoff_max_ms": int(min(2.0, connect_seconds / 5) * 1_000),
    }


def connected(client: Callable[..., Result], settings: Mapping[str, Any]) -> Result:
    """Create a client; when it cannot connect, end the thread that it has started by then."""
    networks: list[Any] = []

    def network(**configuration: Any) -> Any:
        networks.append(KafkaNetClient(**configuration))
        return networks[-1]

    try:
        return client(**settings, kafka_client=network)
    except BaseException:
        for made in networks:
            made.close()
        raise


def close_producer(producer: Any) -> None:
    """Close a client that writes, within seconds; what the broker has not taken by then is lost.

    The client's own close gives up at such a message before it has ended its thread, and complains
    once more when it is collected.
    """
    try:
        producer.close(timeout=CLOSE_SECONDS)
    except errors.KafkaError:
        producer._sender.force_close()  # noqa: SLF001  # as its close does where it does not give up
        producer._closed = True  # noqa: SLF001


def _quieten() -> None:
    """Quieten the client's log, unless the program has set its level.

    At DEBUG it writes keys and values, at INFO every step; and its reports of every failed try to
    connect would hide the one sentence in which we say it.
    """
    levels = {"kafka": logging.WARNING} | dict.fromkeys(_CONNECTING, logging.CRITICAL)
    for name, level in levels.items():
        log = logging.getLogger(name)
        if log.level == logging.NOTSET:
            log.setLevel(level)


def translated(error: Exception, where: str) -> RetentionError:
    """Return an error of ours for one of the client's, whose text is left out: it may hold data."""
    name = type(error).__name__
    if isinstance(error, errors.SaslAuthenticationFailedError):
        return LoginRefused(f"{where}: the broker does not accept the login")
    if isinstance(error, errors.AuthorizationError):
        return NotPermitted(
            f"{where}: the broker does not permit this{_of(error)} ({name}); "
            "`retention topics acl` prints what a role needs"
        )
    if isinstance(error, errors.UnknownTopicOrPartitionError):
        return InvalidInput(f"{where}: no such topic or partition; run: retention topics create")
    if isinstance(error, _REFUSALS):
        return InvalidInput(f"{where}: the broker refused ({name})")
    return BrokerUnavailable(f"{where}: no answer from the broker ({name})")


def _of(error: errors.AuthorizationError) -> str:
    """Return the names that an error of rights has: of topics or groups, which are no data."""
    named = error.args[0] if error.args else ()
    names = [named] if isinstance(named, str) else named
    return "".join(f" for {name}" for name in sorted(names) if _NAME.fullmatch(str(name)))


def patiently(where: str, seconds: float, call: Callable[[], Result]) -> Result:
    """Call, and call again with growing pauses while the broker is away.

    Raises:
        BrokerUnavailable: it stayed away for so many seconds.
        InvalidInput: it refused, or TLS between it and us fails.
    """
    end, pause = time.monotonic() + seconds, 0.05
    while True:
        try:
            return call()
        except (errors.KafkaError, OSError) as error:
            again = getattr(error, "retriable", True) and time.monotonic() + pause < end
            if not again:
                raise _explained(error, where) from error
        time.sleep(pause)
        pause = min(MAX_PAUSE_SECONDS, pause * 2)


def _explained(error: Exception, url: str) -> RetentionError:
    """Return our error; for a broker that does not answer, after a look at why."""
    told = translated(error, url)
    if isinstance(told, BrokerUnavailable):
        why = why_no_answer(servers_of(url), security_at(url))
        if why is not None:
            return why
    return told
