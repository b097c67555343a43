"""Series in little memory: packed page by page of days, unpacked when they are asked for.

Most of what a run counts is zero, small, or much the same from day to day, so a page takes about
a tenth of its eight bytes a number.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
TYPES = ("int8", "int16", "int32", "int64")
EVERY = slice(0, None)


class Page(NamedTuple):
    """Some days of a series."""

    days: int
    dtype: str
    data: bytes
    """Compressed, entity by entity; empty if all are zero."""


@dataclass
class PackedSeries:
    """A series (day, entity) as pages."""

    width: int
    """The number of entities."""
    pages: list[Page] = field(default_factory=list)

    def append(self, rows: Integers) -> None:
        """Add days, (day, entity)."""
        low, high = int(rows.min(initial=0)), int(rows.max(initial=0))
        dtype = next(t for t in TYPES if np.iinfo(t).min <= low and high <= np.iinfo(t).max)
        data = b""
        if low or high:
            data = zlib.compress(np.ascontiguousarray(rows.T, dtype=dtype).data, level=1)
        self.pages.append(Page(len(rows), dtype, data))

    @property
    def days(self) -> int:
        """The number of days."""
        return sum(page.days for page in self.pages)

    @property
    def is_zero(self) -> bool:
        """Whether nothing was ever counted."""
        return not any(page.data for page in self.pages)

    def rows(self, days: slice = EVERY) -> Integers:
        """The series on all days, or from one day of the run to another, (day, entity)."""
        first, stop, _ = days.indices(self.days)
        found = np.zeros((max(0, stop - first), self.width), np.int64)
        for place, part in self.parts(days):
            found[place : place + len(part)] = part
        found.setflags(write=False)
        return found

    def total(self, days: slice = EVERY) -> Integers:
        """The sum over days, (entity)."""
        found = np.zeros(self.width, np.int64)
        for _, part in self.parts(days):
            found += part.sum(axis=0, dtype=np.int64)
        return found

    def lowest(self) -> Integers:
        """The lowest on any day where that is below zero, else 0, (entity)."""
        found: Integers = np.zeros(self.width, np.int64)
        for _, part in self.parts():
            found = np.minimum(found, part.min(axis=0))
        return found

    def parts(self, days: slice = EVERY) -> Iterator[tuple[int, NDArray[np.integer[Any]]]]:
        """(place of the first day among the given ones, rows) of each page; none of zeros only."""
        first, stop, _ = days.indices(self.days)
        begin = 0
        for page in self.pages:
            low, high = max(first, begin), min(stop, begin + page.days)
            if page.data and low < high:
                flat = np.frombuffer(zlib.decompress(page.data), page.dtype)
                whole = flat.reshape(self.width, page.days).T
                yield low - first, whole[low - begin : high - begin]
            begin += page.days


@dataclass(frozen=True)
class SeriesByName(Mapping[str, Integers]):
    """Series (day, entity) by name, read-only. Each is unpacked anew whenever it is asked for."""

    packed: dict[str, PackedSeries]
    kept: dict[str, Integers] | None = None
    """Where series that were unpacked are kept; None if they are not."""

    def __getitem__(self, name: str) -> Integers:
        if self.kept is None:
            return self.packed[name].rows()
        if name not in self.kept:
            self.kept[name] = self.packed[name].rows()
        return self.kept[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.packed)

    def __len__(self) -> int:
        return len(self.packed)

    def keeping(self) -> SeriesByName:
        """The same, but each is unpacked once and kept: for whoever asks many times."""
        return SeriesByName(self.packed, {})


def packed_series(rows: Integers) -> PackedSeries:
    """A series of one page."""
    series = PackedSeries(rows.shape[1])
    series.append(rows)
    return series
