"""Pages of studies from their templates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def rendered(template: str, filters: Mapping[str, Callable[..., Any]], **words: Any) -> str:
    """A page in Markdown.

    Args:
        template: Name of a file beside this module.
        filters: By name in the template.
        words: What it names; a word that is missing is an error.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        autoescape=False,  # Markdown, no HTML
        keep_trailing_newline=True,
    )
    environment.filters |= filters
    return environment.get_template(template).render(**words)
