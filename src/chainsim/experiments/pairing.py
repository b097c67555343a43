"""What must be equal before replications of scenarios can be paired."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

from chainsim.errors import InputError, Problem
from chainsim.experiments.runs import Prepared
from chainsim.network.compiled import SECONDS_PER_DAY, Horizon
from chainsim.scenario.loading import DEFAULT, Scenario
from chainsim.scenario.warm_up import leaves_warm_up_open


def check_pairing(prepared: Mapping[str, Prepared]) -> None:
    """Nothing, if replications of all scenarios can be paired with those of the first.

    Days, seed and number of replications must be equal: sums over different days are no difference
    of the scenarios, and different seeds are different luck.

    Args:
        prepared: By the name under which a scenario is shown, the first one first.

    Raises:
        InputError: with the place of every value that differs.
    """
    first, *others = prepared.values()
    problems = [p for found in prepared.values() for p in _open_warm_up(found.scenario)]
    problems += [p for other in others for p in _different(first, other)]
    if problems:
        raise InputError(problems)


def _open_warm_up(scenario: Scenario) -> Iterator[Problem]:
    if leaves_warm_up_open(scenario):
        rule = "be a time where scenarios are compared"
        remedy = "`chainsim run` finds one; give it to all with --set run.warm_up='30 d'"
        yield _problem(scenario, "run.warm_up", rule, "mser5", remedy)


def _different(first: Prepared, other: Prepared) -> Iterator[Problem]:
    ours, theirs = _settings(first), _settings(other)
    for what, (path, value) in theirs.items():
        wanted = ours[what][1]
        if value == wanted or (what == "end" and _as_long(first, other)):
            continue
        name = first.scenario.files[0] if first.scenario.files else "the first scenario"
        rule = f"be {wanted} as in {name}, since replications are compared in pairs"
        option = what if what in ("seed", "replications") else f"set {path}"
        remedy = f"--{option}=... makes them equal"
        yield _problem(other.scenario, path, rule, value, remedy)


def _as_long(first: Prepared, other: Prepared) -> bool:
    """Whether both runs are equally long from different starts: then the start is what differs."""
    one, two = first.network.horizon, other.network.horizon
    starts = one.origin != two.origin or one.reported_from != two.reported_from
    return starts and one.end - one.reported_from == two.end - two.reported_from


def _settings(prepared: Prepared) -> dict[str, tuple[str, str]]:
    """What must be equal: the path that says it, and the value in words."""
    run, horizon = prepared.scenario.document.run, prepared.network.horizon
    warm_up = horizon.statistics_from - horizon.reported_from
    return {
        "start": ("run.start", _moment(horizon, horizon.reported_from)),
        "end": (
            "run.length" if run.end is None else "run.end",
            _moment(horizon, horizon.end),
        ),
        "settled": ("run.settled", _days(horizon.reported_from)),
        "warm-up": ("run.warm_up", _days(warm_up)),
        "replications": ("run.replications", str(run.replications)),
        "seed": ("run.seed", str(run.seed)),
        "confidence": ("run.confidence", f"{float(run.confidence):g}"),
    }


def _moment(horizon: Horizon, second: int) -> str:
    """A date, with the time where it is not midnight."""
    moment = horizon.origin + dt.timedelta(seconds=second)
    return f"{moment:%Y-%m-%d}" if moment.time() == dt.time() else f"{moment:%Y-%m-%d %H:%M:%S}"


def _days(seconds: int) -> str:
    return f"{seconds / SECONDS_PER_DAY:.10g} d"


def _problem(scenario: Scenario, path: str, rule: str, got: str, remedy: str) -> Problem:
    origin = scenario.origin(path)
    file = scenario.files[0] if scenario.files else "the scenario"
    return Problem(file if origin is DEFAULT else origin.place, 0, 0, path, rule, got, remedy)
