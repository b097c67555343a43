"""Survival and recovery of two scenarios by site, on a chain whose answers follow by hand."""

from __future__ import annotations

from typing import Any

import pytest

from chainsim import scenario_from_mapping
from chainsim.experiments.comparison import Comparison, compare
from chainsim.experiments.runs import prepare, run
from chainsim.report.comparison_page import comparison_page
from chainsim.report.figures.shortfall import shortfall_by_site
from chainsim.report.site_comparison import site_sheets, worst_sites

A_DAY = 24
"""Vehicles that each of two plants builds, one an hour."""


def plant(cover: int) -> dict[str, Any]:
    """A plant whose parts last so many days, two of which they need on the road."""
    return {
        "stocks": {"part": {"initial": A_DAY * cover}},
        "operations": {
            "line": {
                "inputs": {"part": 1},
                "outputs": {"vehicle": 1},
                "rate": "48 /d",
                "release": {"pull": "vehicle", "level": 0},
            }
        },
        "demand": {"vehicle": {"process": "regular", "every": "1 h", "first": "1 h"}},
        "replenishment": {
            "part": {"policy": "base_stock", "level": A_DAY * cover, "sources": "mill"}
        },
    }


def chain(outage: int, **blocks: Any) -> dict[str, Any]:
    """Two plants and the mill that they share, which stops for so many days."""
    press = {"outputs": {"part": 1}, "rate": "96 /d", "release": {"pull": "part", "level": 0}}
    return {
        "name": f"{outage} days <b>",
        "run": {"start": "2024-01-01", "length": "80 d", "replications": 2},
        "output_item": "vehicle",
        "items": {"part": {}, "vehicle": {"unit": "vehicle"}},
        "sites": {"mill": {"operations": {"press": press}}, "lean": plant(7), "safe": plant(14)},
        "lanes": {
            "road": {
                "from": "mill", "to": ["lean", "safe"], "items": ["part"], "transit": "2 d"
            }
        },
        "disruptions": [
            {
                "id": "outage",
                "target": {"site": "mill"},
                "effect": {"capacity": 0},
                "timing": {"at": "20 d"},
                "duration": f"{outage} d",
            }
        ],
        "resilience": {"fail": "0 d", "recover": "0 d", "hold": "3 d"},
        **blocks,
    }  # fmt: skip


def compared(*chains: dict[str, Any]) -> Comparison:
    names = ("short", "long", "longer")
    scenarios = {name: scenario_from_mapping(one) for name, one in zip(names, chains, strict=False)}
    return compare({name: run(prepare(one)) for name, one in scenarios.items()})


@pytest.fixture(scope="module")
def found() -> Comparison:
    """Parts arrive again two days after the mill starts: on day 12, and on day 22."""
    return compared(chain(10), chain(20))


def test_each_site_is_compared_with_its_own_twin(found: Comparison) -> None:
    """The lean plant misses 5 and 15 days of output, the safe one none and 8."""
    (against,) = found.against
    lean, safe = (against.sites[site] for site in ("lean", "safe"))
    assert lean["peak_shortfall"].first == pytest.approx(5 * A_DAY, abs=2)
    assert lean["peak_shortfall"].other == pytest.approx(15 * A_DAY, abs=2)
    assert safe["peak_shortfall"].first == 0
    assert safe["peak_shortfall"].other == pytest.approx(8 * A_DAY, abs=2)
    assert lean["time_to_survive"].equal
    assert lean["time_to_survive"].first == pytest.approx(7, abs=0.1)
    assert safe["peak_shortfall"].verdict == "worse"
    assert "time_to_survive" not in against.sites["mill"]


def test_a_site_that_is_not_struck_is_censored(found: Comparison) -> None:
    (against,) = found.against
    survive, recover = (
        against.sites["safe"][name] for name in ("time_to_survive", "time_to_recover")
    )
    assert survive.interval is None and survive.censored == (2, 0)
    assert recover.interval is None and recover.censored == (0, 0)
    assert against.sites["lean"]["time_to_survive"].censored == (0, 0)
    assert against.total["time_to_survive"].censored == (0, 0)


def test_the_table_has_the_worst_site_first(found: Comparison) -> None:
    assert worst_sites(found) == ["lean", "safe"]
    (sheet,) = site_sheets(found)
    assert sheet is not None
    rows = [list(row) for row in sheet.rows]
    assert [row[:2] for row in rows] == [
        ["lean", "time_to_survive"], ["lean", "time_to_recover"], ["lean", "peak_shortfall"],
        ["safe", "time_to_survive"], ["safe", "peak_shortfall"],
    ]  # fmt: skip
    assert rows[3][-1] == "2 and 0"
    assert rows[0][4] == "equal"


def test_the_figure_has_every_site_and_scenario(found: Comparison) -> None:
    picture = shortfall_by_site(found)
    assert picture is not None
    assert picture.data["site"] == ["lean", "safe"]
    assert picture.data["scenario"] == ["long", "long"]
    assert "2 replications" in picture.caption
    assert picture.data["difference"] == pytest.approx([10 * A_DAY, 8 * A_DAY], abs=2)


def test_the_page_tells_what_differs_and_escapes_names(found: Comparison) -> None:
    text = " ".join(comparison_page(found, []).split())
    assert "<h1>long compared with short</h1>" in text
    assert "20 days &lt;b&gt;" in text and "<b>" not in text
    assert "peak shortfall: " in text
    assert "survival and recovery by site" in text
    assert "Inputs of long that differ from short" in text
    assert "disruptions.outage.duration" in text
    assert ">name<" not in text, "words change no number of a run"


def test_without_a_shortfall_there_is_nothing_to_show() -> None:
    calm = [chain(10, disruptions=[]), chain(10, disruptions=[], name="again")]
    found = compared(*calm)
    assert worst_sites(found) == []
    assert site_sheets(found) == [None]
    assert shortfall_by_site(found) is None
