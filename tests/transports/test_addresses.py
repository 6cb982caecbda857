"""From an address to a broker."""

import subprocess
import sys

import pytest

from pipeline.errors import InvalidInput
from pipeline.transports import open_broker
from pipeline.transports.kafka import KafkaBroker
from pipeline.transports.sqlite import SqliteBroker


def test_the_scheme_chooses_the_transport() -> None:
    assert isinstance(open_broker("sqlite:///tmp/log.db"), SqliteBroker)
    assert isinstance(open_broker("kafka://localhost:9092"), KafkaBroker)


@pytest.mark.parametrize("url", ["", "log.db", "postgres://host/db", "kafka", "kafka:host:9092"])
def test_another_scheme_is_refused_and_the_known_ones_are_named(url: str) -> None:
    with pytest.raises(InvalidInput, match="kafka:// or sqlite://"):
        open_broker(url)


@pytest.mark.parametrize(
    "url", ["kafka://", "kafka://host", "kafka://host:9092,", "kafka://user:word@host:9092"]
)
def test_a_kafka_address_is_a_list_of_hosts_and_ports_without_credentials(url: str) -> None:
    with pytest.raises(InvalidInput, match="host:port"):
        open_broker(url)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite:///:memory:"])
def test_a_sqlite_address_names_a_file(url: str) -> None:
    with pytest.raises(InvalidInput, match="names no file"):
        open_broker(url)


def test_several_kafka_servers_and_literal_addresses_are_accepted() -> None:
    url = "kafka://one.example:9092,10.0.0.1:9093,[::1]:9094"
    assert open_broker(url).url == url


def test_a_user_of_sqlite_never_imports_kafka() -> None:
    script = (
        "import sys; from pipeline.transports import open_broker; "
        "open_broker('sqlite:///tmp/log.db'); sys.exit('kafka' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


@pytest.mark.parametrize("port", ["0", "65536", "99999"])
def test_a_port_that_cannot_be_is_refused_at_once(port: str) -> None:
    with pytest.raises(InvalidInput, match=f"there is no port {port}; ports are 1 to 65535"):
        open_broker(f"kafka://localhost:9092,localhost:{port}")


@pytest.mark.parametrize(
    "url",
    [
        "kafka://user:hunter2@localhost:9092",
        "kafka://user:hunter2@localhost",
        "kafka://user:hun@hunter2@localhost:9092",
        "kafka://user:/hunter2@localhost:9092",
        "kafka://localhost:9092?password=hunter2",
        "https://user:hunter2@localhost",
        "user:hunter2@localhost:9092",
        "sqlite://user:hunter2@/:memory:",
    ],
)
def test_a_password_in_an_address_is_not_repeated(url: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        open_broker(url)
    assert "hunter2" not in str(caught.value)
    assert "***" in str(caught.value)


def test_who_names_a_user_is_told_that_an_address_holds_none() -> None:
    with pytest.raises(InvalidInput, match="names a user"):
        open_broker("kafka://user:word@host:9092")


def test_a_broker_that_goes_away_is_told_by_us_not_by_its_client() -> None:
    """It reports every try of every connection: hundreds of lines around our one."""
    script = (
        "import logging; from pipeline.transports.kafka_connect import client_settings; "
        "logging.basicConfig(); client_settings([], 1.0); "
        "[logging.getLogger('kafka.' + name).error('again') for name in "
        "('cluster', 'net.connection', 'net.manager', 'net.transport', 'producer.sender')]; "
        "logging.getLogger('kafka.consumer.fetcher').error('something else')"
    )
    ran = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert "again" not in ran.stderr
    assert "something else" in ran.stderr
