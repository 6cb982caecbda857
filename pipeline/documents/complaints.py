"""What the first pass finds, in our words; and mending, so that the second pass runs all the same.

A form that pydantic refuses is mended with harmless stand-ins, read again, and given to `meaning`
for the rest of its problems. What comes of it is thrown away.
"""

import copy
from difflib import get_close_matches
from itertools import count

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from pipeline.documents.form import Shape
from pipeline.documents.problems import Notes
from pipeline.documents.reading import Path, shown_key, written_path
from pipeline.documents.shape import PARTS, DocumentShape

_KEY_OF_MAPPING = "[key]"  # how pydantic ends the path of a mapping's key

_MISSING = {
    "default": "add `default: {limit: P30D, citation: {law: …, article: …}}`: every record needs a "
    "finite limit, also those that no rule covers",
    "limit": "add `limit:` with an ISO 8601 period such as P30D",
    "version": "add `version: 1`, and count up with every change",
    "zone": "add `zone:` with the time zone whose days count, e.g. Europe/London",
    "citation": "add `citation: {law: …, article: …, url: …}`: every conclusion names its law",
    "mode": "add `mode: enforce`, or `mode: observe` to only report what would be deleted",
    "clock": "add `clock: collected`, or another happening that starts the period",
    "match": "add `match:` with what it covers, e.g. {residency: [GB]}",
    "steps": "add `steps:` with at least one of {id, action, not_before, complete_by}",
    "reason": "add `reason:`: whoever reads the record later must know why",
}
_WEIGHT = ("is not a weight", "write a number from 0 to 1 with at most three decimals")
_PATTERNS = {
    "version": ("is not a version", "write a whole number from 1, digits only"),
    "at_most": ("is not a number of deletions", "write a whole number, or a share such as 2%"),
    "per_minute": ("is not a number of deletions", "write a whole number from 1, digits only"),
    "resident": _WEIGHT,
    "present": _WEIGHT,
    "resident_from": _WEIGHT,
    "likely_from": _WEIGHT,
    "agreeing_from": _WEIGHT,
    "url": ("is not a web address", "write it in full, with https://"),
}
_NAME = (
    "is not an id",
    "use up to 128 letters, digits, dots, hyphens and underscores, a letter or digit first",
)
_TYPES = {
    "tuple_type": ("must be a list", "write `[…]`, or one entry a line beginning with `- `"),
    "dict_type": ("must be a mapping", "write `{key: value}`, or one `key: value` a line"),
    "model_type": ("must be a mapping", "write `{key: value}`, or one `key: value` a line"),
    "string_too_short": ("is empty", "give a value, or leave the key out where it is optional"),
    "string_too_long": ("is too long", "shorten it"),
    "too_long": ("has too many entries", "split the document, or name fewer"),
    "too_short": ("is an empty list", "name at least one entry, or leave the key out"),
    "value_error": ("holds invisible characters", "type it again without them"),
}


def read_shape(
    form: type[DocumentShape], plain: dict[str, object], notes: Notes
) -> DocumentShape | None:
    """Read a form, noting all that is wrong with it.

    Returns:
        The form; a mended one when problems were noted; None when it is beyond mending.
    """
    try:
        return form.model_validate(plain)
    except ValidationError as refusal:
        errors = refusal.errors(include_url=False)
    for at, error in enumerate(errors):
        if notes.is_full:
            notes.untold += len(errors) - at
            break
        _complain(form, error, notes)
    if notes.is_full:  # nothing that mending could find would be told
        return None
    mended = copy.deepcopy(plain)
    numbers = count()
    for error in errors:
        _mend(mended, error, f"stand-in-{next(numbers)}")
    try:
        return form.model_validate(mended)
    except ValidationError:
        return None


def _path(error: ErrorDetails) -> Path:
    return tuple(part for part in error["loc"] if part != _KEY_OF_MAPPING)


