"""Figures of server time: what servers did, and which items they waited for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import islice

import numpy as np

from chainsim.experiments.daily import band
from chainsim.network.stages import resource_groups
from chainsim.outcome.trajectory import STATES
from chainsim.report.figures.scene import Floats, Scene, moving_mean
from chainsim.report.figures.style import (
    BLACK,
    BLUE,
    DASHES,
    INK,
    ORANGE,
    PURPLE,
    QUALITATIVE,
    RED,
    SKY,
    YELLOW,
    Picture,
    canvas,
    date_axis,
    legend,
    per_cent,
    styled,
    thousands,
)

LOOKS: dict[str, tuple[str, str]] = {
    "busy": (BLUE, ""),
    "starved": (RED, ""),
    "waiting": (YELLOW, "xx"),
    "blocked": (PURPLE, "\\\\"),
    "broken_down": (BLACK, ""),
    "disrupted": (ORANGE, "//"),
    "no_release": (SKY, ".."),
    "closed": ("#e0e0e0", ""),
}
"""Colour and hatch by state, in the order drawn."""
MOST_BARS = 30
MOST_ITEMS = 7


@styled
def server_time(scene: Scene) -> Picture | None:
    """Shares of server time by state, of the operations of each stage, all sites together."""
    groups = dict(islice(resource_groups(scene.network).items(), MOST_BARS))
    if not groups:
        return None
    shares = {group: _shares(scene, resources) for group, resources in groups.items()}
    title = "Server time by state"
    caption = f"Share of all server-hours on the days of statistics; mean of {scene.sample}."
    figure, axes = canvas(1.5 + 0.27 * len(groups), title, caption)
    left = np.zeros(len(groups))
    places = range(len(groups))[::-1]
    for state, (color, hatch) in LOOKS.items():
        width = np.array([shares[group][state] for group in groups])
        axes.barh(
            places, width, left=left, color=color, hatch=hatch, edgecolor="white", lw=0.4,
            height=0.72, label=state.replace("_", " "),
        )  # fmt: skip
        left += width
    labels = [
        f"{stage}: {name}  ({_servers(scene, groups[stage, name])})" for stage, name in groups
    ]
    axes.set_yticks(places, labels)
    axes.grid(visible=False)
    axes.set_xlim(0, 1)
    axes.set_xlabel("share of server time (number of servers in brackets)")
    per_cent(axes, "x")
    legend(figure, columns=8)
    data: dict[str, list[object]] = {
        "stage": [stage for stage, _ in groups],
        "operation": [name for _, name in groups],
        "servers": [_servers(scene, found) for found in groups.values()],
    }
    data |= {state: [shares[group][state] for group in groups] for state in LOOKS}
    return Picture("server_time", title, caption, figure, data)


def _servers(scene: Scene, resources: Sequence[int]) -> int:
    """The servers that are there at the end."""
    return round(float(scene.total("resources", "servers", resources)[:, -1].mean()))


def _shares(scene: Scene, resources: Sequence[int]) -> dict[str, float]:
    first = scene.first_counted
    spent = {
        state: float(scene.total("resources", state, resources)[:, first:].sum())
        for state in STATES
    }
    total = sum(spent.values()) or 1.0
    return {state: seconds / total for state, seconds in spent.items()}


@styled
def missing_items(scene: Scene) -> Picture | None:
    """Server-hours lost where output is made because a bought item was missing, by item."""
    columns = _bought_inputs(scene)
    hours = {
        item: scene.total("inputs", "starved", found) / 3600 for item, found in columns.items()
    }
    hours = {item: values for item, values in hours.items() if values.any()}
    if not hours:
        return None
    ranked = sorted(hours, key=lambda item: (-hours[item].sum(), item))
    title = "Server-hours starved of bought items, where output is made"
    caption = (
        f"A server counts for the first missing item. Left: mean over seven days of {scene.sample}."
        " Right: whole run, whiskers 5 to 95 %."
    )
    figure, (left, right) = canvas(4.2, title, caption, ncols=2, width_ratios=[3, 1.4])
    scene.mark(left)
    for k, item in enumerate(ranked[:MOST_ITEMS]):
        left.plot(
            scene.x, moving_mean(hours[item]).mean(axis=0),
            color=QUALITATIVE[k], ls=DASHES[k % len(DASHES)], lw=1.5, label=item,
        )  # fmt: skip
    left.set_ylabel("server-hours per day")
    left.set_ylim(bottom=0)
    date_axis(left, scene.dates)
    thousands(left)
    totals = _totals(hours, ranked[:MOST_ITEMS])
    places = range(len(totals))[::-1]
    means = np.array([mean for mean, _, _ in totals])
    # A list: a row of one value in an array is deprecated between numpy and matplotlib.
    whiskers = np.abs(np.array([[m - low, high - m] for m, low, high in totals]).T).tolist()
    right.barh(places, means, color=QUALITATIVE[: len(totals)], height=0.65)
    right.errorbar(means, places, xerr=whiskers, fmt="none", ecolor=INK, capsize=2, lw=1)
    right.set_yticks(places, ranked[:MOST_ITEMS])
    right.grid(axis="y", visible=False)
    right.set_xlabel("server-hours")
    thousands(right, "x")
    legend(figure, columns=8)
    data: dict[str, Sequence[object]] = {"date": scene.dates}
    data |= {item: hours[item].mean(axis=0).tolist() for item in ranked}
    return Picture("missing_items", title, caption, figure, data)


def _totals(hours: dict[str, Floats], items: Sequence[str]) -> list[tuple[float, float, float]]:
    bands = [band(hours[item].sum(axis=1)) for item in items]
    return [(float(b.mean), float(b.low), float(b.high)) for b in bands]


def _bought_inputs(scene: Scene) -> dict[str, list[int]]:
    """Columns of the starved inputs at the sites of output, by item that is ordered elsewhere."""
    network = scene.network
    outputs = set(network.output_stocks)
    makers = {o.site for o in network.operations if outputs & {way.stock for way in o.outputs}}
    bought = {
        network.stocks[spec.stock].id: network.items[network.stocks[spec.stock].item].id
        for spec in network.replenishments
        if network.stocks[spec.stock].site in makers
    }
    found: dict[str, list[int]] = defaultdict(list)
    for k, key in enumerate(scene.daily.ids("inputs")):
        item = bought.get(key.split("<", 1)[1])
        if item is not None:
            found[item].append(k)
    return found
