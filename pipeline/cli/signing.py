"""Keys and keyrings as verbs take them, and `retention keys`."""

import time
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from pipeline.cli.options import KeyringFile
from pipeline.cli.tables import screen, table, visible
from pipeline.errors import InvalidInput
from pipeline.instants import SECOND, Instant, format_instant, parse_instant
from pipeline.signing import (
    Key,
    Keyring,
    SigningKey,
    key_id_of,
    load_key,
    load_keyring,
    new_key_file,
)
from pipeline.signing.files import FROM_ENVIRONMENT
from pipeline.signing.keyring import parse_keyring

keys_app = typer.Typer(no_args_is_help=True, help="Make a signing key, and show what keys may do.")


def here_now() -> Instant:
    """Return this machine's time: what a person signs says when, and nothing is judged by it."""
    return Instant(int(time.time() * SECOND))


def placed(name: str | None) -> str | None:
    """Return the name of a file as any process finds it; `env:NAME` stays."""
    if name is None or name.startswith(FROM_ENVIRONMENT):
        return name
    return str(Path(name).absolute())


def key_for(name: str | None, keyring: str | None, word: str) -> tuple[SigningKey | None, str]:
    """Return the key that signs and its owner; without a keyring nobody knows the owner.

    Args:
        name: of the key; None: nothing is signed.
        keyring: file in which the key must be allowed to sign it, now; None: it is not looked up.
        word: what is signed, as `signs` has it.

    Raises:
        InvalidInput: a file cannot be read, or those who have the keyring would not believe it.
    """
    known = None if keyring is None else load_keyring(keyring)
    key = None if name is None else load_key(name)
    if known is None or key is None:
        return key, ""
    return key, _demanded(known, key, word, str(keyring)).owner


def _demanded(known: Keyring, key: SigningKey, word: str, file: str) -> Key:
    found = known.get(key.key_id)
    if found is None:
        raise InvalidInput(
            f"key {key.key_id} is not in {file}; add what `retention keys show` says"
        )
    if word not in found.signs:
        allowed = ", ".join(sorted(found.signs))
        raise InvalidInput(f"key {key.key_id} may not sign {word}, only {allowed}; take another")
    if not found.is_valid_at(here_now()):
        raise InvalidInput(f"key {key.key_id} is not valid now ({_period(found)}); take another")
    return found


def _period(key: Key) -> str:
    first = "" if key.not_before is None else f"from {format_instant(key.not_before)} "
    last = "" if key.not_after is None else f"until {format_instant(key.not_after)}"
    return f"{first}{last}".strip() or "always"


def _entry(
    public: bytes, owner: str, signs: Sequence[str], not_before: str | None, not_after: str | None
) -> str:
    """Return the entry of a keyring, which is read back before anybody is shown it."""
    first, last = (None if at is None else parse_instant(at) for at in (not_before, not_after))
    text = Key(key_id_of(public), public, owner, frozenset(signs), first, last).entry()
    parse_keyring(f"keys:\n{text}\n", "entry")
    return text


Owner = Annotated[str, typer.Option(help="Who holds the key; the author of what it signs.")]
Signs = Annotated[
    list[str],
    typer.Option(
        "--signs",
        help="commands, receipts:STORE, policies, notices, holds, requests, controls; repeat.",
    ),
]
NotBefore = Annotated[str | None, typer.Option(help="Instant from which it is believed.")]
NotAfter = Annotated[str | None, typer.Option(help="Instant from which it is not any more.")]


@keys_app.command("new")
def new(
    file: Annotated[Path, typer.Argument(help="New file for the private key; 0600.")],
    owner: Owner,
    signs: Signs,
    not_before: NotBefore = None,
    not_after: NotAfter = None,
) -> None:
    """Make an Ed25519 key: the private one into a file, its keyring entry to standard output."""
    # What is wrong with the entry is said before there is a key.
    _entry(SigningKey.new().public, owner, signs, not_before, not_after)
    typer.echo(_entry(new_key_file(file).public, owner, signs, not_before, not_after))


@keys_app.command("show")
def show(
    key: Annotated[
        str | None, typer.Argument(help="File of a private key, or env:NAME; without, --keyring.")
    ] = None,
    keyring: KeyringFile = None,
) -> None:
    """Show the public half of a private key, or what is in a keyring; never a private key."""
    if key is not None:
        found = load_key(key)
        known = None if keyring is None else load_keyring(keyring).get(found.key_id)
        public = f"id: {found.key_id}\npublic: {b64encode(found.public).decode()}"
        typer.echo(public if known is None else known.entry())
        return
    if keyring is None:
        raise InvalidInput("name a private key, or a keyring with --keyring")
    shown = table("key", "owner", "signs", "believed")
    for item in load_keyring(keyring).keys.values():
        owner = Text(visible(item.owner))
        shown.add_row(item.key_id, owner, ", ".join(sorted(item.signs)), _period(item))
    screen().print(shown)
