"""Where a chain binds: by hand on three stages in series, and what the command writes."""

from __future__ import annotations

import csv
import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.unit.bottleneck_support import BENCH, LINE, PRESS, chain, mapping, network
from tests.unit.cli_support import call

from chainsim import simulate
from chainsim.errors import InputError, LawError
from chainsim.experiments import shadow
from chainsim.experiments.bottleneck import Asked, Bottlenecks, analyse, analysed, seconds_of
from chainsim.experiments.capacity import capacity_of, with_ample_capacity
from chainsim.experiments.shadow import ShadowValue
from chainsim.experiments.summary import aggregate
from chainsim.network.compiled import CompiledNetwork
from chainsim.outcome.binding import capacity_waterfall
from chainsim.outcome.server_groups import periods, server_groups, states_by_period
from chainsim.outcome.trajectory import STATES, Trajectory
from chainsim.report.bottleneck import bottleneck_object, bottleneck_sheets, shadow_verdict
from chainsim.report.figures.bottleneck import bottleneck_pictures
from chainsim.report.figures.style import as_svg
from chainsim.report.files import json_text

DAYS = 29
"""Of February 2024, the statistics of the chain."""


def found(asked: Asked | None = None, **changes: Any) -> Bottlenecks:
    return analyse(analysed(chain(**changes), asked))


@pytest.fixture
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainsim.report.bottleneck_folder.bottleneck_pictures", lambda found: ())


# ---- what binds


@pytest.mark.parametrize(
    ("speeds", "binds", "least"),
    [
        ({}, LINE, 120),
        ({"press": 100}, PRESS, 100),
        ({"line": 200, "bench": 110}, BENCH, 110),
    ],
)
def test_the_slowest_of_a_series_binds(speeds: dict[str, float], binds: str, least: int) -> None:
    """Customers want 130 a day and get what the slowest of three makes: 29 x (130 - least) lack."""
    (one,) = found(**speeds).bound
    assert one.binds == binds
    assert one.loss.mean == DAYS * (130 - least)
    assert one.parts == {binds: one.loss.mean}
    assert one.share == 1


def test_nothing_binds_where_the_plan_is_met() -> None:
    (one,) = found(demand=100).bound
    assert (one.binds, one.share, one.loss.mean) == ("none", None, 0)


def test_the_parts_of_a_loss_add_up_whatever_the_chain() -> None:
    """With random demand and repairs lots end on other days: parts less what is caught up."""
    noisy = mapping(press=125, line=128, bench=126)
    noisy["sites"]["plant"]["demand"]["car"] = {"process": "poisson", "rate": "130 /d"}
    noisy["sites"]["plant"]["operations"]["line"]["breakdowns"] = [
        {
            "up": {"dist": "exponential", "mean": "1 d"},
            "repair": {"dist": "exponential", "mean": "1 h"},
        }
    ]
    chained = network(**noisy)
    groups, parts = server_groups(chained), periods(chained.horizon)
    run, ample = simulate(chained), simulate(with_ample_capacity(chained))
    fall = capacity_waterfall(chained, run, ample, groups, parts)
    assert fall.net.sum() > 0
    np.testing.assert_array_equal(sum(fall.parts.values()) + fall.caught_up, fall.net)


def test_orders_that_wait_at_a_source_lead_to_its_servers() -> None:
    """The press makes 100 a day; a lane that brings parts late instead is no server."""
    slow = mapping(press=100)
    slow["sites"]["works"]["operations"]["press"]["release"]["level"] = 0
    assert found(**slow).bound[0].binds == PRESS
    late = mapping(press=300, line=200, bench=200)
    late["lanes"]["road"]["capacity_per_day"] = 110
    (one,) = found(**late).bound
    assert one.binds == "none", "a faster press would not help: the road carries 110 a day"
    assert one.loss.mean == 0


# ---- server time


def test_states_add_up_to_the_servers_and_double_capacity_halves_use() -> None:
    slow, fast = network(demand=100), network(press=300, demand=100)
    groups = server_groups(slow)
    assert [group.id for group in groups] == [PRESS, BENCH, LINE]
    parts = periods(slow.horizon)
    states = [states_by_period(simulate(one), groups, parts) for one in (slow, fast)]
    assert (states[0].sum(axis=2) == DAYS * 86_400).all()
    busy = [found[0, 0, STATES.index("busy")] for found in states]
    # 100 of 150 a day is two thirds, 100 of 300 one third
    assert busy[0] == pytest.approx(2 / 3 * DAYS * 86_400, rel=1e-3)
    assert busy[1] == pytest.approx(1 / 3 * DAYS * 86_400, rel=1e-3)