def _complain(form: type[Shape], error: ErrorDetails, notes: Notes) -> None:
    path = _path(error)
    kind = error["type"]
    key = _last_key(path)
    if kind == "missing":
        notes.add(path, what=f"`{key}` is missing", remedy=_MISSING.get(key, f"add `{key}: …`"))
    elif kind == "extra_forbidden":
        _complain_of_key(form, path, notes)
    elif kind == "string_type":
        what, remedy = "must be one text", "write one value, not a list or a mapping"
        if error["input"] is None:
            what, remedy = _TYPES["string_too_short"]
        notes.add(path, what=f"{_shown(path)} {what}", remedy=remedy)
    elif error["loc"][-1:] == (_KEY_OF_MAPPING,):
        what = f"a name under {_shown(path[:-1])} {_NAME[0]}"
        notes.add(path, what=what, remedy=_NAME[1])
    elif kind == "string_pattern_mismatch":
        what, remedy = _PATTERNS.get(key, _NAME)
        notes.add(path, what=f"{_shown(path)} {what}", remedy=remedy)
    else:
        what, remedy = _TYPES.get(kind, ("is not as it must be", "compare it with the examples"))
        notes.add(path, what=f"{_shown(path)} {what}", remedy=remedy)


def _complain_of_key(form: type[Shape], path: Path, notes: Notes) -> None:
    parents = (part for part in reversed(path[:-1]) if isinstance(part, str) and part in PARTS)
    parent = next(parents, None)
    known = list((PARTS[parent] if parent else form).model_fields)
    key = str(path[-1])
    close = [] if notes.is_full else get_close_matches(key.lower()[:60], known, 1, 0.6)
    remedy = f"did you mean `{close[0]}`?" if close else f"known here are: {', '.join(known)}"
    notes.add(path, what=f"{shown_key(key)} is not known here", remedy=remedy)


def _last_key(path: Path) -> str:
    return next((part for part in reversed(path) if isinstance(part, str)), "")


def _shown(path: Path) -> str:
    start = max((at for at, part in enumerate(path) if isinstance(part, str)), default=0)
    return f"`{written_path(path[start:])}`" if path else "the document"


_CITATION = {"law": "x", "article": "x"}
_ONE = {
    "policy": "x",
    "notice": "x",
    "hold": "x",
    "version": "1",
    "zone": "UTC",
    "law": "x",
    "article": "x",
    "citation": _CITATION,
    "limit": "P1D",
    "default": {"limit": "P1D", "citation": _CITATION},
    "match": {"source": ["x"]},
    "clock": "collected",
    "mode": "enforce",
    "action": "delete",
    "method": "x",
    "authority": "x",
    "reason": "x",
    "not_before": "1970-01-01T00:00:00Z",
    "complete_by": "9999-12-31T00:00:00Z",
}
"""Stand-ins for what is required; each passes `meaning` whatever stands beside it."""
_ENTRY = {
    "residency": "GB",
    "present": "GB",
    "purpose": "dpv:ServiceProvision",
    "category": "pd:Name",
    "lawful_basis": "dpv:Consent",
    "source": "x",
    "records": "x",
    "subjects": "x",
}
"""Stand-ins for an entry of a list of words."""
_NEEDED = {
    "rules": ("match", "clock", "limit", "citation", "mode"),
    "steps": ("action", "not_before", "complete_by"),
}
"""What an entry of a list of mappings needs beside its id."""


def _stand_in(path: Path, name: str) -> object:
    """Return what takes the place of a bad value; None where it is to be left out."""
    key = _last_key(path)
    if path[:1] == ("residency",):
        return _ONE.get(key) if key == "method" else None
    is_entry = isinstance(path[-1], int)
    if key == "id":
        return name
    if key in _ENTRY:
        return _ENTRY[key] if is_entry else [_ENTRY[key]]
    if key in _NEEDED:
        needed = _NEEDED[key]
        entry = {"id": name} | {part: _ONE[part] for part in needed}
        return entry if is_entry else [entry]
    return _ONE.get(key)


def _mend(plain: dict[str, object], error: ErrorDetails, name: str) -> None:
    path = _path(error)
    holder: object = plain
    for part in path[:-1]:
        if isinstance(holder, dict):
            holder = holder.get(str(part))
        elif isinstance(holder, list) and isinstance(part, int) and part < len(holder):
            holder = holder[part]
    last = path[-1] if path else ""
    leave_out = error["type"] == "extra_forbidden" or error["loc"][-1:] == (_KEY_OF_MAPPING,)
    value = None if leave_out or not path else _stand_in(path, name)
    if isinstance(holder, list) and isinstance(last, int) and last < len(holder):
        holder[last] = value
    elif isinstance(holder, dict):
        holder.pop(last, None)
        if value is not None:
            holder[last] = value
