"""Which public keys are believed, for what, and when: a file that everybody who verifies has.

Keys overlap: a new one is entered before the old one ends, and both are believed meanwhile. An old
one stays in the file with its end, so that what it signed in its time stays good.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import yaml

from pipeline.documents import KINDS, check_author
from pipeline.errors import InvalidInput
from pipeline.identifiers import is_store_name
from pipeline.instants import Instant, format_instant, parse_instant
from pipeline.signing.keys import PUBLIC_BYTES, is_weak, key_id_of

COMMANDS = "commands"
RECEIPTS = "receipts"
MAX_KEYRING_BYTES = 1 << 20

_FIELDS = {"id", "owner", "public", "signs", "not_before", "not_after"}
_SPACE = re.compile(r"\s")


def receipts_of(store: str) -> str:
    """Return the word for the receipts of a store."""
    return f"{RECEIPTS}:{store}"


class Key(NamedTuple):
    """A public key and what it may sign.

    Attributes:
        key_id: see `keys.key_id_of`.
        public: its 32 bytes.
        owner: who holds it; the author of documents that it signs.
        signs: `commands`, `receipts:STORE`, and kinds of documents.
        not_before: from when what is signed with it is believed; None: always.
        not_after: until when, itself not included; None: no end.
    """

    key_id: str
    public: bytes
    owner: str
    signs: frozenset[str]
    not_before: Instant | None = None
    not_after: Instant | None = None

    def is_valid_at(self, instant: Instant) -> bool:
        """Whether it is believed in what was written at an instant."""
        began = self.not_before is None or self.not_before <= instant
        return began and (self.not_after is None or instant < self.not_after)

    def entry(self) -> str:
        """Write it as an entry of a keyring."""
        lines = [
            f"  - id: {self.key_id}",
            # In the style that quotes what must be quoted.
            f"    owner: {yaml.safe_dump(self.owner, width=10_000).splitlines()[0]}",
            f"    public: {b64encode(self.public).decode()}",
            f"    signs: [{', '.join(sorted(self.signs))}]",
        ]
        for name, instant in (("not_before", self.not_before), ("not_after", self.not_after)):
            if instant is not None:
                lines.append(f"    {name}: {format_instant(instant)}")
        return "\n".join(lines)


class Keyring:
    """Public keys by id."""

    def __init__(self, keys: Iterable[Key]) -> None:
        self.keys = {key.key_id: key for key in keys}

    def get(self, key_id: str) -> Key | None:
        """Return a key; None when it is not known."""
        return self.keys.get(key_id)


class _Texts(yaml.SafeLoader):
    """Reads every plain value as the text that stands there, and each key of a mapping once."""

    yaml_implicit_resolvers: Mapping[str, Any] = {}  # type: ignore[assignment]

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        """Return the mapping.

        Raises:
            InvalidInput: a key stands twice: which value counts would be a guess.
        """
        names = [key.value for key, _ in node.value]
        for name in names:
            if names.count(name) > 1:
                raise InvalidInput(f"line {node.start_mark.line + 1}: `{name}` stands twice")
        return super().construct_mapping(node, deep=deep)


def parse_keyring(text: str, name: str) -> Keyring:
    """Read a keyring: YAML or JSON, `{keys: [...]}`; see schemas/README.md.

    Raises:
        InvalidInput: it is none, or an entry is wrong; the message names the entry.
    """
    try:
        found = yaml.load(text, Loader=_Texts)  # noqa: S506  # a SafeLoader
    except (yaml.YAMLError, RecursionError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", 0) + 1
        raise InvalidInput(f"keyring {name} is not YAML, line {line}; correct it") from error
    except InvalidInput as error:
        raise InvalidInput(f"keyring {name}: {error}") from error
    entries = found.get("keys") if isinstance(found, dict) and len(found) == 1 else None
    if not isinstance(entries, list):
        raise InvalidInput(f"keyring {name} must be one mapping `keys` with a list of keys")
    keys: dict[str, Key] = {}
    for number, entry in enumerate(entries, 1):
        try:
            key = _key(entry)
        except InvalidInput as error:
            raise InvalidInput(f"keyring {name}, key {number}: {error}") from error
        if key.key_id in keys:
            raise InvalidInput(f"keyring {name}, key {number}: this key stands there twice")
        keys[key.key_id] = key
    return Keyring(keys.values())


def _key(entry: object) -> Key:
    if not isinstance(entry, dict) or not entry.keys() <= _FIELDS:
        raise InvalidInput(f"an entry has only {', '.join(sorted(_FIELDS))}")
    public, owner = _public(entry.get("public")), entry.get("owner")
    if not isinstance(owner, str):
        raise InvalidInput("`owner` is missing: who holds the key")
    check_author(owner)
    key_id = key_id_of(public)
    if entry.get("id", key_id) != key_id:
        raise InvalidInput(f"`id` is not that of `public`, which is {key_id}")
    first, last = (_instant(entry, name) for name in ("not_before", "not_after"))
    if first is not None and last is not None and first >= last:
        raise InvalidInput("`not_after` is not later than `not_before`")
    return Key(key_id, public, owner, _words(entry.get("signs")), first, last)


def _public(value: object) -> bytes:
    text = _SPACE.sub("", value) if isinstance(value, str) else ""
    try:
        found = b64decode(text, validate=True)
    except ValueError:
        found = b""
    if len(found) != PUBLIC_BYTES:
        raise InvalidInput("`public` must be the 32 bytes of an Ed25519 public key in base64")
    if is_weak(found):
        raise InvalidInput(
            "`public` is a key for which anybody can sign; take that of a real private key"
        )
    return found


def _words(value: object) -> frozenset[str]:
    words = value if isinstance(value, list) else []
    for word in words:
        kind, _, store = word.partition(":") if isinstance(word, str) else ("", "", "")
        if word not in (COMMANDS, *KINDS) and not (kind == RECEIPTS and is_store_name(store)):
            allowed = ", ".join((COMMANDS, receipts_of("STORE"), *KINDS))
            raise InvalidInput(f"`signs` must be a list of {allowed}")
    if not words:
        raise InvalidInput("`signs` must say what the key may sign")
    return frozenset(words)


def _instant(entry: Mapping[str, object], name: str) -> Instant | None:
    value = entry.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise InvalidInput(f"`{name}` must be an instant, e.g. 2026-03-01T09:00:00Z")
    return parse_instant(value)
