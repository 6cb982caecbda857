"""A measured number with how it was measured; the table and the JSON file of them. See `run`."""

import json
import os
import platform
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

QUIET_SHARE = 0.5
PACKAGES = ("apache-beam", "kafka-python", "fastavro", "msgspec")


@dataclass(frozen=True)
class Figure:
    """One number. `key` is for programs; `aim` is what it is held against, by a reader only."""

    part: str
    key: str
    name: str
    value: float
    unit: str
    how: str
    aim: str = ""

    @property
    def shown(self) -> str:
        """The value as a reader wants it."""
        size = abs(self.value)
        digits = 0 if size >= 100 else 1 if size >= 10 else 2
        return f"{self.value:,.{digits}f} {self.unit}"


def machine() -> dict[str, object]:
    """Say what it ran on."""
    return {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": platform.system(),
        **{name: version(name) for name in PACKAGES},
    }


def disturbed(load: float) -> str | None:
    """Say that other work on the machine makes the figures doubtful, when it does."""
    cores = os.cpu_count() or 1
    if load <= QUIET_SHARE * cores:
        return None
    return (
        f"the load was {load:.1f} on {cores} cores before this run: other work disturbed it; only "
        "CPU times and sizes can be believed"
    )


def show(console: Console, figures: Iterable[Figure], notes: Iterable[str]) -> None:
    """Print the table, a section a part, then the notes."""
    table = Table(title="Bench", show_lines=False, pad_edge=False, expand=True)
    table.add_column("what", ratio=3)
    table.add_column("figure", justify="right", no_wrap=True)
    table.add_column("aim", no_wrap=True)
    table.add_column("how it was measured", ratio=5, style="dim")
    part = ""
    for figure in figures:
        if figure.part != part:
            table.add_section()
            table.add_row(f"[bold]{figure.part}[/bold]")
            part = figure.part
        table.add_row(figure.name, figure.shown, figure.aim, figure.how)
    console.print(table)
    for note in notes:
        console.print(note, highlight=False, markup=False)


def write(
    path: Path, figures: Iterable[Figure], notes: Iterable[str], options: Mapping[str, object]
) -> None:
    """Write the same as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "options": dict(options),
        "notes": list(notes),
        "figures": [asdict(figure) for figure in figures],
    }
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
