"""One self-contained page about a run."""

from __future__ import annotations

import base64
import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import resources
from typing import Any

from chainsim.errors import visible
from chainsim.experiments.runs import Run
from chainsim.report.disruption_view import disruptions_sheet
from chainsim.report.sheets import run_sheets, sites_sheet


@dataclass(frozen=True, slots=True)
class Illustration:
    """A figure for the page."""

    name: str
    title: str
    caption: str
    svg: bytes

    @property
    def address(self) -> str:
        """The figure as a data address: nothing in it can run or clash with the page."""
        return "data:image/svg+xml;base64," + base64.b64encode(self.svg).decode()


def page(run: Run, illustrations: Sequence[Illustration]) -> str:
    """The page as HTML; every name in it is escaped."""
    document = run.scenario.document
    measures, *others = run_sheets(run, notes_in_column=True)
    sheets = [replace(measures, title="Measures"), *others, sites_sheet(run)]
    if any(disruption.enabled for disruption in document.disruptions):
        sheets.append(disruptions_sheet(document))
    return rendered(
        "page.html",
        name=document.name,
        description=document.description or "",
        run=run,
        **span(run),
        sheets=sheets,
        illustrations=illustrations,
        evidence=sorted(Counter(p.kind for p in run.scenario.parameters.values()).items()),
        overridden=[p for p in run.scenario.parameters.values() if p.overridden],
        warnings=[str(problem) for problem in run.scenario.warnings],
    )


def rendered(template: str, **words: Any) -> str:
    """A template beside this module as HTML; every word in it is escaped, nothing is invisible."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    folder = resources.files("chainsim.report")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        loader=FunctionLoader(lambda name: folder.joinpath(name).read_text("utf-8")),
        finalize=lambda value: visible(value) if isinstance(value, str) else value,
    )  # fmt: skip
    return environment.get_template(template).render(words)


def span(run: Run) -> dict[str, str]:
    """The start and the end of a run in words."""
    horizon = run.network.horizon
    moments = {"start": horizon.reported_from, "end": horizon.end}
    return {
        word: _moment(horizon.origin + dt.timedelta(seconds=second))
        for word, second in moments.items()
    }


def _moment(moment: dt.datetime) -> str:
    """A date, with the time where it is not midnight."""
    return f"{moment:%Y-%m-%d}" if moment.time() == dt.time() else f"{moment:%Y-%m-%d %H:%M}"