def test_groups_are_stages_names_and_items_or_sites() -> None:
    shared = mapping()
    plant = shared["sites"]["plant"]
    plant["resources"] = {"hall": {"servers": 2}}
    for name in ("line", "bench"):
        plant["operations"][name]["resource"] = "hall"
    twin = json.loads(json.dumps(shared["sites"]["works"]))
    del twin["operations"]["press"]["release"]
    shared["sites"]["works_2"] = twin
    both = network(**shared)
    assert [(g.id, len(g.resources)) for g in server_groups(both)] == [
        (PRESS, 2), ("midstream/hall", 1)
    ]  # fmt: skip
    assert [g.id for g in server_groups(both, by_site=True)] == [
        "upstream/works/press/part", "upstream/works_2/press/part", "midstream/plant/hall"
    ]  # fmt: skip


def test_servers_that_an_operation_lends_stay_its_own() -> None:
    """As those of a line are on which a new model is built: told in bodies, 120 a day."""
    lent = mapping()
    plant = lent["sites"]["plant"]
    plant["resources"] = {"line": {}}
    for name in ("line", "bench"):
        plant["operations"][name]["resource"] = "line"
    shared = network(**lent)
    (group,) = [one for one in server_groups(shared) if one.stage == "midstream"]
    assert group.id == LINE
    found = capacity_of(shared, group, 0, 86_400)
    assert (found.amount, found.unit) == (pytest.approx(120), "unit")


def test_months_and_years_are_those_of_the_statistics() -> None:
    run = {"start": "2023-12-20", "length": "60 d", "warm_up": "3 d", "replications": 1}
    horizon = network(run=run).horizon
    assert [(p.name, len(p.days)) for p in periods(horizon)] == [
        ("2023-12", 9), ("2024-01", 31), ("2024-02", 17)
    ]  # fmt: skip
    assert [(p.name, p.days.start, p.days.stop) for p in periods(horizon, yearly=True)] == [
        ("2023", 3, 12), ("2024", 12, 60)
    ]  # fmt: skip


# ---- shadow values


def test_only_more_of_what_binds_is_worth_something() -> None:
    """The line makes 120 a day: 2 % more are 2.4 a day, 69.6 in 29 days; a part of a car counts
    where it falls. Each of them is a car."""
    one = found()
    values = {value.group.id: value for value in one.shadow}
    assert one.shadow[0].group.id == LINE
    assert values[LINE].capacity == pytest.approx(DAYS * 120)
    assert values[LINE].extra.mean == pytest.approx(0.02 * DAYS * 120, abs=1)
    assert values[LINE].per_unit(values[LINE].extra.mean) == pytest.approx(1, abs=0.01)
    assert values[LINE].per_percent(values[LINE].extra.mean) == pytest.approx(34.8, abs=0.5)
    assert values[LINE].told
    for group in (PRESS, BENCH):
        assert values[group].extra.mean == 0
        assert shadow_verdict(values[group]) == "changes nothing"


def test_capacity_from_a_date_on_counts_from_there() -> None:
    """From 15 February on: 15 days x 2.4."""
    one = found(Asked(since=dt.datetime(2024, 2, 15))).shadow[0]
    assert one.extra.mean == pytest.approx(36, abs=1)
    assert one.capacity == pytest.approx(15 * 120)


@pytest.mark.parametrize(
    ("differences", "verdict", "told"),
    [
        ([3.0, -2.0], "interval includes 0", False),
        ([3.0, 3.5, 2.5], "", True),
        ([0.0, 0.0], "changes nothing", False),
        ([3.0], "no interval", False),
    ],
)
def test_an_interval_with_zero_says_so(differences: list[float], verdict: str, told: bool) -> None:
    (group, *_) = server_groups(network())
    one = ShadowValue(group, 1_000.0, "unit", aggregate(differences, "vehicles"), 0.02)
    assert (shadow_verdict(one), one.told) == (verdict, told)
    # 20 units are added, two per cent
    assert one.per_unit(30.0) == 1.5
    assert one.per_percent(30.0) == 15


