"""Layers: maps merge deeply, lists are replaced whole, and a clash is never a silent win."""

from __future__ import annotations

from pathlib import Path

import pytest

from chainsim.errors import InputError
from chainsim.scenario.loading import Scenario, load_scenario, scenario_from_text

BASE = """
name: base
run: {start: 2022-01-01, length: 60 d}
items: {part: {}, car: {unit: vehicle}}
sites:
  S:
    operations:
      make: {outputs: {part: 1}, rate: 400, release: {pull: part, level: 1200}}
  P:
    stocks: {part: {initial: 4800}}
    operations:
      assemble: {inputs: {part: 1}, outputs: {car: 1}, time: {dist: lognormal, mean: 2 h, cv: 0.5}}
    replenishment:
      part: {policy: base_stock, level: {cover: 3 d}, sources: S}
    demand: {car: {process: plan, rate: 400}}
lanes:
  road: {from: S, to: P, items: [part], transit: 3 d}
disruptions:
  - {id: outage, target: {site: S}, effect: {capacity: 0}, timing: {at: 10 d}, duration: 20 d}
"""


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A folder that holds base.yaml."""
    (tmp_path / "base.yaml").write_text(BASE, encoding="utf-8")
    return tmp_path


def layered(folder: Path, text: str, *overrides: str) -> Scenario:
    """The scenario of a text that may extend the files of a folder."""
    return scenario_from_text(text, overrides, directory=folder)


def refused(folder: Path, text: str, *overrides: str) -> str:
    """The problems of a text."""
    with pytest.raises(InputError) as refusal:
        layered(folder, text, *overrides)
    return str(refusal.value)


def test_maps_merge_and_lists_are_replaced(base: Path) -> None:
    child = layered(
        base,
        "extends: base.yaml\nname: child\nsites: {P: {stocks: {part: {room: 9000}}}}\n"
        "disruptions: []\n",
    )
    assert child.merged["sites"]["P"]["stocks"]["part"] == {"initial": 4800, "room": 9000}
    assert child.merged["disruptions"] == []
    assert child.origin("name").place == "<text>:2:7"
    assert child.origin("sites.P.stocks.part.initial").place == f"{base}/base.yaml:10:30"
    assert child.origin("run.seed").place == "default"


def test_another_kind_of_thing_replaces_the_whole(base: Path) -> None:
    child = layered(
        base,
        "extends: base.yaml\nrun: {end: 2022-02-01}\n"
        "sites: {P: {operations: {assemble: {rate: 500}}}}\n"
        "lanes: {road: {transit: {dist: uniform, low: 1 d, high: 2 d}}}\n",
    )
    assert child.merged["run"] == {"start": "2022-01-01", "end": "2022-02-01"}
    assert "time" not in child.merged["sites"]["P"]["operations"]["assemble"]
    assert child.merged["lanes"]["road"]["transit"]["dist"] == "uniform"


def test_the_merged_data_is_the_scenario(base: Path) -> None:
    """Written out and read again, without the files it came from, nothing changes."""
    from chainsim.scenario.loading import scenario_from_mapping

    child = layered(base, "extends: base.yaml\nlanes: {road: {transit: '= 10 [d] / 3'}}\n")
    assert child.merged["lanes"]["road"]["transit"] == "= 10 / 3 * 1 [d]"
    assert scenario_from_mapping(child.merged).document == child.document


def test_files_side_by_side_may_not_disagree(base: Path) -> None:
    (base / "a.yaml").write_text("extends: base.yaml\nname: a\nrun: {seed: 2}\n")
    (base / "b.yaml").write_text("extends: base.yaml\nname: a\nrun: {length: 30 d}\n")
    both = layered(base, "extends: [a.yaml, b.yaml]\n")
    assert (both.document.run.seed, both.document.run.length) == (2, 30 * 86_400)
    (base / "b.yaml").write_text("extends: base.yaml\nname: a\nrun: {seed: 3}\n")
    says = refused(base, "extends: [a.yaml, b.yaml]\n")
    assert "b.yaml:3:13: run.seed must be the same" in says
    assert "got 3; " in says and "a.yaml:3:13 has 2" in says
    assert layered(base, "extends: [a.yaml, b.yaml]\nrun: {seed: 4}\n").document.run.seed == 4


def test_a_file_cannot_extend_itself(base: Path) -> None:
    (base / "ring.yaml").write_text("extends: [base.yaml, ./ring.yaml]\n")
    says = refused(base, "extends: ring.yaml\n")
    assert f"{base}/ring.yaml:1:22: extends must not lead back to itself: " in says
    assert f"{base}/ring.yaml extends {base}/ring.yaml" in says
    assert "did you mean 'base.yaml'?" in refused(base, "extends: bass.yaml\n")


def test_templates_fill_sites_in(base: Path) -> None:
    child = layered(
        base,
        """
