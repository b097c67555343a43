"""Clock arithmetic, tabulation, calendars and division, each against a naive oracle."""

from __future__ import annotations

import datetime as dt
import math
from fractions import Fraction
from itertools import accumulate, pairwise

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from chainsim.engines import rules
from chainsim.network.apportion import largest_remainder, spread
from chainsim.network.calendars import Time, calendar_factor
from chainsim.network.clock import DAY, HOUR, Clock, Factor, Piece, tabulate
from chainsim.network.compiled import FULL_SPEED
from chainsim.scenario.schema.time import DAYS, Calendar

PACE = settings(
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=120,
    suppress_health_check=[HealthCheck.too_slow],
)
SLOWER = settings(PACE, max_examples=30)

RATES = st.one_of(
    st.sampled_from([0, 1, FULL_SPEED - 1, FULL_SPEED, FULL_SPEED + 1, 3 * FULL_SPEED]),
    st.integers(0, 2 * FULL_SPEED),
)

# ---- clocks


@st.composite
def stepped(draw: st.DrawFn) -> list[int]:
    """A rate for each of some seconds; the last holds for ever."""
    steps = draw(st.lists(st.tuples(st.integers(1, 20), RATES), min_size=1, max_size=6))
    return [rate for width, rate in steps for _ in range(width)]


def clock_of(rates: list[int]) -> Clock:
    """The clock of a rate for each second, without steps that change nothing."""
    starts = [t for t in range(len(rates)) if t == 0 or rates[t] != rates[t - 1]]
    return Clock(starts, [rates[t] for t in starts])


def second_by_second(rates: list[int], seconds: int) -> list[int]:
    """The work done by each second, added up one second after the other."""
    more = rates + [rates[-1]] * max(0, seconds - len(rates))
    return [0, *accumulate(more[:seconds])]


@PACE
@given(stepped())
def test_work_is_the_sum_of_the_rates(rates: list[int]) -> None:
    clock = clock_of(rates)
    done = second_by_second(rates, len(rates) + 30)
    assert [clock.work(t) for t in range(len(done))] == done
    assert [clock.rate(t) for t in range(len(rates))] == rates


@PACE
@given(stepped(), st.floats(0, 1.2))
def test_reaches_is_the_first_second_with_the_work_done(rates: list[int], part: float) -> None:
    clock = clock_of(rates)
    done = second_by_second(rates, len(rates) + 30)
    wanted = {0, 1, int(done[-1] * part), *done, *(w + 1 for w in done)}
    for work in sorted(wanted):
        naive = next((t for t, w in enumerate(done) if w >= work), None)
        found = clock.reaches(work)
        if naive is None:
            assert found is None or found >= len(done)
        else:
            assert found == naive


@PACE
@given(stepped(), st.integers(0, 10**9))
def test_reaches_and_work_are_inverse(rates: list[int], work: int) -> None:
    """W(reaches(w)) is the first to be w or more; reaches(W(t)) is not after t."""
    clock = clock_of(rates)
    found = clock.reaches(work)
    if found is None:
        assert rates[-1] == 0 and clock.work(10**9) < work
    else:
        assert clock.work(found) >= work
        assert found == 0 or clock.work(found - 1) < work
    for t in range(len(rates)):
        back = clock.reaches(clock.work(t))
        assert back is not None and back <= t and clock.work(back) == clock.work(t)


@PACE
@given(stepped())
def test_changes_are_openings_and_closings(rates: list[int]) -> None:
    naive = [t for t in range(1, len(rates)) if (rates[t] == 0) != (rates[t - 1] == 0)]
    assert clock_of(rates).changes() == naive


def test_a_clock_keeps_its_count_for_a_hundred_years() -> None:
    """Integers do not round: one ppm more for a century is seen to the second."""
    century = 36_525 * DAY
    clock = Clock([0, century], [FULL_SPEED + 1, FULL_SPEED])
    assert clock.work(century) - century * FULL_SPEED == century
    assert clock.reaches(clock.work(century)) == century
    assert clock.reaches(clock.work(century) + 1) == century + 1


# ---- tabulation

END = 30 * DAY


@st.composite
def factors(draw: st.DrawFn) -> list[Factor]:
    """Up to three factors of constant and linear pieces over a month."""
    return [draw(_factor()) for _ in range(draw(st.integers(1, 3)))]


