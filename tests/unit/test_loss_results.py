"""Losses by cause and resilience in what a run prints, writes and draws."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from matplotlib.text import Text
from tests.unit.cli_support import TINY, call, scenario

from chainsim import load_scenario
from chainsim.experiments.runs import Run, prepare, run
from chainsim.report.figures.resilience import resilience_curve
from chainsim.report.figures.scene import Scene
from chainsim.report.figures.style import Picture
from chainsim.report.figures.waterfall import loss_waterfall

STRUCK = TINY + "resilience: {fail: 6 h, recover: 6 h, hold: 1 d}\n"
STRUCK = STRUCK.replace("duration: 4 d", "duration: 9 d")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("losses")


@pytest.fixture(scope="module")
def struck(folder: Path) -> Run:
    return run(prepare(load_scenario(scenario(folder, STRUCK))))


def words(picture: Picture) -> str:
    """All that stands in a figure."""
    return " ".join(text.get_text() for text in picture.figure.findobj(Text))


def test_a_run_prints_and_writes_its_losses(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainsim.report.folder.pictures", lambda run: ())
    file = scenario(folder, STRUCK, "struck.yaml")
    done = call("run", file, "--workers", 1, "--out", folder / "out")
    assert done.exit_code == 0, done.stderr
    for title in ("Loss of output by cause", "Survival and recovery by stage",
                  "Survival and recovery by region of the cause"):  # fmt: skip
        assert f"\n{title}\n" in done.stdout
    found = json.loads((folder / "out" / "struck" / "summary.json").read_text("utf-8"))
    resilience = found["resilience"]
    assert set(resilience) == {"total", "sites", "stages", "regions", "losses"}
    assert set(resilience["stages"]) == {"upstream", "midstream"}
    assert resilience["stages"]["upstream"]["part"]["lost_area"]["unit"] == "pieces"
    assert resilience["total"]["peak_backlog"]["mean"] > 0
    losses = resilience["losses"]
    assert losses["causes"][0]["item"] == "part" and losses["causes"][0]["region"] == "north"
    bars = [bar["mean"] for bar in losses["causes"]] + [losses["catch_up"]["mean"]]
    assert sum(bars) == pytest.approx(losses["net"]["mean"])
    rows = list(csv.DictReader((folder / "out" / "struck" / "losses.csv").read_text().splitlines()))
    assert list(rows[0]) == ["date", "maker", "item", "node", "state", "mean"]
    assert {row["maker"] for row in rows} == {"maker"}
    assert min(row["date"] for row in rows) >= "2022-01-17"
    assert sum(float(row["mean"]) for row in rows) == pytest.approx(losses["net"]["mean"])


def test_without_a_resilience_block_nothing_is_said(folder: Path) -> None:
    calm = run(prepare(load_scenario(scenario(folder, TINY, "calm.yaml"))))
    assert (calm.impact, calm.losses) == (None, None)
    assert loss_waterfall(Scene(calm)) is None
    assert resilience_curve(Scene(calm)) is None


def test_the_waterfall_goes_down_to_the_net_loss(struck: Run) -> None:
    picture = loss_waterfall(Scene(struck))
    assert picture is not None and struck.losses is not None
    data = {name: list(column) for name, column in picture.data.items()}
    assert data["bar"][0] == "part, north" and data["bar"][-2:] == ["caught up", "net loss"]
    assert data["mean"][-2] < 0
    assert sum(data["mean"][:-1]) == pytest.approx(data["mean"][-1])
    assert data["mean"][-1] == struck.losses.net.mean
    assert "3 replications" in picture.caption and "Lost sales" in picture.caption


def test_the_curve_has_both_times(struck: Run) -> None:
    picture = resilience_curve(Scene(struck))
    assert picture is not None and struck.impact is not None
    assert "3 replications" in picture.caption
    text = words(picture)
    assert f"survives {struck.impact.total.time_to_survive.median:.4g} d" in text
    assert "recovers" in text and "lost area" in text
    assert {"mean", "twin_mean", "shortfall_mean"} <= set(picture.data)


def test_a_censored_time_is_marked_as_such(folder: Path) -> None:
    """The plant stops for good: nothing is made up within the horizon."""
    text = STRUCK.replace("duration: 9 d", "duration: 90 d")
    picture = resilience_curve(
        Scene(run(prepare(load_scenario(scenario(folder, text, "for.yaml")))))
    )
    assert picture is not None
    assert "recovers > " in words(picture) and "(censored)" in words(picture)
    assert "3 of 3 censored" in picture.caption
