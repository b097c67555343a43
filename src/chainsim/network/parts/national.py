"""National output, compiled."""

from __future__ import annotations

from chainsim.network.national import NationalYear
from chainsim.network.parts.shop import thousandths
from chainsim.scenario.schema.national import National


def national_years(written: National | None) -> tuple[NationalYear, ...]:
    """By year; the low and the high path are the middle one where they leave a year out."""
    if written is None:
        return ()
    return tuple(
        NationalYear(
            int(key),
            thousandths(middle),
            thousandths(written.low.get(key, middle)),
            thousandths(written.high.get(key, middle)),
        )
        for key, middle in sorted(written.output.items())
    )
