"""Knock-outs on a chain whose answers follow by hand: who hurts most, and for how long.

The plant makes 24 vehicles a day and holds parts of supplier `a` for 5 days and of `b` for 10; two
more days are on the road. All can make twice as much as is needed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chainsim import compile_network, scenario_from_mapping
from chainsim.experiments.knockouts import knockouts
from chainsim.experiments.ranking import Cell
from chainsim.experiments.replications import replicated
from chainsim.experiments.store import writing
from chainsim.experiments.stress import Course, StressTest, stressed
from chainsim.experiments.stress_design import Asked
from chainsim.report.stress import stress_sheets
from tests.unit.stress_support import by_hand, mapping

ASKED = Asked(duration="20", durations="4, 20, 25", follow="60", starts=("10 d",))
Ran = Callable[..., StressTest]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    path = tmp_path_factory.mktemp("stress") / "runs.sqlite"

    def run(asked: Asked = ASKED, top: int = 4, **options: Any) -> StressTest:
        with writing(path) as store:
            return Course(stressed(by_hand(), asked, top=top, **options), store).run()

    return run


@pytest.fixture(scope="module")
def found(ran: Ran) -> StressTest:
    return ran()


def cell(found: StressTest, id_: str, days: float = 20) -> Cell:
    return next(
        one for one in found.cells if one.tried.knockout.id == id_ and one.tried.days == days
    )


def test_the_shorter_cover_hurts_more(found: StressTest) -> None:
    """Stock and road last 7 and 12 days; parts come back 2 days after the 20: 15 and 10 are missed.

    One part more, which was in the making, is late where the press stops, not where the road does.
    A region is as bad as the worst in it, and equal ones come by kind.
    """
    ids = [row.cell.tried.knockout.id for row in found.ranking]
    assert ids == [
        "supplier:a", "region:south", "lanes:south/part_a", "supplier:b", "lanes:south/part_b",
        "supplier:c", "region:north", "institute:lab", "lanes:north/part_c",
    ]  # fmt: skip
    assert [row.rank for row in found.ranking] == list(range(1, 10))
    harms = [row.cell.impact.peak_shortfall.mean for row in found.ranking]
    assert harms == pytest.approx([361, 361, 360, 241, 240, 0, 0, 0, 0], abs=0.001)
    indices = [row.risk_index for row in found.ranking]
    assert indices == pytest.approx([1, 1, 360 / 361, 241 / 361, 240 / 361, 0, 0, 0, 0])


@pytest.mark.parametrize(
    ("id_", "days", "survives", "recovers"),
    [
        ("supplier:a", 20, 7, 37),  # 15 days behind, made up one day a day from day 22 on
        ("supplier:a", 25, 7, 47),  # 20 days behind on day 27
        ("supplier:b", 20, 12, 32),
        ("supplier:b", 25, 12, 42),
        ("lanes:south/part_a", 20, 7, 37),
        ("region:south", 25, 7, 47),
    ],
)
def test_times_by_hand(
    found: StressTest, id_: str, days: float, survives: float, recovers: float
) -> None:
    impact = cell(found, id_, days).impact
    assert impact.time_to_survive.median == pytest.approx(survives, abs=0.1)
    assert impact.time_to_recover.median == pytest.approx(recovers, abs=0.2)


def test_what_is_short_or_unused_does_no_harm(found: StressTest) -> None:
    """4 days and the road are less than what is in hand; `c` has no orders, the lab no vehicles."""
    for one in (
        cell(found, "supplier:a", 4),
        cell(found, "supplier:c"),
        cell(found, "institute:lab"),
    ):
        assert one.impact.struck == 0 and one.impact.peak_shortfall.mean == 0
        assert one.impact.time_to_recover.n == 0
        assert one.hardest_hit == ""
    assert cell(found, "supplier:a").hardest_hit == "plant"
    rows = {row[1]: row for row in stress_sheets(found)[0].rows}
    assert rows["c"][3:] == ("none", "for ever", "none", "0 (-)", "0", "0 (-)", "0.000")


@pytest.mark.parametrize(("id_", "days"), [("supplier:a", 7), ("supplier:b", 12)])
def test_nobody_could_do_better_than_the_bounds(found: StressTest, id_: str, days: int) -> None:
    """Stock and road are used up at 24 a day; what is missing until the 20 days end is late."""
    (row,) = (one for one in found.ranking if one.cell.tried.knockout.id == id_)
    assert row.bounds is not None
    assert row.bounds.time_to_survive == pytest.approx(days, abs=0.1)
    assert row.bounds.least_lost == pytest.approx((20 - days) * 24, abs=2)
    harm = row.cell.impact.peak_shortfall.mean
    assert harm is not None and harm >= row.bounds.least_lost


@pytest.mark.parametrize("id_", ["institute:lab", "supplier:c"])
def test_what_output_does_not_need_has_no_bound(found: StressTest, id_: str) -> None:
    """The lab's own customers go without; the bounds are those of output."""
    (row,) = (one for one in found.ranking if one.cell.tried.knockout.id == id_)
    assert row.bounds is not None
    assert (row.bounds.time_to_survive, row.bounds.least_lost) == (None, 0)


