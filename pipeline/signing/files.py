"""Keys and keyrings by name: a file, or for a private key `env:NAME`.

Read where they are used: in the setup of a worker, or at the start of a command.
"""

import os
import stat
from pathlib import Path

from pipeline.errors import InvalidInput
from pipeline.signing.keyring import MAX_KEYRING_BYTES, Keyring, parse_keyring
from pipeline.signing.keys import SigningKey

FROM_ENVIRONMENT = "env:"
MAX_KEY_BYTES = 1 << 14

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def load_key(name: str) -> SigningKey:
    """Read a private key in PEM.

    Args:
        name: a file that nobody but its owner may read, or `env:NAME` for a variable.

    Raises:
        InvalidInput: it is not there, is no key, or others may read it.
    """
    # A key in place of its name would be repeated by every message below.
    if "PRIVATE KEY" in name or "\n" in name or "\0" in name:
        raise InvalidInput("a signing key is named, not given: name its file, or env:NAME")
    if name.startswith(FROM_ENVIRONMENT):
        variable = name.removeprefix(FROM_ENVIRONMENT)
        value = os.environ.get(variable)
        if value is None:
            raise InvalidInput(f"signing key {name}: the variable is not set; set it to the PEM")
        return SigningKey.from_pem(value.encode(), f"signing key {name}")
    try:
        with Path(name).open("rb") as stream:
            # Of what was opened, so that nothing can be put in its place in between.
            mode = os.fstat(stream.fileno()).st_mode
            if mode & _OTHERS:
                raise InvalidInput(
                    f"signing key {name} may be used by others than its owner "
                    f"({stat.filemode(mode)}); chmod 600 it, and replace it if somebody has seen it"
                )
            pem = stream.read(MAX_KEY_BYTES)
    except OSError as error:
        raise InvalidInput(f"signing key {name} cannot be read: {error.strerror}") from error
    return SigningKey.from_pem(pem, f"signing key {name}")


def new_key_file(path: Path) -> SigningKey:
    """Make a key and write it to a new file that only its owner may read (0600).

    Raises:
        InvalidInput: the file is there already, or cannot be written.
    """
    key = SigningKey.new()
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise InvalidInput(f"{path} is there already; a key is not overwritten") from None
    except OSError as error:
        raise InvalidInput(f"{path} cannot be written: {error.strerror}") from error
    with os.fdopen(handle, "wb") as stream:
        os.fchmod(stream.fileno(), 0o600)  # whatever the umask
        stream.write(key.pem())
        stream.flush()
        os.fsync(stream.fileno())
    return key


def load_keyring(name: str) -> Keyring:
    """Read a keyring.

    Raises:
        InvalidInput: it cannot be read, or is wrong.
    """
    try:
        path = Path(name)
        if path.stat().st_size > MAX_KEYRING_BYTES:
            raise InvalidInput(f"keyring {name} has more than {MAX_KEYRING_BYTES} bytes")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"keyring {name} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"keyring {name} is not UTF-8; save it as UTF-8") from error
    return parse_keyring(text, name)
