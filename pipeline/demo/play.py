"""Playing the story: the real job on Prism, two reference stores, and a log with its own clock."""

import time
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.text import Text

from pipeline.demo.outcome import Outcome, gather
from pipeline.demo.story import POISON, STORES, Happening, Story, read_document
from pipeline.identifiers import StoreName
from pipeline.instants import Instant, to_datetime
from pipeline.stories.driver import Driver, move_clock
from pipeline.stories.scene import Scene
from pipeline.stories.stores import Store

SHARDS = 8
FRAME_SECONDS = 0.2
"""How often the line of numbers on the screen changes."""


class Player:
    """Plays the story in one scene and tells it on a console."""

    def __init__(self, console: Console, story: Story, folder: Path) -> None:
        self._console = console
        self._story = story
        self.scene = Scene(
            f"sqlite://{folder / 'story.db'}", "retention.", stores=STORES, shards=SHARDS
        )
        self._stores = {name: Store(name, self.scene, folder) for name in STORES}
        self._published: dict[str, Instant] = {}
        self._counts: Counter[str] = Counter()
        self._largest = (0, 0.0)
        self._drawn = 0.0

    def play(self) -> Outcome:
        """Play the story to its end.

        Raises:
            StoryFailed: the job died, or something due was not done in time.
        """
        # Beam takes seconds to import: not before something is on the screen.
        from pipeline.stories.prism_job import PrismJob

        scene, story = self.scene, self._story
        move_clock(scene, story.begin)
        scene.publish(read_document(story.policy, "counsel"))
        self._tell(story.begin, "Counsel publishes the retention policy.")
        with (
            PrismJob(scene, story=True, poll_seconds=0.05, read_seconds=0.05) as job,
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
            seconds = time.monotonic() - started
            self._driver.close()
        self._tell(story.end, "The story ends.")
        poison = self._counts["poison"]
        return gather(scene, stores, self._published, poison, seconds, self._largest)

    def close(self) -> None:
        """Release connections and files."""
        for store in self._stores.values():
            store.close()
        self.scene.close()

    def _do(self, happening: Happening) -> None:
        at, scene = happening.at, self.scene
        events = [event for group in happening.collect for event in group.events(group.first, at)]
        if happening.touch is not None:
            group = self._story.groups[happening.touch.group]
            events += group.events(happening.touch.what, at)
        for group in happening.collect:
            self._stores[group.store].keep(group.seeds(at), at)
        started = time.monotonic()
        scene.happen(events)
        for number in range(happening.poison):
            scene.send_raw(POISON[number % len(POISON)])
        if happening.publish is not None:
            scene.publish(read_document(happening.publish, "counsel"))
            self._published[happening.publish] = at
        for name, silent in ((happening.silent, True), (happening.answering, False)):
            if name is not None:
                self._stores[StoreName(name)].silent = silent
        self._driver.settle()
        self._counts["events"] += len(events)
        self._counts["poison"] += happening.poison
        self._largest = max(self._largest, (len(events), time.monotonic() - started))

    def _tell(self, at: Instant, text: str) -> None:
        day = f"{to_datetime(at):%Y-%m-%d}"
        self._console.print(Text.assemble((day, "bold"), f"  {text}"), soft_wrap=True)

    def _draw(self, live: Live) -> None:
        if time.monotonic() - self._drawn >= FRAME_SECONDS:
            self._drawn = time.monotonic()
            live.update(self._status(), refresh=True)

    def _status(self) -> Text:
        stores = self._stores.values()
        given = sum(len(store.given) for store in stores)
        counts = [store.holds.counts() for store in stores]
        kept = sum(count.images + count.templates for count in counts)
        obeyed = sum(count.obeyed for count in counts)
        return Text.assemble(
            (f"{to_datetime(self._driver.clock):%Y-%m-%d}", "bold cyan"),
            f"  {self._counts['events']:,} events, {kept:,} records kept, ",
            f"{given:,} commands, {obeyed:,} obeyed",
        )
