"""What a study expects, in the units of its measures, and whether it can be asked at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from chainsim.errors import InputError, Problem, did_you_mean, shown
from chainsim.experiments.expectations import Stated, bound_slips, in_numbers
from chainsim.experiments.sensitivity.given_data import LEAST_POINTS
from chainsim.experiments.sweeps.methods import ranked_factors, ranking_blocks
from chainsim.experiments.sweeps.points import Block, Points
from chainsim.scenario.nodes import Place
from chainsim.scenario.schema.expectations import Expectation
from chainsim.scenario.study import Study


def stated_by_study(study: Study, points: Points, units: Mapping[str, str]) -> tuple[Stated, ...]:
    """What a study expects, in the order of the file.

    Args:
        study: Its measures are known to be measures of the base scenarios.
        points: Of its designs.
        units: Of every measure that is expected.

    Raises:
        InputError: a bound in another unit, or the rank of what no design ranks; all of them,
            each with its place.
    """
    ranking = ranking_blocks(points.blocks)
    problems: list[Problem] = []
    found: list[Stated] = []
    for index, expected in enumerate(study.document.expect):
        slips = [
            study.problem(("expect", index, key), rule, "", remedy)
            for key, rule, remedy in bound_slips(expected, units)
        ]
        slips += _driver_problems(study, index, expected, ranking)
        problems += slips
        if not slips:
            found.append(_stated(study, index, expected, units))
    if problems:
        raise InputError(problems)
    return tuple(found)


def _stated(study: Study, index: int, expected: Expectation, units: Mapping[str, str]) -> Stated:
    place = study.root.at(("expect", index)).place if study.root else Place(study.file)
    found = in_numbers(expected, units, str(place))
    if expected.driver is None or expected.rank_at_most is None:
        return found
    return Stated(
        id=found.id, kind="driver", name=found.name, unit="1", at_least=None,
        at_most=float(expected.rank_at_most), place=found.place, driver=expected.driver,
    )  # fmt: skip


def _driver_problems(
    study: Study, index: int, expected: Expectation, ranking: Sequence[Block]
) -> Iterator[Problem]:
    """What is wrong with an expected rank."""
    if expected.driver is None:
        return
    path = ("expect", index, "driver")
    if not ranking:
        rule = "stand in a study with a design that ranks factors"
        remedy = (
            f"add a design: sobol, morris, or latin_hypercube or list of {LEAST_POINTS} points"
            " or more"
        )
        yield study.problem(path, rule, "", remedy)
        return
    ranked = ranked_factors(ranking[0])
    if expected.driver not in ranked:
        method = ranking[0].design.method
        rule = f"name a factor or group that the last design to rank them ({method}) ranks"
        remedy = _remedy(study, expected.driver, ranked)
        yield study.problem(path, rule, shown(expected.driver), remedy)
    elif expected.rank_at_most is not None and expected.rank_at_most >= len(ranked):
        path = ("expect", index, "rank_at_most")
        rule = f"be below {len(ranked)}, the number of factors and groups that are ranked"
        remedy = "else it says nothing" if len(ranked) > 1 else "one factor alone has no rank"
        yield study.problem(path, rule, str(expected.rank_at_most), remedy)


def _remedy(study: Study, driver: str, ranked: Sequence[str]) -> str:
    """The group in which the factor moves, or the nearest name."""
    group = {v.name: v.group for v in study.variables}.get(driver)
    if group in ranked:
        return f"it moves in the group {shown(group)}: name that"
    return did_you_mean(driver, ranked)
