"""What a run says, as tables for people."""

from __future__ import annotations

from chainsim.experiments.runs import Run
from chainsim.experiments.summary import Aggregate, Compared
from chainsim.outcome.measures import FLEET_MEASURES, ITEM_MEASURES, MEASURES
from chainsim.report.checks import CHECK_COLUMNS, judged_row
from chainsim.report.launch_view import launches_sheet
from chainsim.report.loss_view import loss_sheet
from chainsim.report.objects import agreement
from chainsim.report.survival_view import impact_sheet, regions_sheet, stages_sheet
from chainsim.report.tables import Sheet, interval, number
from chainsim.report.year_view import year_sheets

SITE_MEASURES = ("output", "delivered", "fill_rate", "backlog_days", "utilisation", "on_hand")
"""What the table of sites shows."""


def run_sheets(run: Run, notes_in_column: bool = False) -> list[Sheet]:
    """The tables that follow a run: measures, items, comparison with documented figures.

    With `notes_in_column` the notes on documented figures are a column, not footnotes.
    """
    sheets = [measures_sheet(run), *year_sheets(run)]
    if run.summary.items:
        sheets.append(items_sheet(run))
    if run.summary.responses:
        sheets.append(responses_sheet(run))
    if run.launches:
        sheets.append(launches_sheet(run))
    if run.summary.investments:
        sheets.append(investments_sheet(run))
    if run.summary.fleets:
        sheets.append(fleets_sheet(run))
    if run.expectations:
        sheets.append(expectations_sheet(run))
    if run.impact is not None:
        sheets += [impact_sheet(run), stages_sheet(run), regions_sheet(run)]
    if run.losses is not None:
        sheets.append(loss_sheet(run))
    if run.validation:
        sheets.append(validation_sheet(run, notes_in_column))
    return sheets


def measures_sheet(run: Run) -> Sheet:
    """Every measure that is defined, with its interval."""
    rows = [
        (name, number(found.mean), interval(found.low, found.high), found.unit, str(found.n),
         MEASURES[name].meaning)
        for name, found in run.summary.total.items()
        if found.mean is not None
    ]  # fmt: skip
    percent = f"{100 * _confidence(run):g} % interval"
    return Sheet(
        run.scenario.document.name,
        ("measure", "mean", percent, "unit", "n", "meaning"),
        rows,
        frozenset({"mean", percent, "n"}),
        _sample(run),
    )


def items_sheet(run: Run) -> Sheet:
    """The measures of items used where output is made."""
    used, *others = ITEM_MEASURES
    heads = [f"{name.replace('_', ' ')} [{ITEM_MEASURES[name].unit}]" for name in others]
    rows = [
        (item, number(row[used].mean), row[used].unit, *(number(row[name].mean) for name in others))
        for item, row in run.summary.items.items()
    ]
    use = used.replace("_", " ")
    return Sheet(
        "Items used where output is made",
        ("item", use, "unit", *heads),
        rows,
        frozenset({use, *heads}),
    )


def responses_sheet(run: Run) -> Sheet:
    """What responses did and what they cost."""
    kinds = {key: one.kind for key, one in run.scenario.document.responses.items()}
    rows = [
        (key, kinds[key], number(row["days_in_force"].mean), number(row["units"].mean),
         number(row["cost"].mean), interval(row["cost"].low, row["cost"].high))
        for key, row in run.summary.responses.items()
    ]  # fmt: skip
    numbers = ("days in force", "units", "cost [yuan]", "interval")
    note = "Days are summed over sites; units are those that it moved, ordered or made."
    return Sheet("Responses", ("response", "kind", *numbers), rows, frozenset(numbers), note)


def investments_sheet(run: Run) -> Sheet:
    """What was built, how often it opened, and what it cost."""
    written = run.scenario.document.investments
    rows = [
        (key, written[key].at, written[key].kind, number(row["begun"].mean),
         number(row["opened"].mean), number(row["spent"].mean))
        for key, row in run.summary.investments.items()
    ]  # fmt: skip
    numbers = ("begun", "opened", "spent [yuan]")
    note = "Counted in the days of statistics: what began before is not paid again."
    heads = ("investment", "at", "kind", *numbers)
    return Sheet("Investments", heads, rows, frozenset(numbers), note)


