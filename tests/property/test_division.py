"""A plan that is divided among models stays whole, whatever is planned and whatever the shares."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from chainsim.engines.rules import Dividing
from chainsim.network.clock import Clock
from chainsim.network.compiled import StreamSpec
from chainsim.network.parts.divided import Division, NewShare

PPM = 1_000_000


@given(
    st.lists(st.integers(0, 5000), max_size=30),
    st.lists(st.integers(0, PPM), max_size=4),
    st.sampled_from([1, 10, 1000, 2500]),
)
def test_parts_add_up_and_follow_their_shares(
    quanta: list[int], shares: list[int], quantum: int
) -> None:
    dividing = Dividing(len(shares), quantum)
    given_, due = [0] * len(shares), [Fraction(0)] * len(shares)
    for amount in (quantum * one for one in quanta):
        parts = dividing.parts(amount, shares)
        assert sum(parts) == amount
        assert all(part >= 0 and part % quantum == 0 for part in parts)
        left = amount
        for k, share in enumerate(shares):
            due[k] += Fraction(left * share, PPM)
            given_[k] += parts[k]
            left -= parts[k]
            assert abs(given_[k] - due[k]) <= Fraction(quantum, 2)


@given(st.lists(st.integers(0, PPM), min_size=1, max_size=4), st.integers(0, 10))
def test_shares_of_what_is_left_are_shares_of_the_whole(shares: list[int], begin: int) -> None:
    """Models that ask for more than all are refused elsewhere: here the last of them gets less."""
    total = sum(shares)
    if total > PPM:
        shares = [share * PPM // total for share in shares]
    parts = tuple(NewShare(begin, Clock([0], [share])) for share in shares)
    plan = StreamSpec("plan", trace=tuple((second, 1000) for second in range(10)))
    division = Division("site/demand", parts, 0).applied(plan)
    for event in range(10):
        left = Fraction(1)
        for share, row in zip(shares, division.division, strict=True):
            part = left * Fraction(row[event], PPM)
            left -= part
            wanted = Fraction(share, PPM) if event >= begin else Fraction(0)
            assert abs(part - wanted) <= Fraction(len(shares), PPM)
    assert division.drawn_as == "site/demand" and division.trace == plan.trace
