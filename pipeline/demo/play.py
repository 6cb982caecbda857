"""`make demo`: a short story played through the real job, without a broker.

`demo_story` is what happens, `story` steps the clock, `stores` answer, `demo_summary` says what
came of it and checks it. Ends with code 0 only when the story came out as it should.
"""

import argparse
import fcntl
import shutil
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.text import Text

from pipeline.errors import RetentionError
from pipeline.identifiers import StoreName
from pipeline.instants import Instant, to_datetime
from pipeline.stories.driver import Driver, StoryFailed, move_clock
from pipeline.stories.quiet import errors_into
from pipeline.stories.scene import Scene
from pipeline.stories.stores import Store
from pipeline.testing.demo_story import POISON, Happening, Story, read_document, read_story
from pipeline.testing.demo_summary import Played, summarise

CACHE = Path(__file__).parents[2] / ".cache" / "demo"
STORES = (StoreName("images"), StoreName("index"))
SHARDS = 8
FRAME_SECONDS = 0.2
"""How often the line of numbers on the screen changes."""


class Demo:
    """Plays the story in one scene and tells it on a console."""

    def __init__(self, console: Console, story: Story, scene: Scene) -> None:
        self._console = console
        self._story = story
        self._scene = scene
        self._stores = {name: Store(name, scene) for name in STORES}
        self._played = Played(self._stores)
        self._drawn = 0.0

    def play(self) -> Played:
        """Play the story to its end.

        Raises:
            StoryFailed: the job died, or something due was not done in time.
        """
        # Beam takes seconds to import: not before something is on the screen.
        from pipeline.stories.prism_job import PrismJob

        scene, story = self._scene, self._story
        move_clock(scene, story.begin)
        scene.publish(read_document(story.policy, "counsel"))
        self._tell(story.begin, "Counsel publishes the retention policy.")
        with (
            PrismJob(scene, story=True, poll_seconds=0.05, read_seconds=0.2) as job,
            Live(console=self._console, auto_refresh=False, transient=True) as live,
        ):
            stores = tuple(self._stores.values())
            self._driver = Driver(scene, stores, job.trouble, lambda: self._draw(live))
            started = time.monotonic()
            for happening in story.happenings:
                self._driver.run_to(happening.at)
                self._tell(happening.at, f"{happening.say}.")
                self._do(happening)
            self._driver.run_to(story.end)
        self._played.seconds = time.monotonic() - started
        self._tell(story.end, "The story ends.")
        return self._played

    def _do(self, happening: Happening) -> None:
        at, scene = happening.at, self._scene
        events = [event for group in happening.collect for event in group.events("created", at)]
        if happening.touch is not None:
            group = self._story.group(happening.touch.group)
            events += group.events(happening.touch.what, at)
        for group in happening.collect:
            for store in group.stores:
                self._stores[store].keep(group.record_ids)
        started = time.monotonic()
        scene.happen(events)
        for number in range(happening.poison):
            scene.send_raw(POISON[number % len(POISON)])
        if happening.publish is not None:
            scene.publish(read_document(happening.publish, "counsel"))
            self._played.published[happening.publish] = at
        for name, silent in ((happening.silent, True), (happening.answering, False)):
            if name is not None:
                self._stores[StoreName(name)].silent = silent
        self._driver.settle()
        self._played.add(events, happening, time.monotonic() - started)

    def _tell(self, at: Instant, text: str) -> None:
        day = f"{to_datetime(at):%Y-%m-%d}"
        self._console.print(Text.assemble((day, "bold"), f"  {text}"), soft_wrap=True)

    def _draw(self, live: Live) -> None:
        if time.monotonic() - self._drawn >= FRAME_SECONDS:
            self._drawn = time.monotonic()
            live.update(self._status(), refresh=True)

    def _status(self) -> Text:
        stores = self._stores.values()
        unanswered = sum(store.unanswered for store in stores)
        given = sum(len(store.answered) for store in stores) + unanswered
        kept = len(frozenset[str]().union(*(store.kept for store in stores)))
        return Text.assemble(
            (f"{to_datetime(self._driver.clock):%Y-%m-%d}", "bold cyan"),
            f"  {len(self._played.events):,} events, {kept:,} records kept, ",
            f"{given:,} commands, {unanswered:,} unanswered",
        )


def main(argv: list[str] | None = None) -> int:
    """Run the demo; return 0 when the story came out as it should."""
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.testing.demo", description="Play a story through the real job."
    )
    parser.add_argument("--folder", type=Path, default=CACHE, help="where its log is written")
    folder = parser.parse_args(argv).folder
    console = Console(highlight=False)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            console.print(f"Another demo runs in {folder}: wait for it, or name another --folder.")
            return 1
        shutil.rmtree(folder / "story", ignore_errors=True)
        (folder / "story").mkdir()
        return _run(console, folder / "story")


def _run(console: Console, folder: Path) -> int:
    story = read_story()
    url = f"sqlite://{folder / 'story.db'}"
    console.rule(story.title)
    scene = Scene(url, "retention.", stores=STORES, shards=SHARDS)
    # Until all is said: Beam's threads complain after the job was cancelled.
    with errors_into(folder / "job.log"):
        try:
            good = summarise(console, scene, story, Demo(console, story, scene).play())
        except (StoryFailed, RetentionError) as failure:
            console.print(f"[bold red]The story stopped[/] {escape(str(failure))}", soft_wrap=True)
            good = False
        finally:
            scene.close()
    console.print(f"Its log: {url}\nWhat the runner said: {folder / 'job.log'}", soft_wrap=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
