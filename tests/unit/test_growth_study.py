"""The study of growth in docs/studies: its page and figures from made-up results, and its words."""

from __future__ import annotations

import datetime as dt
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.unit.cli_support import ROOT

from chainsim.experiments.bottleneck import Bound
from chainsim.experiments.expansion import Expansion, Goal, Terms, Trial
from chainsim.experiments.shadow import ShadowValue
from chainsim.experiments.summary import Aggregate, Compared, aggregate
from chainsim.experiments.survival import Impact, impact
from chainsim.outcome.resilience import Resilience
from chainsim.outcome.server_groups import Group, Period
from chainsim.outcome.trajectory import STATES
from chainsim.outcome.validation import Comparison
from chainsim.report.figures.style import as_svg

DAY = 86_400


@pytest.fixture(autouse=True)
def _path(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The modules of the study lie beside the page, in no package."""
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "studies"))
    yield
    for name in [name for name in sys.modules if name.startswith(("study_", "growth_"))]:
        del sys.modules[name]


# ---- made-up results


def about(middle: float, unit: str = "vehicles") -> Aggregate:
    return aggregate([middle - 1, middle + 1], unit)


def share(middle: float) -> Aggregate:
    return aggregate([middle - 0.001, middle + 0.001], "1")


def year(number: int, output: float = 1000.0, part: float = 0.08, late: float = 0.0) -> Any:
    from growth_years import Year

    return Year(
        number, about(output), share(0.1), share(part), part * 1.1, part * 0.9, about(late),
        about(late + 5), about(output), output / part,
    )  # fmt: skip


def hit(peaks: Sequence[float]) -> Impact:
    found = [
        Resilience(
            struck=True, time_to_survive=16.0, time_to_recover=100.0, followed=300.0, depth=1.0,
            lost_area=peak, peak_shortfall=peak, never_made_up=0.0, peak_backlog=peak,
        )
        for peak in peaks
    ]  # fmt: skip
    return impact(found, 0.95, "vehicles")


def launch(late: int | None) -> Any:
    from growth_scenarios import Launch

    return Launch("New one", dt.date(2027, 1, 1), [60, -20], [0, late], about(10))


def limits(
    binds: str = "midstream/line/vehicle_built", extra: Sequence[float] = (50.0, 50.2)
) -> Any:
    from growth_limits import Limits

    period = Period("2030", range(365), 0, 365 * DAY)
    part = {} if binds == "none" else {binds: 100.0}
    bound = Bound(
        period, binds, 1.0 if part else None, about(900), about(100), part, 0.0,
    )  # fmt: skip
    group = Group("midstream", "line", "", (0,))
    worth = ShadowValue(group, 1000.0, "vehicle", aggregate(extra, "vehicles"), 0.02)
    return Limits(
        2, [bound], ["midstream/line/vehicle_built"], np.zeros((1, 1, len(STATES))),
        [worth], 0.02,
    )  # fmt: skip


def reach(fresh_low: float = 1001.0) -> Any:
    from growth_cases import Paths
    from growth_limits import Aim, Reach

    goal = Goal(1000.0, Period("2030", range(365), 0, 365 * DAY), Terms(DAY, DAY))
    chosen = Trial(0.05, Aggregate("vehicles", 1005.0, 1001.0, 1009.0, 2, 0.95), True)
    fresh = Trial(
        0.05, Aggregate("vehicles", 1005.0, fresh_low, 1009.0, 2, 0.95), fresh_low >= 1000
    )
    found = Expansion(goal, 900.0, 1.122, (chosen,), chosen, (object(),), fresh)  # type: ignore[arg-type]
    row = {
        "group": "upstream/axles/axle", "present": 1000.0, "added": 100.0, "unit": "set",
        "share": 0.1, "sites": 2, "begins": "2028-05-01", "opens": "2029-05-01",
        "full_by": "2029-11-01",
    }  # fmt: skip
    return Reach(Aim(2030, 0.1, Paths(1, 1)), found, [row], 2)


def made_up() -> Any:
    from growth_cases import Turn
    from growth_facts import Facts
    from growth_limits import Demanding, SteadyYear
    from growth_loads import Fleet, FleetYear, ServerYear, Tightest
    from growth_scenarios import Outage, Turned, Variant
    from growth_years import Documented, Path

    years = [year(number) for number in range(2021, 2031)]
    figure = Comparison("total", "output", "units", 1000.0, "S", True, "", (999.0, 1001.0), False)
    other = replace(figure, id="maker", fitted=False, documented=800.0)
    states = dict.fromkeys(STATES, 1 / len(STATES))
    line = "midstream/line/vehicle_built"
    later = {one: about(20) for one in range(2026, 2031)}
    variants = [
        Variant(name, "A scenario.", [year(one, late=50) for one in range(2026, 2031)], later,
                later, about(60), about(2e9, "yuan"), {"new": launch(90)}, {2029: 0.9, 2030: 1.0})
        for name in ("test_bottleneck", "delayed_investment")
    ]  # fmt: skip
    return Facts(
        replications=2, fewer=2, version="0", fingerprint="sha256:" + "0" * 64, unit="vehicles",
        seed=1, target=0.1,
        documented=[Documented(one, 800.0 + one - 2025, 10_000.0) for one in range(2021, 2026)],
        history=[Compared(figure, about(1000)), Compared(other, about(1000))],
        years=years,
        paths=[Path("city_high", 1, 2, [year(one, part=0.12) for one in range(2026, 2031)])],
        tightest=[Tightest(2030, "2030-11", "upstream: axles (axle)", 0.96, "upstream: axles", "x",
                           0.99)],
        servers=[ServerYear(one, "midstream: line", states, 0.6) for one in range(2021, 2031)],
        demanding=Demanding(
            [Tightest(2030, "2030-11", "midstream: line", 1.2, "midstream: line", "x", 1.3)],
            [SteadyYear(2030, 1300.0, 1200.0, line, 1250.0, line, 13_000.0)],
        ),
        limits=limits(), reaches=[reach()], variants=variants,
        outages=[Outage(2022, hit([100.0, 101.0]), 10.0, about(10, "d")),
                 Outage(2028, hit([400.0, 404.0]), 40.0, about(10, "d"))],
        launches={"new": launch(0)},
        fleet=Fleet([FleetYear(one, about(100), about(10), about(9), share(0.5))
                     for one in range(2021, 2031)], 0.0),
        turned=[Turned(Turn("ramp.line", "high"), "150 d", "90 d", about(5), about(-5), about(2))],
        spent=about(3e10, "yuan"),
    )  # fmt: skip


COUNTS = {"cases": 2, "runs": 6, "without": ""}


# ---- the page


def test_the_page_is_made_from_made_up_results() -> None:
    from growth_page import page

    text = page(made_up(), COUNTS)
    assert re.findall(r"^## (\d+)\.", text, re.MULTILINE) == [str(k) for k in range(1, 11)]
    assert not re.search(r"\b(None|nan|Undefined)\b|\{\{|\}\}|\{%", text)
    assert "missed by 200 vehicles" in text  # 0.1 x 10,000 - 800
    assert "1,000 (987 to 1,013)" in text  # t(0.975, 1) x sqrt(2) / sqrt(2) = 12.7


def test_every_table_has_rows_of_one_width() -> None:
    from growth_page import page

    blocks = re.findall(r"(?:^\|.*\n)+", page(made_up(), COUNTS), re.MULTILINE)
    assert len(blocks) > 10
    for block in blocks:
        assert len({line.count("|") for line in block.splitlines()}) == 1, block


def test_a_study_without_some_parts_has_a_page_as_well() -> None:
    from growth_page import page

    bare = replace(made_up(), limits=None, reaches=[], paths=[], turned=[], variants=[], outages=[])
    text = page(bare, COUNTS)
    assert "Left out here." in text
    assert "With runs" not in text
    assert re.findall(r"^## (\d+)\.", text, re.MULTILINE) == [str(k) for k in range(1, 11)]


def test_figures_are_drawn_from_made_up_results() -> None:
    import growth_figures
    import growth_limit_figures

    facts = made_up()
    steady = facts.demanding.steady
    pictures = [
        growth_figures.share(facts), growth_figures.servers(facts), growth_figures.late(facts),
        growth_figures.fleet(facts),
        growth_limit_figures.binding(facts.limits, steady, "vehicles"),
        growth_limit_figures.worth(facts.limits, "vehicles"),
        growth_limit_figures.building(facts.reaches),
    ]  # fmt: skip
    for picture in pictures:
        assert as_svg(picture.figure).startswith(b"<?xml")
        assert len({len(list(column)) for column in picture.data.values()}) == 1


# ---- its words


def test_a_target_is_reached_only_where_the_lower_bound_is() -> None:
    """t(0.975, 1) x 0.001: shares of 0.12 lie above 0.107, those of 0.08 below."""
    from growth_words import at_target

    facts = made_up()
    reached = "Of the paths that were run (nation / city) middle / high reaches a tenth by then"
    assert at_target(facts) == reached
    assert (
        at_target(replace(facts, paths=[])) == "On no path that was run a tenth is reached by then"
    )


def test_what_binds_and_what_it_is_worth_follow_the_runs() -> None:
    from growth_words import binds, most_worth, worth

    lines = "lines (100 % of the loss)"
    assert binds(limits()) == f"On it binds in 2030 {lines}"
    assert binds(limits("none")).startswith("Nothing binds in any year")
    # 2 % gives 50.1 on average: 25.05 per 1 %; half-width 12.706 x 0.1 = 1.27 over 2 %
    assert "25.1 (24.4 to 25.7) vehicles per 1 %" in most_worth(limits())
    unsure = limits(extra=(-50.0, 60.0))
    assert worth(unsure.shadow[0]) == "2 pairs cannot tell"
    assert most_worth(unsure).startswith("Of no group alone")


def test_runs_and_the_plan_may_name_different_groups() -> None:
    from growth_words import differ

    (row,) = made_up().demanding.tightest
    assert differ(limits(), [row]) == "The plan alone names the same group."
    other = replace(row, group="upstream: cells (cell)")
    assert differ(limits(), [other]).startswith("The plan alone names upstream: cells (cell)")
    assert differ(limits("none"), [other]) == ""


def test_the_verdict_of_a_search_is_that_of_fresh_numbers() -> None:
    from growth_words import verdict

    assert "the same capacity reaches it" in verdict(reach())
    unsure = verdict(reach(fresh_low=990.0))
    assert "the same capacity reaches it on average only: 1,005 (990 to 1,009)" in unsure
    sketch = replace(reach(), found=replace(reach().found, trials=()))
    assert verdict(sketch).startswith(
        "with 5.0 % of room above the plan the capacity below reaches"
    )


def test_amounts_are_told_in_units_that_people_use() -> None:
    from growth_words import much

    assert much(21_271_250.0, "kWh") == "21.3 GWh"
    assert much(123_344.2, "set") == "123,344 sets"
    assert much(12.0, "server-days") == "12 server-days"


def test_works_that_should_have_begun_in_history_are_past() -> None:
    from growth_words import starts

    one = reach()
    assert starts(one) == (
        "for 10 % of national output in 2030 the first works (axles) have to begin by 2028-05-01, "
        "and axles need most, 10 % more than the middle path has by then"
    )
    early = replace(one, groups=[one.groups[0] | {"begins": "2025-12-31"}])
    assert "by 2025-12-31 (past: history ends later), and" in starts(early)
    assert starts(replace(one, groups=[])) == (
        "for 10 % of national output in 2030 nothing beside what the middle path builds"
    )


def test_an_outage_is_compared_with_the_growth_of_the_chain() -> None:
    """402 over 100.5 is 4.0; 40 a day over 10 is 4.0."""
    from growth_scenario_words import outage_words

    assert outage_words(made_up().outages) == (
        "It bites at about the same time; the peak shortfall is 4.0 times as large on a chain "
        "that makes 4.0 times as much"
    )


def test_launches_are_late_if_they_are_in_some_replication() -> None:
    from growth_scenario_words import approvals, ends

    (one, _) = made_up().variants
    assert approvals(one) == (
        "1 of 1 models is late in some replication, most of all New one (by 0 to 90 days); the "
        "benches are full from 2030 on"
    )
    never = replace(one, launches={"new": launch(None)}, benches={2030: 0.5})
    assert "(by 0 to never days); the benches are never full" in approvals(never)
    assert ends([60, -20]) == "-20 to 60"


def test_a_full_station_is_measured_by_the_years_in_which_it_was_not() -> None:
    """90 cars in half of the time are 180 in all of it; 360 are 2.0 times as many."""
    from growth_loads import FleetYear
    from growth_scenario_words import station

    rows = [FleetYear(2029, about(9), about(90), about(90), share(0.5)),
            FleetYear(2030, about(9), about(360), about(360), share(1.0))]  # fmt: skip
    assert station(rows) == (
        "The station is full from 2030 on: it serves about 180 cars a year, and in 2030 2.0 times "
        "as many come"
    )
    assert station(rows[:1]) == "The station is full in no year"


def test_a_scenario_is_told_from_the_middle_path_by_its_pairs() -> None:
    from growth_scenario_words import beside

    (one, _) = made_up().variants
    assert beside(one) == (
        "60 (47 to 73) are late on the worst day after 2025; at the end of 2030 20 more (7.29 to "
        "32.7) are late than on the middle path"
    )
    none = aggregate([0.0, 0.0], "vehicles")
    back = replace(one, late={2026: about(20), 2027: none, 2030: none})
    assert beside(back).endswith(
        "as many are late as on the middle path; from 2027 on no year ends with more late"
    )


def test_scenarios_can_be_left_out() -> None:
    from growth_cases import ENDS, LEAVABLE, all_cases

    names = [case.name for case in all_cases(3, 2, [ENDS])]
    assert names[0] == "middle"
    assert set(LEAVABLE) & set(names) == set(LEAVABLE) - {ENDS, "limits", "search"}
    assert [case.name for case in all_cases(3, 2, LEAVABLE)] == [
        "middle", "outage_2028", "outage_2022",
    ]  # fmt: skip
