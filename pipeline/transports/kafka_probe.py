"""Why a broker that is there cannot be talked to: what its client does not say.

The client takes a refused certificate, a foreign authority, a port of another kind and most refused
logins alike: as silence. So whoever has waited in vain looks once by itself, and says what a person
can correct.
"""

import socket
import ssl
import struct

from kafka.net.sasl.scram import ScramClient

from pipeline.errors import BrokerUnavailable, InvalidInput, LoginRefused, RetentionError
from pipeline.transports.kafka_security import Secret, Security

SECONDS = 2.0
"""How long each server is given for each answer; it has been waited for already."""

_VERSIONS, _HANDSHAKE, _AUTHENTICATE = (18, 0), (17, 1), (36, 0)
"""Kinds of requests, and the version of each that is spoken here."""
_MAX_ANSWER = 1 << 16
_SCRAM_ROUNDS = 2

_ABOUT_CERTIFICATES = (
    "BAD_CERTIFICATE",
    "CERTIFICATE_EXPIRED",
    "CERTIFICATE_REQUIRED",
    "CERTIFICATE_UNKNOWN",
    "HANDSHAKE_FAILURE",
    "UNKNOWN_CA",
)


def why_no_answer(servers: list[str], security: Security | None) -> RetentionError | None:
    """Return what is wrong between these servers and a client; None when nothing is seen.

    Raises:
        InvalidInput: what the security file names cannot be used any more.
    """
    for server in servers:
        host, _, port = server.rpartition(":")
        address = (host.strip("[]"), int(port))
        try:
            with socket.create_connection(address, timeout=SECONDS) as connection:
                found = _plain(connection) if security is None else _tls(connection, host, security)
        except (OSError, UnicodeError):  # of a name that cannot be one
            continue
        if found is not None:
            kind, what = found
            return kind(f"{server}: {what}")
    return None


_Finding = tuple[type[RetentionError], str] | None


def _plain(connection: socket.socket) -> _Finding:
    """Look whether the server wants TLS; nothing is sent to it but a greeting."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        context.wrap_socket(connection).close()
    except (OSError, ssl.SSLError):
        return None
    return InvalidInput, "this port wants TLS; name a security file by --broker-security"


def _tls(connection: socket.socket, host: str, security: Security) -> _Finding:
    file = security.file
    try:
        with security.context().wrap_socket(connection, server_hostname=host.strip("[]")) as spoken:
            # Under TLS 1.3 a client learns only by an answer that its certificate was refused.
            _ask(spoken, _VERSIONS, b"")
            return _login(spoken, security)
    except ssl.SSLCertVerificationError as error:
        why = error.verify_message.rstrip(".")
        what = f"the broker's certificate is not accepted ({why}); check ca_file in {file}"
    except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
        # So does a balancer before brokers that are away: that passes, so the job must try again.
        what = f"it closes the connection; start the broker, or check port and protocol in {file}"
        return BrokerUnavailable, what
    except ssl.SSLError as error:
        reason = error.reason or ""
        what = f"this port does not speak TLS as {file} has it ({reason}); check port and protocol"
        if any(alert in reason for alert in _ABOUT_CERTIFICATES):
            does = "refuses the certificate" if security.certificate_file else "wants a certificate"
            what = f"the broker {does}; check certificate_file and key_file in {file}"
    return InvalidInput, what


def _login(spoken: ssl.SSLSocket, security: Security) -> _Finding:
    """Log in as the client does, and look at what is answered."""
    file, secret = security.file, security.password
    if secret is None:
        return None
    mechanism = security.mechanism.encode()
    answer = _ask(spoken, _HANDSHAKE, struct.pack(">h", len(mechanism)) + mechanism)
    if answer[:2] != b"\0\0":
        return InvalidInput, (
            f"this port takes no login by {security.mechanism}; check port, protocol and mechanism "
            f"in {file}"
        )
    scram = ScramClient(security.username, secret, security.mechanism)
    for number in range(_SCRAM_ROUNDS):
        token = scram.final_message() if number else scram.first_message()
        answer = _ask(spoken, _AUTHENTICATE, struct.pack(">i", len(token)) + token)
        if answer[:2] != b"\0\0":
            return LoginRefused, _refused(security, secret)
        if not number:
            # After the code: no message (2 bytes), and the length of what follows (4 bytes).
            try:
                scram.process_server_first_message(answer[8:])
            except (ValueError, KeyError) as error:
                raise ConnectionError("not an answer of SCRAM") from error
    return None


def _refused(security: Security, secret: Secret) -> str:
    return (
        f"the broker does not accept the login of {security.username}; check username and "
        f"mechanism in {security.file}, and the secret that {secret.named.rpartition(' ')[2]} names"
    )


def _ask(spoken: ssl.SSLSocket, request: tuple[int, int], body: bytes) -> bytes:
    """Send one request of Kafka's protocol; return its answer after the correlation id."""
    kind, version = request
    message = struct.pack(">hhih", kind, version, 0, -1) + body
    spoken.sendall(struct.pack(">i", len(message)) + message)
    (size,) = struct.unpack(">i", _exactly(spoken, 4))
    if not 4 <= size <= _MAX_ANSWER:
        raise ConnectionError("not an answer of Kafka's protocol")
    return _exactly(spoken, size)[4:]


def _exactly(spoken: ssl.SSLSocket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        part = spoken.recv(size - len(found))
        if not part:
            raise ConnectionError("closed before its answer")
        found += part
    return found
