"""Calibration of chains whose answer is known by construction, and of those that have none."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.unit.cli_support import call, scenario

import chainsim
from chainsim.errors import InputError, LawError
from chainsim.experiments.calibration import Calibration, calibrate
from chainsim.network.compiling import fingerprint
from chainsim.outcome.validation import measures_of
from chainsim.report.calibration import figure_objects, sentences
from chainsim.report.calibration_folder import calibration_name
from chainsim.scenario.loading import Scenario, scenario_from_text

TABLE = """\
name,value,unit,low,high,kind,source,note
pace,10,/d,5,20,assumed,,
idle,3,d,1,5,assumed,,
first,2,,1,4,assumed,,
second,3,,1,6,assumed,,
service,40,min,20,70,assumed,,
twice,= 2 * pace,/d,,,derived,,
known,4,,,,documented,A,
"""
SOURCES = "id,title\nA,Title\n"
PLANT = """\
name: Plant
parameter_tables: [table.csv]
sources: [sources.csv]
run: {start: 2024-01-01, length: 100 d, replications: 2}
items: {part: {}}
output_item: part
sites: {plant: {operations: {make: {outputs: {part: 1}, rate: = RATE}}}}
observed:
  - {id: made, measure: output, value: 1230, source: A}
  - {id: half, measure: output, value: 615, source: A, to: 2024-02-19}
calibrate:
  parameters: {pace: {}}
  figures: [made]
"""
QUEUE = """\
name: Queue
parameter_tables: [table.csv]
sources: [sources.csv]
run: {start: 2024-01-01, length: 20 d, warm_up: 2 d, replications: 4, seed: 7}
items: {job: {}, done: {}}
output_item: done
sites:
  shop:
    stocks: {job: {initial: 0}, done: {initial: 0}}
    arrivals: {job: {process: poisson, rate: 20 /d}}
    operations:
      serve: {inputs: {job: 1}, outputs: {done: 1}, time: {dist: exponential, mean: = service}}
observed:
  - {id: busy, measure: utilisation, value: 0.625, source: A}
  - {id: served, measure: output, value: 360, source: A}
