"""YAML text to a tree of nodes that know their lines; the first thing that happens to a text.

Narrower than YAML on purpose: every scalar stays the text that was written (so that the country
`NO` is not False, an article `17` not a number, and a date without a zone cannot pass as one), and
anchors, aliases, tags, several documents and other keys than words are refused.
"""

import re
from collections.abc import Iterator

import msgspec
import yaml

MAX_BYTES = 1_048_576
MAX_DEPTH = 12
MAX_NODES = 100_000

Path = tuple[str | int, ...]

_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_UNPRINTABLE = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|(?<!^)\ufeff"
)
_WORDLIKE = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")


class Unreadable(Exception):
    """The text is no document at all; the line, what is wrong, and what to do."""

    def __init__(self, line: int, what: str, remedy: str) -> None:
        """Take the line from 1 and two phrases that repeat nothing of the text."""
        super().__init__(what)
        self.line = line
        self.what = what
        self.remedy = remedy


class Node(msgspec.Struct):
    """A scalar (text or None), a list or a mapping; its line is that of its key, if any."""

    line: int
    value: "str | list[Node] | dict[str, Node] | None"

    def plain(self) -> object:
        """Return the value without lines: text, None, lists and dicts."""
        if isinstance(self.value, list):
            return [item.plain() for item in self.value]
        if isinstance(self.value, dict):
            return {key: item.plain() for key, item in self.value.items()}
        return self.value


class Repeated(msgspec.Struct, frozen=True):
    """A key that a mapping has twice; the first one counts."""

    path: Path
    first_line: int
    line: int


class Tree(msgspec.Struct, frozen=True):
    """A text as read: its root mapping, and the keys that were given twice."""

    root: Node
    repeated: tuple[Repeated, ...]


def read_tree(text: str) -> Tree:
    """Read a text.

    Raises:
        Unreadable: it is not YAML, not a mapping, too large or deep, or uses what is refused.
    """
    _check_text(text)
    try:
        return _Builder(yaml.parse(text, Loader=_LOADER)).tree()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise Unreadable(line, f"not YAML: {error.problem or 'malformed'}", _REPAIR) from None
    except (yaml.YAMLError, ValueError, OverflowError):
        # The pure-Python parser lets the latter two out on impossible escapes.
        raise Unreadable(1, "not YAML: malformed", _REPAIR) from None


_REPAIR = "correct the YAML; mind indentation, colons and quotes"


def _check_text(text: str) -> None:
    # Characters first: encoding gigabytes only to count them would be the attack itself.
    if len(text) > MAX_BYTES or len(text.encode(errors="surrogatepass")) > MAX_BYTES:
        raise Unreadable(1, "larger than 1 MiB", "split it into several documents")
    found = _UNPRINTABLE.search(text)
    if found is not None:
        line = text.count("\n", 0, found.start()) + 1
        code = f"U+{ord(found.group()):04X}"
        raise Unreadable(line, f"holds the control character {code}", "remove it")


class _Builder:
    """Builds the tree from parser events without recursion, checking limits as it goes."""

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self._events = events
        self._nodes = 0
        self._repeated: list[Repeated] = []
        self._root: Node | None = None
        self._open: list[Node] = []
        self._keys: list[tuple[str, int] | None] = []
        self._parts: list[str | int] = []
        self._documents = 0

    def tree(self) -> Tree:
        for event in self._events:
            self._take(event)
        if self._root is None or self._root.value is None:
            raise Unreadable(1, "the document is empty", _BEGIN)
        if not isinstance(self._root.value, dict):
            raise Unreadable(self._root.line, "the document is not a mapping of keys", _BEGIN)
        return Tree(self._root, tuple(self._repeated))

    def _take(self, event: yaml.Event) -> None:
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise Unreadable(line, "a second document begins", "write one document a file")
        elif isinstance(event, yaml.AliasEvent):
            raise Unreadable(line, "uses an alias (`*`)", "write the value out")
        elif isinstance(event, yaml.CollectionEndEvent):
            self._open.pop()
            self._keys.pop()
            self._parts.pop()
        elif isinstance(event, yaml.NodeEvent):
            self._take_node(event, line)

    def _take_node(self, event: yaml.NodeEvent, line: int) -> None:
        if event.anchor is not None:
            raise Unreadable(line, "uses an anchor (`&`)", "write the value out where it is used")
        if getattr(event, "tag", None) is not None:
            raise Unreadable(line, "uses a tag (`!`)", "leave the tag out; all values are text")
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise Unreadable(line, f"has more than {MAX_NODES} entries", "split it into several")
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event, line)
            return
        if len(self._open) >= MAX_DEPTH:
            raise Unreadable(line, f"is nested more than {MAX_DEPTH} deep", "nest it less")
        mapping = isinstance(event, yaml.MappingStartEvent)
        node = Node(line, {} if mapping else [])
        self._parts.append(self._place(node))
        self._open.append(node)
        self._keys.append(None)

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        if self._expects_key():
            self._keys[-1] = (event.value, line)
            return
        plain = not event.style
        self._place(Node(line, None if plain and event.value in _NULLS else event.value))

    def _expects_key(self) -> bool:
        return (
            bool(self._open) and isinstance(self._open[-1].value, dict) and self._keys[-1] is None
        )

    def _place(self, node: Node) -> str | int:
        """Put a node where the parser stands and return its key or index there."""
        if not self._open:
            self._root = node
            return ""
        parent = self._open[-1].value
        if isinstance(parent, list):
            parent.append(node)
            return len(parent) - 1
        key = self._keys[-1]
        if key is None or not isinstance(parent, dict):
            raise Unreadable(node.line, "a key is a list or a mapping", "use words as keys")
        self._keys[-1] = None
        # The key's line: a value may begin on the next one, but people look for the key.
        name, node.line = key
        kept = parent.setdefault(name, node)
        if kept is not node:
            path = (*self._parts[1:], name)
            self._repeated.append(Repeated(path, kept.line, node.line))
        return name


_BEGIN = "begin with `policy: ID`, `notice: ID`, `hold: ID` or `control: SCOPE`"


def node_at(root: Node, path: Path) -> Node | None:
    """Return the node at a path, or None."""
    node: Node | None = root
    for part in path:
        value = node.value if node is not None else None
        if isinstance(part, int):
            inside = isinstance(value, list) and part < len(value)
            node = value[part] if inside and isinstance(value, list) else None
        else:
            node = value.get(part) if isinstance(value, dict) else None
    return node


def line_of(root: Node, path: Path) -> int:
    """Return the line of a path, or of the nearest part of it that is in the tree."""
    for length in range(len(path), -1, -1):
        node = node_at(root, path[:length])
        if node is not None:
            return node.line
    return root.line


def shown_key(key: str) -> str:
    """Write a key for a message; what does not look like one could be anything and is not shown."""
    return f"`{key}`" if _WORDLIKE.fullmatch(key) else "a key"


def written_path(path: Path) -> str:
    """Write a path for people: `rules[0].match.purpose`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            shown = part if _WORDLIKE.fullmatch(part) else "?"
            text += f".{shown}" if text else shown
    return text
