"""From the factors of a study file to what is varied, one by one: ranges, evidence, clashes."""

from __future__ import annotations

import fnmatch
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from statistics import NormalDist
from typing import Any

from chainsim.errors import InputError, Problem, did_you_mean, shown
from chainsim.scenario import quantities
from chainsim.scenario.evaluation import scale_and_unit
from chainsim.scenario.factors import TAIL, Variable
from chainsim.scenario.loading import Scenario
from chainsim.scenario.parameters import Parameter, in_unit
from chainsim.scenario.quantities import Quantity, QuantityError
from chainsim.scenario.schema.study import Factor
from chainsim.scenario.study import Study

RESERVED = ("base", "design", "point", "replication", "day", "censored", "error", "(dummy)")
"""Columns of tables of results, and the dummy."""
WAYS = ("parameter", "path", "assumed")
"""Ways to say what a factor is."""


def resolved(study: Study) -> tuple[Variable, ...]:
    """The factors of a study, one by one, in the order of the file; patterns in that of names.

    Raises:
        InputError: an unknown name, an empty range, nothing that matches, the same thing twice.
    """
    first = next(iter(study.bases.values())).load(study.overrides)
    problems: list[Problem] = []
    entries = [
        _Resolving(study, first, index, factor)
        for index, factor in enumerate(study.document.factors)
    ]
    by_entry: list[list[Variable]] = []
    for entry in entries:
        try:
            by_entry.append(entry.variables())
        except InputError as error:
            problems += error.problems
            by_entry.append([])
    found = [one for variables in by_entry for one in variables]
    if not _possible_at_ends(study, found):
        for entry, variables in zip(entries, by_entry, strict=True):
            try:
                entry.try_ends(variables)
            except InputError as error:
                problems += error.problems
    problems += _clashes(study, found)
    if problems:
        raise InputError(problems)
    return tuple(_with_bases(study, found))


def _clashes(study: Study, found: Sequence[Variable]) -> Iterator[Problem]:
    """Names and paths that two factors have, or that mean something else."""

    def problem(rule: str, got: str, remedy: str) -> Problem:
        return study.problem(("factors",), rule, shown(got), remedy)

    names, paths = Counter(v.name for v in found), Counter(v.path for v in found)
    for path in (path for path, number in paths.items() if number > 1):
        remedy = "leave it out of one of them (except: ...)"
        yield problem("be varied by one factor only", path, remedy)
    for name in (name for name, number in names.items() if number > 1):
        if all(paths[v.path] == 1 for v in found if v.name == name):
            yield problem("have names of their own", name, "give one of them another name")
    for name in names:
        if name in RESERVED:
            yield problem("not be called as a column of the results is", name, "name it otherwise")
    for group in dict.fromkeys(v.group for v in found if v.group != v.name):
        if any(v.name == group and v.group == group for v in found):
            yield problem("have groups that are no names of other factors", group, "")
    given = {text.partition("=")[0] for text in study.overrides}
    for path in (v.path for v in found if v.path in given):
        yield problem("not be given by set (or --set) as well", path, "take it out of one of them")


def _with_bases(study: Study, found: Sequence[Variable]) -> Iterator[Variable]:
    """The factors with what each of several base scenarios has."""
    if len(study.bases) == 1:
        yield from found
        return
    scenarios = {name: one.load(study.overrides) for name, one in study.bases.items()}
    for variable in found:
        values = ((name, _base_of(variable, one)) for name, one in scenarios.items())
        yield replace(variable, bases=tuple(values))


def _base_of(variable: Variable, scenario: Scenario) -> float | None:
    name = variable.path.removeprefix("parameters.")
    if name != variable.path:
        return scenario.parameters[name].in_unit
    return _known(variable.number(in_words(_at(scenario.merged, variable.path))))


