"""From the text of a document to its value: three passes, all problems at once.

`reading` makes a tree with lines of it, `complaints` checks its form, `meaning` what it says,
`opinions` whether it is likely to be meant. Whatever the text, nothing but `InvalidDocument` comes.
"""

import msgspec

from pipeline.documents.complaints import read_shape
from pipeline.documents.meaning import read_meaning
from pipeline.documents.opinions import note_opinions
from pipeline.documents.problems import InvalidDocument, Notes, Problem
from pipeline.documents.reading import Node, Tree, Unreadable, read_tree, shown_key
from pipeline.documents.shape import SHAPES
from pipeline.documents.values import Document
from pipeline.instants import Instant

KIND_OF_KEY = {
    "policy": "policies",
    "notice": "notices",
    "hold": "holds",
    "request": "requests",
    "control": "controls",
}
"""First key of a document to its kind, which is the name of its topic."""

ANONYMOUS = "document"


class Loaded(msgspec.Struct, frozen=True):
    """A document without errors: its kind (one of `KINDS`), its value, and warnings."""

    kind: str
    document: Document
    problems: tuple[Problem, ...] = ()


def kind_of(text: str, file: str = ANONYMOUS) -> str:
    """Tell from its first-level keys what kind of document a text is: one of `KINDS`.

    Raises:
        InvalidDocument: it cannot be read, or has none or several of the keys that tell the kind.
    """
    tree = _tree(text, file)
    return KIND_OF_KEY[_telling_key(tree, Notes(file, tree.root))]


def load(text: str, file: str = ANONYMOUS, now: Instant | None = None) -> Loaded:
    """Read a document.

    Args:
        text: YAML, at most 1 MiB.
        file: what problems name as the place.
        now: the present, to warn of deadlines that have passed; None: none is looked at.

    Returns:
        Its value, with warnings only.

    Raises:
        InvalidDocument: it has errors; carries all problems found.
    """
    tree = _tree(text, file)
    notes = Notes(file, tree.root)
    key = _telling_key(tree, notes)
    _note_repeated(tree, notes)
    plain = tree.root.plain()
    shape = read_shape(SHAPES[key], plain, notes) if isinstance(plain, dict) else None
    document = read_meaning(shape, notes) if shape is not None else None
    if notes.problems or document is None:
        raise InvalidDocument(notes.in_order())
    note_opinions(document, notes, now)
    return Loaded(KIND_OF_KEY[key], document, notes.in_order())


def _tree(text: str, file: str) -> Tree:
    try:
        return read_tree(text)
    except Unreadable as error:
        problem = Problem(file, error.line, "", error.what, error.remedy)
    raise InvalidDocument((problem,))


def _telling_key(tree: Tree, notes: Notes) -> str:
    root: Node = tree.root
    keys = [key for key in KIND_OF_KEY if isinstance(root.value, dict) and key in root.value]
    if len(keys) == 1:
        return keys[0]
    if keys:
        what = f"the keys {' and '.join(f'`{key}`' for key in keys)} name two kinds of document"
        notes.add((keys[1],), what=what, remedy="write one document a file")
    else:
        what = "nothing says what kind of document this is"
        remedy = (
            "begin with `policy: ID`, `notice: ID`, `hold: ID`, `request: ID` or `control: SCOPE`"
        )
        notes.add((), what=what, remedy=remedy)
    raise InvalidDocument(notes.in_order())


def _note_repeated(tree: Tree, notes: Notes) -> None:
    for repeated in tree.repeated:
        key = shown_key(str(repeated.path[-1]))
        what = f"{key} is given twice, at lines {repeated.first_line} and {repeated.line}"
        remedy = "keep one of the two"
        notes.add(repeated.path, what=what, remedy=remedy, line=repeated.line)
