"""A simulation as an image: what is due by day, and what comes of the records by cause."""

from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.cli.files import unwritable
from pipeline.errors import InvalidInput
from pipeline.inquiry.simulation import Line, Outcome, Simulation
from pipeline.instants import DAY, format_instant

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FORMS = (".png", ".svg")
MOST_CAUSES = 20
"""Causes with a bar of their own: the largest."""
_COLOURS = {
    Outcome.DUE: "#D55E00",
    Outcome.IN_PART: "#E69F00",
    Outcome.HELD: "#0072B2",
    Outcome.PROTECTED: "#56B4E9",
    Outcome.LATER: "#009E73",
    Outcome.UNLIMITED: "#999999",
}
"""Okabe and Ito's, which colour-blind people tell apart."""
_STYLE: dict[Any, Any] = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.fonttype": "none",
}


def demand_plottable(file: Path) -> None:
    """Refuse before the inventory is read what could not be drawn after it.

    Raises:
        InvalidInput: the file's form is not known, or the library that draws is not installed.
    """
    if file.suffix not in FORMS:
        raise InvalidInput(f"--plot {file}: write {' or '.join(FORMS)} at the end of its name")
    if find_spec("matplotlib") is None:
        raise InvalidInput(
            "--plot needs matplotlib; install it: "
            "pip install 'retention-enforcement-pipeline[demo]'"
        )


def plot(seen: Simulation, file: Path) -> None:
    """Draw a simulation into a file.

    Raises:
        InvalidInput: it cannot be written.
    """
    import matplotlib as mpl  # of an extra
    from matplotlib.figure import Figure

    causes = _causes(seen)
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(11, 4 + 0.42 * len(causes)), layout="constrained")
        days, outcomes = figure.subplots(2, 1, height_ratios=[3, 1 + 0.42 * len(causes)])
        _draw_days(days, seen)
        _draw_outcomes(outcomes, seen, causes)
        figure.suptitle(
            f"{seen.records:,} records with data, {format_instant(seen.at)[:10]} to "
            f"{format_instant(seen.until)[:10]}"
        )
        try:
            figure.savefig(file, dpi=120)
        except OSError as error:
            raise unwritable(file, error) from error


def _draw_days(axes: "Axes", seen: Simulation) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    # matplotlib counts days since 1970 too.
    edges = [day.at / DAY for day in seen.days]
    edges.append(edges[-1] + 1)
    before, after = [d.in_force for d in seen.days], [d.simulated for d in seen.days]
    axes.stairs(before, edges, color="#999999", label="in force")
    axes.stairs(after, edges, color="#D55E00", linewidth=1.8, label="simulated")
    locator = AutoDateLocator()  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    named = ConciseDateFormatter(locator)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(named)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("deletions due a day")
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)
    axes.legend(frameon=False, loc="lower right", bbox_to_anchor=(1, 1), ncols=2)


def _causes(seen: Simulation) -> list[str]:
    sizes: Counter[str] = Counter()
    for line in seen.lines:
        sizes[line.cause] += max(line.in_force, line.simulated)
    return [cause for cause, _ in sizes.most_common(MOST_CAUSES)]


def _draw_outcomes(axes: "Axes", seen: Simulation, causes: list[str]) -> None:
    """Draw two bars a cause, above each other: in force, paler, and simulated."""
    for place, cause in enumerate(causes):
        lines = [line for line in seen.lines if line.cause == cause]
        _bar(axes, place - 0.19, lines, 0.45, "in_force")
        _bar(axes, place + 0.19, lines, 1.0, "simulated")
    axes.set_yticks(range(len(causes)), [cause or "(none)" for cause in causes])
    axes.invert_yaxis()
    axes.set_xlabel("records times stores by what decides: above in force, below simulated")
    axes.grid(axis="x", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    shown = [one for one in Outcome if any(line.outcome == one for line in seen.lines)]
    for one in shown:
        axes.barh([0], [0], color=_COLOURS[one], label=one.value)
    axes.legend(frameon=False, loc="lower right", bbox_to_anchor=(1, 1), ncols=len(shown))


def _bar(axes: "Axes", place: float, lines: list[Line], alpha: float, side: str) -> None:
    left = 0
    for outcome in Outcome:
        count = sum(getattr(line, side) for line in lines if line.outcome == outcome)
        if count:
            axes.barh([place], [count], 0.36, left=[left], color=_COLOURS[outcome], alpha=alpha)
            left += count