@st.composite
def _factor(draw: st.DrawFn) -> Factor:
    value = st.one_of(st.sampled_from([0.0, 0.25, 1.0]), st.floats(0, 2))
    begins = draw(st.lists(st.integers(1, END), max_size=4, unique=True))
    marks = [-DAY, *sorted(begins)]
    pieces = []
    for begin, end in pairwise([*marks, END + DAY]):
        low, high = draw(value), draw(value)
        if draw(st.booleans()):
            pieces.append(Piece(begin, low))
        else:
            pieces.append(Piece(begin, low, _line(begin, low, end, high)))
    return pieces


class _line:
    """A straight line; exact where it is asked with fractions."""

    def __init__(self, t0: int, v0: float, t1: int, v1: float) -> None:
        self.t0, self.v0, self.t1, self.v1 = t0, Fraction(v0), t1, Fraction(v1)

    def __call__(self, t: float | Fraction) -> float | Fraction:
        value = self.v0 + (self.v1 - self.v0) * (Fraction(t) - self.t0) / (self.t1 - self.t0)
        return value if isinstance(t, Fraction) else float(value)


def product_at(found: list[Factor], begin: int, t: Fraction) -> Fraction:
    """The product of the pieces that hold from `begin` on, at t."""
    result = Fraction(1)
    for factor in found:
        piece = [piece for piece in factor if piece.begin <= begin][-1]
        result *= Fraction(piece.value) if piece.curve is None else piece.curve(t)
    return result


def exact_integral(found: list[Factor], until: int) -> Fraction:
    """The integral of the product from 0 on in ppm-seconds: Simpson's rule is exact for cubics."""
    marks = {0, until} | {p.begin for factor in found for p in factor if 0 < p.begin < until}
    total = Fraction(0)
    for begin, end in pairwise(sorted(marks)):
        middle = Fraction(begin + end, 2)
        ends = product_at(found, begin, Fraction(begin)) + product_at(found, begin, Fraction(end))
        total += (ends + 4 * product_at(found, begin, middle)) * (end - begin) / 6
    return total * FULL_SPEED


@SLOWER
@given(factors())
def test_a_table_keeps_the_totals(found: list[Factor]) -> None:
    """At each of its steps the table has done the exact work to half a ppm of a step."""
    times, rates = tabulate(found, END)
    clock = Clock(times, rates)
    marks = sorted({p.begin for factor in found for p in factor if 0 < p.begin < END})
    widest = max(b - a for a, b in pairwise([0, *marks, END]))
    for mark in [*marks, *times[1::40], END]:
        assert abs(clock.work(mark) - exact_integral(found, mark)) <= widest / 2 + 1


@SLOWER
@given(factors())
def test_a_table_is_zero_exactly_where_the_product_is(found: list[Factor]) -> None:
    """Closures are not blurred: constant zeros stay zeros, to the second."""
    times, rates = tabulate(found, END)
    clock = Clock(times, rates)
    for factor in found:
        for piece, after in pairwise([*factor, Piece(END, 0.0)]):
            begin, end = max(piece.begin, 0), after.begin
            if piece.curve is None and piece.value == 0.0 and begin < end:
                assert clock.work(end) == clock.work(begin)


@SLOWER
@given(st.integers(0, 5 * DAY), st.integers(1, 20 * DAY), st.floats(0, 1), st.floats(0, 1))
def test_a_smooth_step_has_its_exact_total(start: int, over: int, low: float, high: float) -> None:
    """The integral of low + (high - low)(3x^2 - 2x^3) over its length is the mean times it."""

    def smooth(t: float) -> float:
        x = (t - start) / over
        return low + (high - low) * x * x * (3 - 2 * x)

    found = [[Piece(-DAY, low), Piece(start, low, smooth), Piece(start + over, high)]]
    clock = Clock(*tabulate(found, END))
    exact = (low + high) / 2 * over * FULL_SPEED
    assert math.isclose(
        clock.work(start + over) - clock.work(start), exact, rel_tol=1e-9, abs_tol=2 * HOUR + start
    )


