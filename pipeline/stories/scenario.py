"""Scenario folders: a story that is at once a document, an example and a test.

`README.md` tells it, and says in its front matter `until` when it ends; `policy.yaml` is published
before its first happening; `timeline.jsonl` is what happens, one line each; `expected.jsonl` is
what must come of it. The format is described in `tests/scenarios/README.md`.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from pipeline.documents import KINDS, Envelope, InvalidDocument, Notice, Policy, enveloped, parsed
from pipeline.errors import InvalidInput
from pipeline.events import Event
from pipeline.identifiers import StoreName
from pipeline.instants import Instant, parse_instant
from pipeline.receipts import Receipt
from pipeline.stories.lines import NUMBER, lines_of, only, repeated, text_of, times_of
from pipeline.vocabulary import CommandKind, FindingKind, ReceiptStatus
from pipeline.wire.plain_json import event_to_encode

EVENTS, RECEIPTS, STORES = "events", "receipts", "stores"
TOPICS = (EVENTS, *KINDS, RECEIPTS, STORES)
SILENCE = "nothing"
AUTHOR = "counsel"


class Answering(NamedTuple):
    """A stage direction: from now on a store answers so; None: it obeys, as stores do."""

    store: StoreName
    status: str | None
    silent: bool


class GivenReceipt(NamedTuple):
    """A receipt for the newest command of a kind, or for one that nobody issued."""

    kind: str
    record: str
    store: str
    cause: str
    fields: Mapping[str, Any]


What = Event | Envelope | GivenReceipt | Answering | bytes
"""What happens. Bytes are sent to the ingestion topic as they are."""


class Happening(NamedTuple):
    """One line of the timeline."""

    at: Instant
    what: What
    place: str


class Expected(NamedTuple):
    """A command that must be given, and in which time; both ends belong to it.

    `fields`: what a REDACT erases, sorted.
    """

    kind: str
    record: str
    store: str
    cause: str
    not_before: Instant
    not_after: Instant
    fields: tuple[str, ...] = ()


class Scenario(NamedTuple):
    """One folder, read."""

    title: str
    until: Instant
    approvals: tuple[str, ...]
    policy: Envelope | None
    happenings: tuple[Happening, ...]
    commands: tuple[Expected, ...]
    findings: Mapping[str, int | None]
    quarantined: Mapping[str, int | None]

    @property
    def stores(self) -> tuple[str, ...]:
        """Names of all stores that events name, or documents as to be told something, sorted."""
        found: set[StoreName] = set()
        for what in (self.policy, *[item.what for item in self.happenings]):
            if isinstance(what, Event):
                found.update(what.stores)
            elif isinstance(what, Envelope):
                found.update(_told(what))
        return tuple(sorted(found))


def _told(envelope: Envelope) -> Iterator[StoreName]:
    """Yield the stores that are commanded by a document itself, whatever holds records."""
    document = parsed(envelope)
    if isinstance(document, Policy) and document.notifier is not None:
        yield document.notifier
    if isinstance(document, Notice):
        for order in document.orders:
            yield from order.tell


def read_scenario(folder: Path) -> Scenario:
    """Read a scenario folder.

    Raises:
        InvalidInput: a file is missing or a line is wrong; names the file and line.
        InvalidDocument: a policy, notice, hold or control has problems.
    """
    title, front = _front_matter(folder / "README.md")
    happenings = tuple(_happenings(folder))
    if not happenings:
        raise InvalidInput(f"{folder / 'timeline.jsonl'}: nothing happens; add a line")
    until = _instant(front.get("until"), f"{folder / 'README.md'}: `until`")
    if until < happenings[-1].at:
        raise InvalidInput(f"{folder / 'README.md'}: `until` lies before the last happening")
    policy = None
    if (folder / "policy.yaml").exists():
        policy = enveloped(
            "policies", text_of(folder / "policy.yaml"), AUTHOR, str(folder / "policy.yaml")
        )
    expected = list(lines_of(folder / "expected.jsonl"))
    return Scenario(
        title=title,
        until=until,
        approvals=tuple(front.get("approvals", "").split()),
        policy=policy,
        happenings=happenings,
        commands=tuple(found for line in expected for found in _expected(*line)),
        findings=_counts(expected, "finding", frozenset(FindingKind)),
        quarantined=_counts(expected, "quarantine", None),
    )


def _front_matter(file: Path) -> tuple[str, dict[str, str]]:
    """Return the title, and the keys between the two lines `---` at the beginning."""
    text = text_of(file)
    opening, _, rest = text.partition("---\n")
    front, closing, body = rest.partition("\n---\n")
    try:
        # BaseLoader: every value stays the text that was written.
        found = yaml.load(front, Loader=yaml.BaseLoader)  # noqa: S506  # builds text only
    except yaml.YAMLError:
        found = None
    if opening or not closing or not isinstance(found, dict):
        raise InvalidInput(f"{file} must begin with front matter: ---, `until: INSTANT`, ---")
    titles = [line.removeprefix("# ") for line in body.splitlines() if line.startswith("# ")]
    words = {
        key: " ".join(value) if isinstance(value, list) else value for key, value in found.items()
    }
    only(words, {"until", "approvals"}, str(file))
    return (titles[0] if titles else file.parent.name), words


def _happenings(folder: Path) -> Iterator[Happening]:
    last: Instant | None = None
    for value, place in lines_of(folder / "timeline.jsonl"):
        only(value, {"at", "topic", "value", "times"}, place)
        at = _instant(value.get("at"), f"{place}: `at`")
        if last is not None and at < last:
            raise InvalidInput(f"{place}: `at` lies before the line above")
        last = at
        topic, times = value.get("topic"), times_of(value, place)
        if topic not in TOPICS:
            raise InvalidInput(f"{place}: `topic` must be one of {', '.join(TOPICS)}")
        if times is not None and topic != EVENTS:
            raise InvalidInput(f"{place}: `times` is for {EVENTS}")
        try:
            for content in repeated(value.get("value"), times):
                yield Happening(at, _what(folder, topic, content), place)
        except (InvalidInput, InvalidDocument) as error:
            message = f"{place}: {error}"
            raise InvalidInput(message) from error


def _what(folder: Path, topic: str, value: Any) -> What:
    if topic == EVENTS and isinstance(value, str):
        return value.encode()
    if not isinstance(value, dict):
        raise InvalidInput("`value` must be an object")
    if topic == EVENTS:
        return event_to_encode(json.dumps(value))
    if topic == RECEIPTS:
        return _receipt(value)
    if topic == STORES:
        return _answering(value)
    return _document(folder, topic, value)


def _document(folder: Path, kind: str, value: dict[str, Any]) -> Envelope:
    """Read `{file, author}`, `{text, author, …}` as on the topic, or the document itself."""
    author = str(value.get("author", AUTHOR))
    if "file" in value:
        only(value, {"file", "author"}, "`value`")
        file = folder / str(value["file"])
        return enveloped(kind, text_of(file), author, str(file))
    if "text" in value:
        return enveloped(kind, str(value["text"]), author)
    content = {key: item for key, item in value.items() if key != "author"}
    return enveloped(kind, json.dumps(content, indent=1), author)


def _receipt(value: dict[str, Any]) -> GivenReceipt:
    only(value, {"command", *Receipt.__struct_fields__}, "`value`")
    fields = dict(value)
    about = fields.pop("command", {})
    if str(fields.get("status")) not in set(ReceiptStatus):
        raise InvalidInput(f"`status` must be one of {', '.join(ReceiptStatus)}")
    if not isinstance(about, dict) or not (about or fields.get("command_id")):
        raise InvalidInput("name the `command` by kind, record, store and cause, or `command_id`")
    only(about, {"kind", "record", "store", "cause"}, "`command`")
    if "at" in fields:
        _instant(fields["at"], "`at`")
    return GivenReceipt(
        about.get("kind", CommandKind.DELETE.value),
        about.get("record", ""),
        about.get("store", ""),
        about.get("cause", ""),
        fields,
    )


def _answering(value: dict[str, Any]) -> Answering:
    only(value, {"store", "answers"}, "`value`")
    answers = value.get("answers")
    known = (SILENCE, "obediently", *ReceiptStatus)
    if answers not in known or not isinstance(value.get("store"), str):
        raise InvalidInput(f"name a `store` and what it `answers`: {', '.join(known)}")
    told = answers if answers in set(ReceiptStatus) else None
    return Answering(StoreName(value["store"]), told, silent=answers == SILENCE)


def _expected(value: dict[str, Any], place: str) -> Iterator[Expected]:
    """Return one command for each record and store that a line names; none if it names none.

    A record with `{n}` stands for any that have a number there, so often as `times` says.
    """
    if "kind" not in value:
        return
    only(value, {*Expected._fields, "times"}, place)
    missing = [key for key in Expected._fields if key not in {"fields", *value}]
    if missing:
        raise InvalidInput(f"{place}: `{missing[0]}` is missing")
    if str(value["kind"]) not in set(CommandKind):
        raise InvalidInput(f"{place}: `kind` must be one of {', '.join(CommandKind)}")
    times = times_of(value, place)
    if times is not None and not all(NUMBER in record for record in _listed(value["record"])):
        raise InvalidInput(f"{place}: `times` needs a `record` with `{NUMBER}`")
    for record in _listed(value["record"]):
        for store in _listed(value["store"]):
            one = Expected(
                value["kind"],
                record,
                store,
                value["cause"],
                _instant(value["not_before"], f"{place}: `not_before`"),
                _instant(value["not_after"], f"{place}: `not_after`"),
                tuple(sorted(_listed(value.get("fields", [])))),
            )
            yield from [one] * (times or 1)


def _counts(
    expected: list[tuple[dict[str, Any], str]], key: str, known: frozenset[str] | None
) -> dict[str, int | None]:
    """Return how often each kind must be told; None: any number of times."""
    found: dict[str, int | None] = {}
    for value, place in expected:
        if key not in value:
            if not {"kind", "finding", "quarantine"} & set(value):
                raise InvalidInput(f"{place}: name a command's `kind`, a `finding` or `quarantine`")
            continue
        only(value, {key, "times"}, place)
        name, times = str(value[key]), times_of(value, place)
        if known is not None and name not in known:
            raise InvalidInput(f"{place}: `{key}` is not a kind of finding")
        if name in found:
            raise InvalidInput(f"{place}: a line above names it; say how often with `times`")
        found[name] = times
    return found


def _listed(value: Any) -> list[str]:
    return [str(item) for item in (value if isinstance(value, list) else [value])]


def _instant(value: Any, place: str) -> Instant:
    try:
        return parse_instant(str(value))
    except InvalidInput as error:
        raise InvalidInput(f"{place} must be an instant: {error}") from error