def test_a_failed_run_is_left_out_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(network: CompiledNetwork, number: int) -> Trajectory:
        rate = network.bases[network.clocks[network.operations[1].clock].base].rates[-1]
        if number == 1 and rate == 1_020_000:
            raise LawError("stocks", "part", 1)
        return simulate(network, number)

    monkeypatch.setattr(shadow, "simulate", failing)
    one = found()
    values = {value.group.id: value for value in one.shadow}
    assert values[LINE].extra.failed == 1 and values[LINE].extra.n == 1
    assert values[PRESS].extra.failed == 0
    (what,) = one.errors
    assert what == f"{LINE}, replication 1"
    assert "1 FAILED" in str([list(sheet.rows) for sheet in bottleneck_sheets(one)])


def test_shadow_values_of_some_groups_only() -> None:
    ready = analysed(chain(), Asked(only=("press", "bench")))
    assert [ready.bench.groups[g].id for g in ready.bench.raised] == [PRESS, BENCH]
    assert ready.runs == 2 * 3
    none = found(Asked(shadow=False), demand=100)
    assert none.shadow == ()
    assert [sheet.title for sheet in bottleneck_sheets(none)] == ["In series: what binds"]
    assert [picture.name for picture in bottleneck_pictures(none)][-1] == "binding"


# ---- what is asked


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (Asked(year=2031), "--year"),
        (Asked(since=dt.datetime(2031, 1, 1)), "--since"),
        (Asked(target=1000.0), "a whole calendar year"),
        (Asked(only=("lines",)), "--only"),
    ],
)
def test_what_does_not_fit_the_run_is_refused(asked: Asked, words: str) -> None:
    with pytest.raises(InputError, match=words):
        analysed(chain(), asked)


def test_a_target_needs_replications_and_a_time_is_one() -> None:
    run = {"start": "2024-01-01", "end": "2025-01-01", "replications": 1}
    with pytest.raises(InputError, match="at least 2"):
        analysed(chain(run=run), Asked(target=1000.0))
    assert seconds_of("--ramp", "2 d") == 172_800
    with pytest.raises(InputError, match="--ramp"):
        seconds_of("--ramp", "2 km")


# ---- what is written


def test_the_command_writes_a_folder(tmp_path: Path) -> None:
    file = tmp_path / "series.yaml"
    file.write_text(json.dumps(mapping()))
    done = call("bottleneck", file, "--workers", 1, "--out", tmp_path / "out", "--json")
    assert done.exit_code == 0, done.stderr
    printed = json.loads(done.stdout)
    folder = tmp_path / "out" / "series_bottleneck"
    kept = json.loads((folder / "summary.json").read_text("utf-8"))
    assert {key: printed[key] for key in kept} == kept
    assert kept["schema"] == "chainsim/bottleneck/1"
    assert kept["periods"][0]["binds"] == LINE
    rows = table(folder / "states.csv")
    assert [row["group"] for row in rows] == [PRESS, BENCH, LINE]
    assert sum(float(rows[0][state]) for state in STATES) == pytest.approx(1)
    assert float(rows[0]["server_days"]) == DAYS
    for name in ("binding", "shadow", "steady"):
        assert table(folder / f"{name}.csv")
    figures = {path.stem for path in (folder / "figures").glob("*.svg")}
    assert figures == {"server_states", "utilisation", "binding", "shadow"}


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text("utf-8").splitlines()))


def test_results_do_not_depend_on_the_number_of_workers() -> None:
    run = {"start": "2024-01-01", "length": "5 d", "replications": 2}
    ready = analysed(chain(run=run))
    texts = [json_text(bottleneck_object(analyse(ready, workers))) for workers in (1, 2)]
    assert texts[0] == texts[1]


def test_what_is_wrong_has_exit_code_2(tmp_path: Path, no_figures: None) -> None:
    file = tmp_path / "series.yaml"
    file.write_text(json.dumps(mapping()))
    not_a_number = (["--target", "nan"], ["--step", "nan"])
    for words in (["--year", 2031], ["--construction", "2 km"], ["--target", 5], *not_a_number):
        done = call("bottleneck", file, *words, "--out", tmp_path / "out")
        assert done.exit_code == 2, done.stderr
    assert not (tmp_path / "out").exists()


def test_figures_give_the_same_bytes_and_have_their_data() -> None:
    one = found(demand=100)
    pictures = [list(bottleneck_pictures(one)) for _ in range(2)]
    assert all(as_svg(a.figure) == as_svg(b.figure) for a, b in zip(*pictures, strict=True))
    assert all(len({len(list(column)) for column in p.data.values()}) == 1 for p in pictures[0])
