"""What the study of the outage runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from study_runs import ROOT, Case

from chainsim import load_scenario
from chainsim.experiments.runs import Run
from chainsim.scenario.quantities import unit

OUTAGE = "scenarios/sichuan_outage_30d.yaml"
LEVERS = "sichuan_outage_30d_*.yaml"
DISRUPTION = "disruptions.sichuan_outage"
DURATIONS = (7, 14, 30, 60)
"""Days."""
LEFT = (0, 25, 50, 75)
"""Capacity that the sites keep, per cent."""
TURNED = (
    "cover.kit_sichuan",
    "cover.supplier",
    "cover.battery",
    "sichuan_outage.recovery",
    "kit_sichuan.capacity",
    "battery.capacity.sichuan",
    "battery.weight.sichuan",
    "lane.chengdu.order_lead",
)
"""Assumed parameters that are set to the ends of their ranges, one at a time."""
ENDS = ("low", "high")
KIT = "kit_sichuan"
"""The item that every vehicle needs and only the region makes."""
SHORTEST = "1 h"
"""In place of a time of zero, which a way back must not have."""


def main_cases(replications: int) -> Iterator[Case]:
    """The outage, the chain without it, every lever, and outages of a part of the sites."""
    calm = f"{DISRUPTION}.enabled=false"
    yield Case("outage", OUTAGE, (), replications, with_days=True)
    yield Case("calm", OUTAGE, (calm,), replications, with_days=True)
    for file in sorted((ROOT / "scenarios").glob(LEVERS)):
        name = "lever_" + file.stem.removeprefix(Path(OUTAGE).stem + "_")
        yield Case(name, f"scenarios/{file.name}", (), replications)
    for name, sites in (("spared", _hit(kits=False)), ("kits_alone", _hit(kits=True))):
        yield Case(name, OUTAGE, (f"{DISRUPTION}.target.site=[{', '.join(sites)}]",), replications)


def _hit(kits: bool) -> list[str]:
    """The sites in the outage that make kits, or those that do not."""
    document = load_scenario(ROOT / OUTAGE).document
    target = document.disruptions[0].target
    return [
        name
        for name, site in document.sites.items()
        if site.region in target.region
        and site.stage in target.stage
        and (site.tags["component"] == KIT) == kits
    ]


def grid_cases(replications: int) -> Iterator[Case]:
    """The outage by duration and by what capacity is left."""
    for days in DURATIONS:
        for left in LEFT:
            changes = (
                f"parameters.sichuan_outage.duration={days} d",
                f"{DISRUPTION}.effect.capacity={left / 100}",
            )
            yield Case(f"grid_{days}_{left}", OUTAGE, changes, replications)


def turned_cases(replications: int) -> Iterator[Case]:
    """The outage with one assumed parameter at an end of its range."""
    table = load_scenario(ROOT / OUTAGE).parameters
    for name in TURNED:
        one = table[name]
        for end in ENDS:
            bound = getattr(one, end)
            value = float(bound.value / unit(one.unit or "1").value)
            written = f"{value:g} {one.unit}" if one.unit != "fraction" else f"{value:g}"
            if not value:
                written = SHORTEST
            yield Case(f"{end}_{name}", OUTAGE, (f"parameters.{name}={written}",), replications)


def all_cases(replications: int, fewer: int) -> list[Case]:
    """All that the study runs: the main cases often, what surrounds them fewer times."""
    return [*main_cases(replications), *grid_cases(fewer), *turned_cases(fewer)]


def levers_of(runs: Mapping[str, Run]) -> dict[str, Run]:
    """The runs with a lever, by its name."""
    return {
        name.removeprefix("lever_"): one for name, one in runs.items() if name.startswith("lever_")
    }