def test_the_grid_has_the_worst_at_every_duration(found: StressTest) -> None:
    """4 of 9 at two more durations: 17 cells, and the last one ends 60 days after the longest."""
    assert len(found.cells) == 9 + 4 * 2
    ((_, rows),) = found.grid.items()
    assert list(rows) == ["supplier:a", "region:south", "lanes:south/part_a", "supplier:b"]
    behind = [one.impact.peak_shortfall.mean for one in rows["lanes:south/part_a"]]
    assert behind == pytest.approx([0, 360, 480])
    assert cell(found, "supplier:a", 4).impact.time_to_survive.beyond == 85
    assert f"{found.stress.end:%m-%d}" == "04-05"  # day 10 + 25 + 60 of 2024


def test_recovery_in_a_straight_line_takes_longer(ran: Ran) -> None:
    """Half the capacity is what is needed, so nothing is gained before half of the way back.

    Until then the rate rises from 0 to 24 a day over 5 days: 60 more are missing than at once.
    """
    late = ran(replace(ASKED, recovery="10"), top=0, only=["site=a"])
    behind = cell(late, "supplier:a").impact.peak_shortfall.mean
    assert behind == pytest.approx(360 + 60, abs=3)


def test_pairs_are_as_bad_as_the_worse_of_two(ran: Ran) -> None:
    """Every vehicle needs both parts, and both suppliers come back at the same time."""
    both = ran(top=0, paired=True)
    assert cell(both, "pair:a+b").impact.peak_shortfall.mean == 361
    kinds = [row.cell.tried.knockout.kind for row in both.ranking]
    assert kinds.count("pair") == 3


def test_single_lanes_come_on_request() -> None:
    network = compile_network(by_hand())
    lanes = {one.id for one in knockouts(network, each_lane=True)} - {
        one.id for one in knockouts(network)
    }
    assert lanes == {"lane:road_a", "lane:road_b", "lane:road_c"}


@pytest.mark.parametrize("id_", ["supplier:a", "lanes:south/part_b"])
def test_a_knock_out_is_the_disruption_that_a_scenario_would_write(
    found: StressTest, id_: str
) -> None:
    """All knock-outs are compiled into one network; each alone gives the same comparison."""
    one = cell(found, id_)
    (block,) = one.tried.knockout.blocks
    outage = {"id": "outage", **block, "timing": {"at": "10 d"}, "duration": "20 d"}
    run = {"start": "2024-01-01", "length": "95 d"}
    alone = compile_network(scenario_from_mapping(mapping(run=run, disruptions=[outage])))
    itself = replicated(alone, None, 0).resilience
    assert itself is not None
    assert (itself.total, itself.sites) == (one.found[0].total, one.found[0].sites)


def test_runs_do_not_see_what_is_left_out(tmp_path: Path, found: StressTest) -> None:
    """The scenario's own disruptions are no part of any run, dated or random."""
    storm = {
        "id": "storm", "target": {"site": "plant"}, "effect": {"capacity": 0},
        "timing": {"every": "3 d"}, "duration": "1 d",
    }  # fmt: skip
    with writing(tmp_path / "runs.sqlite") as store:
        stress = stressed(by_hand(disruptions=[storm]), ASKED, ["site=a"], top=0)
        stormy = Course(stress, store).run()
    assert cell(stormy, "supplier:a").found == cell(found, "supplier:a").found