@dataclass
class _Resolving:
    """One factor of the file on its way to variables."""

    study: Study
    scenario: Scenario
    index: int
    factor: Factor

    def variables(self) -> list[Variable]:
        factor = self.factor
        if factor.assumed is not None:
            found = list(self.assumed())
        else:
            one = self.of_parameter() if factor.parameter is not None else self.of_path()
            name = factor.name or one.name
            found = [self.checked(replace(one, name=name, group=factor.group or name))]
        return found

    def assumed(self) -> Iterator[Variable]:
        """Every assumed parameter that the scenario uses and that matches."""
        patterns = ("*",) if self.factor.assumed is True else self.factor.assumed
        assert isinstance(patterns, tuple)
        table = self.scenario.parameters
        names = _assumed(self.scenario)
        for name, other in self.study.bases.items():
            if len(self.study.bases) > 1 and _assumed(other.load(self.study.overrides)) != names:
                rule = "mean the same parameters in all base scenarios"
                raise self.refusal("assumed", rule, f"others in {name}", "name them one by one")
        for pattern in (*patterns, *self.factor.except_):
            if not fnmatch.filter(names, pattern):
                rule = "match an assumed parameter that the scenario uses and does not override"
                raise self.refusal("assumed", rule, shown(pattern), did_you_mean(pattern, names))
        for name in names:
            if any(fnmatch.fnmatchcase(name, p) for p in patterns) and not any(
                fnmatch.fnmatchcase(name, p) for p in self.factor.except_
            ):
                own = _of_table(table[name])
                own = replace(own, group=self.factor.group or name, shape=self.factor.shape)
                yield self.checked(replace(own, whole=self.factor.whole, centre=own.base or 0.0))

    def of_parameter(self) -> Variable:
        factor, table = self.factor, self.scenario.parameters
        name = factor.parameter or ""
        if name not in table:
            remedy = did_you_mean(name, table)
            raise self.refusal("parameter", "be the name of a parameter", shown(name), remedy)
        parameter = table[name]
        own = _of_table(parameter)
        if factor.values:
            return replace(own, values=tuple(map(in_words, factor.values)))
        numbers = {
            word: self.in_unit_of(parameter, word, otherwise)
            for word, otherwise in (("low", parameter.low), ("high", parameter.high))
        }
        missing = [word for word, value in numbers.items() if value is None]
        if missing and factor.shape != "normal":
            rule = f"have {' and '.join(missing)}: the table gives no range of '{name}'"
            raise self.refusal("parameter", rule)
        word = "mode" if factor.shape == "triangular" else "mean"
        centre = self.in_unit_of(parameter, word, parameter.value)
        sd = self.in_unit_of(parameter, "sd", None) or 0.0
        assert centre is not None
        return self.shaped(own, numbers["low"], numbers["high"], centre, sd)

    def in_unit_of(
        self, parameter: Parameter, word: str, otherwise: Quantity | None
    ) -> float | None:
        """A number of the factor in the unit of the parameter."""
        given = getattr(self.factor, word)
        try:
            chosen = otherwise if given is None else in_unit(given, parameter.unit)
        except QuantityError as error:
            raise self.refusal(word, str(error).removeprefix("must ")) from None
        if chosen is None:
            return None
        return float(chosen.value / quantities.unit(parameter.unit or "1").value)

    def of_path(self) -> Variable:
        factor = self.factor
        path = factor.path or ""
        base = _at(self.scenario.merged, path)
        own = Variable(path, path, "", "chosen", None)
        if factor.values:
            settings = tuple(map(in_words, factor.values))
            unit = _common_unit(settings)
            own = replace(own, unit=unit, values=settings)
            return replace(own, base=_known(own.number(in_words(base))))
        given = {w: getattr(factor, w) for w in ("low", "high", "mode", "mean", "sd")}
        kinds = {(q.dimension, has) for q, has in filter(None, given.values())}
        if len(kinds) > 1:
            rule = "have numbers of one kind, all with a unit or all without"
            raise self.refusal("path", rule)
        ((dimension, has_unit),) = kinds
        scale, unit = scale_and_unit(dimension) if has_unit else (Fraction(1), "")
        numbers = {w: None if v is None else float(v[0].value / scale) for w, v in given.items()}
        own = replace(own, unit=unit, suffix=f" {unit}" if unit else "")
        own = replace(own, base=_known(own.number(in_words(base))))
        low, high = numbers["low"], numbers["high"]
        assert low is not None and high is not None
        named = numbers["mode"] if numbers["mode"] is not None else numbers["mean"]
        centre = next(v for v in (named, own.base, (low + high) / 2) if v is not None)
        return self.shaped(own, low, high, centre, numbers["sd"] or 0.0)

    def shaped(
        self, own: Variable, low: float | None, high: float | None, centre: float, sd: float
    ) -> Variable:
        """The variable with its range; a normal shape without ends has those of its tails."""
        factor = self.factor
        if factor.shape == "normal":
            if sd <= 0:
                raise self.refusal("sd", "be above 0")
            bell = NormalDist(centre, sd)
            low = bell.inv_cdf(TAIL) if low is None else low
            high = bell.inv_cdf(1 - TAIL) if high is None else high
        assert low is not None and high is not None
        return replace(own, low=low, high=high, shape=factor.shape, centre=centre, sd=sd,
                       whole=factor.whole)  # fmt: skip

    def try_ends(self, found: Sequence[Variable]) -> None:
        """Nothing, if every base scenario is possible at the ends of the ranges, or at each value.

        The low ends of many are tried together first, and so are the high ends; one by one only if
        that is not possible.

        Raises:
            InputError: what is wrong with it there.
        """
        if len(found) > 1 and _possible_at_ends(self.study, found):
            return
        for one in found:
            for setting in one.values or (one.setting(0.0), one.setting(1.0)):
                try:
                    _try(self.study, [one.override(setting)])
                except InputError as error:
                    first = error.problems[0]
                    rule = f"be possible at {one.name} = {setting}: {first.path} must {first.rule}"
                    word = next(w for w in WAYS if getattr(self.factor, w) is not None)
                    raise self.refusal(word, rule, first.got, first.remedy) from None

    def checked(self, found: Variable) -> Variable:
        """The variable, if its range is one."""
        if found.values:
            if len(set(found.values)) < len(found.values):
                raise self.refusal("values", "differ from each other")
            return found
        if not found.low < found.high:
            got = f"{found.low:g} to {found.high:g}"
            raise self.refusal("low", "lie below high", got)
        if found.whole and not (found.low.is_integer() and found.high.is_integer()):
            got = f"{found.low:g} to {found.high:g}"
            raise self.refusal("whole", "stand beside whole low and high", got)
        if found.shape == "log_uniform" and found.low <= 0:
            raise self.refusal("low", "be above 0 for a log_uniform shape", f"{found.low:g}")
        if found.shape == "triangular" and not found.low <= found.centre <= found.high:
            got = f"{found.centre:g}"
            raise self.refusal("mode", f"lie in the range of '{found.name}'", got)
        return found

    def refusal(self, word: str, rule: str, got: str = "", remedy: str = "") -> InputError:
        return InputError([self.study.problem(("factors", self.index, word), rule, got, remedy)])


