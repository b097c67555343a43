"""Gantt chart of disruptions, holidays and the parts of the run."""

from __future__ import annotations

import datetime as dt

from matplotlib.axes import Axes

from chainsim.report.figures.scene import Scene
from chainsim.report.figures.style import FAINT, ORANGE, Picture, canvas, date_axis, place, styled

MOST_ROWS = 40


@styled
def timeline(scene: Scene) -> Picture | None:
    """When disruptions strike and calendars close; None if nothing does."""
    rows = [*_disruptions(scene), *_holidays(scene)][:MOST_ROWS]
    if not rows:
        return None
    title = "Disruptions and holidays"
    caption = "Dark: full effect. Light: onset and recovery. Grey: closed beside the usual week."
    if not scene.repeats:
        caption += " Random disruptions as drawn for the first replication."
    figure, axes = canvas(1.3 + 0.3 * len(rows), title, caption, legend_lines=0)
    for row, (_, bars) in zip(range(len(rows))[::-1], rows, strict=True):
        for bar in bars:
            _draw(axes, row, *bar)
    axes.set_yticks(range(len(rows))[::-1], [name for name, _ in rows])
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.grid(axis="y", visible=False)
    date_axis(axes, scene.dates)
    columns = ("row", "what", "from", "until")
    table = [(name, what, begin, end) for name, bars in rows for what, begin, end in bars]
    data = {column: [line[i] for line in table] for i, column in enumerate(columns)}
    return Picture("timeline", title, caption, figure, data)


Bar = tuple[str, dt.datetime, dt.datetime]
LOOKS = {"full effect": (ORANGE, 1.0), "onset": (ORANGE, 0.4), "recovery": (ORANGE, 0.4)}


def _draw(axes: Axes, row: int, what: str, begin: dt.datetime, end: dt.datetime) -> None:
    color, alpha = LOOKS.get(what, (FAINT, 0.8))
    axes.barh(
        row, (end - begin) / dt.timedelta(days=1), left=place(begin), height=0.55,
        color=color, alpha=alpha, lw=0,
    )  # fmt: skip


def _disruptions(scene: Scene) -> list[tuple[str, list[Bar]]]:
    names = {d.id: d.name or d.id for d in scene.document.disruptions}
    found: dict[int, list[Bar]] = {}
    for window in scene.windows:
        bars = found.setdefault(window.disruption, [])
        for what, begin, end in (
            ("onset", window.start, window.full_from),
            ("full effect", window.full_from, window.full_until),
            ("recovery", window.full_until, window.until),
        ):
            if end > begin:
                bars.append((what, begin, end))
    specs = scene.network.disruptions
    return [(names[specs[index].id], bars) for index, bars in sorted(found.items())]


def _holidays(scene: Scene) -> list[tuple[str, list[Bar]]]:
    used = {site.calendar for site in scene.document.sites.values() if site.calendar}
    rows: list[tuple[str, list[Bar]]] = []
    for calendar in sorted(used):
        bars = [
            ("closed", dt.datetime.combine(first, dt.time()), dt.datetime.combine(after, dt.time()))
            for first, after in scene.closures(calendar)
        ]
        if bars:
            rows.append((f"calendar {calendar}", bars))
    return rows
