"""A stream of demand that old and new models share, event by event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from chainsim.network.clock import Clock
from chainsim.network.compiled import FULL_SPEED, StreamSpec


@dataclass(frozen=True)
class NewShare:
    """The part of a plan that a new model takes."""

    begin: int
    """Second from which it takes any."""
    clock: Clock
    """Its rate is the part, parts per million."""

    def at(self, second: int) -> int:
        """The part at an instant, parts per million."""
        return self.clock.rate(second) if second >= self.begin else 0

    def seconds(self) -> set[int]:
        """Every instant from which the part may be another one."""
        return {max(second, self.begin) for second in (self.begin, *self.clock.times)}


@dataclass(frozen=True)
class Division:
    """Which part of a stream a demand is."""

    entity: str
    """The demand that was written: all parts draw what it would have drawn."""
    shares: tuple[NewShare, ...]
    """Of the new models."""
    part: int
    """The place of the model; after the last one what is left for the old models."""

    def applied(self, stream: StreamSpec) -> StreamSpec:
        """The stream with the parts of every event, each of what the ones before it leave."""
        rows = [_of_what_is_left([one.at(at) for one in self.shares]) for at, _ in stream.trace]
        division = tuple(zip(*rows, strict=True)) if rows else ((),) * len(self.shares)
        return replace(stream, drawn_as=self.entity, division=division, part=self.part)


def _of_what_is_left(shares: Sequence[int]) -> list[int]:
    """Shares of the whole as shares of what the ones before leave; parts per million."""
    left, found = FULL_SPEED, []
    for share in shares:
        found.append(min(FULL_SPEED, (share * FULL_SPEED + left // 2) // left) if left > 0 else 0)
        left -= share
    return found
