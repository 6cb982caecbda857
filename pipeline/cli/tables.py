"""Tables that a person reads, and that a pipe gets whole."""

from rich.console import Console
from rich.table import Table

PIPED_WIDTH = 1_000
"""Columns where there is no screen: nothing is folded or cut off."""


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
