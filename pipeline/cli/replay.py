"""`retention replay`: a scenario folder through the real job, compared with what it must give."""

import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.status import Status
from rich.text import Text

from pipeline.cli.exits import Exit
from pipeline.cli.files import unwritable
from pipeline.errors import InvalidInput, RetentionError
from pipeline.instants import Instant, format_instant, to_datetime
from pipeline.stories.difference import Difference, differences
from pipeline.stories.quiet import errors_into
from pipeline.stories.replay import Played, play
from pipeline.stories.scenario import Scenario, read_scenario

_STYLES = {"missing": "red", "unexpected": "red", "early": "bold red", "late": "yellow"}


def replay(
    folders: Annotated[list[Path], typer.Argument(help="Scenario folders.")],
    given: Annotated[
        Path | None,
        typer.Option(help="Write what was given to this file, in the form of expected.jsonl."),
    ] = None,
    keep: Annotated[
        Path | None,
        typer.Option(help="Keep the log and what the runner said here; default: nowhere."),
    ] = None,
) -> None:
    """Play scenarios on Prism without a broker, and print how they differ from what they expect.

    Exit code 0: none differs; 4: one does; 1: a job failed; 2: a folder is not a scenario.
    """
    # Standard output: what Beam's threads say of a cancelled job goes to standard error.
    console = Console(soft_wrap=True, highlight=False)
    if given is not None and len(folders) > 1:
        raise InvalidInput("`--given` takes one folder: the next would overwrite what it gave")
    if given is not None:
        _demand_writable(given)
    scenarios = [read_scenario(folder) for folder in folders]
    different = 0
    for folder, scenario in zip(folders, scenarios, strict=True):
        began = time.monotonic()
        with _kept(keep, folder.resolve().name) as place, console.status(scenario.title) as status:
            played = _played(scenario, place, status)
        found = differences(scenario, played)
        different += bool(found)
        _tell(console, scenario, found, time.monotonic() - began)
        if given is not None:
            try:
                given.write_text("".join(f"{json.dumps(line)}\n" for line in _lines(played)))
            except OSError as error:
                raise unwritable(given, error) from error
    if different:
        raise typer.Exit(Exit.DIFFERENT)


def _demand_writable(file: Path) -> None:
    """Refuse before the story is played what could not be written after it."""
    if file.is_dir():
        raise InvalidInput(f"--given {file} is a folder; name a file")
    if not file.parent.is_dir():
        raise InvalidInput(f"--given {file}: there is no folder {file.parent}; create it")
    if not os.access(file if file.exists() else file.parent, os.W_OK):
        raise InvalidInput(f"--given {file} may not be written; name another file")


def _played(scenario: Scenario, place: Path, status: Status) -> Played:
    def watch(at: Instant, count: int) -> None:
        of = f"{count} of {len(scenario.happenings)} happenings"
        status.update(f"{scenario.title}: {to_datetime(at):%Y-%m-%d}, {of}")

    with errors_into(place / "job.log"):
        try:
            return play(scenario, place, watch)
        except RetentionError:
            raise
        except Exception as error:
            log = (place / "job.log").read_text(errors="replace")[-2_000:]
            message = f"{scenario.title}: {error}\n{log}"
            raise RetentionError(message) from error


@contextmanager
def _kept(keep: Path | None, name: str) -> Iterator[Path]:
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="retention-replay-") as folder:
            yield Path(folder)
        return
    place = keep / name
    try:
        place.mkdir(parents=True)
    except OSError as error:
        message = f"{place} cannot be made: {error.strerror}; name another folder, or remove it"
        raise InvalidInput(message) from error
    yield place


def _tell(
    console: Console, scenario: Scenario, found: tuple[Difference, ...], seconds: float
) -> None:
    commands = f"{len(scenario.commands)} commands expected, {seconds:.0f} s"
    if not found:
        console.print(Text.assemble(("same       ", "green"), f"{scenario.title} ({commands})"))
        return
    console.print(Text.assemble(("different  ", "bold red"), f"{scenario.title} ({commands})"))
    for one in found:
        console.print(
            Text.assemble((f"  {one.kind:<11}", _STYLES[one.kind]), f"{one.what}: {one.says}")
        )


def _lines(played: Played) -> Iterator[dict[str, object]]:
    for delivery in played.commands:
        command = delivery.command
        at = format_instant(delivery.at)
        yield {
            "kind": command.kind,
            "record": command.record_id,
            "store": command.store,
            "cause": command.cause,
            "not_before": at,
            "not_after": at,
            **({"fields": command.fields} if command.fields else {}),
        }
    for key, kinds in (
        ("finding", [item.kind for item in played.findings]),
        ("quarantine", [item.reason for item in played.quarantined]),
    ):
        for kind in sorted(set(kinds)):
            yield {key: kind, "times": kinds.count(kind)}
