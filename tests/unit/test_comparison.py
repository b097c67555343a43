"""Scenarios compared in pairs: intervals, variance reduction, words, figures, command line."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.unit.cli_support import SHORT, TINY, call, scenario

from chainsim import load_scenario, simulate
from chainsim.errors import InputError, LawError, RunError
from chainsim.experiments import replications
from chainsim.experiments.comparison import Comparison, compare
from chainsim.experiments.contrasts import Contrast, Contrasts, impact_row, is_censored
from chainsim.experiments.pairing import check_pairing
from chainsim.experiments.runs import prepare, run
from chainsim.experiments.statistics import pointwise_intervals
from chainsim.outcome.resilience import Resilience
from chainsim.report.comparison import comparison_object
from chainsim.report.comparison_folder import comparison_name
from chainsim.report.figures.comparison import comparison_pictures
from chainsim.report.figures.style import as_svg
from chainsim.report.files import json_text
from chainsim.report.sentences import sentence

FIRST, OTHER = [10.0, 12.0, 9.0, 11.0, 13.0], [12.0, 13.0, 12.0, 12.0, 16.0]
"""Differences 2 1 3 1 3: mean 2, variance 1; variances 2.5 and 3."""
T4 = 2.776445
"""Student's t, 0.975, 4 degrees of freedom, as printed in tables."""
SURE = """\
name: Sure
run: {start: 2022-01-03, length: 10 d, warm_up: 2 d, replications: 2}
output_item: car
items: {car: {unit: vehicle}, raw: {unit: unit}}
sites:
  maker:
    stage: midstream
    stocks: {raw: {unlimited: true}, car: {initial: 0}}
    operations:
      line: {inputs: {raw: 1}, outputs: {car: 1}, time: 1 min, release: {pull: car, level: 1}}
    demand:
      car: {process: regular, rate: 100 /d, size: 1}
"""
CALM = TINY[: TINY.index("disruptions:")]


def contrast(
    first: list[float | None], other: list[float | None], measure: str = "backlog", **changes: Any
) -> Contrast:
    found = Contrasts({measure: "units"}, set(), 0.95).contrast(measure, first, other)
    return replace(found, **changes)


def compared(folder: Path, texts: dict[str, str], *overrides: str) -> Comparison:
    files = {name: scenario(folder, text, f"{name}.yaml") for name, text in texts.items()}
    ready = {name: prepare(load_scenario(f, overrides)) for name, f in files.items()}
    check_pairing(ready)
    return compare({name: run(one) for name, one in ready.items()})


# ---- statistics


def test_an_interval_and_a_variance_reduction_computed_by_hand() -> None:
    found = contrast([*FIRST], [*OTHER])
    assert found.paired is not None and found.interval is not None
    assert (found.first, found.other, found.n) == (11, 13, 5)
    assert found.interval.mean == 2
    assert found.interval.half_width == pytest.approx(T4 / 5**0.5, rel=1e-6)
    assert found.paired.variance_reduction == pytest.approx(1 - 1 / 5.5)
    assert found.paired.variance_factor == pytest.approx(5.5)
    assert found.told and found.verdict == "worse"  # a backlog is better lower
    assert found.relative(found.interval.mean) == pytest.approx(2 / 11)


def test_variance_reduction_is_not_made_up() -> None:
    for first, other in (([1.0], [2.0]), ([3.0, 3.0], [5.0, 5.0])):
        found = contrast([*first], [*other])
        assert found.paired is not None
        assert found.paired.variance_reduction is None and found.paired.variance_factor is None
    parallel = contrast([1.0, 2.0, 4.0], [2.0, 3.0, 5.0]).paired
    assert parallel is not None
    assert parallel.variance_reduction == 1 and parallel.variance_factor is None


def test_intervals_time_by_time() -> None:
    differences = [[b - a, 1.0] for a, b in zip(FIRST, OTHER, strict=True)]
    mean, half = pointwise_intervals(differences)
    assert half is not None
    assert mean.tolist() == [2.0, 1.0]
    assert half.tolist() == pytest.approx([T4 / 5**0.5, 0.0], rel=1e-6)
    assert pointwise_intervals([[1.0, 2.0]])[1] is None
    with pytest.raises(ValueError, match="replications x time"):
        pointwise_intervals([1.0, 2.0])


