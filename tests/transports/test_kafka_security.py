"""The security file: what it may say, what is refused and how, and where secrets stay."""

import pickle
from collections.abc import Mapping
from pathlib import Path

import pytest

from pipeline.errors import InvalidInput
from pipeline.testing.certificates import Authority
from pipeline.transports import open_broker
from pipeline.transports.addresses import secured, security_of, without_security
from pipeline.transports.kafka import KafkaBroker
from pipeline.transports.kafka_connect import client_settings
from pipeline.transports.kafka_security import load_security, security_at

MARK = "correct-horse-battery"
LOGIN = {
    "protocol": "sasl_tls",
    "ca_file": "authority.pem",
    "mechanism": "SCRAM-SHA-512",
    "username": "pipeline",
    "password_file": "password",
}
MUTUAL = {
    "protocol": "tls",
    "ca_file": "authority.pem",
    "certificate_file": "pipeline.pem",
    "key_file": "pipeline.key",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with an authority, a certificate of `pipeline`, and a password."""
    Authority(tmp_path).issue("pipeline")
    password = tmp_path / "password"
    password.touch(mode=0o600)
    password.write_text(f"{MARK}\n")
    return tmp_path


def written(folder: Path, lines: Mapping[str, str | None]) -> Path:
    """Write a security file."""
    file = folder / "broker.yaml"
    told = [f"{key}: {value}\n" for key, value in lines.items() if value is not None]
    file.write_text("".join(told))
    return file


def refusal(file: Path) -> str:
    """Say how a file is refused when a client is about to connect with it."""
    with pytest.raises(InvalidInput) as caught:
        load_security(file).settings()
    said = str(caught.value)
    assert MARK not in said
    return said


def test_a_login_is_told_to_the_client_in_its_words(folder: Path) -> None:
    settings = load_security(written(folder, LOGIN)).settings()
    assert settings["security_protocol"] == "SASL_SSL"
    assert settings["sasl_mechanism"] == "SCRAM-SHA-512"
    assert settings["sasl_plain_username"] == "pipeline"
    assert settings["sasl_plain_password"].encode("utf-8") == MARK.encode()
    assert settings["ssl_cafile"] == str(folder / "authority.pem")
    assert settings["ssl_check_hostname"] is True


def test_a_certificate_is_told_by_the_names_of_its_files(folder: Path) -> None:
    settings = load_security(written(folder, MUTUAL)).settings()
    assert settings["security_protocol"] == "SSL"
    assert settings["ssl_certfile"] == str(folder / "pipeline.pem")
    assert settings["ssl_keyfile"] == str(folder / "pipeline.key")
    assert settings["sasl_plain_password"] is None


def test_tls_alone_and_the_machines_own_authorities_are_enough(folder: Path) -> None:
    settings = load_security(written(folder, {"protocol": "tls"})).settings()
    assert (settings["ssl_cafile"], settings["ssl_certfile"]) == (None, None)


def test_a_secret_of_the_environment_is_named_and_read_when_needed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = LOGIN | {"password_file": None, "password_env": "RETENTION_TEST_PASSWORD"}
    file = written(folder, lines)
    assert "the variable RETENTION_TEST_PASSWORD must hold one line" in refusal(file)
    monkeypatch.setenv("RETENTION_TEST_PASSWORD", MARK)
    assert load_security(file).settings()["sasl_plain_password"].read() == MARK


def test_what_was_told_to_a_client_follows_the_file(folder: Path) -> None:
    password = load_security(written(folder, LOGIN)).settings()["sasl_plain_password"]
    (folder / "password").write_text("another")
    assert password.encode("utf-8") == b"another"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"password": MARK}, "6: password: a secret is never written here; name it by `password_f"),
        ({"key_password": MARK}, "key_password: a secret is never written here"),
        ({"truststore": MARK}, "6: truststore: unknown key; known are protocol, ca_file"),
        ({"protocol": MARK}, "1: protocol: must be tls or sasl_tls"),
        ({"protocol": None}, "1: protocol: must be tls or sasl_tls"),
        ({"protocol": "tls"}, "mechanism: needs `protocol: sasl_tls`; choose it, or drop this"),
        ({"mechanism": "PLAIN"}, "3: mechanism: must be SCRAM-SHA-512 or SCRAM-SHA-256"),
        ({"username": None}, "username: must be a name"),
        ({"username": "a,b=c"}, "4: username: must be a name without comma and equals sign"),
        ({"password_file": None}, "needs `password_file` or `password_env` beside it"),
        ({"password_env": "X"}, "password_env: give this or `password_file`, not both"),
        ({"certificate_file": "pipeline.pem"}, "certificate_file: needs `key_file` beside it"),
        ({"key_file": "pipeline.key"}, "key_file: needs `certificate_file` beside it"),
        ({"key_password_env": "X"}, "key_password_env: needs `key_file` beside it"),
        ({"ca_file": "[a, b]"}, "2: ca_file: must be one line of text"),
        ({"ca_file": "none.pem"}, "none.pem cannot be read: No such file or directory"),
        ({"ca_file": "password"}, "password is not PEM; correct it"),
        ({"password_file": "none"}, "none cannot be read: No such file or directory"),
    ],
)
def test_what_is_wrong_is_said_by_file_line_and_key(
    folder: Path, changes: dict[str, str | None], said: str
) -> None:
    file = written(folder, LOGIN | changes)
    told = refusal(file)
    assert said in told
    assert str(file) in told


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "broker.yaml:1: the document is empty; write it as deploy/examples"),
        ("- a", "broker.yaml:1"),
        (f"protocol: tls\nprotocol: {MARK}\n", "broker.yaml:2: protocol: is there twice"),
        (f"password: [{MARK}", "broker.yaml:2: not YAML"),
        (f"protocol: !!python/object {MARK}", "broker.yaml:1"),
    ],
)
def test_what_is_no_security_file_is_refused(folder: Path, text: str, said: str) -> None:
    file = folder / "broker.yaml"
    file.write_text(text)
    assert said in refusal(file)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "none.yaml cannot be read: No such file" in refusal(tmp_path / "none.yaml")


@pytest.mark.parametrize("text", ["", "\n", f"{MARK}\n{MARK}\n", f"{MARK}\0"])
def test_a_secret_is_one_line(folder: Path, text: str) -> None:
    (folder / "password").write_text(text)
    assert "must hold one line, the secret alone" in refusal(written(folder, LOGIN))


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o602])
@pytest.mark.parametrize(("lines", "name"), [(LOGIN, "password"), (MUTUAL, "pipeline.key")])
def test_a_secret_that_others_may_read_is_refused(
    folder: Path, lines: Mapping[str, str | None], name: str, mode: int
) -> None:
    (folder / name).chmod(mode)
    assert f"others may read or change {folder / name}: chmod o-rw it" in refusal(
        written(folder, lines)
    )


def test_a_secret_may_be_shared_with_a_group(folder: Path) -> None:
    (folder / "password").chmod(0o640)
    assert load_security(written(folder, LOGIN)).settings()


def test_a_key_of_another_certificate_is_refused(folder: Path) -> None:
    Authority(folder / "other").issue("pipeline")
    lines = MUTUAL | {"key_file": "other/pipeline.key"}
    assert "are not a PEM pair" in refusal(written(folder, lines))


def test_an_encrypted_key_is_opened_by_the_password_that_is_named(folder: Path) -> None:
    Authority(folder).issue("secret", password=MARK)
    lines = MUTUAL | {"certificate_file": "secret.pem", "key_file": "secret.key"}
    assert "key_file is encrypted; name its password" in refusal(written(folder, lines))
    assert load_security(written(folder, lines | {"key_password_file": "password"})).settings()


def test_an_address_names_the_file_and_nothing_of_it(folder: Path) -> None:
    url = secured("kafka://one:9092,two:9093", str(written(folder, LOGIN)))
    assert security_of(url) == str(folder / "broker.yaml")
    assert without_security(url) == "kafka://one:9092,two:9093"
    assert security_of(without_security(url)) is None
    broker = open_broker(url)
    assert isinstance(broker, KafkaBroker)
    assert broker.url == url


@pytest.mark.parametrize("name", ["login", "certificate"])
def test_the_examples_are_right(name: str) -> None:
    example = Path(__file__).parents[2] / "deploy" / "examples" / "broker-security"
    security = load_security(example / f"{name}.yaml")
    assert security.ca_file == example / "authority.pem"
    assert (security.password is None) == (security.certificate_file is not None)


def test_neither_pickles_nor_settings_nor_their_texts_hold_a_secret(folder: Path) -> None:
    url = secured("kafka://one:9092", str(written(folder, LOGIN)))
    broker, security = open_broker(url), security_at(url)
    settings = client_settings([], 1.0, security)
    for shown in (pickle.dumps(broker), pickle.dumps(security), pickle.dumps(settings)):
        assert MARK.encode() not in shown
    assert MARK not in f"{broker!r} {security!r} {settings!r} {settings}"
    assert pickle.loads(pickle.dumps(broker)).url == url