extends: base.yaml
templates:
  seller: {region: "{site}_city", stage: downstream, tags: {group: x}}
  keeper: {stage: midstream, stocks: {part: {initial: 5}}, tags: {district: d}}
sites:
  Q: {template: [seller, keeper], tags: {group: y}}
""",
        "templates.keeper.stocks.part.initial=7",
        "sites.Q.region=elsewhere",
    )
    site = child.merged["sites"]["Q"]
    assert site["stage"] == "midstream", "the later template wins"
    assert site["tags"] == {"group": "y", "district": "d"}, "the site's own keys win"
    assert site["region"] == "elsewhere"
    assert site["stocks"] == {"part": {"initial": 7}}
    assert child.origin("sites.Q.tags.district").place == "<text>:5:77"
    says = refused(
        base, "extends: base.yaml\ntemplates: {maker: {}}\nsites: {Q: {template: makr}}\n"
    )
    assert "sites.Q.template must be the name of a template, got 'makr'" in says
    assert "did you mean 'maker'?" in says


def test_overrides_win_over_files(base: Path) -> None:
    text = "extends: base.yaml\n"
    run = layered(base, text, "run.seed=7", "disruptions.outage.duration=5 d").document
    assert run.run.seed == 7
    assert run.disruptions[0].duration.value.value == 5 * 86_400  # type: ignore[union-attr]
    made = layered(base, text, "disruptions.outage.recovery={shape: linear, over: 3 d}")
    assert made.document.disruptions[0].recovery.over == 3 * 86_400
    assert made.origin("disruptions.outage.recovery.over").place.startswith("--set disruptions")
    assert layered(base, text, "run.end=2022-01-21").merged["run"]["end"] == "2022-01-21"


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("run.sede=7", "run.sede must exist; did you mean 'seed'?"),
        ("disruptions.outrage.duration=5 d", "must exist; did you mean 'outage'?"),
        ("sites.P.stocks.prat.initial=1", "did you mean 'part'?"),
        ("sites.Z.stage=upstream", "sites.Z must exist; sites has P, S"),
        ("rnu.seed=7", "rnu must exist; did you mean 'run'?"),
        ("run.seed", "an override must be path=value"),
        ("=5", "an override must be path=value"),
        ("run.seed=[1", "the value must be YAML"),
        ("run.seed=", "it has no value"),
        ("run.seed=x", "run.seed must be a whole number, got 'x'"),
        ("extends=other.yaml", "extends must exist"),
        ("parameters.a.b=1", "must be the name of a parameter, got 'a.b'"),
    ],
)
def test_an_override_that_leads_nowhere(base: Path, override: str, says: str) -> None:
    problems = refused(base, "extends: base.yaml\n", override)
    assert problems.startswith(f"--set {override}: ")
    assert says in problems


def test_problems_of_all_files_come_together(base: Path) -> None:
    (base / "child.yaml").write_text(
        "extends: base.yaml\nrun: {sede: 1}\nlanes: {road: {transt: 1}}\n"
    )
    with pytest.raises(InputError) as refusal:
        load_scenario(base / "child.yaml", ["run.seed=x"])
    assert len(refusal.value.problems) == 3
    assert refusal.value.exit_code == 2


def test_an_empty_map_empties_what_is_inherited(tmp_path: Path) -> None:
    head = "name: x\nrun: {length: 2 d}\nsites: {s: {}}\n"
    base = head + "items: {a: {}}\nprofiles: {p: {kind: steps, at: [[1 d, 2]]}}\n"
    (tmp_path / "base.yaml").write_text(base)
    (tmp_path / "top.yaml").write_text("extends: base.yaml\nprofiles: {}\n")
    scenario = load_scenario(tmp_path / "top.yaml")
    assert scenario.document.profiles == {}
    assert set(scenario.document.items) == {"a"}