calibrate:
  parameters: {service: {}}
  figures: [busy]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a scenario finds its tables."""
    (tmp_path / "table.csv").write_text(TABLE, encoding="utf-8")
    (tmp_path / "sources.csv").write_text(SOURCES, encoding="utf-8")
    return tmp_path


def fitted(folder: Path, text: str, *overrides: str, **options: Any) -> Calibration:
    def load(more: Sequence[str]) -> Scenario:
        return scenario_from_text(text, [*overrides, *more], folder)

    return calibrate(load, **options)


def plant(rate: str = "pace", block: str = "{parameters: {pace: {}}, figures: [made]}") -> str:
    head, _, _ = PLANT.partition("calibrate:")
    return head.replace("= RATE", f'"= {rate}"') + f"calibrate: {block}\n"


# ---- what is known by construction


def test_output_is_rate_times_time(folder: Path) -> None:
    found = fitted(folder, plant())
    (one,) = found.estimates
    assert found.verdict == "fitted"
    assert one.value == pytest.approx(12.3, abs=0.015)  # 1230 parts in 100 days, in whole parts
    assert one.low is not None and one.high is not None
    assert one.low < 12.3 < one.high
    # Known to the tolerance of 0.1 %, 1.23 parts; 100 parts for each part a day.
    assert (one.high - one.low) / 2 == pytest.approx(1.959964 * 1.23 / 100, rel=0.05)
    assert found.fresh.figures["made"] == pytest.approx(found.fit.figures["made"])


def test_ranges_in_units_of_their_own(folder: Path) -> None:
    block = "{parameters: {pace: {low: 0.25 /h, high: 15, start: 0.5 /h}}, figures: [made]}"
    found = fitted(folder, plant(block=block))
    (one,) = found.estimates
    assert (one.range.low, one.range.high, one.range.start) == (6, 15, 12)
    assert one.value == pytest.approx(12.3, abs=0.015)


def test_the_sd_of_a_figure_is_that_of_the_fit(folder: Path) -> None:
    text = plant().replace("value: 1230,", "value: 1230, relative_sd: 5 %,")
    (one,) = fitted(folder, text).estimates
    assert one.low is not None and one.high is not None
    assert (one.high - one.low) / 2 == pytest.approx(1.959964 * 0.05 * 1230 / 100, rel=0.05)
    absolute = plant().replace("value: 1230,", "value: 1230, sd: 61.5,")
    (other,) = fitted(folder, absolute).estimates
    assert (other.low, other.high) == (one.low, one.high)


def test_a_server_is_busy_for_arrivals_times_service(folder: Path) -> None:
    # Utilisation is 20 /d x 45 min = 0.625, whatever the distributions (Little's law).
    found = fitted(folder, QUEUE)
    (one,) = found.estimates
    assert found.verdict == "fitted"
    assert one.low is not None and one.high is not None
    assert one.low < 45 < one.high


def test_a_parameter_is_recovered_from_another_seed(folder: Path) -> None:
    covered = 0
    for seed in (101, 102):
        truth = scenario_from_text(QUEUE, [f"run.seed={seed}", "parameters.service=50"], folder)
        network = chainsim.compile_network(truth)
        seen = measures_of(truth.document, network, chainsim.simulate(network))["busy"]
        (one,) = fitted(folder, QUEUE.replace("value: 0.625", f"value: {seen}")).estimates
        assert one.low is not None and one.high is not None
        covered += one.low <= 50 <= one.high
    assert covered == 2


def test_a_mean_of_many_courses_of_events_tells_more_than_one(folder: Path) -> None:
    once, often = (
        fitted(folder, QUEUE, f"calibrate.realisations={n}").estimates[0] for n in (1, 1000)
    )
    assert once.low is not None and often.low is not None
    # With 4 replications: sqrt(1/4 + 1) against sqrt(1/4 + 1/1000).
    ratio = (once.value - once.low) / (often.value - often.low)
    assert ratio == pytest.approx((1.25 / 0.251) ** 0.5, rel=0.03)


def test_fresh_random_numbers_are_not_those_of_the_fit(folder: Path) -> None:
    found = fitted(folder, QUEUE)
    again, fresh = (e.means(["busy"])[0] for e in (found.fit, found.fresh))
    assert again == pytest.approx(0.625, abs=0.01)
    assert again != fresh and fresh == pytest.approx(0.625, abs=0.2)
    seed = scenario_from_text(QUEUE, ["run.seed=8", f"parameters.service={found.fit.values[0]}"],
                              folder)  # fmt: skip
    network = chainsim.compile_network(seed)
    first = measures_of(seed.document, network, chainsim.simulate(network, 0))["busy"]
    assert found.fresh.figures["busy"] is not None and found.fresh.figures["busy"][0] == first


def test_a_prediction_is_as_sure_as_the_parameter_and_the_figure(folder: Path) -> None:
    text = plant().replace("value: 1230,", "value: 1230, sd: 20,")
    text = text.replace("value: 615,", "value: 600, sd: 5,")
    found = fitted(folder, text)
    # Half of the days: half of the error of the fitted figure, beside that of the figure itself.
    assert found.prediction_sd["half"] == pytest.approx((5**2 + 10**2) ** 0.5, rel=0.01)
    assert figure_objects(found)[1]["residual"] == pytest.approx(15 / 125**0.5, abs=0.1)


def test_growth_from_the_total_of_a_year(folder: Path) -> None:
    # A-C04: twelve months that grow by 5 % and add up to 365,000 begin with 22,931.27.
    table = "name,value,unit,low,high,kind,source,note\ngrowth,1.02,,1,1.15,assumed,,\n"
    table += "level,22931.27466,,15000,30000,assumed,,\n"
    (folder / "table.csv").write_text(table, encoding="utf-8")
    months = ", ".join(f"['{30 * k} d', '= level * growth ** {k}']" for k in range(12))
    text = f"""\
