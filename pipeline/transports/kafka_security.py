"""How a client of Kafka proves who it is, from a file that names where its secrets are.

An address carries the name of that file and nothing of what is in it: only the name travels to
workers, in settings and in pickles. Secrets are read at each connection and kept nowhere.
"""

import os
import ssl
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.documents.reading import Node, Unreadable, read_tree
from pipeline.errors import InvalidInput
from pipeline.transports.addresses import security_of

TLS = "tls"
SASL_TLS = "sasl_tls"
MECHANISMS = ("SCRAM-SHA-512", "SCRAM-SHA-256")

_PROTOCOLS = {TLS: "SSL", SASL_TLS: "SASL_SSL"}
_PASSWORD = ("password_file", "password_env")
_LOGIN = ("mechanism", "username", *_PASSWORD)
_KEY_PASSWORD = ("key_password_file", "key_password_env")
_PAIRED = (("certificate_file", "key_file"), ("key_file", "certificate_file"))
_KEYS = ("protocol", "ca_file", "certificate_file", "key_file", *_KEY_PASSWORD, *_LOGIN)
_INLINE = {"password": _PASSWORD, "key_password": _KEY_PASSWORD}
_MAX_SECRET_BYTES = 4_096


@dataclass(frozen=True)
class Secret:
    """Where a secret is: a file or a variable of the environment. Knows its place, not its value.

    The client is given this in place of a password: it encodes it at each login, or calls it for
    each key that it opens, so that a new secret counts from the next connection on.
    """

    named: str
    file: Path | None = None
    variable: str = ""

    def read(self) -> str:
        """Return the secret as it is now.

        Raises:
            InvalidInput: it is not there, not one line of text, or open to others.
        """
        if self.file is None:
            text, where = os.environ.get(self.variable, ""), f"the variable {self.variable}"
        else:
            text, where = _private(self.file, self.named), str(self.file)
            text = text.removesuffix("\n").removesuffix("\r")
        if not text or not text.isprintable():
            raise InvalidInput(f"{self.named}: {where} must hold one line, the secret alone")
        return text

    def encode(self, *_: object) -> bytes:
        """Return the secret as bytes: what the client asks of a password."""
        return self.read().encode()

    def __call__(self) -> str:
        """Return the secret: what TLS asks of a key's password."""
        return self.read()


