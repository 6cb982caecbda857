"""A real Kafka that lets nobody in unproved: TLS with logins on one port, mutual TLS on another.

Whoever has no access rule may do nothing. A user has the same rules however it proves who it is.
"""

from pathlib import Path
from typing import Literal

from pipeline.testing.certificates import Authority
from pipeline.testing.kafka_broker import LocalKafka, filled
from pipeline.testing.ports import LOOPBACK, free_port
from pipeline.transports.addresses import secured

Way = Literal["login", "certificate"]

ADMIN = "admin"
_NODE = "node"
_PRIVATE = 0o600


class SecureKafka(LocalKafka):
    """One Kafka node, running from `__enter__` to `__exit__`, whose users are made beforehand.

    Args:
        folder: holds settings, data, log, certificates and what `address` writes.
        users: names to passwords; `admin`, who may do everything, is added.

    Attributes:
        authority: signs its certificate and those of its users.
        secrets: the folder of certificates, keys, passwords and security files.
    """

    def __init__(self, folder: Path, users: dict[str, str]) -> None:
        super().__init__(folder)
        self.secrets = folder / "secrets"
        self._users = {ADMIN: f"{ADMIN}-secret"} | users
        self.authority = Authority(self.secrets)
        self._login_port = free_port()

    @property
    def url(self) -> str:
        """The address of the admin, for `open_broker`."""
        return self.address(ADMIN)

    def plain(self, way: Way = "login") -> str:
        """Return an address that names no security file."""
        port = self._login_port if way == "login" else self._port
        return f"kafka://{LOOPBACK}:{port}"

    def address(self, user: str, way: Way = "login", **changes: str | None) -> str:
        """Return the address of a user, with a security file of its own.

        Args:
            user: its name.
            way: how it proves who it is.
            changes: lines of the security file that are other than right; None leaves one out.
        """
        file = self.secrets / f"{user}.{way}.yaml"
        lines: dict[str, str | None] = {"ca_file": str(self.authority.file)}
        if way == "login":
            password = self.secrets / f"{user}.password"
            if not password.exists():
                password.touch(mode=_PRIVATE)
                password.write_text(f"{self._users[user]}\n")
            lines |= {"protocol": "sasl_tls", "mechanism": "SCRAM-SHA-512", "username": user}
            lines |= {"password_file": str(password)}
        else:
            pair = self.authority.issue(user)
            lines |= {"protocol": "tls", "certificate_file": str(pair.certificate)}
            lines |= {"key_file": str(pair.key)}
        if changes:
            file = file.with_stem(f"{file.stem}-{'-'.join(changes)}")
        told = {key: value for key, value in (lines | changes).items() if value is not None}
        file.write_text("".join(f"{key}: {value}\n" for key, value in told.items()))
        return secured(self.plain(way), str(file))

    def _settings(self) -> str:
        node = self.authority.issue(_NODE)
        store = self.secrets / "node.store.pem"
        store.touch(mode=_PRIVATE)
        store.write_bytes(node.key.read_bytes() + node.certificate.read_bytes())
        own = filled(
            "secured.properties",
            port=self._port,
            login_port=self._login_port,
            controller_port=self._controller_port,
            keystore=store,
            authority=self.authority.file,
            node=_NODE,
            admin=ADMIN,
        )
        return f"{super()._settings()}\n{own}"

    def _format_options(self) -> list[str]:
        return [
            option
            for user, password in self._users.items()
            for option in ("--add-scram", f"SCRAM-SHA-512=[name={user},password={password}]")
        ]
