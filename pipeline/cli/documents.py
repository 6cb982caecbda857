"""`retention check`: what a document means, and everything that is wrong with it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from pipeline.cli.exits import Exit
from pipeline.cli.files import text_of
from pipeline.documents import InvalidDocument, in_words, load
from pipeline.errors import InvalidInput
from pipeline.instants import from_datetime


def check(
    files: Annotated[list[Path], typer.Argument(help="Policies, notices, holds, controls.")],
) -> None:
    """Check documents and say in plain words what they do.

    Exit code 0: all are good; 1: one is wrong; 2: one cannot be read.
    """
    out, code = Console(soft_wrap=True), Exit.DONE
    for file in files:
        try:
            loaded = load(text_of(file), str(file), from_datetime(datetime.now(UTC)))
        except InvalidDocument as refusal:
            code = max(code, Exit.FAILED)
            for problem in refusal.problems:
                out.print(f"[red]wrong[/red] {escape(str(problem))}", highlight=False)
        except InvalidInput as error:
            code = Exit.WRONG_INPUT
            out.print(f"[red]wrong[/red] {escape(str(error))}", highlight=False)
        else:
            for problem in loaded.problems:
                out.print(f"[yellow]warning[/yellow] {escape(str(problem))}", highlight=False)
            out.print(f"[green]good[/green] {escape(str(file))}", highlight=False)
            for line in in_words(loaded.document):
                out.print(escape(f"  {line}"), highlight=False)
    if code:
        raise typer.Exit(code)
