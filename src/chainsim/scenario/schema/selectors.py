"""Selectors: which sites, operations, stocks or lanes a block is about."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from chainsim.scenario.schema.fields import Block, Id, refuse


def several(value: Any) -> Any:
    """One name stands for a list of one."""
    return (value,) if isinstance(value, str) else value


class Selector(Block):
    """Everything that matches every word given; a word may list several values."""

    site: Id | tuple[Id, ...] = ()
    stage: str | tuple[str, ...] = ()
    region: Id | tuple[Id, ...] = ()
    tags: dict[Id, str | tuple[str, ...]] = {}
    item: Id | tuple[Id, ...] = ()
    """Operations by what they make or use, stocks and lanes by what they hold or carry."""
    operation: Id | tuple[Id, ...] = ()
    lane: Id | tuple[Id, ...] = ()
    """Lanes by the key of their block."""
    origin: Selector | None = None
    """Lanes by their origin."""
    destination: Selector | None = None
    """Lanes by their destination."""
    except_: tuple[Id, ...] = Field(default=(), alias="except")
    """Site ids left out (written `except`)."""


def site_selector(value: Any) -> Any:
    """A site or a list of sites stands for a selector of them."""
    if isinstance(value, str | list | tuple):
        return {"site": several(value) if isinstance(value, str) else value}
    if not isinstance(value, dict | Block):
        raise refuse("be a site, a list of sites, or a selector such as {stage: upstream}")
    return value