def _possible_at_ends(study: Study, found: Sequence[Variable]) -> bool:
    """Whether every base scenario is possible with all factors at their low, or their high ends.

    Two tries instead of two for each factor; where one fails it is not known which factor it is.
    """
    if any(one.values for one in found):
        return False
    try:
        for place in (0.0, 1.0):
            _try(study, [one.override(one.setting(place)) for one in found])
    except InputError:
        return False
    return True


def _try(study: Study, overrides: Sequence[str]) -> None:
    for base in study.bases.values():
        base.load((*study.overrides, *overrides))


def _assumed(scenario: Scenario) -> list[str]:
    """The assumed parameters that a scenario uses and does not override, with a range."""
    table = scenario.parameters
    used = table.behind(name for one in scenario.origins.values() for name in one.parameters)
    return [
        name
        for name in sorted(used)
        if table[name].kind == "assumed"
        and not table[name].overridden
        and table[name].low != table[name].high
    ]


def _of_table(parameter: Parameter) -> Variable:
    scale = quantities.unit(parameter.unit or "1").value
    low, high = (0.0 if q is None else float(q.value / scale)
                 for q in (parameter.low, parameter.high))  # fmt: skip
    path = f"parameters.{parameter.name}"
    return Variable(
        parameter.name, path, parameter.unit, parameter.kind, parameter.in_unit, low, high
    )


def _at(value: Any, path: str) -> Any:
    """What plain data has at a path; entries of lists go by their id or their index."""
    for step in path.split("."):
        if isinstance(value, list):
            named = [e for e in value if isinstance(e, dict) and e.get("id") == step]
            index = int(step) if step.isdecimal() and len(step) < 10 else -1
            value = named[0] if named else value[index] if 0 <= index < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def _common_unit(settings: tuple[str, ...]) -> str:
    """The unit in which quantities are shown, if all are of one dimension."""
    found = set()
    for setting in settings:
        try:
            quantity, has_unit = quantities.parse(setting)
        except QuantityError:
            return ""
        found.add(quantity.dimension if has_unit else None)
    (dimension,) = found if len(found) == 1 else (None,)
    return "" if dimension is None else scale_and_unit(dimension)[1]


def _known(number: float) -> float | None:
    return None if math.isnan(number) else number


def in_words(value: Any) -> str:
    """A value as an override has it: true and false in small letters."""
    return str(value).lower() if isinstance(value, bool) else str(value)