name: Growth
parameter_tables: [table.csv]
run: {{start: 2022-01-01, length: 360 d, replications: 2}}
items: {{vehicle: {{quantum: 0.001}}}}
output_item: vehicle
sites: {{market: {{demand: {{vehicle: {{process: trace, events: [{months}]}}}}}}}}
observed:
  - {{id: total, measure: demanded, value: 365000, source: A}}
  - {{id: month12, measure: demanded, from: 2022-11-27, value: 39220.26158, source: A}}
"""
    one = fitted(folder, text + "calibrate: {parameters: {growth: {}}, figures: [total]}")
    assert one.verdict == "fitted" and one.fit.values[0] == pytest.approx(1.05, abs=1e-4)

    both = "calibrate: {parameters: {growth: {}, level: {}}, figures: [FIGURES]}"
    open_ = fitted(folder, text + both.replace("FIGURES", "total"))
    assert open_.verdict == "not identifiable"
    assert not any(estimate.identified for estimate in open_.estimates)
    assert sentences(open_)[0] == "not identifiable: 1 figure cannot tell 2 parameters."
    assert "raising growth by" in sentences(open_)[1] and "lowering level" in sentences(open_)[1]

    told = fitted(folder, text + both.replace("FIGURES", "total, month12"))
    assert told.verdict == "fitted"
    assert told.fit.values == pytest.approx((1.05, 22931.27466), rel=1e-3)


# ---- what the figures cannot tell


def test_a_parameter_that_nothing_uses(folder: Path) -> None:
    found = fitted(folder, plant(block="{parameters: {pace: {}, idle: {}}, figures: [made, half]}"))
    pace, idle = found.estimates
    assert found.verdict == "not identifiable"
    assert pace.identified and pace.value == pytest.approx(12.3, abs=0.015)
    assert not idle.identified and idle.low is None
    assert any("idle; near the best point no fitted figure reacts" in t for t in sentences(found))


def test_two_parameters_of_which_only_the_product_matters(folder: Path) -> None:
    block = "{parameters: {first: {}, second: {}}, figures: [made, half]}"
    found = fitted(folder, plant("first * second * 2 [/d]", block))
    assert found.verdict == "not identifiable"
    assert not any(one.identified or one.low is not None for one in found.estimates)
    a, b = found.fit.values
    (direction,) = found.told.open_directions
    # Along a constant product the second changes by -b/a for each unit of the first.
    change = direction[1] * 5 / (direction[0] * 3)
    assert change == pytest.approx(-b / a, rel=0.1)
    assert "first" in sentences(found)[0] and "second" in sentences(found)[0]


def test_two_values_that_give_the_same_output(folder: Path) -> None:
    # 3 x 17 = 17 x 3: a rate of p (20 - p) / 5 is 10.2 a day at 3 and at 17.
    text = plant("pace * (20 - pace * 1 [d]) / 5", "{parameters: {pace: {low: 1, high: 19}},"
                 " figures: [made]}").replace("value: 1230", "value: 1020")  # fmt: skip
    found = fitted(folder, text)
    assert found.verdict == "not identifiable"
    assert found.estimates[0].value in (
        pytest.approx(3, abs=0.1), pytest.approx(17, abs=0.1)
    )  # fmt: skip
    (said,) = sentences(found)
    assert said.endswith("meets the figures as well.") and not found.estimates[0].identified


def test_a_figure_that_is_hardly_known(folder: Path) -> None:
    text = plant().replace("value: 1230,", "value: 1230, sd: 1000,")
    found = fitted(folder, text)
    assert found.verdict == "not identifiable"
    assert any("its interval covers the whole range" in text for text in sentences(found))


# ---- fits with a reservation


def test_a_fit_that_ends_at_a_bound(folder: Path) -> None:
    found = fitted(folder, plant().replace("value: 1230", "value: 2150"))
    (one,) = found.estimates
    assert (one.bound, one.value, found.verdict) == ("high", 20, "not reproduced")
    first, second = sentences(found)
    assert first.startswith("pace ends at the high end of its range, 20 /d")
    assert second.startswith("the figures are not reproduced: made is ")


def test_two_figures_that_contradict_each_other(folder: Path) -> None:
    block = "{parameters: {pace: {}}, figures: [made, half]}"
    found = fitted(folder, plant(block=block).replace("value: 615", "value: 750"))
    assert found.verdict == "not reproduced"
    assert found.estimates[0].value == pytest.approx(13.5, abs=1.5)  # between 12.3 and 15


def test_a_budget_that_ends_first(folder: Path) -> None:
    found = fitted(folder, plant(), budget=10)
    assert found.verdict == "not settled" and len(found.evaluations) <= 10
    with pytest.raises(InputError, match="at least 10"):
        fitted(folder, plant(), budget=9)


def test_a_response_in_steps(folder: Path) -> None:
    text = (
        plant()
        .replace(", rate:", ", lot: 100, rate:")
        .replace("value: 1230", "value: 1200, sd: 50")
    )
    found = fitted(folder, text)
    assert found.verdict == "fitted"
    assert found.fit.means(["made"])[0] == 1200
    assert 12 <= found.estimates[0].value <= 13  # from 1200 to 1300 parts in 100 days


# ---- the command


def test_the_command_writes_what_it_says(folder: Path) -> None:
    file = scenario(folder, plant(), "plant.yaml")
    done = call("calibrate", file, "--out", folder / "out", "--workers", 1)
    assert done.exit_code == 0, done.stderr
    assert "Plant: fitted" in done.stdout and "parameters: {pace: 12.3" in done.stdout
    written = folder / "out" / "plant_calibration"
    summary = json.loads((written / "summary.json").read_text("utf-8"))
    assert summary["schema"] == "chainsim/calibrate/1" and summary["verdict"] == "fitted"
    assert [row["fitted"] for row in summary["figures"]] == [True, False]
    assert summary["figures"][1]["fit"] == pytest.approx(615, abs=1)  # predicted, not fitted
    with (written / "evaluations.csv").open(encoding="utf-8") as opened:
        rows = list(csv.DictReader(opened))
    assert len(rows) == summary["points"]
    assert all(abs(float(row["made mean"]) - 100 * float(row["pace"])) <= 1 for row in rows)
    names = {path.name for path in (written / "figures").iterdir()}
    assert names == {"responses.svg", "responses.png", "responses.csv"}
    assert (written / "provenance.json").exists()
    pasted = summary["sentences"][0]
    again = call("run", file, "--set", pasted.replace(": {", "={", 1), "--out", folder / "out",
                 "--json", "-q", "--workers", 1)  # fmt: skip
    assert json.loads(again.stdout)["validation"][0]["mean"] == summary["figures"][0]["fit"]


def test_what_cannot_be_told_has_an_exit_code(folder: Path) -> None:
    block = "{parameters: {first: {}, second: {}}, figures: [made, half]}"
    file = scenario(folder, plant("first * second * 2 [/d]", block), "product.yaml")
    done = call("calibrate", file, "--out", folder / "out", "--json", "-q", "--workers", 1)
    assert done.exit_code == 3
    found = json.loads(done.stdout)
    assert found["verdict"] == "not identifiable"
    assert [one["fitted"] for one in found["parameters"].values()] == [None, None]
    assert (folder / "out" / "product_calibration" / "figures" / "plane.svg").exists()
    beyond = scenario(folder, plant().replace("value: 1230", "value: 2150"), "beyond.yaml")
    done = call("calibrate", beyond, "--out", folder / "out", "-q", "--workers", 1)
    assert done.exit_code == 1


def test_workers_change_nothing(folder: Path) -> None:
    file = scenario(folder, QUEUE, "queue.yaml")
    texts = []
    for workers in (1, 2):
        out = folder / str(workers)
        call("calibrate", file, "--out", out, "--workers", workers, "--set", "run.length=6 d", "-q")
        files = ("summary.json", "evaluations.csv", "figures/responses.svg")
        texts.append([(out / "queue_calibration" / name).read_bytes() for name in files])
    assert texts[0] == texts[1]


def test_the_block_changes_no_run_and_is_no_part_of_results(folder: Path) -> None:
    with_block = scenario_from_text(plant(), [], folder)
    without = scenario_from_text(plant(block="{}"), [], folder)
    assert fingerprint(with_block) == fingerprint(without)
    file = scenario(folder, plant(), "plant.yaml")
    call("run", file, "--out", folder / "out", "-q", "--workers", 1)
    again = call("validate", folder / "out" / "plant" / "scenario.yaml")
    assert again.exit_code == 0, again.stderr


def test_a_failed_replication_ends_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(network: Any, number: int) -> None:
        raise LawError("stock is not conserved")

    monkeypatch.setattr("chainsim.experiments.evaluations.simulate", broken)
    file = scenario(folder, plant(), "plant.yaml")
    done = call("calibrate", file, "--out", folder / "out", "--workers", 1)
    assert done.exit_code == 4
    assert "replication 0 at pace = 10 /d: LawError: stock is not conserved" in done.stderr
    assert not (folder / "out" / "plant_calibration").exists()


def test_long_names_of_folders() -> None:
    assert calibration_name("a/plant.yaml") == "plant_calibration"
    assert len(calibration_name("x" * 200 + ".yaml").encode()) == 80


# ---- input


@pytest.mark.parametrize(
    ("block", "problems"),
    [
        ("{}", ["calibrate must be given"]),
        ("{parameters: {}, figures: [made]}", ["must name one to 3 parameters, got 0"]),
        ("{parameters: {pace: {}}}", ["calibrate.figures must name an observed figure"]),
        (
            "{parameters: {pcae: {}, twice: {}, known: {}, idle: {low: 3 h, high: 2 h}},"
            " figures: [mad, sum, later, made, made], tolerance: 0}",
            ["calibrate.tolerance must be above 0"],
        ),
        (
            "{parameters: {pcae: {}, twice: {}, known: {}, idle: {low: 3 h, high: 2 h}},"
            " figures: [mad, sum, later, made, made]}",
            [
                "must name one to 3 parameters, got 4",
                "did you mean 'pace'?",
                "calibrate.parameters.twice must be a parameter with a value, not with a formula",
                "calibrate.parameters.known must give low, which the table does not",
                "calibrate.parameters.idle.high must have a high above its low",
                "calibrate.figures[0] must be the id of an observed figure, got 'mad'",
                "calibrate.figures[1] must be a figure that the run measures, got 'sum'",
                "calibrate.figures[2] must be a figure whose days all lie in the run",
                "calibrate.figures[4] must be named once, got 'made'",
                "observed.made.sd must be above 0",
            ],
        ),
        (
            "{parameters: {pace: {low: 12}, idle: {start: 4 h}}, figures: [made]}",
            ["pace must start within its range from 12 to 20 /d, got 10", "idle.start must start"],
        ),
        (
            "{parameters: {pace: {low: 2 h}}, figures: [made]}",
            ["calibrate.parameters.pace.low must be a rate per time (in /d), not a time"],
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_once(folder: Path, block: str, problems: list[str]) -> None:
    text = plant(block=block).replace(
        "calibrate:",
        "  - {id: sum, computed: 3, value: 3, source: A}\n"
        "  - {id: later, measure: output, value: 3, source: A, to: 2030-01-01}\ncalibrate:",
    )
    if len(problems) > 3:
        text = text.replace("value: 1230", "value: 1230, sd: 0")
    file = scenario(folder, text, "plant.yaml")
    done = call("calibrate", file, "--out", folder / "out")
    assert done.exit_code == 2
    for problem in problems:
        assert problem in done.stderr
    assert len(done.stderr.splitlines()) == len(problems)
    assert not (folder / "out").exists()


def test_the_ends_of_a_range_are_tried_before_anything_is_run(folder: Path) -> None:
    low = QUEUE.replace("service: {}", "service: {low: 0 min}")
    done = call("calibrate", scenario(folder, low, "queue.yaml"), "--out", folder / "out")
    assert done.exit_code == 2 and "a mean above 0" in done.stderr
    single = call("calibrate", scenario(folder, plant(), "plant.yaml"), "--replications", 1)
    assert single.exit_code == 2 and "one replication shows no noise" in single.stderr
    two = plant().replace("value: 1230,", "value: 1230, sd: 1, relative_sd: 1 %,")
    done = call("calibrate", scenario(folder, two, "plant.yaml"))
    assert done.exit_code == 2 and "only one of sd and relative_sd" in done.stderr
