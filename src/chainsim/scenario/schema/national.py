"""What the nation makes: the yardstick for the share of the chain."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chainsim.scenario.schema.fields import Amount, Block, Id

ByYear = dict[str, Amount]
"""Amounts by calendar year, keyed 2025 and so on."""


class National(Block):
    """National output of the output item by calendar year.

    The share of a year is the chain's output of that year over it; both must count the same things.
    """

    item: Id
    """The output item."""
    output: Annotated[ByYear, Field(min_length=1)]
    """The middle path, without a gap between its first and its last year."""
    low: ByYear = {}
    """The low path; years that it leaves out are those of the middle path."""
    high: ByYear = {}
    """The high path, likewise."""
    source: str | None = None