def test_a_value_that_one_lacks_is_dropped_from_its_pair() -> None:
    found = contrast([1.0, None, 3.0, 4.0], [2.0, 9.0, None, 6.0])
    assert (found.n, found.defined, found.pairs) == (2, (3, 3), 4)
    assert (found.first, found.other) == (2.5, 4.0)


# ---- words


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (
            contrast([*FIRST], [*OTHER]),
            "backlog: 2 units higher (worse), 95 % interval 0.7583 to 3.242.",
        ),
        (
            contrast([*OTHER], [*FIRST], "output"),
            "output: 2 units lower (worse), 95 % interval 0.7583 to 3.242.",
        ),
        (
            contrast([1.0, 2.0, 3.0], [2.0, 1.0, 3.0]),
            "backlog: no difference that 3 replications can tell: difference 0 units, "
            "95 % interval -2.484 to 2.484.",
        ),
        (
            contrast([5.0, 6.0], [5.0, 6.0]),
            "backlog: exactly equal in every one of 2 replications.",
        ),
        (
            contrast([7.0, 8.0], [4207.0, 4208.0], "on_hand"),
            "on hand: 4,200 units higher in every one of 2 replications.",
        ),
        (
            contrast([5.0], [3.0]),
            "backlog: 2 units lower in the one replication; one tells no interval.",
        ),
        (contrast([None, None], [1.0, 2.0]), "backlog: has a value only in B."),
        (contrast([None, 1.0], [1.0, None]), "backlog: no replication in which both have a value"),
        (contrast([None], [None]), "backlog: has no value in either."),
        (
            contrast([1.0, None, 3.0], [4.0, 5.0, 6.0], "delay"),
            "delay: 3 units higher in every one of 2 replications (worse); over 2 of 3 "
            "replications (no value in 1 of A).",
        ),
        (
            contrast([1.0, None, 3.0], [4.0, 5.0, 6.0], "time_to_recover", censored=(1, 0)),
            "time to recover: 3 units higher in every one of 2 replications; over 2 of 3 "
            "replications (censored by the end of the run in 1 of A).",
        ),
    ],
)
def test_a_sentence_says_what_the_pairs_can_tell(found: Contrast, text: str) -> None:
    assert sentence(found, "A", "B").startswith(text)


def test_what_lies_beyond_the_end_of_a_run_is_censored() -> None:
    struck = Resilience(True, 3.0, None, 60.0, 0.4, 100.0, 80.0, 20.0)
    unharmed = replace(struck, struck=False, time_to_survive=None)
    assert [is_censored(struck, m) for m in ("time_to_survive", "time_to_recover", "depth")] == [
        False, True, False,
    ]  # fmt: skip
    assert is_censored(unharmed, "time_to_survive")
    assert not is_censored(unharmed, "time_to_recover")  # there is nothing to recover from
    assert impact_row(struck)["time_to_recover"] is None


# ---- comparisons whose result is known


def test_a_scenario_equals_itself(tmp_path: Path) -> None:
    found = compared(tmp_path, {"one": TINY, "again": TINY}, "run.length=20 d")
    (against,) = found.against
    rows = [against.total, *against.sites.values(), *against.items.values()]
    assert len(rows) == 4
    assert all(contrast.equal for row in rows for contrast in row.values())
    assert not against.only_first and not against.only_other


def test_ten_per_cent_more_demand_without_chance(tmp_path: Path) -> None:
    more = SURE.replace("100 /d", "110 /d")
    (against,) = compared(tmp_path, {"sure": SURE, "more": more}).against
    demanded = against.total["demanded"]
    assert (demanded.first, demanded.other) == (800, 880)  # 8 days of statistics
    assert demanded.interval is not None
    assert (demanded.interval.mean, demanded.interval.half_width) == (80, 0)
    assert demanded.constant and demanded.relative(demanded.interval.mean) == 0.1
    assert against.total["output"].interval == demanded.interval  # the maker keeps up
    assert against.total["fill_rate"].equal or against.total["fill_rate"].constant


def test_common_random_numbers_remove_variance(tmp_path: Path) -> None:
    texts = {"few": CALM, "many": CALM.replace("level: 20}", "level: 60}")}
    found = compared(tmp_path, texts, "run.length=20 d", "run.replications=8")
    (against,) = found.against
    for measure in ("output", "backlog", "delay"):
        paired = against.total[measure].paired
        assert paired is not None and paired.variance_reduction is not None
        assert paired.variance_reduction > 0.5, measure
    assert against.total["backlog"].verdict == "better"  # more finished cars, fewer waits


