"""Players of the folders on either runner; a folder is played once however many tests ask for it.

On Prism each folder has a runner of its own, one after another. On Flink several are played
together, each in a thread, in `pipeline.testing.flink_stories`.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from threading import Thread
from typing import NamedTuple

from pipeline.stories.quiet import errors_into
from pipeline.stories.replay import Played, play
from pipeline.stories.scenario import Scenario, read_scenario
from pipeline.testing.flink_stories import FlinkStories

TOGETHER = 13
"""Folders that are played in one Flink."""


class Run(NamedTuple):
    """A scenario, what came of it, and where its log lies."""

    scenario: Scenario
    played: Played
    place: Path


Player = Callable[[Path], Run]


class OnPrism:
    """Plays a folder when it is first asked for.

    Args:
        make_place: makes an empty folder of a name.
    """

    def __init__(self, make_place: Callable[[str], Path]) -> None:
        self._make_place = make_place
        self._known: dict[Path, Run] = {}

    def __call__(self, folder: Path) -> Run:
        """Return what came of a folder."""
        if folder not in self._known:
            place = self._make_place(folder.name)
            scenario = read_scenario(folder)
            # What a runner says of a cancelled job would hide the differences.
            with errors_into(place / "job.log"):
                self._known[folder] = Run(scenario, play(scenario, place), place)
        return self._known[folder]


class OnFlink:
    """Plays the folders that are wanted, some at a time: those next to the first asked for.

    Args:
        make_place: makes an empty folder of a name.
        wanted: the folders that tests will ask for.
    """

    def __init__(self, make_place: Callable[[str], Path], wanted: Sequence[Path]) -> None:
        self._make_place = make_place
        self._wanted = list(wanted)
        self._known: dict[Path, Future[Run]] = {}

    def __call__(self, folder: Path) -> Run:
        """Return what came of a folder; raise what its play has raised."""
        if folder not in self._known:
            first = self._wanted.index(folder) // TOGETHER * TOGETHER
            self._play(self._wanted[first : first + TOGETHER])
        return self._known[folder].result()

    def _play(self, folders: Sequence[Path]) -> None:
        place = self._make_place("flink")
        with errors_into(place / "job.log"), FlinkStories(len(folders), place) as flink:
            threads = [
                Thread(target=self._play_one, args=(folder, flink), name=folder.name, daemon=True)
                for folder in folders
            ]
            for folder in folders:
                self._known[folder] = Future()
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    def _play_one(self, folder: Path, flink: FlinkStories) -> None:
        try:
            place = self._make_place(folder.name)
            scenario = read_scenario(folder)
            run = Run(scenario, play(scenario, place, runner=flink.runner), place)
            self._known[folder].set_result(run)
        except BaseException as error:  # noqa: BLE001 - it is raised where the folder is asked for
            self._known[folder].set_exception(error)
            flink.give_up()
