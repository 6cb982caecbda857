"""`python -m pipeline.demo`: plays the story; exit code 0 only when it came out as it should."""

import argparse
import fcntl
import shutil
import sys
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from pipeline.demo.checks import all_checks
from pipeline.demo.play import Player
from pipeline.demo.report import write_report
from pipeline.demo.story import Story, read_story
from pipeline.demo.summary import print_summary
from pipeline.errors import RetentionError
from pipeline.stories.quiet import errors_into

MARK = ".made-by-the-demo"
"""A file by which a later demo knows the folder that it may remove."""
CACHE = Path(__file__).parents[2] / ".cache" / "demo"


def main(argv: list[str] | None = None) -> int:
    """Run the demo; return 0 when the story came out as it should."""
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.demo", description="Play a story through the real job."
    )
    parser.add_argument("--folder", type=Path, default=CACHE, help="where log and report go")
    folder = parser.parse_args(argv).folder
    console = Console(highlight=False)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            console.print(f"Another demo runs in {folder}: wait for it, or name another --folder.")
            return 1
        story = folder / "story"
        if not _removed(story, ours=folder == CACHE):
            console.print(
                f"{story} was not made by a demo, and stays: remove it, or name another --folder.",
                soft_wrap=True,
            )
            return 2
        story.mkdir()
        (story / MARK).touch()
        return _run(console, read_story(), story)


def _removed(story: Path, *, ours: bool) -> bool:
    """Remove what a former demo left; tell whether nothing is there now."""
    if story.is_symlink() or (story.exists() and not story.is_dir()):
        return False
    if not story.exists():
        return True
    if not ours and not (story / MARK).exists() and any(story.iterdir()):
        return False
    shutil.rmtree(story)
    return True


def _run(console: Console, story: Story, folder: Path) -> int:
    console.rule(story.title)
    console.print(f"{story.about}\n", soft_wrap=True)
    with errors_into(folder / "job.log"):
        try:
            player = Player(console, story, folder)
            try:
                outcome = player.play()
            finally:
                player.close()
            checks = all_checks(story, outcome)
            good = print_summary(console, story, outcome, checks)
            report = write_report(folder / "report.html", story, outcome, checks)
            console.print(f"\nThe report, with plots: {report}", soft_wrap=True)
        except RetentionError as failure:
            console.print(f"[bold red]The story stopped[/] {escape(str(failure))}", soft_wrap=True)
            good = False
    console.print(f"The log, the stores and what the runner said: {folder}", soft_wrap=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
