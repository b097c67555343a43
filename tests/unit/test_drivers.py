"""Which assumptions drive a measure: shares by evidence, what narrowing brings, sentences."""

from __future__ import annotations

import re
from math import sqrt

import numpy as np
import pytest

from chainsim.experiments.designs import DUMMY, morris, one_at_a_time, saltelli
from chainsim.experiments.sensitivity.drivers import (
    Basis,
    Drivers,
    group_basis,
    morris_drivers,
    sobol_drivers,
    swing_drivers,
)
from chainsim.experiments.sensitivity.morris import morris_effects
from chainsim.experiments.sensitivity.one_at_a_time import swings
from chainsim.experiments.sensitivity.resampling import Bootstrap
from chainsim.experiments.sensitivity.sobol import sobol_indices
from chainsim.report.driver_sentences import driver_sentences

NAMES = ("share", "buffer", "speed", DUMMY)
SLOPES = np.array([6_000.0, -3_000.0, 2_000.0, 0.0])
EVIDENCE = {
    "share": Basis("assumed", "0.9", "0.7", "1"),
    "buffer": Basis("documented", "3 d", "2 d", "5 d"),
    "speed": Basis("assumed", "50 km/h", "40 km/h", "60 km/h"),
}
FEW = Bootstrap(resamples=100)


def of_sobol(
    noise: float = 0.0, replications: int = 3, slopes: np.ndarray = SLOPES, n: int = 256
) -> Drivers:
    """A sum of straight effects of uniform factors: variances are slope^2 / 12."""
    places = saltelli(n, NAMES, 1)
    rng = np.random.default_rng(1)
    values = (places @ slopes)[:, None] + noise * rng.normal(size=(len(places), replications))
    found = sobol_indices(values, NAMES, bootstrap=FEW)
    return sobol_drivers("peak_backlog", "vehicles", found, EVIDENCE)


def test_shares_and_what_narrowing_brings_are_those_of_a_linear_model() -> None:
    found = of_sobol()
    squares = SLOPES[:3] ** 2
    variance = squares.sum() / 12
    assert found.sd == pytest.approx(sqrt(variance), rel=0.01)
    assert [one.name for one in found.drivers] == ["share", "buffer", "speed"]
    for driver, square in zip(found.drivers, squares, strict=True):
        share = square / squares.sum()
        assert driver.size.value == pytest.approx(share, abs=0.01)
        assert driver.sd_if_known == pytest.approx(sqrt(variance - square / 12), rel=0.02)
        # A range half as wide has a quarter of the variance.
        half = variance - square / 12 + square / 48
        assert driver.sd_if_halved == pytest.approx(sqrt(half), rel=0.02)


def test_shares_by_kind_of_evidence_add_up() -> None:
    found = of_sobol().by_kind
    assert list(found) == ["assumed", "documented", "interactions"]
    assert found["assumed"].value == pytest.approx(40 / 49, abs=0.01)
    assert found["documented"].value == pytest.approx(9 / 49, abs=0.01)
    assert sum(one.value for one in found.values()) == pytest.approx(1)


def test_only_assumed_factors_lead_the_assumptions() -> None:
    assert [one.name for one in of_sobol().leading_assumptions] == ["share", "speed"]


def test_the_sentence_about_shares_of_variance() -> None:
    first, second = driver_sentences(of_sobol())
    assert first.startswith("73 % (")
    for part in (
        "of the variance of peak backlog comes from share (assumed 0.9, range 0.7 to 1)",
        "; knowing it exactly would cut the standard deviation from 2,020 to 1,041 vehicles, "
        "half of its range to 1,354; 18 % (",
        "from buffer (documented 3 d, range 2 d to 5 d); knowing it would leave 1,825 vehicles",
    ):
        assert part in first, first
    assert second.startswith("peak backlog varies over the factors with a standard deviation of ")
    shares = re.sub(r" \(\d+ to \d+ %\)", "", second)
    assert shares.endswith("by kind of evidence: 82 % assumed, 18 % documented, 0 % interactions.")
    assert shares != second  # each with its interval


