"""The picture of the chain: sites as nodes by stage and region, flows as widths."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from chainsim.report.figures.scene import Scene
from chainsim.report.figures.style import (
    FAINT,
    QUALITATIVE,
    RED,
    WIDTH,
    Columns,
    Picture,
    canvas,
    legend,
    styled,
)

STAGES = ("upstream", "midstream", "downstream")
MOST_SITES = 60
"""Nodes of one column."""
PITCH = 0.27
"""Inches from one site to the next."""
WIDEST = 0.14
"""Inches of a flow that is all there is of an item."""
GAP = 0.2
"""Inches more between the regions of a column."""
MARGIN = 0.1
"""Inches between the bars of two sites, at least."""
INCHES = WIDTH - 0.1
"""Width of the picture."""
LETTER = 0.058
"""Inches of a letter."""
LONGEST = 36
"""Letters of a name."""


@dataclass(frozen=True)
class _Flow:
    """What one site delivered to another of one item."""

    origin: int
    destination: int
    item: str
    unit: str
    amount: float
    """Mean over the replications, on the days of statistics."""
    share: float
    """Of all deliveries of the item."""


@dataclass
class _Layout:
    """Where sites stand, in inches from the upper left corner."""

    places: dict[int, tuple[float, float]] = field(default_factory=dict)
    blocks: list[tuple[str, float, float]] = field(default_factory=list)
    """Of each region in the first column: its name, and the y of its first and last site."""
    columns: dict[str, float] = field(default_factory=dict)
    """x of each stage."""
    height: float = 0.0


@styled
def chain(scene: Scene, marked: str | None = None) -> Picture | None:
    """The chain as a node-link picture; None if nothing travels.

    Args:
        scene: A run.
        marked: A region whose sites and flows stand out, before all others in grey.
    """
    flows = list(_flows(scene))
    if not flows:
        return None
    layout = _layout(scene, flows)
    colors = _colors(scene, marked)
    title = "The chain, with what was delivered as widths"
    caption = (
        "Width: share of all deliveries of an item on the days of statistics, items added up; "
        f"mean of {scene.sample}. Hollow: nothing delivered. "
        + ("Colour: region of origin." if marked is None else f"Marked: from {marked}.")
    )
    figure, axes = canvas(layout.height + 1.5, title, caption)
    axes.set_axis_off()
    axes.set_xlim(0, INCHES)
    axes.set_ylim(layout.height + 0.1, -0.5)
    _links(axes, scene, layout, flows, colors)
    _nodes(axes, scene, layout, flows, colors)
    _headings(axes, layout)
    names = {region: region or "no region" for region in colors}
    if marked is not None:
        names = {region: region if region == marked else "elsewhere" for region in colors}
    legend(figure, {names[region]: Line2D([], [], color=c, lw=5) for region, c in colors.items()})
    return Picture("chain", title, caption, figure, _table(scene, flows))


def _table(scene: Scene, flows: list[_Flow]) -> Columns:
    sites = scene.network.sites
    return {
        "origin": [sites[f.origin].id for f in flows],
        "origin_region": [sites[f.origin].region for f in flows],
        "destination": [sites[f.destination].id for f in flows],
        "item": [f.item for f in flows],
        "amount": [f.amount for f in flows],
        "unit": [f.unit for f in flows],
        "share": [f.share for f in flows],
    }


def _flows(scene: Scene) -> Iterator[_Flow]:
    network = scene.network
    days = slice(scene.first + scene.first_counted, None)
    received = scene.daily.values("lanes", "received")[:, days].sum(axis=1).mean(axis=0) / 1000
    totals: dict[int, float] = defaultdict(float)
    for lane, amount in zip(network.lanes, received, strict=True):
        totals[network.stocks[lane.destination].item] += float(amount)
    for lane, amount in zip(network.lanes, received, strict=True):
        source, goal = network.stocks[lane.source], network.stocks[lane.destination]
        item = network.items[goal.item]
        share = float(amount) / totals[goal.item] if totals[goal.item] else 0.0
        yield _Flow(source.site, goal.site, item.id, item.unit, float(amount), share)


def _colors(scene: Scene, marked: str | None) -> dict[str, str]:
    """A colour for each region; if one is marked, grey for the others."""
    regions = sorted({site.region for site in scene.network.sites})
    if marked is not None:
        return {region: RED if region == marked else FAINT for region in regions}
    return {region: QUALITATIVE[k % len(QUALITATIVE)] for k, region in enumerate(regions)}


def _layout(scene: Scene, flows: list[_Flow]) -> _Layout:
    """Columns by stage; in a column the regions, and in a region the largest site first."""
    sites = scene.network.sites
    widths = _widths(flows)
    columns: dict[str, list[int]] = {}
    for stage in STAGES:
        found = [k for k, site in enumerate(sites) if site.stage == stage and k in widths]
        found.sort(key=lambda k: (sites[k].region, -widths[k], sites[k].id))
        if found:
            columns[stage] = found[:MOST_SITES]
    layout = _Layout(columns=_abscissas(scene, columns))
    ordinates = {stage: _ordinates(scene, found, widths) for stage, found in columns.items()}
    layout.height = max(max(column.values()) for column in ordinates.values())
    for stage, column in ordinates.items():
        down = (layout.height - max(column.values())) / 2
        for site, y in column.items():
            layout.places[site] = (layout.columns[stage], y + down)
    for region, members in groupby(next(iter(columns.values())), key=lambda k: sites[k].region):
        inside = [layout.places[k][1] for k in members]
        layout.blocks.append((region, inside[0], inside[-1]))
    return layout


def _widths(flows: list[_Flow]) -> dict[int, float]:
    """Inches of all that leaves or reaches a site, whichever is more."""
    through: dict[tuple[int, int], float] = defaultdict(float)
    for flow in flows:
        through[flow.origin, 0] += WIDEST * flow.share
        through[flow.destination, 1] += WIDEST * flow.share
    return {site: max(through[site, 0], through[site, 1]) for site, _ in list(through)}


def _ordinates(scene: Scene, sites: list[int], widths: dict[int, float]) -> dict[int, float]:
    """Ordinates of the sites of a column, far enough from each other for their bars."""
    places: dict[int, float] = {}
    y = 0.0
    for above, site in zip([None, *sites], sites, strict=False):
        if above is not None:
            y += max(PITCH, (widths[above] + widths[site]) / 2 + MARGIN)
            if scene.network.sites[above].region != scene.network.sites[site].region:
                y += GAP
        places[site] = y
    return places


def _abscissas(scene: Scene, columns: dict[str, list[int]]) -> dict[str, float]:
    """Abscissa of each column, with room for names left of the first and right of the last."""
    names = [[_name(scene, k) for k in found] for found in columns.values()]
    first = 0.45 + LETTER * max(map(len, names[0]))
    last = INCHES - 0.15 - LETTER * max(map(len, names[-1]))
    step = (last - first) / max(1, len(columns) - 1)
    return {stage: first + k * step for k, stage in enumerate(columns)}


def _name(scene: Scene, site: int) -> str:
    name = scene.network.sites[site].name
    return name if len(name) <= LONGEST else name[: LONGEST - 1] + "\u2026"


def _links(
    axes: Axes, scene: Scene, layout: _Layout, flows: list[_Flow], colors: dict[str, str]
) -> None:
    """Bands between sites, side by side where they leave and where they arrive."""
    pairs: dict[tuple[int, int], float] = defaultdict(float)
    for flow in flows:
        if flow.origin in layout.places and flow.destination in layout.places:
            pairs[flow.origin, flow.destination] += WIDEST * flow.share
    leave = _berths(pairs, layout, 0)
    arrive = _berths(pairs, layout, 1)
    shown = [(colors[scene.network.sites[pair[0]].region], pair) for pair in pairs if pairs[pair]]
    for color, pair in sorted(shown, key=lambda link: link[0] != FAINT):  # grey is below
        (x0, _), (x1, _) = layout.places[pair[0]], layout.places[pair[1]]
        _link(axes, (x0, leave[pair]), (x1, arrive[pair]), 72 * pairs[pair], color)


def _berths(
    pairs: dict[tuple[int, int], float], layout: _Layout, end: int
) -> dict[tuple[int, int], float]:
    """Ordinates of the bands at one end, in the order of the sites at the other end."""
    found = {}
    ordered = sorted(pairs, key=lambda pair: (pair[end], layout.places[pair[1 - end]][1]))
    for site, members in groupby(ordered, key=lambda pair: pair[end]):
        here = list(members)
        y = layout.places[site][1] - sum(pairs[pair] for pair in here) / 2
        for pair in here:
            found[pair] = y + pairs[pair] / 2
            y += pairs[pair]
    return found


def _link(
    axes: Axes, start: tuple[float, float], end: tuple[float, float], width: float, color: str
) -> None:
    (x0, y0), (x1, y1) = start, end
    bend = 0.45 * (x1 - x0)
    bends = [(x0 + bend, y0), (x1 - bend, y1)] if bend else [(x0 + 0.8, y0), (x1 + 0.8, y1)]
    codes = [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4]
    patch = PathPatch(
        Path([start, *bends, end], codes), fill=False, edgecolor=color, alpha=0.5,
        lw=max(width, 0.25), capstyle="butt",
    )  # fmt: skip
    axes.add_patch(patch)


def _nodes(
    axes: Axes, scene: Scene, layout: _Layout, flows: list[_Flow], colors: dict[str, str]
) -> None:
    widths = _widths(flows)
    leftmost = min(layout.columns.values())
    for site, (x, y) in layout.places.items():
        spec = scene.network.sites[site]
        color = colors[spec.region]
        height = max(widths[site], 0.07)
        bar = Rectangle(
            (x - 0.04, y - height / 2), 0.08, height, lw=0.8, zorder=3,
            facecolor=color if widths[site] else "white", edgecolor=color,
        )  # fmt: skip
        axes.add_patch(bar)
        side, align = (-0.08, "right") if x == leftmost else (0.08, "left")
        axes.text(
            x + side, y, _name(scene, site), ha=align, va="center", fontsize=7.5, zorder=4,
            bbox={"boxstyle": "round,pad=0.1", "fc": "white", "ec": "none", "alpha": 0.6},
            in_layout=False,
        )  # fmt: skip


def _headings(axes: Axes, layout: _Layout) -> None:
    """Stages above their column, regions beside their sites."""
    for stage, x in layout.columns.items():
        axes.text(x, -0.3, stage, ha="center", va="bottom", fontweight="bold", in_layout=False)
    for region, first, last in layout.blocks:
        axes.plot([0.2, 0.2], [first - 0.08, last + 0.08], color=FAINT, lw=1.5)
        axes.text(0.15, (first + last) / 2, region, rotation=90, ha="right", va="center",
                  fontsize=8.5, in_layout=False)  # fmt: skip
