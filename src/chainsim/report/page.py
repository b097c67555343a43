"""One self-contained page about a run."""

from __future__ import annotations

import base64
import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

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
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        finalize=lambda value: visible(value) if isinstance(value, str) else value,
    )  # fmt: skip
    source = resources.files("chainsim.report").joinpath("page.html").read_text("utf-8")
    document = run.scenario.document
    horizon = run.network.horizon
    sheets = [*run_sheets(run, notes_in_column=True), sites_sheet(run)]
    if any(disruption.enabled for disruption in document.disruptions):
        sheets.append(disruptions_sheet(document))
    return environment.from_string(source).render(
        name=document.name,
        description=document.description or "",
        run=run,
        start=_moment(horizon.origin + dt.timedelta(seconds=horizon.reported_from)),
        end=_moment(horizon.origin + dt.timedelta(seconds=horizon.end)),
        sheets=sheets,
        illustrations=illustrations,
        evidence=sorted(Counter(p.kind for p in run.scenario.parameters.values()).items()),
        overridden=[p for p in run.scenario.parameters.values() if p.overridden],
        warnings=[str(problem) for problem in run.scenario.warnings],
    )


def _moment(moment: dt.datetime) -> str:
    """A date, with the time where it is not midnight."""
    return f"{moment:%Y-%m-%d}" if moment.time() == dt.time() else f"{moment:%Y-%m-%d %H:%M}"
