"""What is calibrated: parameters that can be set, figures that the run measures."""

from __future__ import annotations

from fractions import Fraction

from chainsim.errors import did_you_mean, shown
from chainsim.scenario import quantities
from chainsim.scenario.checks.ground import Ground, Problems
from chainsim.scenario.checks.times import observations_lie_in_the_run
from chainsim.scenario.nodes import Path
from chainsim.scenario.parameters import Parameter, ParameterTable, in_unit
from chainsim.scenario.quantities import Quantity, QuantityError
from chainsim.scenario.schema.document import Sought

MOST = 3
"""Parameters of one calibration: more are a matter of designed experiments."""


def calibration_problems(ground: Ground, table: ParameterTable) -> Problems:
    """Everything that is wrong with the block `calibrate`, if there is one."""
    wanted = ground.document.calibrate
    if wanted is None or not (wanted.parameters or wanted.figures):
        return
    path: Path = ("calibrate", "parameters")
    if not 1 <= len(wanted.parameters) <= MOST:
        rule = f"name one to {MOST} parameters"
        yield ground.problem(path, rule, got=str(len(wanted.parameters)))
    for name, sought in wanted.parameters.items():
        if name not in table:
            remedy = did_you_mean(name, table, "the tables have")
            rule = "be the name of a parameter"
            yield ground.problem((*path, name), rule, remedy, got=shown(name), key=True)
        elif table[name].formula is not None:
            used = ", ".join(table[name].uses)
            remedy = f"it follows from {used}" if used else "it is computed"
            rule = "be a parameter with a value, not with a formula"
            got = shown(table[name].formula)
            yield ground.problem((*path, name), rule, remedy, got=got, key=True)
        else:
            yield from _range_problems(ground, (*path, name), sought, table[name])
    yield from _figure_problems(ground)


def _range_problems(ground: Ground, path: Path, sought: Sought, parameter: Parameter) -> Problems:
    found: dict[str, Fraction] = {}
    for word, otherwise in (
        ("low", parameter.low), ("high", parameter.high), ("start", parameter.value)
    ):  # fmt: skip
        given: tuple[Quantity, bool] | None = getattr(sought, word)
        try:
            chosen = otherwise if given is None else in_unit(given, parameter.unit)
        except QuantityError as error:
            yield ground.problem((*path, word), str(error).removeprefix("must "))
            return
        if chosen is None:
            rule = f"give {word}, which the table does not"
            yield ground.problem(path, rule, got="", key=True)
            return
        found[word] = chosen.value
    unit = quantities.unit(parameter.unit or "1").value
    low, high, start = (float(found[word] / unit) for word in ("low", "high", "start"))
    if found["low"] >= found["high"]:
        where = ground.existing((*path, "high"), (*path, "low"), path)
        yield ground.problem(where, "have a high above its low", got=f"{low:g} to {high:g}")
    elif not found["low"] <= found["start"] <= found["high"]:
        where = ground.existing((*path, "start"), path)
        rule = f"start within its range from {low:g} to {high:g} {parameter.unit}".rstrip()
        yield ground.problem(where, rule, got=f"{start:g}")


def _figure_problems(ground: Ground) -> Problems:
    wanted, path = ground.document.calibrate, ("calibrate", "figures")
    assert wanted is not None
    known = {figure.id: figure for figure in ground.document.observed}
    outside = {problem.path.rpartition(".")[0] for problem in observations_lie_in_the_run(ground)}
    if not wanted.figures:
        yield ground.problem(path, "name an observed figure")
    for index, name in enumerate(wanted.figures):
        here: Path = (*path, index)
        if name not in known:
            remedy = did_you_mean(name, known, "observed figures are")
            yield ground.problem(here, "be the id of an observed figure", remedy)
        elif known[name].computed is not None:
            remedy = "it is computed from parameters, not simulated"
            yield ground.problem(here, "be a figure that the run measures", remedy)
        elif f"observed.{name}" in outside:
            yield ground.problem(here, "be a figure whose days all lie in the run")
        elif name in wanted.figures[:index]:
            yield ground.problem(here, "be named once")
    for figure_index, figure in enumerate(ground.document.observed):
        for word in ("sd", "relative_sd"):
            given = getattr(figure, word)
            if given is not None and (given.value if word == "sd" else given) <= 0:
                yield ground.problem(("observed", figure_index, word), "be above 0")
