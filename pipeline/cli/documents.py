"""`retention check`: what a document means, and everything that is wrong with it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from pipeline.documents import InvalidDocument, in_words, load
from pipeline.instants import from_datetime


def check(
    files: Annotated[list[Path], typer.Argument(help="Policies, notices, holds, controls.")],
) -> None:
    """Check documents and say in plain words what they do; exit code 1 when one is wrong."""
    out, wrong = Console(soft_wrap=True), 0
    for file in files:
        try:
            text = file.read_text(encoding="utf-8")
            loaded = load(text, str(file), from_datetime(datetime.now(UTC)))
        except InvalidDocument as refusal:
            wrong += 1
            for problem in refusal.problems:
                out.print(f"[red]wrong[/red] {escape(str(problem))}", highlight=False)
        except (OSError, UnicodeDecodeError) as error:
            wrong += 1
            out.print(
                f"[red]wrong[/red] {escape(f'{file}: cannot be read: {error}')}", highlight=False
            )
        else:
            for problem in loaded.problems:
                out.print(f"[yellow]warning[/yellow] {escape(str(problem))}", highlight=False)
            out.print(f"[green]good[/green] {escape(str(file))}", highlight=False)
            for line in in_words(loaded.document):
                out.print(escape(f"  {line}"), highlight=False)
    if wrong:
        raise typer.Exit(1)
