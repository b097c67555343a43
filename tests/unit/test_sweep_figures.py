"""From a finished sweep to sentences, objects and figures: one of every design."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tests.unit.sweep_support import study, swept

from chainsim.experiments.sweeps.analysis import Analysis, analysed
from chainsim.experiments.sweeps.answers import finished
from chainsim.experiments.sweeps.planning import planned
from chainsim.experiments.sweeps.store import reading
from chainsim.report.figures.style import as_svg
from chainsim.report.figures.sweep import sweep_pictures
from chainsim.report.files import json_text
from chainsim.report.sensitivity import sensitivity_sentences, sensitivity_sheets
from chainsim.report.sensitivity_objects import result_object
from chainsim.report.sweep_results import result_of
from chainsim.report.tables import plain
from chainsim.scenario.studies import load_study

EVERY = """\
name: Every design
base: chain.yaml
factors:
  - {parameter: maker.stock, whole: true}
  - {path: disruptions.stop.duration, low: 1 d, high: 9 d, name: outage}
  - {parameter: road.time, group: roads}
  - {parameter: supplier.cycle, group: roads}
  - {path: disruptions.stop.effect.capacity, values: [0, 0.5], name: left}
design:
  - {method: one_at_a_time, factors: [maker.stock, outage]}
  - {method: morris, trajectories: 4, factors: [maker.stock, roads]}
  - {method: sobol, n: 2, factors: [maker.stock, outage]}
  - {method: latin_hypercube, n: 20, factors: [maker.stock, outage]}
  - {method: grid, levels: 2, factors: [outage, left]}
  - {method: base}
replications: 2
measures: [peak_shortfall, time_to_recover]
targets:
  - {measure: peak_shortfall, at_most: 60}
"""


@pytest.fixture(scope="module")
def analyses(tmp_path_factory: pytest.TempPathFactory) -> tuple[Analysis, ...]:
    folder = tmp_path_factory.mktemp("sweep")
    path = study(folder, EVERY)
    swept(path, folder / "out", "-q")
    plan = planned(load_study(path))
    with reading(Path(folder / "out" / "study.sqlite")) as store:
        return analysed(finished(plan, store)).analyses


def test_every_design_is_analysed_as_it_allows(analyses: tuple[Analysis, ...]) -> None:
    results = [result_of(one) for one in analyses]
    assert [(r.method, type(r.found).__name__) for r in results if r.unit != "d"] == [
        ("one_at_a_time", "Swings"),
        ("morris", "MorrisEffects"),
        ("sobol", "SobolIndices"),
        ("latin_hypercube", "FromSample"),
        ("grid", "NoneType"),
        ("base", "NoneType"),
    ]
    morris = next(r for r in results if r.method == "morris")
    assert morris.names == ("maker.stock", "roads")
    assert all(r.reason == "" for r in results)


def test_where_the_target_is_missed_is_told_in_the_units_of_factors(
    analyses: tuple[Analysis, ...],
) -> None:
    sample = next(
        result_of(one) for one in analyses
        if one.block.design.method == "latin_hypercube" and one.answer.measure == "peak_shortfall"
    )  # fmt: skip
    (missed,) = sample.missed
    assert missed.target == "at most 60 vehicles"
    assert missed.box is not None and 0 < missed.points < 20
    limit = next(text for text in missed.limits if text.startswith("outage"))
    assert " is at least " in limit and limit.endswith(" d")
    assert limit in sensitivity_sentences(sample)[-1]


def test_a_time_that_is_cut_says_so(analyses: tuple[Analysis, ...]) -> None:
    cut = [one for one in analyses if one.cut is not None]
    assert cut, "the study is to have recoveries beyond the end of its runs"
    for one in cut:
        assert "is longer than what was followed in" in result_of(one).note


def test_objects_and_tables_of_all_designs(analyses: tuple[Analysis, ...]) -> None:
    results = [result_of(one) for one in analyses]
    for result in results:
        assert json.loads(json_text(result_object(result)))["measure"] == result.measure
    text = "\n".join(plain(sheet) for sheet in sensitivity_sheets(results))
    assert "outage" in text and "assumed" in text and "chosen" in text


def test_figures_of_all_designs(analyses: tuple[Analysis, ...]) -> None:
    pictures = list(sweep_pictures(analyses))
    names = [picture.name for picture in pictures]
    assert len(set(names)) == len(names)
    for name in (
        "tornado_peak_shortfall_1", "screening_peak_shortfall_2", "indices_peak_shortfall_3",
        "sample_peak_shortfall_4", "scatter_peak_shortfall_4", "map_peak_shortfall_5",
        "convergence_time_to_recover_2",
    ):  # fmt: skip
        assert name in names
    for picture in pictures:
        assert ElementTree.fromstring(as_svg(picture.figure)).tag.endswith("svg")