@SLOWER
@given(st.floats(0.2, 30), st.floats(0, 1), st.floats(0, 1))
def test_an_exponential_ramp_has_its_total(days: float, low: float, high: float) -> None:
    """Against the closed form low T + rise (T - tau (1 - e^(-T/tau))), tau above an hour."""
    tau = days * DAY
    rise = high - low
    curve = [Piece(-DAY, low), Piece(0, low, lambda t: low + rise * (1 - math.exp(-t / tau)))]
    clock = Clock(*tabulate([curve], END))
    exact = low * END + rise * (END + tau * math.expm1(-END / tau))
    assert math.isclose(clock.work(END), exact * FULL_SPEED, rel_tol=1e-6, abs_tol=HOUR)


# ---- calendars

STARTS = [dt.datetime(2024, 2, 26), dt.datetime(2023, 12, 28, 7, 30), dt.datetime(2025, 2, 27)]


@st.composite
def calendars(draw: st.DrawFn) -> dict[str, object]:
    """A calendar as written: a week of shifts, nights too, and days that differ."""
    minutes = st.sampled_from([0, 1, 59, 60, 360, 480, 720, 960, 1200, 1320, 1439, 1440])

    def shift() -> str:
        begin, end = draw(minutes), draw(minutes)
        return f"{begin // 60:02}:{begin % 60:02}-{end // 60:02}:{end % 60:02}"

    def shifts(most: int) -> list[str]:
        return [shift() for _ in range(draw(st.integers(0, most)))]

    special = []
    for _ in range(draw(st.integers(0, 3))):
        first = dt.date(2024, 2, 25) + dt.timedelta(draw(st.integers(-60, 8)))
        last = first + dt.timedelta(draw(st.integers(0, 3)))
        kind = draw(st.sampled_from(["closed", "usual", "own"]))
        days = {"closed": [], "usual": "usual", "own": shifts(2)}[kind]
        special.append({"from": str(first), "to": str(last), "shifts": days})
    return {"week": {day: shifts(2) for day in DAYS}, "special": special}


