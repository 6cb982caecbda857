"""The plots of the report, as SVG that stands in a page."""

import io
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.demo.outcome import DELETE, Outcome
from pipeline.demo.story import Story
from pipeline.identifiers import RecordId
from pipeline.instants import DAY, Instant, from_datetime, to_datetime

PALETTE = (
    "#0072B2", "#56B4E9", "#009E73", "#E69F00", "#CC79A7", "#D55E00", "#999999", "#F0E442",
    "#332288", "#882255",
)  # fmt: skip
"""Okabe and Ito's colours and two of Tol's, told apart by colour-blind people too."""
_STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.size": 9,
    "svg.fonttype": "none",
    "svg.hashsalt": "retention",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
}
_NOTICED = "notice:"
IN_TIME = "in time"


def _in_time_first(why: str) -> tuple[bool, str]:
    return (why != IN_TIME, why)


def all_plots(story: Story, outcome: Outcome) -> Mapping[str, str]:
    """Return the SVG of each plot by its name."""
    plots: dict[str, Callable[[Story, Outcome], Figure]] = {
        "held": _held,
        "noticed": _noticed,
        "commands": _commands,
        "margins": _margins,
    }
    with mpl.rc_context(_STYLE):
        return {name: _svg(plot(story, outcome)) for name, plot in plots.items()}


def _svg(figure: Figure) -> str:
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", bbox_inches="tight", metadata={"Date": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def _held(story: Story, outcome: Outcome) -> Figure:
    """Records held, by where their people are: 2022 by day, the years after in less room."""
    first = {event.record_id: at for at, event in reversed(outcome.events)}
    people = list(dict.fromkeys(group.people for group in story.groups.values()))
    turn = _firsts(story.begin, story.end, 12)[0]
    figure = Figure(figsize=(10, 4))
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=[3, 1])
    days = _turns([*first.values(), *outcome.deleted_at.values()], story)
    series = _series(days, people, story, first, outcome.deleted_at)
    dates = [day / DAY for day in days]
    for axes, begin, end in ((left, dates[0], turn), (right, turn, dates[-1])):
        axes.stackplot(dates, series, labels=people, colors=PALETTE, linewidth=0)
        axes.set_xlim(begin, end)
        _dated(axes, story, 1 if axes is left else 12)
    left.set_ylim(0, max(map(sum, zip(*series, strict=True))) * 1.02)
    _mark(left, story)
    left.set_ylabel("records held")
    _legend(left, 4)
    return figure


