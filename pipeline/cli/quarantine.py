"""`retention quarantine`: what could not be read, and publishing it again once it can be."""

import getpass
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from pipeline.cli.options import Author, BrokerUrl, Prefix
from pipeline.cli.tables import counted, screen, table
from pipeline.cli.waiting import reachable, skipped
from pipeline.errors import InvalidInput
from pipeline.inquiry.unread import Unread, by_reason, parse_place
from pipeline.instants import format_instant
from pipeline.lookup.log import Log
from pipeline.lookup.quarantine import dismiss, in_quarantine, original, replay
from pipeline.transports.topics import DEFAULT_PREFIX, Topics
from pipeline.wire.plain_json import to_json

quarantine_app = typer.Typer(no_args_is_help=True, help="What could not be read.")

PREVIEW_BYTES = 64
DEFAULT_MOST = 100

Reasons = Annotated[
    list[str] | None, typer.Option("--reason", help="Only what has this reason; repeat.")
]
FromTopics = Annotated[
    list[str] | None, typer.Option("--topic", help="Only messages of this topic; repeat.")
]


@quarantine_app.command("list")
def list_quarantine(
    broker: BrokerUrl,
    prefix: Prefix = DEFAULT_PREFIX,
    reason: Reasons = None,
    topic: FromTopics = None,
    every: Annotated[
        bool, typer.Option("--all", help="What was replayed or dismissed, too.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """List where messages lie that could not be read, and why; never what is in them."""
    with reachable(broker, prefix, Console(stderr=True), existing=True) as found:
        items = _chosen(
            in_quarantine(Log.of(found, Topics(prefix), skipped())), reason, topic, every=every
        )
    if as_json:
        for item in items:
            typer.echo(to_json(item))
        return
    console = screen()
    made = table("message", "put here", "reason", "size", "dealt with")
    for item in items:
        made.add_row(
            Text(str(item.place)),
            format_instant(item.pointer.at),
            Text(item.pointer.reason),
            str(item.pointer.size),
            _dealt_with(item),
        )
    if items:
        console.print(made)
    counts = ", ".join(f"{count} {why}" for why, count in by_reason(items).items())
    waiting = sum(item.waits for item in items)
    verb = "waits" if waiting == 1 else "wait"
    total = f"{counted(waiting, 'message')} {verb}{f': {counts}' if counts else ''}"
    console.print(total, markup=False)


def _dealt_with(item: Unread) -> str:
    if item.replayed_at is not None:
        return f"replayed {format_instant(item.replayed_at)}"
    return "" if item.dismissed_at is None else f"dismissed {format_instant(item.dismissed_at)}"


@quarantine_app.command("show")
def show(
    message: Annotated[str, typer.Argument(help="TOPIC/PARTITION/OFFSET, as listed.")],
    broker: BrokerUrl,
    prefix: Prefix = DEFAULT_PREFIX,
    with_bytes: Annotated[
        bool,
        typer.Option("--bytes", help="Its first bytes in hexadecimal: may be personal data."),
    ] = False,
) -> None:
    """Say why one message could not be read, and whether its topic still keeps it."""
    place = parse_place(message)
    console = Console(soft_wrap=True, markup=False, highlight=False)
    with reachable(broker, prefix, Console(stderr=True), existing=True) as found:
        items = in_quarantine(Log.of(found, Topics(prefix), skipped()))
        item = next((one for one in items if one.place == place), None)
        if item is None:
            raise InvalidInput(
                f"{place} is not in quarantine; see: retention quarantine list --all"
            )
        kept = original(found, place)
    pointer = item.pointer
    console.print(f"{place}: {pointer.reason}")
    console.print(f"  what      {pointer.detail}")
    console.print(f"  size      {pointer.size} bytes")
    console.print(f"  written   {format_instant(pointer.timestamp)}")
    console.print(f"  put here  {format_instant(pointer.at)}")
    console.print(f"  kept      {'yes' if kept is not None else 'no: its topic has let it go'}")
    if item.replayed_at is not None:
        console.print(f"  replayed  {format_instant(item.replayed_at)} by {item.replayed_by}")
    if item.dismissed_at is not None:
        console.print(f"  dismissed {format_instant(item.dismissed_at)} by {item.dismissed}")
    if with_bytes and kept is not None:
        value = kept.value or b""
        for start in range(0, min(len(value), PREVIEW_BYTES), 16):
            console.print(f"  {start:06x}    {value[start : start + 16].hex(' ')}")
        if len(value) > PREVIEW_BYTES:
            console.print(f"  and {len(value) - PREVIEW_BYTES} bytes more")


@quarantine_app.command("replay")
def replay_quarantine(
    broker: BrokerUrl,
    messages: Annotated[
        list[str] | None, typer.Argument(help="TOPIC/PARTITION/OFFSET; default: all that fit.")
    ] = None,
    prefix: Prefix = DEFAULT_PREFIX,
    reason: Reasons = None,
    topic: FromTopics = None,
    most: Annotated[int, typer.Option("--most", min=1, help="At most so many.")] = DEFAULT_MOST,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    author: Author = None,
) -> None:
    """Publish messages to their topics again, oldest first; what was replayed is not repeated.

    Repair what made them unreadable first: the schema map, the format, or the pipeline's version.
    """
    console = Console(stderr=True, soft_wrap=True, markup=False, highlight=False)
    with reachable(broker, prefix, console, existing=True) as found:
        log = Log.of(found, Topics(prefix), skipped())
        items = _named(in_quarantine(log), messages, reason, topic)
        topics = ", ".join(sorted({item.place.topic for item in items}))
        if not items:
            console.print("retention: nothing to replay")
            return
        count = counted(min(most, len(items)), "message")
        if not yes and not typer.confirm(f"Publish {count} to {topics} again?"):
            raise typer.Exit(1)
        done = replay(log, items, author or getpass.getuser(), most)
    count = counted(len(done.published), "message")
    console.print(f"retention: published {count} to {topics} again")
    for place in done.gone:
        console.print(f"retention: {place} is not kept any more, or has no value: not replayed")
    if done.gone:
        console.print(
            "retention: have the producer publish again what is gone, then: "
            "retention quarantine dismiss"
        )
    left = len(items) - len(done.published) - len(done.gone)
    if left > 0:
        console.print(f"retention: left: {left}; replay again, or raise --most")
    if done.gone:
        raise typer.Exit(1)


@quarantine_app.command("dismiss")
def dismiss_quarantine(
    broker: BrokerUrl,
    why: Annotated[
        str,
        typer.Option(help="Why it needs no replay. No personal data.", show_default=False),
    ],
    messages: Annotated[
        list[str] | None, typer.Argument(help="TOPIC/PARTITION/OFFSET; default: all that fit.")
    ] = None,
    prefix: Prefix = DEFAULT_PREFIX,
    reason: Reasons = None,
    topic: FromTopics = None,
    most: Annotated[int, typer.Option("--most", min=1, help="At most so many.")] = DEFAULT_MOST,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    author: Author = None,
) -> None:
    """Publish that messages need no replay, e.g. because the producer has published them anew."""
    console = Console(stderr=True, soft_wrap=True, markup=False, highlight=False)
    with reachable(broker, prefix, console, existing=True) as found:
        log = Log.of(found, Topics(prefix), skipped())
        items = _named(in_quarantine(log), messages, reason, topic)[:most]
        if not items:
            console.print("retention: nothing to dismiss")
            return
        if not yes and not typer.confirm(f"Dismiss {counted(len(items), 'message')}?"):
            raise typer.Exit(1)
        dismiss(log, items, author or getpass.getuser(), why)
    console.print(f"retention: dismissed {counted(len(items), 'message')}")


def _named(
    known: tuple[Unread, ...],
    messages: list[str] | None,
    reasons: list[str] | None,
    topics: list[str] | None,
) -> list[Unread]:
    """Return what waits, of the reasons and topics, at the places named; all when none is.

    Raises:
        InvalidInput: one is not in quarantine, or was dealt with, or is none of these.
    """
    places = {parse_place(text) for text in messages or ()}
    missing = places - {item.place for item in known if item.waits}
    if missing:
        named = ", ".join(sorted(map(str, missing)))
        raise InvalidInput(f"not in quarantine, or dealt with already: {named}")
    found = _chosen(known, reasons, topics, every=False)
    other = places - {item.place for item in found}
    if other:
        named = ", ".join(sorted(map(str, other)))
        raise InvalidInput(f"of another reason or topic than was asked for: {named}")
    return [item for item in found if not places or item.place in places]


def _chosen(
    items: tuple[Unread, ...],
    reasons: list[str] | None,
    topics: list[str] | None,
    *,
    every: bool,
) -> list[Unread]:
    return [
        item
        for item in items
        if (every or item.waits)
        and (not reasons or item.pointer.reason in reasons)
        and (not topics or item.pointer.topic in topics)
    ]
