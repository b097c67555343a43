"""The study in docs/studies: its page from made-up results, its words, and what it imports."""

from __future__ import annotations

import ast
import datetime as dt
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.unit.cli_support import ROOT, TINY, scenario

from chainsim.experiments.contrasts import Contrasts
from chainsim.experiments.summary import Aggregate, aggregate
from chainsim.experiments.survival import Impact, impact
from chainsim.outcome.resilience import Resilience
from chainsim.report.figures.style import as_svg

STUDIES = ROOT / "docs" / "studies"
MODULES = sorted(STUDIES.glob("*.py"))
OTHERS = {"chainsim", "jinja2", "matplotlib", "numpy"}


@pytest.fixture(autouse=True)
def _path(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The modules of the study lie beside the page, in no package."""
    monkeypatch.syspath_prepend(str(STUDIES))
    yield
    for name in [name for name in sys.modules if name.startswith(("study_", "growth_"))]:
        del sys.modules[name]


# ---- made-up results


def hit(peaks: Sequence[float], survives: float = 15.0, recovers: float | None = 100.0) -> Impact:
    found = [
        Resilience(
            struck=peak > 0, time_to_survive=survives if peak > 0 else None,
            time_to_recover=recovers if peak > 0 else None, followed=300.0, depth=1.0,
            lost_area=peak, peak_shortfall=peak, never_made_up=0.0, peak_backlog=peak,
        )
        for peak in peaks
    ]  # fmt: skip
    return impact(found, 0.95, "vehicles")


def lever(
    name: str, peaks: Sequence[float], extra: Sequence[float], waited: Sequence[float]
) -> Any:
    from study_levers import Lever, ratio

    pairs = Contrasts({}, set(), 0.95)
    first = [1000.0] * len(peaks)
    days = [15.0] * len(peaks)
    measures = {
        "peak_shortfall": pairs.contrast("peak_shortfall", first, peaks),
        "time_to_survive": pairs.contrast("time_to_survive", days, [15.1, 14.9, 15.0]),
    }
    worth = tuple(
        aggregate([p * w - x for w, x in zip(waited, extra, strict=True)], "yuan")
        for p in (20.0, 100.0, 300.0)
    )
    less = [a - b for a, b in zip(first, peaks, strict=True)]
    return Lever(
        name, "A lever.", measures, aggregate(extra, "yuan"), aggregate(waited, "vehicle-days"),
        ratio(extra, waited, "yuan/vehicle/d"), worth, ratio(extra, less, "yuan/vehicle"),
    )  # fmt: skip


def made_up() -> Any:
    from study_facts import Bounds, Cause, Facts, Maker, Powertrain, Supplier
    from study_levers import Turned

    struck, safe = hit([990.0, 1000.0, 1010.0]), hit([0.0, 0.0, 0.0])
    some = aggregate([9.0, 10.0, 11.0], "vehicles")
    grid = {(d, c): struck if d > 7 and c < 50 else safe for d in (7, 14, 30, 60)
            for c in (0, 25, 50, 75)}  # fmt: skip
    turned = Turned(
        name="cover.part", unit="d", values=(1.0, 3.0, 7.0), grade="D", note="",
        impacts=(hit([1500.0] * 3, 10.0), hit([500.0] * 3, 20.0)),
        changes=(aggregate([500.0, 490.0, 510.0], ""), aggregate([-500.0, -490.0, -510.0], "")),
        survival=(aggregate([-5.0, -5.1, -4.9], "d"), aggregate([5.0, 5.1, 4.9], "d")),
        recovery=(aggregate([9.0, 9.1, 8.9], "d"), aggregate([0.0, 0.1, -0.1], "d")),
    )  # fmt: skip
    return Facts(
        replications=3, fewer=3, version="0", fingerprint="sha256:" + "0" * 64, events=1,
        unit="vehicles", strike=dt.date(2022, 8, 15), total=struck,
        makers=[Maker("Maker one", "one", struck, some), Maker("Maker two", "two", safe, some)],
        causes=[Cause("part", "north", some, aggregate([0.9, 0.91, 0.92], "1"))],
        caught_up=some, net=some, lost_sales=some,
        bounds=Bounds([16.0], [15.0], [float("inf")], [800.0], [15.0], 1500.0, 100.0),
        grid=grid,
        powertrains=[Powertrain("battery cars", 1.0, some, some, (9.0, 11.0))],
        suppliers=[Supplier("Works", "north", "", some, some)],
        levers=[
            lever("more_stock", [490.0, 500.0, 510.0], [100.0, 101.0, 102.0], [9.0, 10.0, 11.0]),
            lever("pooling", [900.0, 1000.0, 1100.0], [5.0, 6.0, 7.0], [-1.0, 0.0, 1.0]),
        ],
        prices=(20.0, 100.0, 300.0), margins=(3000.0, 10000.0, 25000.0),
        spared=struck, kits_alone=struck, turned=[turned], base=struck,
    )  # fmt: skip


COUNTS = {"cases": 2, "runs": 6, "seed": 1}


# ---- the page


def test_the_page_is_made_from_made_up_results() -> None:
    from study_page import page

    text = page(made_up(), None, COUNTS)
    assert re.findall(r"^## (\d+)\.", text, re.MULTILINE) == [str(k) for k in range(1, 11)]
    assert "1,000 (975 to 1,025)" in text  # t(0.975, 2) x 10 / sqrt(3) = 24.8
    assert not re.search(r"\b(None|nan|Undefined)\b|\{\{|\}\}|\{%", text)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert all(line.endswith("|") for line in rows)


def test_every_table_has_rows_of_one_width() -> None:
    from study_page import page

    blocks = re.findall(r"(?:^\|.*\n)+", page(made_up(), None, COUNTS), re.MULTILINE)
    assert len(blocks) > 8
    for block in blocks:
        assert len({line.count("|") for line in block.splitlines()}) == 1, block


def test_no_direction_is_claimed_where_the_interval_includes_zero() -> None:
    from study_page import page
    from study_words import peak_change, worth

    facts = made_up()
    stock, pool = facts.levers
    assert peak_change(facts, stock) == (
        "500 fewer (475 to 525) vehicles behind at the worst moment"
    )
    assert peak_change(facts, pool).startswith("no difference that 3 replications can tell")
    assert worth(pool, facts.prices).endswith("worth it at no price")
    assert "worth it from 10.1 (" in worth(stock, facts.prices)
    assert "at no price" not in worth(stock, facts.prices)
    assert (
        "no difference that 3 replications can tell (-0.248 to 0.248) in days to survive"
        in page(facts, None, COUNTS)
    )


def test_outages_without_harm_are_read_from_the_grid() -> None:
    from study_words import unharmed

    facts = made_up()
    assert unharmed(facts) == (
        "7 days with 0 % left, 7 days with 25 % left, 60 days with 50 % left and "
        "60 days with 75 % left of the capacity"
    )
    everything = replace(facts, grid=dict.fromkeys(facts.grid, facts.total))
    assert unharmed(everything) == "no length that was tried"


def test_figures_are_drawn_from_made_up_results() -> None:
    import study_figures
    import study_lever_figures

    facts = made_up()
    drawn = [study_figures.makers, study_figures.severity, study_figures.powertrains,
             study_lever_figures.levers, study_lever_figures.assumptions]  # fmt: skip
    for draw in drawn:
        picture = draw(facts)
        assert as_svg(picture.figure).startswith(b"<?xml")
        assert len({len(list(column)) for column in picture.data.values()}) == 1


# ---- its statistics and its words


def test_a_ratio_has_the_interval_of_the_ratio_estimator() -> None:
    from study_levers import ratio

    exact = ratio([2.0, 4.0, 6.0], [1.9, 2.0, 2.1], "u")
    assert exact.mean == pytest.approx(2.0)
    # deviations 2 - 3.8, 0, 6 - 4.2 over the mean 2: -0.9, 0, 0.9; t x 0.9 / sqrt(3)
    assert exact.high == pytest.approx(2.0 + 4.302653 * 0.9 / 3**0.5)
    assert ratio([1.0, 2.0], [-1.0, 1.0], "u").mean is None


def test_scaling_by_less_than_zero_keeps_the_bounds_in_order() -> None:
    from study_numbers import scaled

    turned = scaled(Aggregate("u", 2.0, 1.0, 4.0, 3, 0.95), -1)
    assert (turned.mean, turned.low, turned.high) == (-2.0, -4.0, -1.0)


def test_times_say_what_was_not_reached() -> None:
    from study_numbers import days
    from study_words import survival

    assert days(hit([1.0, 1.0], 15.0, None).time_to_recover) == "> 300"
    assert survival(hit([0.0, 0.0])) == "never struck"
    assert days(hit([1.0] * 6, 15.0).time_to_survive) == "15.0 (15.0 to 15.0)"


# ---- what is kept, and what is imported


def test_a_finished_run_is_not_run_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import study_runs

    file = scenario(tmp_path, TINY.replace("length: 40 d", "length: 20 d"))
    case = study_runs.Case("tiny", str(file), (), 2)
    kept, said = tmp_path / "kept", []
    first = study_runs.finished([case], kept, 1, said.append)["tiny"]
    monkeypatch.setattr(study_runs, "run", None)
    again = study_runs.finished([case], kept, 1, said.append)["tiny"]
    assert again.summary == first.summary
    assert all(one.daily is None for one in again.replications)
    assert said == ["1 of 1: tiny"] * 2


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_the_study_imports_only_what_is_public(module: Path) -> None:
    allowed = OTHERS | set(sys.stdlib_module_names) | {path.stem for path in MODULES}
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            assert {alias.name.split(".")[0] for alias in node.names} <= allowed
        if isinstance(node, ast.ImportFrom):
            parts = (node.module or "").split(".")
            assert node.level == 0 and parts[0] in allowed
            assert parts[:2] != ["chainsim", "cli"]
            assert not any(alias.name.startswith("_") and alias.name != "__version__"
                           for alias in node.names)  # fmt: skip


def test_modules_of_the_study_stay_small() -> None:
    assert MODULES
    assert not [path.name for path in MODULES if path.read_text("utf-8").count("\n") > 300]