def _turns(changes: Sequence[Instant], story: Story) -> list[Instant]:
    """Return the days on which something changes, and those before: the rest is level."""
    changing = {at // DAY for at in changes}
    ends = {story.begin // DAY, story.end // DAY}
    return [Instant(day * DAY) for day in sorted(ends | changing | {day - 1 for day in changing})]


def _series(
    days: Sequence[Instant],
    people: Sequence[str],
    story: Story,
    first: Mapping[RecordId, Instant],
    deleted: Mapping[RecordId, Instant],
) -> list[list[int]]:
    """Count, for each group of people, what is held at the end of each day."""
    changes: dict[str, Counter[int]] = defaultdict(Counter)
    for name, at in first.items():
        group = story.group_of[name].people
        changes[group][at // DAY] += 1
        if name in deleted:
            changes[group][deleted[name] // DAY] -= 1
    found = []
    for group in people:
        total, row = 0, []
        for day in days:
            total += changes[group][day // DAY]
            row.append(total)
        found.append(row)
    return found


def _noticed(story: Story, outcome: Outcome) -> Figure:
    """What becomes of the records that the notice names or may name."""
    named = {
        name
        for name, group in story.group_of.items()
        if any(cause.startswith(_NOTICED) for cause in group.restricted)
    }
    first = {event.record_id: at for at, event in reversed(outcome.events)}
    days = [Instant(at) for at in range(story.begin, story.begin + 365 * DAY, DAY)]
    usable, restricted, deleted = [], [], []
    for day in days:
        end = day + DAY
        known = [name for name in named if first[name] < end]
        gone = sum(outcome.deleted_at.get(name, end) < end for name in known)
        shut = sum(
            outcome.restricted_at.get(name, end) < end and outcome.deleted_at.get(name, end) >= end
            for name in known
        )
        usable.append(len(known) - gone - shut)
        restricted.append(shut)
        deleted.append(gone)
    figure = Figure(figsize=(10, 3.6))
    axes = figure.subplots()
    dates = [day / DAY for day in days]
    labels = ["in use", "restricted: kept, not used", "deleted"]
    colours = [PALETTE[5], PALETTE[3], PALETTE[2]]
    axes.stackplot(dates, [usable, restricted, deleted], labels=labels, colors=colours, linewidth=0)
    axes.set_xlim(dates[0], dates[-1])
    axes.set_ylim(0, len(named))
    axes.set_ylabel("records")
    _dated(axes, story, 1)
    _mark(axes, story)
    _legend(axes, 3)
    return figure


def _commands(_story: Story, outcome: Outcome) -> Figure:
    """Commands by month and cause; restriction below the line, deletion above."""
    by_cause: dict[tuple[str, str], Counter[datetime]] = defaultdict(Counter)
    for item in outcome.deliveries:
        month = to_datetime(item.at).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        by_cause[item.command.kind, item.command.cause][month] += 1
    months = sorted({month for counts in by_cause.values() for month in counts})
    figure = Figure(figsize=(10, 4))
    axes = figure.subplots()
    above, below = [0] * len(months), [0] * len(months)
    for number, ((kind, cause), counts) in enumerate(by_cause.items()):
        heights = [counts[month] for month in months]
        deletes = kind == DELETE
        bottom = above if deletes else below
        sign = 1 if deletes else -1
        bars = [sign * height for height in heights]
        axes.bar(
            range(len(months)), bars, bottom=bottom, label=f"{kind} {cause}",
            color=PALETTE[number % len(PALETTE)], hatch="" if deletes else "///",
            edgecolor="white", linewidth=0.3,
        )  # fmt: skip
        total = [base + bar for base, bar in zip(bottom, bars, strict=True)]
        above, below = (total, below) if deletes else (above, total)
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set_xticks(range(len(months)), [f"{month:%b %Y}" for month in months], rotation=45)
    axes.set_ylabel("restrictions down, deletions up")
    axes.yaxis.set_major_formatter(lambda value, _: f"{abs(value):,.0f}")
    _legend(axes, 3)
    return figure


def _margins(story: Story, outcome: Outcome) -> Figure:
    """Whether each deletion was done by its deadline, and why not."""
    by_cause: dict[str, Counter[str]] = defaultdict(Counter)
    for item in outcome.of_kind(DELETE):
        command = item.command
        done = outcome.settled_at.get(command.command_id)
        if done is not None and done <= command.complete_by:
            why = IN_TIME
        elif story.group_of[command.record_id].held:
            why = "kept by the hold"
        elif command.complete_by < command.issued_at:
            why = "past its limit when it was found"
        else:
            why = "the store was silent"
        by_cause[command.cause][why] += 1
    figure = Figure(figsize=(10, 2.6))
    axes = figure.subplots()
    causes = list(reversed(by_cause))
    left = [0] * len(causes)
    whys = sorted({why for counts in by_cause.values() for why in counts}, key=_in_time_first)
    for why, colour in zip(whys, (PALETTE[2], PALETTE[5], PALETTE[3], PALETTE[6]), strict=False):
        widths = [by_cause[cause][why] for cause in causes]
        axes.barh(causes, widths, left=left, label=why, color=colour, linewidth=0)
        left = [base + width for base, width in zip(left, widths, strict=True)]
    for row, total in enumerate(left):
        axes.annotate(f" {total:,}", (total, row), va="center", fontsize=8)
    axes.grid(visible=False)
    axes.set_xlim(0, max(left) * 1.08)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.set_xlabel("deletions")
    _legend(axes, 4)
    return figure


def _legend(axes: Axes, columns: int) -> None:
    """Put the legend above the plot, where it hides nothing."""
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1.01), ncols=columns, frameon=False, fontsize=8
    )


def _dated(axes: Axes, story: Story, months: int) -> None:
    """Name the months, or years; the numbers of the axis are days since 1970."""
    begin, end = axes.get_xlim()
    ticks = [tick for tick in _firsts(story.begin, story.end, months) if begin <= tick <= end]
    firsts = [to_datetime(Instant(int(tick * DAY))) for tick in ticks]
    axes.set_xticks(ticks, [f"{day:%Y}" if day.month == 1 else f"{day:%b}" for day in firsts])
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")


def _firsts(begin: Instant, end: Instant, months: int) -> list[float]:
    """Return every first day of a month (1) or year (12) between two instants, in days."""
    day = to_datetime(begin).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    found = []
    while (at := from_datetime(day)) <= end:
        if at > begin and (day.month - 1) % months == 0:
            found.append(at / DAY)
        day = (day + timedelta(days=32)).replace(day=1)
    return found


def _mark(axes: Axes, story: Story) -> None:
    top = axes.get_ylim()[1]
    for mark in story.marks:
        at = from_datetime(mark.moment) / DAY
        axes.axvline(at, color="black", linewidth=0.8, linestyle="--")
        axes.annotate(mark.say, (at, top * 0.98), rotation=90, va="top", ha="right",
                      fontsize=8, xytext=(-2, 0), textcoords="offset points",
                      bbox={"boxstyle": "square,pad=0.1", "fc": "white", "ec": "none",
                            "alpha": 0.75})  # fmt: skip