def test_noise_that_was_taken_out_is_told() -> None:
    last = driver_sentences(of_sobol(noise=1_000))[-1]
    # 1000^2 / 3 of noise on a variance of 2021^2: 7.55 %.
    assert last == "7 % of the raw variance was noise and is taken out of these shares."
    one = driver_sentences(of_sobol(noise=1_000, replications=1))[-1]
    assert one.startswith("One replication does not tell noise from effects")


def test_where_nothing_stands_above_the_floor_it_says_so() -> None:
    found = of_sobol(noise=2_000, slopes=SLOPES / 1e4, n=64)
    (sentence,) = driver_sentences(found)
    if found.drivers:
        assert sentence.startswith("peak backlog: no factor stands above the noise floor")
    else:
        assert "no more than the noise explains" in sentence
    values = np.random.default_rng(7).normal(size=(50, 4))
    places = morris(10, NAMES, 4, 1)
    effects = morris_effects(places, values, NAMES, bootstrap=FEW)
    evidence = EVIDENCE | {DUMMY: Basis("")}
    (sentence,) = driver_sentences(morris_drivers("peak_backlog", "vehicles", effects, evidence))
    assert sentence.startswith("peak backlog: no factor stands above the noise floor (the largest")
    assert sentence.endswith("this sample cannot tell any effect from noise.")


def test_a_measure_that_never_varies_has_no_drivers() -> None:
    found = sobol_drivers("x", "1", sobol_indices(np.ones((60, 2)), NAMES), EVIDENCE)
    assert driver_sentences(found) == [
        "x: nothing can be said: the measure is the same at every point."
    ]


def test_screening_names_effects_in_the_unit_of_the_measure() -> None:
    places = morris(20, NAMES, 4, 1)
    rng = np.random.default_rng(4)
    values = (places @ (SLOPES * [1, 1, 0, 0]))[:, None] + 100 * rng.normal(size=(len(places), 4))
    found = morris_drivers(
        "peak_backlog", "vehicles", morris_effects(places, values, NAMES, bootstrap=FEW), EVIDENCE
    )
    assert [one.name for one in found.leading] == ["share", "buffer"]
    assert found.drivers[0].size.value == pytest.approx(6_000, rel=0.02)
    assert found.by_kind == {} and found.sd is None
    (sentence,) = driver_sentences(found)
    assert sentence.startswith(
        "peak backlog depends most on share (assumed 0.9, range 0.7 to 1), which over its range "
        "moves it by "
    )
    assert "; then on buffer (documented 3 d, range 2 d to 5 d), which" in sentence
    assert sentence.endswith("; 1 of 3 factors do not stand above the noise.")


def test_swings_are_effects_too() -> None:
    places = np.nan_to_num(one_at_a_time(3), nan=0.5)
    luck = np.array([0.0, 40.0, -10.0])
    values = (places @ SLOPES[:3])[:, None] + luck
    found = swing_drivers("peak_backlog", "vehicles", swings(values, NAMES[:3]), EVIDENCE)
    assert [one.size.value for one in found.drivers] == pytest.approx([6_000, 3_000, 2_000])
    assert found.high is not None and found.low is not None
    assert found.high - found.low == pytest.approx(6_000)
    (sentence,) = driver_sentences(found)
    assert "share (assumed 0.9, range 0.7 to 1), which moves it by 6,000 vehicles" in sentence
    lost = swings(np.full((7, 2), np.nan), NAMES[:3])
    (sentence,) = driver_sentences(swing_drivers("x", "d", lost, EVIDENCE))
    assert sentence == "x: nothing can be said: the base has no value in any replication."


def test_a_group_has_the_kind_of_its_members() -> None:
    assumed, documented = Basis("assumed", "1"), Basis("documented", "2")
    assert group_basis([assumed, assumed]) == Basis("assumed")
    assert group_basis([assumed, documented]) == Basis("mixed")


def test_hostile_names_stay_on_one_line() -> None:
    evil = "a\x1b[31m\n" + "x" * 300
    places = one_at_a_time(1)
    values = np.nan_to_num(places, nan=0.5) * [1.0, 1.0]
    drivers = swing_drivers("m", "1", swings(values, [evil]), {evil: Basis("assumed", evil)})
    (sentence,) = driver_sentences(drivers)
    assert sentence.isprintable() and len(sentence) < 400