def fleets_sheet(run: Run) -> Sheet:
    """How fleets grew and what they sent to inspection."""
    heads = [name.replace("_", " ") for name in FLEET_MEASURES]
    rows = [
        (key, *(number(row[name].mean) for name in FLEET_MEASURES))
        for key, row in run.summary.fleets.items()
    ]
    return Sheet("Fleets", ("fleet", *heads), rows, frozenset(heads))


def expectations_sheet(run: Run) -> Sheet:
    """What the scenario expects and what came out."""
    rows = [judged_row(row) for row in run.expectations]
    return Sheet("Expectations", CHECK_COLUMNS, rows)


def sites_sheet(run: Run) -> Sheet:
    """The main measures of every site, the one with most output first.

    A site that makes no output, or has no customers, has a dash there.
    """
    sites = run.summary.sites
    makers, sellers = _makers_and_sellers(run)
    names = {site.id: site.name for site in run.network.sites}
    columns = list(SITE_MEASURES)
    if any(_mean(row["delay_p95"]) is not None for row in sites.values()):
        columns.append("delay_p95")

    def cells(site: str) -> tuple[str, ...]:
        row = sites[site]
        means = {name: number(row[name].mean) for name in columns}
        output = interval(row["output"].low, row["output"].high)
        if site not in makers:
            means["output"] = output = "-"
        if site not in sellers:
            means["delivered"] = "-"
        return site, names[site], means.pop("output"), output, *means.values()

    order = sorted(sites, key=lambda s: (s not in makers, -(sites[s]["output"].mean or 0), s))
    heads = [f"{name.replace('_', ' ')} [{_unit(run, name)}]" for name in columns]
    heads.insert(1, f"{100 * _confidence(run):g} % interval of output")
    rows = [cells(site) for site in order]
    return Sheet("Sites", ("site", "name", *heads), rows, frozenset(heads))


def _makers_and_sellers(run: Run) -> tuple[set[str], set[str]]:
    """The sites that make output, and those with outside customers."""
    network = run.network
    made = {way.stock for operation in network.operations for way in operation.outputs}
    makers = {network.stocks[stock].site for stock in network.output_stocks if stock in made}
    sellers = {network.stocks[demand.stock].site for demand in network.demands}
    return {network.sites[i].id for i in makers}, {network.sites[i].id for i in sellers}


def validation_sheet(run: Run, notes_in_column: bool = False) -> Sheet:
    """Documented figures beside simulated ones, with the notes on them."""
    heads = ["figure", "documented", "simulated", "interval", "difference", "unit", "agreement",
             "source"]  # fmt: skip
    rows = [_validation_row(row, run) for row in run.validation]
    notes = [row.figure.note for row in run.validation]
    if notes_in_column and any(notes):
        heads.append("note")
        rows = [(*row, note) for row, note in zip(rows, notes, strict=True)]
    below = [f"{row.figure.id}: {row.figure.note}" for row in run.validation if row.figure.note]
    return Sheet(
        "Documented and simulated",
        heads,
        rows,
        frozenset({"documented", "simulated", "interval", "difference"}),
        "'fitted': an input was set from this figure, so agreement is no evidence; 'not fitted': "
        "it was not; 'arithmetic': computed from parameters, not simulated.",
        () if notes_in_column else below,
    )


def _validation_row(row: Compared, run: Run) -> tuple[str, ...]:
    relative = f"{100 * row.relative:+.2f} %" if row.relative is not None else "-"
    found = row.simulated
    return (
        row.figure.id,
        number(row.figure.documented, 6),
        number(found.mean, 6),
        interval(found.low, found.high),
        relative,
        found.unit,
        agreement(row, run),
        row.figure.source,
    )


def _mean(found: Aggregate | None) -> float | None:
    return found.mean if found is not None else None


def _unit(run: Run, name: str) -> str:
    return run.summary.total[name].unit


def _confidence(run: Run) -> float:
    return float(run.scenario.document.run.confidence)


def _sample(run: Run) -> str:
    summary = run.summary
    text = f"{summary.replications} replications, seed {run.network.seed}, engine {run.engine}, "
    text += f"{summary.events:,} events."
    if run.found_warm_up:
        text += f" Warm-up of {run.found_warm_up.days} days {run.found_warm_up.words}."
    if summary.failed:
        text += f" {summary.failed} FAILED: their values are missing, the means are in doubt."
    return text
