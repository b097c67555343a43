"""Replenishment: when a site orders an item, how much, and from whom."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from chainsim.scenario.schema.fields import (
    Amount,
    Block,
    Duration,
    Factor,
    Id,
    Interval,
    Share,
    TimeOfDay,
    Whole,
    refuse,
)


class Cover(Block):
    """A target in time: the plan's use over the cover plus review, order lead and transit."""

    cover: Duration
    """The safety part, in working days of the user."""
    plus: Amount | None = None
    """Added to the target: a lot, for instance, where the user takes large ones."""


class Forecast(Block):
    """A target from the orders seen so far: periods x forecast + factor x sd of the forecast."""

    forecast: Literal["moving_average", "exponential"]
    window: Annotated[Whole, Field(ge=1, le=10_000)] | None = None
    """moving_average: number of periods averaged."""
    alpha: Share | None = None
    """exponential: weight of the newest period."""
    periods: Factor
    """Lead time plus review period, in periods."""
    safety: Factor | None = None
    """Times the standard deviation of one period's demand over `window`, times sqrt(periods)."""
    initial: Amount
    """The demand per period assumed before the first observation."""

    @model_validator(mode="after")
    def _complete(self) -> Forecast:
        if (self.forecast == "moving_average") != (self.window is not None):
            raise refuse("have window exactly with forecast: moving_average")
        if (self.forecast == "exponential") != (self.alpha is not None):
            raise refuse("have alpha exactly with forecast: exponential")
        return self


class Review(Block):
    """Regular instants at which a stock is reviewed."""

    every: Interval
    """Whole seconds between reviews."""
    at: TimeOfDay = 0
    """Time of day of the first review on the first day."""


def _sources(value: Any) -> Any:
    """A single site, a list by priority, or a map of shares."""
    if isinstance(value, str):
        return {"by": "priority", "sites": [value]}
    if isinstance(value, list):
        return {"by": "priority", "sites": value}
    if isinstance(value, dict) and "by" not in value:
        return {"by": "share", "sites": list(value), "shares": list(value.values())}
    if not isinstance(value, dict | Block):
        raise refuse("be a site, a list of sites by priority, or a map of shares")
    return value


class Sources(Block):
    """Where orders go."""

    by: Literal["share", "priority"]
    sites: Annotated[tuple[Id, ...], Field(min_length=1)]
    shares: tuple[Share, ...] = ()

    @model_validator(mode="after")
    def _sum(self) -> Sources:
        if self.by == "share" and len(self.shares) != len(self.sites):
            raise refuse("have one share per site")
        if len(set(self.sites)) != len(self.sites):
            raise refuse("name each site once")
        if self.by == "share" and abs(sum(self.shares) - 1) > 1e-9:
            raise refuse(f"have shares that sum to 1, not {float(sum(self.shares)):g}")
        return self


class Replenishment(Block):
    """How a site replenishes one item (policies as in Silver, Pyke & Thomas, ch. 6)."""

    policy: Literal["base_stock", "s_S", "r_Q", "periodic", "fixed"]
    """base_stock: up to `level` at once; s_S: at or below `reorder` up to `level`; r_Q: at or
    below `reorder` order multiples of `quantity`; periodic: up to `level` at reviews; fixed:
    `quantity` at reviews."""
    level: Amount | Cover | Forecast | None = None
    reorder: Amount | Cover | None = None
    quantity: Amount | None = None
    review: Review | None = None
    """Stated review times; continuous unless given (needed by periodic and fixed)."""
    sources: Annotated[Sources, BeforeValidator(_sources)]
    """A site, a list of sites by priority, or a map of shares that sum to 1."""
    spill: Amount | None = None
    """With sources by priority: order from the next one while a source owes us more than this."""
    minimum: Amount | None = None
    multiple: Amount | None = None
    """Orders are rounded up to the minimum and to the multiple."""
    requirements: Id | None = None
    """Also subtract what open orders of this item of the site need (make to order)."""
    priority: Whole = 0
    """Lower numbers are filled first where the source allocates by priority."""
    order: Whole = 0

    @model_validator(mode="after")
    def _complete(self) -> Replenishment:
        needs = {
            "base_stock": {"level"},
            "s_S": {"level", "reorder"},
            "r_Q": {"reorder", "quantity"},
            "periodic": {"level", "review"},
            "fixed": {"quantity", "review"},
        }[self.policy]
        for name in ("level", "reorder", "quantity"):
            if (getattr(self, name) is not None) != (name in needs):
                raise refuse(f"have exactly {', '.join(sorted(needs))} with policy {self.policy}")
        if self.spill is not None and self.sources.by == "share":
            raise refuse("have spill only with a list of sources by priority, not with shares")
        if "review" in needs and self.review is None:
            raise refuse(f"have review with policy {self.policy}")
        if isinstance(self.level, Forecast) and self.review is None:
            raise refuse("have review with a forecast: its period is the review period")
        return self
