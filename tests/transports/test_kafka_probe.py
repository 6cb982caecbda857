"""Why a broker is silent, as far as TLS goes; the rest is in `tests/integration`."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline.errors import BrokerUnavailable, InvalidInput
from pipeline.testing.certificates import Authority, Pair
from pipeline.testing.ports import LOOPBACK, free_port
from pipeline.transports.kafka import KafkaBroker
from pipeline.transports.kafka_probe import why_no_answer
from pipeline.transports.kafka_security import Security


@contextmanager
def serving(pair: Pair | None, answer: bytes) -> Iterator[str]:
    """Serve on the loopback: greet by TLS, if at all, answer whatever comes, and close."""
    context = None
    if pair is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.certificate, pair.key)
    with socket.create_server((LOOPBACK, 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection, contextlib.suppress(OSError):
                    wrapped = context.wrap_socket(connection, True) if context else connection
                    with wrapped as spoken:
                        spoken.recv(4_096)
                        spoken.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        yield f"{LOOPBACK}:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


VERSIONS = bytes.fromhex("00000006 00000000 0000")
"""An answer with a code and nothing else."""


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def test_a_certificate_of_another_host_is_told(authority: Authority, tmp_path: Path) -> None:
    with serving(authority.issue("node", "kafka.example"), VERSIONS) as server:
        found = why_no_answer([server], Security(tmp_path / "f", "tls", authority.file))
    assert f"{server}: the broker's certificate is not accepted (IP address mismatch" in str(found)
    assert "check ca_file in" in str(found)


def test_a_server_that_answers_is_none_to_complain_of(authority: Authority, tmp_path: Path) -> None:
    with serving(authority.issue("node"), VERSIONS) as server:
        assert why_no_answer([server], Security(tmp_path / "f", "tls", authority.file)) is None


def test_a_port_without_tls_is_told(authority: Authority, tmp_path: Path) -> None:
    with serving(None, b"HTTP/1.1 400 Bad Request\r\n\r\n") as server:
        found = why_no_answer([server], Security(tmp_path / "f", "tls", authority.file))
        assert "does not speak TLS" in str(found)
        assert why_no_answer([server], None) is None


def test_who_says_nonsense_or_nothing_is_left_to_the_clients_own_words(
    authority: Authority, tmp_path: Path
) -> None:
    security = Security(tmp_path / "f", "tls", authority.file)
    for answer in (b"", b"\x7f\xff\xff\xff", b"\0\0"):
        with serving(authority.issue("node"), answer) as server:
            assert why_no_answer([server], security) is None
    assert why_no_answer([f"{LOOPBACK}:{free_port()}"], security) is None


def test_who_closes_at_once_may_be_a_balancer_and_is_tried_again(
    authority: Authority, tmp_path: Path
) -> None:
    security = Security(tmp_path / "f", "tls", authority.file)
    with serving(None, b"") as server:
        found = why_no_answer([server], security)
    # An `InvalidInput` would end the job for good.
    assert type(found) is BrokerUnavailable
    assert f"{server}: it closes the connection" in str(found)


def test_a_name_that_no_host_can_have_is_left_to_the_clients_own_words() -> None:
    assert why_no_answer(["a..b:9092", f"{'x' * 80}:9092"], None) is None


def test_a_client_without_a_security_file_is_told_that_it_needs_one(authority: Authority) -> None:
    with (
        serving(authority.issue("node"), VERSIONS) as server,
        KafkaBroker(f"kafka://{server}", connect_seconds=0.5) as broker,
        pytest.raises(InvalidInput, match="this port wants TLS; name a security file by --broker-"),
    ):
        broker.partitions("any")
