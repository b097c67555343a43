"""Paired differences within bounds: absolute, or as shares of the other's mean."""

from __future__ import annotations

from math import sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainsim.experiments.gates import ROUNDING, Room, rooms
from chainsim.experiments.statistics import Interval, sample, t_interval

Floats = NDArray[np.float64]
Bounds = tuple[float | None, float | None]
"""At least and at most; None where there is no bound."""


def differences(values: ArrayLike, others: ArrayLike, bounds: Bounds) -> tuple[Room, ...]:
    """The room of values less others, by replication, within bounds in their unit.

    Args:
        values, others: (n,) each; equal positions are the same replication.
        bounds: Of the mean difference.

    Raises:
        ValueError: the samples differ in length, or hold a value that is not finite.
    """
    ours, theirs = _pairs(values, others)
    return rooms(ours - theirs, *bounds, _scale(ours, theirs))


def relative_differences(values: ArrayLike, others: ArrayLike, bounds: Bounds) -> tuple[Room, ...]:
    """The room of the difference of means, as a share of the others' mean, within bounds.

    No ratio is averaged: the share is above r if the mean of a - b - r |b| is above zero. A share
    that is the same in all pairs is compared as it is. Nothing comes out where the mean of b is 0.

    Args:
        values, others: (n,) each; equal positions are the same replication.
        bounds: Shares of the absolute mean of the others.

    Raises:
        ValueError: the samples differ in length, or hold a value that is not finite.
    Source: Fieller, Some problems in interval estimation, JRSS B 16 (1954).
    """
    ours, theirs = _pairs(values, others)
    if not theirs.mean():
        return ()
    constant = _constant_share(ours, theirs)
    if constant is not None:
        return rooms(np.full(ours.size, constant), *bounds)
    size, scale = theirs * np.sign(theirs.mean()), _scale(ours, theirs)
    low, high = bounds
    found = []
    if low is not None:
        found.append(Room(ours - theirs - low * size, scale))
    if high is not None:
        found.append(Room(theirs - ours + high * size, scale))
    return tuple(found)


def relative_interval(values: ArrayLike, others: ArrayLike, confidence: float) -> Interval | None:
    """The difference of means as a share of the others' mean, with Fieller's interval.

    The shares r that a t-test of the mean of a - b - r |b| does not reject. None where the mean of
    the others is 0; without bounds where the others' mean is not told from 0.

    Source: Fieller (1954), as a quadratic in r.
    """
    ours, theirs = _pairs(values, others)
    if not theirs.mean():
        return None
    constant = _constant_share(ours, theirs)
    if constant is not None:
        return t_interval(np.full(ours.size, constant), confidence)
    change, size = ours - theirs, theirs * np.sign(theirs.mean())
    share = float(change.mean() / size.mean())
    low, high = _fieller(change, size, confidence)
    half = None if low is None or high is None else (high - low) / 2
    return Interval(share, low, high, half, None, ours.size, confidence)


def _fieller(change: Floats, size: Floats, confidence: float) -> tuple[float | None, float | None]:
    if change.size < 2:
        return None, None
    unit = t_interval(np.array([0.0, *np.zeros(change.size - 2), 1.0]), confidence)
    assert unit.half_width is not None and unit.sd is not None
    squared = (unit.half_width / unit.sd) ** 2  # t^2 / n
    covariance = np.cov(change, size)
    square = float(size.mean() ** 2 - squared * covariance[1, 1])
    middle = float(change.mean() * size.mean() - squared * covariance[0, 1])
    rest = float(change.mean() ** 2 - squared * covariance[0, 0])
    root = middle**2 - square * rest
    if square <= 0 or root < 0:
        return None, None
    return (middle - sqrt(root)) / square, (middle + sqrt(root)) / square


def _constant_share(ours: Floats, theirs: Floats) -> float | None:
    """The relative difference, if it is the same in every pair; else None."""
    if np.array_equal(ours, theirs):
        return 0.0
    if not ((theirs > 0).all() or (theirs < 0).all()):
        return None
    shares = (ours - theirs) / np.abs(theirs)
    return float(shares[0]) if float(np.ptp(shares)) <= ROUNDING else None


def _pairs(values: ArrayLike, others: ArrayLike) -> tuple[Floats, Floats]:
    ours, theirs = sample(values), sample(others)
    if ours.size != theirs.size:
        raise ValueError(f"paired samples differ in length: {ours.size} and {theirs.size}")
    return ours, theirs


def _scale(ours: Floats, theirs: Floats) -> float:
    return float(max(np.abs(ours).max(), np.abs(theirs).max()))