def test_scenarios_of_different_structure_share_what_they_share(tmp_path: Path) -> None:
    plant = TINY[TINY.index("  plant:") : TINY.index("  maker:")]
    lane = "  road: {from: plant, to: maker, items: [part], transit: 12 h}\n"
    second = (
        CALM.replace("  maker:\n", plant.replace("  plant:", "  another:") + "  maker:\n")
        .replace(lane, lane + lane.replace("road", "by_way").replace("plant", "another"))
        .replace("sources: plant", "sources: {another: 0.5, plant: 0.5}")
    )
    (against,) = compared(tmp_path, {"one": CALM, "two": second}, "run.length=8 d").against
    assert against.only_other.sites == ("another",) and not against.only_first
    assert against.total["demanded"].equal  # the same customers
    assert against.sites["maker"]["demanded"].equal
    assert not against.sites["plant"]["time_busy"].equal  # half of the work is done elsewhere


def test_different_units_are_not_subtracted(tmp_path: Path) -> None:
    texts = {"cars": SURE, "units": SURE.replace("car: {unit: vehicle}", "car: {unit: unit}")}
    (against,) = compared(tmp_path, texts).against
    assert "output" in against.other_units and "output" not in against.total
    assert "demanded" in against.total


# ---- what cannot be paired


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("length: 40 d", "length: 50 d", ["run.length", "2022-02-12", "2022-02-22", "--set"]),
        ("start: 2022-01-03", "start: 2022-01-10", ["run.start", "2022-01-03", "2022-01-10"]),
        ("settled: 5 d", "settled: 6 d", ["run.settled", "5 d", "6 d"]),
        ("replications: 3", "replications: 4", ["run.replications", "--replications=..."]),
        ("seed: 7", "seed: 8", ["run.seed", "--seed=..."]),
        ("seed: 7", "seed: 7, warm_up: 3 d", ["run.warm_up", "0 d", "3 d"]),
        ("seed: 7", "seed: 7, warm_up: mser5", ["run.warm_up", "be a time", "chainsim run"]),
        ("seed: 7", "seed: 7, confidence: 0.9", ["run.confidence", "0.95", "0.9"]),
    ],
)
def test_scenarios_that_cannot_be_paired(
    tmp_path: Path, path: str, value: str, words: list[str]
) -> None:
    one = scenario(tmp_path)
    other = scenario(tmp_path, TINY.replace(path, value), "other.yaml")
    done = call("compare", one, other, "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert len(done.stderr.splitlines()) == 1
    assert f"{other}:2:" in done.stderr
    assert all(word in done.stderr for word in words), done.stderr
    assert not (tmp_path / "out").exists()


def test_options_make_scenarios_comparable(tmp_path: Path) -> None:
    files = [
        scenario(tmp_path, TINY.replace("seed: 7", f"seed: {k}"), f"s{k}.yaml") for k in (1, 2)
    ]
    with pytest.raises(InputError, match=r"run\.seed"):
        check_pairing({file.stem: prepare(load_scenario(file)) for file in files})
    check_pairing({file.stem: prepare(load_scenario(file, ["run.seed=3"])) for file in files})


def test_one_file_is_not_compared(tmp_path: Path) -> None:
    file = scenario(tmp_path)
    for files in ([file], [file, file]):
        done = call("compare", *files, "--out", tmp_path / "out")
        assert done.exit_code == 2
        assert not (tmp_path / "out").exists()
    assert "compared already" in done.stderr
    assert "two or more" in call("compare", file).stderr


def test_a_problem_of_any_file_stops_all(tmp_path: Path) -> None:
    wrong = scenario(tmp_path, TINY.replace("seed: 7", "sed: 7"), "wrong.yaml")
    done = call("compare", scenario(tmp_path), wrong, tmp_path / "absent.yaml")
    assert done.exit_code == 2
    assert "did you mean" in done.stderr and "absent.yaml" in done.stderr


# ---- replications that fail


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replication 1 of the calm chain fails."""

    def fails(network: Any, number: int = 0) -> Any:
        if network.name == "Calm" and number == 1:
            raise LawError("stock balance", "maker/car", 7)
        return simulate(network, number)

    monkeypatch.setattr(replications, "simulate", fails)


@pytest.mark.usefixtures("failing")
def test_a_failed_replication_is_dropped_from_its_pair(tmp_path: Path) -> None:
    calm = scenario(tmp_path, CALM.replace("Tiny chain", "Calm"), "calm.yaml")
    words = ["--workers", 1, "--out", tmp_path, "--set", "run.length=16 d", "--json"]
    done = call("compare", calm, scenario(tmp_path), *words)
    assert done.exit_code == 4
    assert "1 of 3 replications failed" in done.stderr
    found = json.loads(done.stdout)
    (against,) = found["comparisons"]
    assert (against["pairs"], against["dropped"]) == (2, [1])
    assert against["measures"]["output"]["n"] == 2
    assert found["scenarios"]["calm"]["failed"] == 1
    text = (tmp_path / "compare_calm__vs__tiny" / "sentences.md").read_text()
    assert "1 DROPPED" in text and "number 1" in text
    caption = (tmp_path / "compare_calm__vs__tiny/figures/output_overlay.svg").read_text()
    assert "2 replications" in caption


@pytest.mark.usefixtures("failing")
def test_no_pair_is_no_comparison(tmp_path: Path) -> None:
    calm = load_scenario(scenario(tmp_path, CALM.replace("Tiny chain", "Calm")), ["run.length=6 d"])
    found = run(prepare(calm))
    other = replace(found, replications=found.replications[1:2])
    with pytest.raises(RunError, match="no replication ran in both"):
        compare({"first": found, "other": other})


# ---- the command and its folder


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("files")
    more = TINY.replace("rate: 100 /d", "rate: 130 /d")
    return scenario(folder), scenario(folder, more, "more.yaml")


def test_bytes_do_not_depend_on_the_number_of_workers(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    kept: list[dict[str, bytes]] = []
    for workers in (1, 2):
        out = tmp_path / str(workers)
        done = call("compare", *files, *SHORT, "-q", "--workers", workers, "--out", out)
        assert done.exit_code == 0, done.stderr
        assert [path.name for path in out.iterdir()] == ["compare_tiny__vs__more"]
        kept.append(
            {
                str(path.relative_to(out)): path.read_bytes()
                for path in sorted(out.rglob("*"))
                if path.is_file() and path.name != "provenance.json"
            }
        )
    assert list(kept[0]) == list(kept[1])
    assert [name for name in kept[0] if kept[0][name] != kept[1][name]] == []
    names = {Path(name).name for name in kept[0]}
    assert names >= {"compare.json", "differences.csv", "replications.csv", "sentences.md"}
    assert names >= {f"{s}_{kind}.svg" for s in ("output", "backlog", "stock")
                     for kind in ("overlay", "difference")} | {"differences.png"}  # fmt: skip


def test_json_and_tables_agree(files: tuple[Path, Path], tmp_path: Path) -> None:
    words = [*files, *SHORT, "--replications", 3, "--workers", 1, "--out", tmp_path]
    done = call("compare", *words, "--json", "-q")
    assert done.exit_code == 0 and done.stderr == ""
    found = json.loads(done.stdout)
    folder = Path(found["out"])
    assert found["schema"] == "chainsim/compare/1"
    assert json.loads((folder / "compare.json").read_text()) == {
        key: value for key, value in found.items() if key not in ("out", "wall_s")
    }
    demanded = found["comparisons"][0]["measures"]["demanded"]
    assert demanded["difference"] > 0 and demanded["low"] < demanded["difference"]
    by_replication = list(csv.DictReader((folder / "replications.csv").read_text().splitlines()))
    values = {(r["scenario"], r["replication"]): float(r["demanded"]) for r in by_replication}
    pairs = [values["more", str(k)] - values["tiny", str(k)] for k in range(3)]
    assert demanded["difference"] == pytest.approx(sum(pairs) / 3)
    rows = csv.DictReader((folder / "differences.csv").read_text().splitlines())
    (row,) = (r for r in rows if r["level"] == "total" and r["measure"] == "demanded")
    assert float(row["difference"]) == demanded["difference"]
    assert load_scenario(folder / "scenarios" / "more.yaml").document.name == "Tiny chain"
    assert 'src="data:image/svg+xml;base64,' in (folder / "report.html").read_text("utf-8")


def test_list_shows_comparisons(tmp_path: Path) -> None:
    found = comparison_object(compared(tmp_path, {"a": SURE, "b": SURE}))
    words = ("list", "--scenarios", "absent", "--out", tmp_path)
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "compare.json").write_text(json_text(found))
    done = call(*words)
    assert done.exit_code == 0 and done.stderr == ""
    assert done.stdout.strip().splitlines()[-1].split() == [
        str(folder), "b", "less", "a", "2", "0", "0", "to", "0", "vehicles"
    ]  # fmt: skip
    (one,) = json.loads(call(*words, "--json").stdout)["comparisons"]
    assert one == {"folder": str(folder), "first": "a", "others": ["b"]}


@pytest.mark.parametrize(
    "change",
    [
        {"first": 1}, {"comparisons": 1}, {"comparisons": [1]}, {"schema": "else"},
        {"comparisons": [{"scenario": "b", "pairs": 1}]},
        {"comparisons": [{"scenario": "b", "pairs": 1, "measures": {"output": {"low": "x"}}}]},
    ],
)  # fmt: skip
def test_list_skips_what_is_no_comparison(tmp_path: Path, change: dict[str, Any]) -> None:
    found = {"schema": "chainsim/compare/1", "first": "a", "comparisons": []} | change
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "compare.json").write_text(json.dumps(found))
    done = call("list", "--scenarios", "absent", "--out", tmp_path)
    assert done.exit_code == 0
    assert done.stderr.endswith("foreign: skipped, its compare.json is not one of a comparison\n")
    assert "Comparisons" not in done.stdout


def test_it_prints_a_sentence_per_measure(files: tuple[Path, Path], tmp_path: Path) -> None:
    done = call("compare", *files, *SHORT, "--out", tmp_path, "--workers", 1)
    assert done.exit_code == 0
    assert "more less tiny" in done.stdout
    assert "\ndemanded: " in done.stdout and "higher" in done.stdout


def test_a_target_that_is_no_result_is_left_alone(files: tuple[Path, Path], tmp_path: Path) -> None:
    mine = tmp_path / "compare_tiny__vs__more"
    mine.mkdir()
    (mine / "thesis.tex").write_text("years of work")
    assert call("compare", *files, "--out", tmp_path).exit_code == 2
    assert [path.name for path in mine.iterdir()] == ["thesis.tex"]


def test_names_of_folders() -> None:
    assert comparison_name(["a", "b", "c"]) == "compare_a__vs__b__vs__c"
    assert comparison_name(["a_b", "c"]) != comparison_name(["a", "b_c"])
    assert comparison_name(["a__vs__b", "c"]) != comparison_name(["a", "b", "c"])
    assert comparison_name(["a__vs", "b"]) != comparison_name(["a", "vs__b"])
    long, other = comparison_name(["a" * 70, "b" * 70]), comparison_name(["a" * 70, "b" * 71])
    assert len(long) == 80 and long != other
    assert len(comparison_name(["川" * 26, "b"]).encode()) <= 80


def test_figures_state_their_sample_and_draw_every_scenario(tmp_path: Path) -> None:
    texts = {"calm": CALM, "tiny": TINY, "slow": CALM.replace("mean: 1 h", "mean: 2 h")}
    found = compared(tmp_path, texts, "run.length=25 d")
    pictures = {picture.name: picture for picture in comparison_pictures(found)}
    assert set(pictures) == {
        "differences", "output_overlay", "output_difference", "backlog_overlay",
        "backlog_difference", "stock_overlay", "stock_difference",
    }  # fmt: skip
    for picture in pictures.values():
        assert "3 replications" in picture.caption
    assert set(pictures["output_overlay"].data["scenario"]) == {"calm", "tiny", "slow"}
    gap = pictures["output_difference"].data
    assert set(gap["scenario"]) == {"tiny", "slow"}
    for name in ("output_overlay", "differences"):
        again = {p.name: p for p in comparison_pictures(found)}[name]
        assert as_svg(again.figure) == as_svg(pictures[name].figure)


def test_the_object_has_no_times_and_no_places(tmp_path: Path) -> None:
    found = comparison_object(compared(tmp_path, {"a": SURE, "b": SURE}))
    assert not {"wall_s", "out"} & set(found)
    assert found["comparisons"][0]["measures"]["output"]["equal"] is True
