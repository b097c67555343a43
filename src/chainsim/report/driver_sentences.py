"""What drives a measure, as the plain sentences that an analyst needs."""

from __future__ import annotations

from chainsim.errors import shortened
from chainsim.experiments.sensitivity.drivers import CHOSEN, Driver, Drivers
from chainsim.experiments.sensitivity.resampling import Estimate
from chainsim.report.sentences import words
from chainsim.report.tables import number

MOST_NAMED = 3
"""Drivers that a sentence names."""
WORTH_NAMING = 0.05
"""Share of the variance, or of the largest effect, below which a driver is not named."""


def driver_sentences(found: Drivers) -> list[str]:
    """What the measure's spread comes from, what narrowing would bring, and how sure that is.

    Args:
        found: The drivers of one measure.
    """
    if not found.drivers:
        return [f"{_measure(found)}: nothing can be said: {found.reason}."]
    if not found.leading:
        return [f"{_measure(found)}: {_nothing(found)}."]
    if found.method == "sobol":
        return [*_of_variance(found), *_of_noise(found)]
    return [_of_effects(found)]


def _nothing(found: Drivers) -> str:
    first = found.drivers[0]
    return (
        f"no factor stands above the noise floor (the largest is {shortened(first.name)}, "
        f"{_size(found, first)}): this sample cannot tell any effect from noise"
    )


# ---- shares of variance


def _of_variance(found: Drivers) -> list[str]:
    """The leading drivers with their shares, and the shares by kind of evidence."""
    named = _named(found)
    parts = [_share_sentence(found, one, place) for place, one in enumerate(named)]
    kinds = ", ".join(
        f"{_percent(share)}{_range_in_percent(share)} {kind}"
        for kind, share in found.by_kind.items()
    )
    spread = f"{_measure(found)} varies over the factors"
    if found.sd is not None:
        spread += f" with a standard deviation of {_amount(found, found.sd)}"
    if found.low is not None and found.high is not None:
        spread += f" (5 to 95 % of the points: {number(found.low)} to {number(found.high)})"
    return [
        "; ".join(parts) + ".",
        f"{spread}. Of its variance by kind of evidence: {kinds}.",
    ]


def _share_sentence(found: Drivers, one: Driver, place: int) -> str:
    share = f"{_percent(one.size)}{_range_in_percent(one.size)}"
    name = f"{shortened(one.name)}{_evidence(one)}"
    if place:
        text = f"{share} from {name}"
    else:
        text = f"{share} of the variance of {_measure(found)} comes from {name}"
    if one.total is not None and one.total.value > 2 * max(one.size.value, WORTH_NAMING):
        text += f", with what it does together with others {_percent(one.total)}"
    return text + _narrowing(found, one, place)


def _narrowing(found: Drivers, one: Driver, place: int) -> str:
    if found.sd is None or one.sd_if_known is None or one.sd_if_halved is None:
        return ""
    if one.basis.kind == CHOSEN or one.size.value < WORTH_NAMING:
        return ""
    if place:
        return f"; knowing it would leave {_amount(found, one.sd_if_known)}"
    return (
        f"; knowing it exactly would cut the standard deviation from {number(found.sd)} to "
        f"{_amount(found, one.sd_if_known)}, half of its range to {number(one.sd_if_halved)}"
    )


def _of_noise(found: Drivers) -> list[str]:
    if found.corrected:
        if found.noise_share is None or found.noise_share < 0.01:
            return []
        noise = f"{100 * found.noise_share:.0f} %"
        return [f"{noise} of the raw variance was noise and is taken out of these shares."]
    return ["One replication does not tell noise from effects: these shares hold both."]


# ---- effects in the unit of the measure


def _of_effects(found: Drivers) -> str:
    how = "over its range moves it by" if found.method == "morris" else "moves it by"
    parts = [
        f"{shortened(one.name)}{_evidence(one)}, which {how} {_size(found, one)}"
        for one in _named(found)
    ]
    text = f"{_measure(found)} depends most on " + "; then on ".join(parts)
    below = len(found.drivers) - len(found.leading)
    if below:
        text += f"; {below} of {len(found.drivers)} factors do not stand above the noise"
    if found.leading[0].above_floor is None:
        text += "; one replication does not tell noise from effects"
    return f"{text}."


def _size(found: Drivers, one: Driver) -> str:
    """Its size with the interval, in per cent of the variance or in the measure's unit."""
    if found.method == "sobol":
        return f"{_percent(one.size)} of the variance"
    text = _amount(found, one.size.value)
    if one.size.low is not None and one.size.high is not None:
        text += f" ({number(one.size.low)} to {number(one.size.high)})"
    return text


# ---- words


def _named(found: Drivers) -> list[Driver]:
    """The leading drivers that are worth naming: the first one always."""
    first, *others = found.leading
    least = WORTH_NAMING * (1.0 if found.method == "sobol" else first.size.value)
    return [first, *(one for one in others if one.size.value >= least)][:MOST_NAMED]


def _measure(found: Drivers) -> str:
    return shortened(words(found.measure))


def _evidence(one: Driver) -> str:
    """In parentheses: (assumed 0.9, range 0.7 to 1)."""
    basis = one.basis
    text = " ".join(part for part in (basis.kind, shortened(basis.value)) if part)
    if basis.low and basis.high:
        text += f", range {shortened(basis.low)} to {shortened(basis.high)}"
    return f" ({text})" if text else ""


def _amount(found: Drivers, value: float) -> str:
    unit = "" if found.unit in ("1", "") else f" {found.unit}"
    return f"{number(value)}{unit}"


def _percent(one: Estimate) -> str:
    return f"{_in_percent(one.value)} %"


def _range_in_percent(one: Estimate) -> str:
    if one.low is None or one.high is None:
        return ""
    return f" ({_in_percent(one.low)} to {_in_percent(one.high)} %)"


def _in_percent(share: float) -> str:
    """Shares are in [0, 1]; an estimate may leave that by chance."""
    return f"{100 * min(1.0, max(0.0, share)):.0f}"
