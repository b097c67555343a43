"""Calibration cases: the arithmetic of parameter tables, and a year's plan by months."""

from __future__ import annotations

from fractions import Fraction

import pytest

import chainsim
from chainsim.scenario.loading import Scenario
from tests.verification.recorder import CaseRecorder


def loaded(record_case: CaseRecorder, *overrides: str) -> Scenario:
    """The scenario with the table of parameters."""
    scenario: Scenario = chainsim.load_scenario(record_case.case.scenario, overrides)
    return scenario


def value(scenario: Scenario, name: str) -> Fraction:
    """A parameter in base units (vehicles, plain numbers)."""
    return scenario.parameters[name].value.value


@pytest.mark.case("A-C01")
def test_prior_year_from_growth(record_case: CaseRecorder) -> None:
    scenario = loaded(record_case)
    record_case.exact("prior", float(value(scenario, "prior")))
    record_case.exact("prior_rounded", int(value(scenario, "prior.rounded")))
    low = loaded(record_case, "parameters.volume=364500", "parameters.growth=140.5")
    high = loaded(record_case, "parameters.volume=365500", "parameters.growth=139.5")
    interval = [float(value(s, "prior")) for s in (low, high)]
    record_case.exact("interval_from_rounding", interval)


@pytest.mark.case("A-C02")
def test_national_total_from_a_share(record_case: CaseRecorder) -> None:
    million = 1_000_000
    scenario = loaded(record_case)
    record_case.exact("national_million", float(value(scenario, "national") / million))
    rounded = value(scenario, "national.rounded") / million
    record_case.exact("national_rounded", float(rounded))
    low = loaded(record_case, "parameters.regional=3.285", "parameters.regional.share=10.95")
    high = loaded(record_case, "parameters.regional=3.295", "parameters.regional.share=10.85")
    interval = [float(value(s, "national") / million) for s in (low, high)]
    record_case.exact("interval_from_rounding", interval)


@pytest.mark.case("A-C03")
def test_annual_target_by_months(record_case: CaseRecorder) -> None:
    run = chainsim.simulate(loaded(record_case))
    demanded = run.daily("demands", "demanded", "market/vehicle") // 1000
    lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    ends = [sum(lengths[: month + 1]) for month in range(12)]
    months = [int(demanded[end - n : end].sum()) for n, end in zip(lengths, ends, strict=True)]
    record_case.exact("months", months)
    record_case.exact("sum", sum(months))


@pytest.mark.case("A-C03b")
def test_capacity_from_below_and_above(record_case: CaseRecorder) -> None:
    scenario = loaded(record_case)
    for metric in ("capacity", "required_oee"):
        record_case.exact(metric, float(value(scenario, f"line.{metric}")))
    record_case.exact("saturdays_for_230k", int(value(scenario, "line.saturdays")))


@pytest.mark.case("A-C04")
def test_months_with_constant_growth(record_case: CaseRecorder) -> None:
    scenario = loaded(record_case)
    record_case.exact("month1", float(value(scenario, "growing.month1")))
    record_case.exact("month12", float(value(scenario, "growing.month12")))
    record_case.exact("annualised_growth", float(value(scenario, "growing.annual")))
    per_day = float(value(scenario, "growing.month12_per_day"))
    record_case.exact("daily_rate_month12_30d", per_day)
