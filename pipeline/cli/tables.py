"""Tables that a person reads, and that a pipe gets whole."""

from rich.console import Console
from rich.table import Table

PIPED_WIDTH = 1_000
"""Columns where there is no screen: nothing is folded or cut off."""


def visible(text: str, *, lines: bool = False) -> str:
    """Return a text with what a terminal would obey, or not show, written out by its code.

    Line breaks too, unless the text may have `lines`: an id with one would forge a line.

    Ids come from producers, who may be hostile, and messages may repeat what was typed.
    """
    if text.isprintable():
        return text
    return "".join(
        char
        if char.isprintable() or (lines and char == "\n")
        else char.encode("unicode_escape").decode()
        for char in text
    )


def counted(number: int, one: str) -> str:
    """Return a number with its noun, e.g. `1 message` or `2 messages`."""
    return f"{number:,} {one if number == 1 else f'{one}s'}"


def screen() -> Console:
    """Return standard output as tables need it."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=PIPED_WIDTH)


def table(*columns: str) -> Table:
    """Return an empty table without a frame."""
    made = Table(box=None, pad_edge=False, show_edge=False, header_style="bold")
    for name in columns:
        made.add_column(name, overflow="fold")
    return made