@dataclass(frozen=True)
class Security:
    """What a security file says. Holds names of files and variables, no secret."""

    file: Path
    protocol: str
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    key_password: Secret | None = None
    mechanism: str = ""
    username: str = ""
    password: Secret | None = None

    def settings(self) -> Mapping[str, Any]:
        """Return what a client is told, after everything that is named was found good.

        Raises:
            InvalidInput: a certificate, key or secret cannot be used.
        """
        self.context()
        if self.password is not None:
            self.password.read()
        return {
            "security_protocol": _PROTOCOLS[self.protocol],
            "ssl_check_hostname": True,
            # The client opens them at each connection, so that a new certificate counts then.
            "ssl_cafile": _text(self.ca_file),
            "ssl_certfile": _text(self.certificate_file),
            "ssl_keyfile": _text(self.key_file),
            "ssl_password": self.key_password or self._no_password,
            "sasl_mechanism": self.mechanism or None,
            "sasl_plain_username": self.username or None,
            "sasl_plain_password": self.password,
        }

    def context(self) -> ssl.SSLContext:
        """Return how TLS is spoken: the broker's certificate and name are always checked.

        Raises:
            InvalidInput: a certificate or key cannot be used.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.ca_file is None:
            context.load_default_certs()
        else:
            try:
                context.load_verify_locations(self.ca_file)
            except (OSError, ssl.SSLError) as error:
                raise self._unusable("ca_file", self.ca_file, error) from error
        if self.certificate_file is not None and self.key_file is not None:
            _private(self.key_file, f"{self.file}: key_file")
            secret = self.key_password or self._no_password
            try:
                context.load_cert_chain(self.certificate_file, self.key_file, secret)
            except (OSError, ssl.SSLError) as error:
                raise self._unusable("certificate_file", self.certificate_file, error) from error
        return context

    def _no_password(self) -> str:
        raise InvalidInput(
            f"{self.file}: key_file is encrypted; name its password by `key_password_file` or "
            "`key_password_env`"
        )

    def _unusable(self, key: str, file: Path, error: OSError) -> InvalidInput:
        if isinstance(error, ssl.SSLError):
            what = "is not PEM" if key == "ca_file" else "and key_file are not a PEM pair"
            return InvalidInput(f"{self.file}: {key} {file} {what}; correct it")
        return InvalidInput(f"{self.file}: {key} {file} cannot be read: {error.strerror}")


def security_at(url: str) -> Security | None:
    """Return what the security file says that an address names; None when it names none.

    Raises:
        InvalidInput: the file cannot be read, or something in it is wrong.
    """
    named = security_of(url)
    return None if named is None else load_security(Path(named))


def load_security(file: Path) -> Security:
    """Read a security file; paths in it are relative to its folder.

    Raises:
        InvalidInput: it cannot be read, or something in it is wrong.
    """
    try:
        tree = read_tree(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise InvalidInput(f"security file {file} cannot be read: {why}") from error
    except Unreadable as error:
        remedy = "write it as deploy/examples/broker-security/login.yaml is"
        raise InvalidInput(f"{file}:{error.line}: {error.what}; {remedy}") from error
    for repeated in tree.repeated:
        raise InvalidInput(f"{file}:{repeated.line}: {repeated.path[-1]}: is there twice; keep one")
    root = tree.root.value
    return _Reading(file, root if isinstance(root, dict) else {}).security()


class _Reading:
    """One file being read. What is said of it never repeats a value: it could be a secret."""

    def __init__(self, file: Path, root: Mapping[str, Node]) -> None:
        self._file = file
        self._root = root

    def security(self) -> Security:
        """Return what the file says; raises InvalidInput."""
        for key in self._root:
            if key in _INLINE:
                remedy = "` or `".join(_INLINE[key])
                raise self._wrong(key, f"a secret is never written here; name it by `{remedy}`")
            if key not in _KEYS:
                raise self._wrong(key, f"unknown key; known are {', '.join(_KEYS)}")
        protocol = self._choice("protocol", tuple(_PROTOCOLS))
        for key, other in (*_PAIRED, *((key, "key_file") for key in _KEY_PASSWORD)):
            if key in self._root and other not in self._root:
                raise self._wrong(key, f"needs `{other}` beside it")
        return Security(
            self._file,
            protocol,
            self._path("ca_file"),
            self._path("certificate_file"),
            self._path("key_file"),
            self._secret(_KEY_PASSWORD),
            **self._login(protocol),
        )

    def _login(self, protocol: str) -> dict[str, Any]:
        if protocol == TLS:
            for key in _LOGIN:
                if key in self._root:
                    raise self._wrong(key, f"needs `protocol: {SASL_TLS}`; choose it, or drop this")
            return {}
        mechanism, username = self._choice("mechanism", MECHANISMS), self._username()
        password = self._secret(_PASSWORD)
        if password is None:
            raise self._wrong("username", "needs `password_file` or `password_env` beside it")
        return {"mechanism": mechanism, "username": username, "password": password}

    def _wrong(self, key: str, what: str) -> InvalidInput:
        node = self._root.get(key)
        line = node.line if node is not None else 1
        return InvalidInput(f"{self._file}:{line}: {key}: {what}")

    def _text(self, key: str) -> str | None:
        if key not in self._root:
            return None
        value = self._root[key].value
        if not isinstance(value, str) or not value.isprintable():
            raise self._wrong(key, "must be one line of text")
        return value

    def _choice(self, key: str, known: tuple[str, ...]) -> str:
        value = self._text(key)
        if value not in known:
            raise self._wrong(key, f"must be {' or '.join(known)}")
        return value

    def _username(self) -> str:
        value = self._text("username")
        # SCRAM has a notation for these two, which the client does not write.
        if value is None or set(value) & {",", "="}:
            raise self._wrong("username", "must be a name without comma and equals sign")
        return value

    def _path(self, key: str) -> Path | None:
        value = self._text(key)
        return None if value is None else self._file.absolute().parent / value

    def _secret(self, keys: tuple[str, str]) -> Secret | None:
        by_file, by_variable = keys
        file, variable = self._path(by_file), self._text(by_variable)
        if file is not None and variable is not None:
            raise self._wrong(by_variable, f"give this or `{by_file}`, not both")
        if file is not None:
            return Secret(f"{self._file}: {by_file}", file)
        if variable is None:
            return None
        return Secret(f"{self._file}: {by_variable}", variable=variable)


def _private(file: Path, named: str) -> str:
    """Return the text of a file that holds a secret.

    Raises:
        InvalidInput: it cannot be read, or everybody on this machine may read or change it.
    """
    try:
        with file.open(encoding="utf-8") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            text = stream.read(_MAX_SECRET_BYTES * 16)
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise InvalidInput(f"{named}: {file} cannot be read: {why}") from error
    if mode & (stat.S_IROTH | stat.S_IWOTH):
        raise InvalidInput(f"{named}: others may read or change {file}: chmod o-rw it")
    return text


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