def open_minutes(written: dict, start: dt.datetime, minutes: int) -> list[bool]:
    """Whether each minute lies in a shift, marked minute by minute for every shift of every day."""
    found = [False] * minutes
    for back in range(-2, minutes // 1440 + 2):
        day = start.date() + dt.timedelta(back)
        midnight = (dt.datetime.combine(day, dt.time()) - start) // dt.timedelta(minutes=1)
        for begin, end in map(_minutes, _shifts_on(written, day)):
            for minute in range(max(0, midnight + begin), min(minutes, midnight + end)):
                found[minute] = True
    return found


def _shifts_on(written: dict, day: dt.date) -> list[str]:
    found = written["week"][DAYS[day.weekday()]]
    usual = next((written["week"][d] for d in DAYS if written["week"][d]), [])
    for special in written["special"]:
        if special["from"] <= str(day) <= special["to"]:
            found = usual if special["shifts"] == "usual" else special["shifts"]
    return found


def _minutes(shift: str) -> tuple[int, int]:
    begin, end = (int(text[:2]) * 60 + int(text[3:]) for text in shift.split("-"))
    return begin, end if end > begin else end + 1440


@settings(PACE, max_examples=25)
@given(calendars(), st.sampled_from(STARTS))
def test_a_calendar_is_open_in_its_shifts(written: dict, start: dt.datetime) -> None:
    """Minute by minute over five days: leap day, new year, night shifts, holidays."""
    end = 5 * DAY
    time = Time(start, start, end)
    clock = Clock(*tabulate([calendar_factor(Calendar.model_validate(written), time)], end))
    open_ = open_minutes(written, start, end // 60)
    assert [clock.rate(60 * minute) == FULL_SPEED for minute in range(end // 60)] == open_
    assert [clock.rate(60 * minute + 59) > 0 for minute in range(end // 60)] == open_


# ---- division

WEIGHTS = st.lists(st.integers(0, 1000), min_size=1, max_size=8).filter(any)


@PACE
@given(st.integers(0, 10**6), WEIGHTS)
def test_largest_remainder_keeps_total_and_quota(total: int, weights: list[int]) -> None:
    """Parts add up; none is a whole one off its exact share; what has no weight gets nothing."""
    parts = largest_remainder(total, weights)
    exact = [Fraction(total * weight, sum(weights)) for weight in weights]
    assert sum(parts) == total
    assert all(abs(part - share) < 1 for part, share in zip(parts, exact, strict=True))
    assert parts == largest_remainder(total, [Fraction(weight, 7) for weight in weights])
    above = [part > share for part, share in zip(parts, exact, strict=True)]
    rest = [share - int(share) for share in exact]
    up = [(-rest[k], k) for k in range(len(parts)) if above[k]]
    down = [(-rest[k], k) for k in range(len(parts)) if not above[k] and rest[k]]
    assert not up or not down or max(up) < min(down)


@PACE
@given(st.integers(0, 10**6), st.integers(1, 366))
def test_spread_is_even(total: int, parts: int) -> None:
    """Parts add up, differ by one at most, and are never half a one off the straight line."""
    found = spread(total, parts)
    assert sum(found) == total and len(found) == parts
    assert max(found) - min(found) <= 1
    for k, done in enumerate(accumulate(found), start=1):
        assert abs(done - Fraction(total * k, parts)) <= Fraction(1, 2)


@PACE
@given(st.integers(0, 10**5), st.lists(st.integers(0, 10**3), min_size=1, max_size=6),
       st.sampled_from([1, 7, 1000]))  # fmt: skip
def test_proportional_gives_all_it_has_and_no_more_than_asked(
    available: int, quanta: list[int], quantum: int
) -> None:
    claims = [n * quantum for n in quanta]
    parts = rules.proportional(available, claims, quantum)
    total = sum(claims)
    assert sum(parts) == min(total, available // quantum * quantum)
    assert all(0 <= part <= claim for part, claim in zip(parts, claims, strict=True))
    assert all(part % quantum == 0 for part in parts)
    for part, claim in zip(parts, claims, strict=True):
        if total > available:
            exact = Fraction(claim * (available // quantum * quantum), total)
            assert abs(part - exact) < quantum


SHARES = st.lists(st.integers(0, 20), min_size=1, max_size=5).filter(any)


@PACE
@given(SHARES, st.lists(st.integers(1, 50), min_size=1, max_size=30), st.sampled_from([1, 1000]))
@example([1, 1, 1], [1] * 30, 1000)
@example([3, 0, 1], [1, 2, 3] * 8, 1000)
def test_orders_follow_their_shares(weights: list[int], orders: list[int], unit: int) -> None:
    """Each order is divided whole; all together stay close to the shares, order by order."""
    shares = [weight / sum(weights) for weight in weights]
    given_ = [0] * len(shares)
    for order in orders:
        parts = rules.by_shares(order * unit, unit, shares, given_)
        assert sum(parts) == order * unit
        assert all(part >= 0 and part % unit == 0 for part in parts)
        assert all(part == 0 for part, weight in zip(parts, weights, strict=True) if not weight)
        given_ = [had + part for had, part in zip(given_, parts, strict=True)]
        off = [abs(had - sum(given_) * s) for had, s in zip(given_, shares, strict=True)]
        assert max(off) <= unit * (1 + 1e-6) if len(shares) <= 2 else max(off) < 2 * unit


@PACE
@given(st.floats(-1e9, 1e9), st.sampled_from([1, 250, 1000]))
@example(0.5, 1)
@example(0.49999999999999994, 1)
@example(2.5, 1)
@example(-0.5, 1)
def test_rounding_is_to_the_nearest_with_halves_up(value: float, quantum: int) -> None:
    assert rules.whole(value) == math.floor(Fraction(value) + Fraction(1, 2))
    found = rules.in_quanta(value, quantum)
    assert found % quantum == 0 and found >= 0
    assert found == 0 if value < 0 else abs(found - value) <= quantum / 2


@PACE
@given(st.integers(0, 10**9), st.integers(1, 10**4))
def test_rounding_up_gives_the_least_multiple(quantity: int, multiple: int) -> None:
    found = rules.rounded_up(quantity, multiple)
    assert found % multiple == 0 and 0 <= found - quantity < multiple


@PACE
@given(
    st.integers(0, 10**7),
    st.fractions(0, 10**6, max_denominator=1000),
    st.fractions(Fraction(1, 100), 10**6, max_denominator=1000),
)
def test_regular_instants_do_not_drift(k: int, first: Fraction, interval: Fraction) -> None:
    """The k-th event is within half a second of its exact instant, however large k is."""
    found = rules.regular_instant(
        k, (first.numerator, first.denominator), (interval.numerator, interval.denominator)
    )
    assert found == math.floor(first + k * interval + Fraction(1, 2))
