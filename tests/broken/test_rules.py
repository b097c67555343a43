"""Every rule that spans fields has a broken scenario that names it, with the place of the slip.

Each case edits the valid scenario; a ^ in the new text marks where the problem must be reported.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from tests.unit.cli_support import call

from chainsim.errors import InputError
from chainsim.scenario import checks
from chainsim.scenario.loading import scenario_from_text

VALID = (Path(__file__).parent / "files" / "00_valid.yaml").read_text(encoding="utf-8")
MAKE = "make: {outputs: {part: 1}, rate: 400, release: {pull: part, level: 1200}}"
OPERATION = "      assemble: {inputs: {part: 1}, outputs: {car: 1}, rate: 400}\n"
POLICY = "{policy: base_stock, level: {cover: 3}, sources: S}"
CAR = "car: {process: plan, rate: 400}"
ROAD = "  road: {from: S, to: P, items: [part], transit: {dist: constant, value: 3}}\n"
TWO_ITEMS = (
    "  road: {from: S, to: P, items: [part, car], capacity_per_day: 500, in_transit: "
    "[{item: car, amount: 5, arrives: 1 d}]}\n"
)
OUTAGE = "{id: outage, target: {site: S}, effect: {capacity: 0}, timing: {at: 10}, duration: 20}"
RUN = "seed: 1}"
END = "duration: 20}\n"


class Case(NamedTuple):
    """An edit of the valid scenario and what must be said of it."""

    rule: str
    """The rule that the case is for."""
    old: str
    new: str
    says: str
    """A fragment of the message."""


FROM_LANES = VALID[VALID.index("lanes:") :]
FROM_RELEASE = VALID[VALID.index("release: {pull: part") :]


def answering(*blocks: str) -> str:
    """The end of the valid scenario with responses."""
    return "".join([END, "responses:\n", *(f"  {block}\n" for block in blocks)])


COVER = "a: {kind: cover, at: P, item: part, extra: 2 d}"
SHIFTS = "{kind: shifts, at: P, calendar: day, from: 2022-01-10, to: 2022-01-12}"
SECOND = "a: {kind: second_source, at: P, item: part, source: S}"
POOL = (
    "pool: {kind: pooling, at: P, item: part, below: 1 d, above: 2 d, review: {every: 1 d}, "
    "transit: 0 d}"
)
LAUNCH = (
    "m: {at: P, operation: assemble, planned: 20 d, share: 0.5, pilot: {lots: 5, start: 2 d}, "
    "approval: {at: S, operation: make, applied: 3 d, samples: 4}}"
)
FROM_ASSEMBLE = VALID[VALID.index(OPERATION) :]
PULLING = OPERATION.replace("400}", "400, release: {pull: car}}")
BACK = "  back: {from: P, to: S, items: [car]}\n"


def launching(*launches: str, back: str = BACK, pulling: str = PULLING, more: str = "") -> str:
    """The end of the valid scenario with a line that pulls, a way back, and launches."""
    text = FROM_ASSEMBLE.replace(OPERATION, pulling).replace(ROAD, ROAD + back) + more
    text += "" if "output_item" in more else "output_item: car\n"
    return "".join([text, "launches:\n", *(f"  {block}\n" for block in launches)])


FLEET = "{item: car, lifetime: 12 yr, inspections: {ages: [6 yr, 8 yr]}, initial: []}"
STATION = (
    "  T: {arrivals: {part: {process: fleet, fleet: road, times: ['09:00', '11:00']}}}\nlanes:"
)


def on_the_road(old: str = "", new: str = "", fleet: str = FLEET) -> str:
    """The valid scenario from its lanes on, with a fleet that is inspected, edited once."""
    text = STATION + FROM_LANES.removeprefix("lanes:") + f"fleets:\n  road: {fleet}\n"
    assert old in text
    return text.replace(old, new, 1)


OVERTIME = "a: {kind: overtime, at: S, operation: make, factor: 2}"
GROWTH = "a: {kind: expansion, at: S, operation: make, share: 1, start: 9 d, construction: 9 d}"
WORKS = "{kind: conversion, at: S, operation: make, size: 5 /d, line: one, construction: 9 d, "


def investing(*blocks: str) -> str:
    """The end of the valid scenario with investments."""
    return "".join([END, "investments:\n", *(f"  {block}\n" for block in blocks)])


def expecting(text: str) -> str:
    """The end of the valid scenario with an expectation."""
    return END + f"expect: [{{id: a, {text}}}]\n"


def national(text: str) -> str:
    """The end of the valid scenario with national output of its cars."""
    return END + f"output_item: car\nnational: {{item: car, {text}}}\n"


CASES = [
    Case("names_exist", "sources: S", "sources: ^T", "be the id of a known site, got 'T'"),
    Case("names_exist", "{part: {initial", "{^prat: {initial", "did you mean 'part'?"),
    Case("names_exist", CAR, "^cra: {process: plan, rate: 400}", "did you mean 'car'?"),
    Case("names_exist", "rate: 400}\nlanes", "rate: 400, profile: ^x}\nlanes", "known profile"),
    Case("names_exist", "    stage: up", "    calendar: ^day\n    stage: up", "known calendar"),
    Case("names_exist", "{pull: part,", "{pull: ^prt,", "did you mean 'part'?"),
    Case("names_exist", END, END + "output_item: ^cart\n", "did you mean 'car'?"),
    Case("names_exist", END, END + "profiles: {p: {kind: product, of: [^q]}}\n", "known profile"),
    Case("resources_exist", "release: {pull", "resource: ^oven, release: {pull", "known resource"),
    Case("resources_have_users", "    stocks:", "    resources: {^crew: {}}\n    stocks:",
         "be used by an operation of 'P'; write resource: crew there"),
    Case("resources_have_users", OPERATION, OPERATION + "      mend: {inputs: {part: 1}, outputs: "
         "{car: 1}, rate: 1, resource: assemble}\n    resources: {^assemble: {servers: 3}}\n",
         "not be called like an operation that has servers of its own"),
    Case(
        "monthly_shares_are_months",
        "rate: 400}\nlanes:",
        "volume: 400, months: ^m}\nprofiles: {m: {kind: steps, at: [[0, 1]]}}\nlanes:",
        "name a profile of kind months or years, got 'm'",
    ),
    Case("no_item_is_scrap", "  car: {", "  ^scrap: {}\n  car: {", "the word is reserved"),
    Case("ids_differ", END, END + "expect: [{id: a, measure: m, at_least: 1}, "
         "{id: ^a, measure: m, at_least: 2}]\n", "be given once, got 'a'"),
    Case("items_of_a_lane_differ", "[part]", "[part, ^part]", "be named once"),
    Case("names_are_fit", "mini", '^"mi\\nni"', "hold no line breaks or control characters"),
    Case("names_are_fit", "mini", "^..\\mini", "not contain / or \\ or .."),
    Case("recorded_things_exist", RUN, "seed: 1, record: {waits: [^P]}}", "joined by /"),
    Case("recorded_things_exist", RUN, "seed: 1, record: {delays: [^P/cra]}}", "mean 'P/car'?"),
    Case("selectors_name_what_exists", "{site: S}", "{region: ^sichuan}", "known region"),
    Case("selectors_name_what_exists", "{site: S}", "{stage: ^upsteam}", "mean 'upstream'?"),
    Case("selectors_name_what_exists", "{site: S}", "{tags: {^group: a}}", "known tag"),
    Case("selectors_name_what_exists", "{site: S}", "{origin: {site: ^T}}", "known site"),
    Case("names_exist", END, END + "profiles: {p: {kind: years, season: ^q, values: {2022: 1}}}\n",
         "known profile"),
    Case("seasons_divide_a_year", END, END + "profiles:\n  s: {kind: wave, mean: 1, amplitude: 1, "
         "period: 9}\n  p: {kind: years, season: ^s, values: {2022: 1}}\n", "of kind months"),
    Case("seasons_divide_a_year", END, END + "profiles:\n  s: {kind: months, values: "
         "{2022-01: 0}}\n  p: {kind: years, season: ^s, values: {2022: 1}}\n", "no month of 2022"),
    Case("amounts_fit_their_item", "{cover: 3}", "{cover: 3, plus: ^5 kWh}", "be in unit as"),
    Case("the_run_has_a_length", "length: 60 d", "end: ^2021-12-31", "come after the start"),
    Case("the_warm_up_fits", RUN, "seed: 1, warm_up: ^36 h}", "be whole days, got '36 h'"),
    Case("the_warm_up_fits", "2022-01-01,", "^2022-01-01T06:00, warm_up: 5 d,", "be at midnight"),
    Case("the_warm_up_fits", RUN, "seed: 1, warm_up: ^mser5}", "where there is no output_item"),
    Case("the_warm_up_fits", "length: 60 d", "warm_up: ^mser5, length: 9 d", "run is under 10 d"),
    Case("the_settled_time_is_days", RUN, "seed: 1, settled: ^36 h}", "be whole days"),
    Case("the_statistics_are_possible", RUN, "seed: 1, confidence: ^1}", "be above 0 and below 1"),
    Case("profiles_run_forward", END, END + "profiles:\n  p: {kind: steps, at: "
         "[[2022-01-05, 1], [^3 d, 2]]}\n", "come after the one before it, got '3 d'"),
    Case("traces_run_forward", "plan, rate: 400}", "trace, events: [[2 d, 1], [^1 d, 1]]}",
         "come after the one before it"),
    Case("products_end", END, END + "profiles:\n  a: {kind: product, of: ^[b]}\n"
         "  b: {kind: product, of: [a, 2]}\n", "a uses b uses a"),
    Case("products_end", END, END + "profiles:\n  p0: {kind: steps, at: [[1 d, 1]]}\n" + "".join(
        f"  p{i}: {{kind: product, of: {'^' * (i == 7)}[p{i - 1}, p{i - 1}]}}\n"
        for i in range(1, 8)), "multiply at most 100 profiles"),
    Case("goods_arrive_after_the_start", "items: [part],", "items: [part], in_transit: "
         "[{item: part, amount: 5, arrives: ^-1 d}],", "not lie before the start"),
    Case("first_events_follow_the_start", "plan, rate: 400}", "regular, rate: 400, first: "
         "^2021-12-31}", "not lie before the start"),
    Case("first_events_follow_the_start", "{pull: part, level: 1200}", "{paced: 400, first: ^-1 h}",
         "not lie before the start"),
    Case("records_lie_in_the_run", RUN, "seed: 1, record: {at: [^60 d]}}", "lie within the run"),
    Case("expectations_expect_something", END, END + "expect: [^{id: a, measure: m}]\n",
         "have at_least or at_most"),
    Case("expectations_expect_something", END, END + "expect: [^{id: a, series: output}]\n",
         "have within: how far from the baseline"),
    Case("expectations_expect_something", END, expecting("measure: m, at_least: ^2, at_most: 1"),
         "not be above at_most"),
    Case("expectations_are_of_something", END, END + "expect: [^{id: a, at_least: 1}]\n",
         "have exactly one of measure and series"),
    Case("expectations_are_of_something", END,
         END + "expect: [^{id: a, measure: m, series: output, within: 1 %}]\n",
         "have exactly one of measure and series"),
    Case("expectations_compare_one_way", END,
         expecting("measure: m, within: 2 %, at_most: ^4"), "not stand beside within"),
    Case("expectations_compare_one_way", END,
         expecting("measure: m, within: 2 %, versus: ^b.yaml"), "write two expectations"),
    Case("expectations_compare_one_way", END,
         expecting("series: output, at_least: ^4"), "give within, such as within: 5 %"),
    Case("expectations_compare_one_way", END,
         expecting("measure: m, at_least: -2 %, relative: ^true"), "stand beside versus"),
    Case("series_are_known", END, expecting("series: ^outputt, within: 5 %"),
         "did you mean 'output'?"),
    Case("margins_are_above_zero", END, expecting("measure: m, within: ^0 %"), "be above 0"),
    Case("ranks_are_of_studies", END, expecting("measure: m, rank_at_most: ^3"),
         "stand in a study"),
    Case("ranks_are_of_studies", END, expecting("measure: m, at_most: 1, driver: ^a.b"),
         "stand in a study"),
    Case("units_are_known", "unit: vehicle", "unit: ^GWh", "be a counted thing or kWh"),
    Case("units_are_known", "unit: vehicle", "unit: ^vehikle", "did you mean 'vehicle'?"),
    Case("quanta_are_thousandths", "unit: vehicle", "unit: vehicle, quantum: ^0.0005", "0.001"),
    Case("amounts_fit_their_item", "initial: 4800", "initial: ^4800 kWh", "be in unit as 'part'"),
    Case("amounts_fit_their_item", "initial: 4800", "initial: ^4800.5", "whole quanta of 1 unit"),
    Case("amounts_fit_their_item", "inputs: {part: 1}", "inputs: {part: ^0.3}", "whole quanta"),
    Case("amounts_fit_their_item", "level: 1200", "level: ^1200.5", "come to whole quanta"),
    Case("flows_fit_their_item", "plan, rate: 400}", "plan, rate: ^4 GWh/yr}", "vehicle per time"),
    Case("lanes_join_sites", "from: S", "from: ^{}", "name a site, or at least one word"),
    Case("lanes_join_sites", "from: S", "from: ^{item: part}", "select sites, by site, stage"),
    Case("lanes_join_sites", "from: S", "from: ^{stage: downstream}", "match at least one site"),
    Case("lanes_join_sites", "to: P", "to: ^S", "join two different sites"),
    Case("goods_in_transit_fit_their_lane", "items: [part],", "items: [part], in_transit: "
         "[{item: ^car, amount: 5, arrives: 1 d}],", "be an item of the lane"),
    Case("loads_fit_the_quota", "items: [part],", "items: [part], load: ^40, capacity_per_day: 30,",
         "be at most capacity_per_day: a larger load never leaves, got 40"),
    Case("reorder_is_below_level", POLICY, "{policy: s_S, reorder: ^50, level: 40, sources: S}",
         "be below the level, got 50"),
    Case("outputs_share_a_lot", "outputs: {car: 1}", "outputs: ^{car: 1, scrap: 1}",
         "have a share for every output"),
    Case("outputs_share_a_lot", "outputs: {car: 1}", "outputs: ^{car: {share: 0.9}, "
         "scrap: {share: 0.2}}", "have shares that sum to 1, not 1.1"),
    Case("outputs_share_a_lot", "outputs: {car: 1}", "split: cycle, cycle: [car, ^sacrp], outputs: "
         "{car: 1}", "be the id of a known output, got 'sacrp'"),
    Case("scrap_is_the_lot", "outputs: {car: 1}", "outputs: {car: {share: 0.9}, scrap: {share: "
         "0.1, amount: ^2}}", "be 1: what is thrown away is the lot itself, got 2"),
    Case("scrap_is_the_lot", "outputs: {car: 1}", "split: cycle, cycle: [car, scrap], outputs: "
         "{car: 1, scrap: ^0.5}", "be 1: what is thrown away is the lot itself, got 0.5"),
    Case("requirements_have_a_parent", "{pull: part, level: 1200}", "^{pull: part, level: 1200, "
         "signal: requirements}", "have parent exactly with signal: requirements"),
    Case("what_is_pulled_does_not_meet", OPERATION, """\
      frame: {outputs: {frame: 1}, rate: 400, release: ^{pull: car, level: 0}}
      paint: {outputs: {paint: 1}, rate: 400, release: {pull: car, level: 0}}
      assemble: {inputs: {frame: 1, paint: 1}, outputs: {car: 1}, rate: 400}
""", "'frame' and 'paint' meet in 'assemble'"),
    Case("backlogs_belong_to_a_demand", "initial: 4800", "backlog: ^5", "exactly one demand"),
    Case("initial_stock_fits", "initial: 4800", "initial: ^4800, room: 100", "fit into room"),
    Case("covers_have_a_plan", POLICY + "\n", POLICY.replace("{cover", "^{cover") + "\n"
         "      car: {policy: base_stock, level: 9, sources: S}\n", "be an amount, not a cover: "
         "'assemble' uses 'part' to make what 'P' orders as well"),
    Case("overtime_follows_a_backlog", "outputs: {car: 1}, rate: 400",
         "outputs: {car: 1}, rate: 400, overtime: ^{factor: 1.2}", "stand beside release"),
    Case("repair_shifts_have_a_calendar", "outputs: {car: 1}, rate: 400", "outputs: {car: 1}, "
         "rate: 400, breakdowns: [{up: 10 d, repair: ^shift}]", "there is no calendar"),
    Case("targets_select_something", "{site: S}", "^{site: S, stage: downstream}", "match some"),
    Case("targets_select_something", "{site: S}", "^{lane: road, operation: make}",
         "either operations or lanes"),
    Case("targets_select_something", "{site: S}", "^{site: P, lane: road}", "match something"),
    Case("effects_can_apply", "{site: S}, effect: {capacity: 0}", "{site: P}, effect: "
         "{lane: ^closed}", "find lanes among"),
    Case("effects_can_apply", "capacity: 0}", "receipts: ^paused}", "that a lane enters"),
    Case("effects_can_apply", "capacity: 0}", "demand: ^0.5}", "find demands"),
    Case("effects_can_apply", "{site: S}, effect: {capacity: 0}", "{lane: road}, effect: "
         "{capacity: ^0}", "or lanes with capacity_per_day"),
    Case("pauses_are_of_sites", "{site: S}, effect: {capacity: 0}", "{site: P, item: ^part}, "
         "effect: {receipts: paused}", "not be given with receipts: paused, which is of sites"),
    Case("pauses_are_of_sites", "{site: S}, effect: {capacity: 0}", "{site: S, operation: ^make}, "
         "effect: {shipments: paused, capacity: 0}", "given with shipments: paused"),
    Case("quotas_are_hit_as_a_whole", ROAD + "disruptions:\n", TWO_ITEMS + "disruptions:\n"
         "  - {id: strike, target: {lane: road, item: ^part}, effect: {capacity: 0.5}, "
         "timing: {at: 5}, duration: 2}\n", "share a quota, got 'part'; leave out item"),
    Case("capacities_are_fractions", "capacity: 0}", "capacity: ^1.5}", "be a fraction"),
    Case("dates_lie_in_the_run", "{at: 10}", "{at: ^60 d}", "lie within the run of 60 d"),
    Case("dates_lie_in_the_run", "seed: 1}", "seed: 1, warm_up: 15 d}", "after the warm-up"),
    Case("dates_lie_in_the_run", "{at: 10}", "{at: [20, ^2021-12-31]}", "lie within the run"),
    Case("recoveries_run_forward", "duration: 20", "duration: 20, recovery: {shape: stages, stages:"
         " [{after: 5, recovered: 0.5}, {after: ^3, recovered: 1}]}", "come after the one before"),
    Case("sources_have_a_lane", "items: [part]", "items: [car]", "carries 'part' from 'S' to 'P'"),
    Case("sources_have_a_lane", "sources: S", "sources: [S, ^P]", "cannot order from itself"),
    Case("orders_do_not_run_in_a_circle", ROAD, "  road: {from: S, to: P, items: [part]}\n"
         "  back: {from: P, to: S, items: [part]}\n", "P orders from S orders from P"),
    Case("inputs_are_fed", "{part: 1}, outputs: {car", "{^car: 1, part: 1}, outputs: {part",
         "nothing brings 'car' to 'P'"),
    Case("sources_have_the_item", MAKE, "rest: {outputs: {car: 1}, rate: 400}",
         "nothing brings it there, got 'S'"),
    Case("pulled_items_are_wanted", "{pull: part,", "{pull: ^car,", "nobody demands, uses or"),
    Case("responses_name_what_exists", END, answering(COVER.replace("at: P", "at: ^Q")),
         "be the id of a known site, got 'Q'"),
    Case("responses_name_what_exists", END, answering(COVER.replace("part", "^prat")),
         "did you mean 'part'?"),
    Case("responses_name_what_exists", END, answering(SECOND.replace("source: S", "source: ^T")),
         "be the id of a known site, got 'T'"),
    Case("responses_name_what_exists", END, answering("a: " + SHIFTS.replace("day", "^day")),
         "be the id of a known calendar"),
    Case("responses_are_of_sites", END, answering(COVER.replace("at: P", "at: ^{item: part}")),
         "select sites, by site, stage, region, tags and except only"),
    Case("responses_are_of_sites", END, answering(COVER.replace("at: P", "at: ^{}")),
         "name a site, or at least one word that sites share"),
    Case("responses_can_apply", END, answering(COVER.replace("part", "^car")),
         "find a target in days of cover for 'car' at 'P'"),
    Case("responses_can_apply", END, answering(SECOND.replace("source: S", "source: ^S")),
         "be another source: 'P' orders 'part' from it already"),
    Case("responses_can_apply", FROM_LANES,
         "  O: {stocks: {part: {unlimited: true}}}\n" + FROM_LANES.removesuffix(END)
         + answering(SECOND.replace("source: S", "source: ^O")),
         "have a lane that carries 'part' to 'P'"),
    Case("responses_can_apply", END, answering(POOL.replace("at: P", "at: ^P")),
         "select two sites at least that hold 'part'"),
    Case("responses_can_apply", FROM_LANES,
         "  O: {stocks: {part: {unlimited: true}}}\n" + FROM_LANES.removesuffix(END)
         + answering(POOL.replace("at: P", "at: ^[O, P]")),
         "leave out 'O': its stock of 'part' has no limits, got O; order from it instead"),
    Case("responses_can_apply", END, answering(OVERTIME.replace("make", "^bake")),
         "find an operation 'bake' with release: {pull: ITEM} at 'S'"),
    Case("responses_can_apply", END,
         answering("a: " + SHIFTS.replace("at: P", "at: ^P"))
         + "calendars: {day: {week: {mon: ['08:00-16:00']}}}\n", "find a calendar at 'P'"),
    Case("responses_can_apply", END,
         answering("a: {kind: rationing, at: S, item: ^car, classes: [P]}"),
         "find a lane that takes 'car' away at 'S'"),
    Case("responses_can_apply", END,
         answering("a: {kind: expedite, at: P, item: ^car, below: 1 d, transit: 0.5}"),
         "find a lane that brings 'car' at 'P'"),
    Case("responses_can_apply", END,
         answering("a: {kind: backup_power, at: S, operation: ^bake, floor: 0.5}"),
         "find bake at 'S'"),
    Case("responses_do_not_fight", END, 
         answering(COVER, "b" + COVER[1:].replace("at: P", "at: ^P")),
         "not fight with another response of kind cover; 'a' changes P part as well"),
    Case("responses_do_not_fight", END,
         answering(COVER[:-1] + ", from: 3 d, until: 9 d}",
                   "b" + COVER[1:-1] + ", from: 1 d, until: 2 d}",
                   "c" + COVER[1:-1].replace("at: P", "at: ^P") + ", from: 8 d, until: 9 d}"),
         "'a' changes P part as well"),
    Case("overtime_is_given_once", FROM_RELEASE,
         FROM_RELEASE.replace("1200}}", "1200}, overtime: {factor: 2}}").removesuffix(END)
         + answering(OVERTIME.replace("make", "^make")),
         "leave out 'S': its operation has overtime of its own"),
    Case("response_dates_lie_in_the_run", END,
         answering(COVER[:-1] + ", from: ^90 d, until: 91 d}"), "lie within the run of 60 d"),
    Case("response_dates_lie_in_the_run", END,
         answering(COVER[:-1] + ", from: 9 d, until: ^8 d}"), "come after from"),
    Case("variants_are_alike", "{unit: vehicle}", "{unit: vehicle, variant_of: ^part}",
         "name an item with the unit and quantum of 'car'"),
    Case("variants_are_alike", "{unit: vehicle}\n",
         "{unit: vehicle}\n  van: {unit: vehicle, variant_of: car}\n"
         "  bus: {unit: vehicle, variant_of: ^van}\n", "name an item that is no variant itself"),
    Case("names_exist", "{unit: vehicle}", "{unit: vehicle, variant_of: ^x}", "known item"),
    Case("launches_name_what_exists", FROM_ASSEMBLE, launching(LAUNCH.replace("at: P", "at: ^Q")),
         "be the id of a known site, got 'Q'"),
    Case("launches_name_what_exists", FROM_ASSEMBLE, launching(LAUNCH.replace("ass", "^azz")),
         "be the id of a known operation, got 'azzemble'; did you mean 'assemble'?"),
    Case("launches_name_what_exists", FROM_ASSEMBLE, launching(LAUNCH.replace("at: S", "at: ^T")),
         "be the id of a known site, got 'T'"),
    Case("launches_name_what_exists", FROM_ASSEMBLE, launching(LAUNCH.replace("make", "^mak")),
         "did you mean 'make'?"),
    Case("launches_name_what_exists", FROM_ASSEMBLE, launching(LAUNCH.replace("0.5", "^ramp")),
         "be the id of a known profile, got 'ramp'"),
    Case("models_are_no_items", FROM_ASSEMBLE, launching("^car" + LAUNCH[1:]),
         "not be called like an item"),
    Case("models_can_be_built", FROM_ASSEMBLE,
         launching(LAUNCH.replace("assemble", "^sell"), pulling=PULLING
                   + "      sell: {inputs: {car: 1}, outputs: {scrap: 1}, rate: 1}\n"),
         "make 'car', at once or by way of others at its site"),
    Case("models_can_be_built", FROM_ASSEMBLE,
         launching(LAUNCH.replace("assemble", "^assemble"), pulling=OPERATION),
         "else no plan says what it builds, got 'assemble'; give it release: {pull: car}"),
    Case("models_can_be_built", FROM_ASSEMBLE,
         launching(LAUNCH.replace("at: P", "at: ^P")).replace("plan, rate", "poisson, rate"),
         "be a site with a demand for 'car' of process plan"),
    Case("models_can_be_built", FROM_ASSEMBLE,
         launching("^" + LAUNCH).replace("output_item: car\n", ""),
         "stand in a scenario with an output_item"),
    Case("approvals_have_a_route", FROM_ASSEMBLE,
         launching(LAUNCH.replace("at: S", "at: ^S"), back=""),
         "have an approval route: no lane takes 'car' from 'P' to it, got 'S'; add one to lanes"),
    Case("approvals_have_a_route", FROM_ASSEMBLE,
         launching(LAUNCH.replace("at: S, operation: make", "at: ^P, operation: assemble")),
         "be another site than the maker"),
    Case("pilots_are_large_enough", FROM_ASSEMBLE,
         launching(LAUNCH.replace("samples: 4", "samples: ^6")),
         "be no more than the 5 cars of the pilot, got 6; pilot: {lots: 6} has enough"),
    Case("pilots_are_large_enough", FROM_ASSEMBLE,
         launching(LAUNCH.replace("pilot: {lots: 5, start: 2 d}, ", "").replace("4}", "^4}")),
         "be no more than the 0 cars of the pilot"),
    Case("launch_shares_fit", FROM_ASSEMBLE,
         launching(LAUNCH, "n" + LAUNCH[1:].replace("0.5", "^0.6")),
         "leave the models of 'P' at most 1 together, not 1.1"),
    Case("launch_shares_fit", FROM_ASSEMBLE,
         launching(LAUNCH.replace("0.5", "^p"),
                   more="profiles: {p: {kind: steps, at: [[0, 0.5], [30, 1.1]]}}\n"),
         "name a profile that is never above 1"),
    Case("launches_follow_the_start", FROM_ASSEMBLE,
         launching(LAUNCH.replace("20 d", "^2021-12-31")), "not lie before the start of the run"),
    Case("launches_follow_the_start", FROM_ASSEMBLE,
         launching(LAUNCH.replace("2 d", "^-1 d")), "not lie before the start of the run"),
    Case("launches_follow_the_start", FROM_ASSEMBLE,
         launching(LAUNCH.replace("3 d", "^-1 d")), "not lie before the start of the run"),
    Case("investments_name_what_exists", END, investing(GROWTH.replace("at: S", "at: ^T")),
         "be the id of a known site, got 'T'"),
    Case("investments_name_what_exists", END, investing(GROWTH.replace("make", "^mke")),
         "did you mean 'make'?"),
    Case("investments_name_what_exists", END,
         investing(GROWTH.replace("operation: make, share", "resource: ^crew, servers")),
         "be the id of a known resource, got 'crew'"),
    Case("investments_name_what_exists", END,
         investing("a: " + WORKS + "start: 9 d, takes: {operation: ^fuel, share: 1}}"),
         "be the id of a known operation, got 'fuel'"),
    Case("investments_fit_what_they_change", END,
         investing(GROWTH.replace("share: 1", "size: ^5 GWh/yr")), "in the unit of the rate of"),
    Case("investments_fit_what_they_change", "rate: 400, " + FROM_RELEASE,
         "time: 1 h, " + FROM_RELEASE.removesuffix(END)
         + investing(GROWTH.replace("share: 1", "size: ^5 /d")),
         "has no rate that a size could be added to"),
    Case("investments_fit_what_they_change", "rate: 400, " + FROM_RELEASE,
         "time: 1 h, " + FROM_RELEASE.removesuffix(END)
         + investing(GROWTH[:-1] + ", cost: {per_unit: ^5}}"), "give a fixed cost"),
    Case("investments_fit_what_they_change", FROM_RELEASE,
         "resource: crew, " + FROM_RELEASE.replace("1200}}", "1200}}\n    resources: {crew: {}}")
         .removesuffix(END)
         + investing(GROWTH.replace("operation: make, share", "operation: ^make, servers")),
         "give way to resource: crew"),
    Case("investments_open_in_the_run", END,
         investing(GROWTH.replace("start: 9 d", "start: ^2021-12-20")),
         "raise the rate, the capacity or the servers of the operation instead"),
    Case("works_on_a_line_do_not_overlap", END,
         investing("a: " + WORKS + "start: 9 d}", "b: " + WORKS + "start: ^15 d}"),
         "begin when the works of 'a' on 'one' are done"),
    Case("investments_take_what_is_there", END,
         investing("^a: {kind: retirement, at: S, operation: make, share: 1.5, start: 9 d}"),
         "take no more speed of 'make' than there is"),
    Case("investments_take_what_is_there", END,
         investing(GROWTH.replace("share", "servers"),
                   "^b: {kind: retirement, at: S, operation: make, servers: 2, start: 17 d}"),
         "take no more servers of 'make' than there is"),
    Case("ramps_run_forward", END,
         investing(GROWTH[:-1] + ", ramp: {shape: stages, stages: [{after: 2 d, ready: 0.5}, "
                   "^{after: 1 d, ready: 1}]}}"), "come after the one before it"),
    Case("ramps_run_forward", END,
         investing(GROWTH.replace("share", "servers").replace(
             "start: 9 d", "when: {utilisation: 0.9, over: ^36 h}")), "be whole days"),
    Case("names_exist", FROM_LANES, on_the_road("item: car", "item: ^cra"), "mean 'car'?"),
    Case("names_exist", FROM_LANES, on_the_road("fleet: road", "fleet: ^raod"), "mean 'road'?"),
    Case("amounts_fit_their_item", FROM_LANES,
         on_the_road("[]", "[{sold: 2021-07-01, amount: ^0.5}]"), "whole quanta of 1 vehicle"),
    Case("cohorts_were_sold_before_the_start", FROM_LANES,
         on_the_road("[]", "[{sold: 2021-12-31, amount: 1}, {sold: ^2022-01-01, amount: 1}]"),
         "lie before the first day of the simulation, 2022-01-01, got '2022-01-01'"),
    Case("cohorts_were_sold_before_the_start", FROM_LANES,
         on_the_road("[]", "[{sold: 2021-12-01, to: ^2022-01-01, amount: 1}]"), "lie before the"),
    Case("inspection_ages_rise", FROM_LANES, on_the_road("8 yr", "^6 yr"),
         "be above the age before it, got '6 yr'"),
    Case("lifetimes_are_above_zero", FROM_LANES, on_the_road("12 yr", "^0 yr"), "be above 0"),
    Case("lifetimes_are_above_zero", FROM_LANES,
         on_the_road("12 yr", "^{dist: uniform, low: 0, high: 0}"), "be above 0"),
    Case("inspections_come_to_one_place", FROM_LANES,
         on_the_road("fleet: road", "fleet: ^road", "{item: car, lifetime: 12 yr}"),
         "name a fleet that has inspections, got 'road'; add fleets.road.inspections"),
    Case("inspections_come_to_one_place", FROM_LANES,
         on_the_road("]}}}", "]}, car: {process: fleet, fleet: ^road, times: ['09:00']}}}"),
         "name a fleet that no other arrivals bring, got 'road'; sites.T.arrivals.part bring it"),
    Case("times_of_day_rise", FROM_LANES, on_the_road("11:00'", "09:00'").replace(
        ", '09:00'", ", ^'09:00'"), "come after the one before it"),
    Case("times_of_day_rise", FROM_LANES, on_the_road("'11:00'", "^'24:00'"), "be before 24:00"),
    Case("times_of_day_rise", FROM_LANES, on_the_road("['09:00', '11:00']", "^[]"),
         "have a time of day at least"),
    Case("names_exist", END, END + "output_item: car\nnational: {item: ^cra, output: {2022: 5}}\n",
         "did you mean 'car'?"),
    Case("national_output_is_of_the_output_item", END, END + "output_item: car\nnational: {item: "
         "^part, output: {2022: 5}}\n", "be the output_item, got 'part'; output_item is car"),
    Case("national_years_run_on", END, national("output: {^22: 5}"), "be a year such as 2025"),
    Case("national_years_run_on", END, national("output: {2022: 5}, low: {^2023: 4}"),
         "be a year of output, got 2023"),
    Case("national_years_run_on", END, national("^output: {2020: 5, 2022: 5}"),
         "name every year from the first to the last: 2021 is missing"),
    Case("national_paths_are_in_order", END, national("output: {2022: ^0}"), "be above 0"),
    Case("national_paths_are_in_order", END, national("output: {2022: 5}, low: {2022: ^6}"),
         "not be above output, got 6"),
    Case("national_paths_are_in_order", END, national("output: {2022: 5}, high: {2022: ^4}"),
         "not be below output, got 4"),
    Case("shares_have_national_output", END, END + "expect: [{id: a, measure: ^national_share, "
         "at_least: 0.1}]\n", "have national output, got 'national_share'; give it in a block"),
    Case("amounts_fit_their_item", END, national("output: {2022: ^5 kWh}"),
         "be in vehicle as 'car' is"),
]  # fmt: skip


def edited(case: Case) -> tuple[str, str | None]:
    """The scenario of a case, and the line:column of its mark."""
    assert VALID.count(case.old) >= 1
    text = VALID.replace(case.old, case.new, 1)
    if case.rule == "orders_do_not_run_in_a_circle":
        text = text.replace(MAKE, "{}").replace(
            "    operations:\n      {}\n",
            "    replenishment:\n      part: {policy: base_stock, level: 1, sources: P}\n",
        )
    before, mark, after = text.partition("^")
    if not mark:
        return text, None
    lines = before.split("\n")
    return before + after, f"{len(lines)}:{len(lines[-1]) + 1}"


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.rule}-{c.says[:20]}")
def test_a_slip_is_named_at_its_place(case: Case) -> None:
    text, place = edited(case)
    with pytest.raises(InputError) as refusal:
        scenario_from_text(text)
    lines = str(refusal.value).splitlines()
    assert any(case.says in line for line in lines), lines
    if place is not None:
        assert any(f":{place}: " in line and case.says in line for line in lines), (place, lines)


def test_every_rule_has_a_case() -> None:
    rules = {rule.__name__ for rule in (*checks.NAMING, *checks.RULES, *checks.NETWORK_RULES)}
    assert {case.rule for case in CASES} == rules


FIELDS = [
    (COVER.replace("part", "^[part, part]"), "item must name each one once"),
    (COVER.replace("part", "^[]"), "item must have at least 1 entries"),
    (COVER.replace("2 d", "^-2 d"), "extra must be above 0 d"),
    (COVER.replace("2 d", "^2 km"), "extra must be a time"),
    (COVER.replace("2 d", "^.nan"), "extra must be a finite number"),
    (COVER.replace("cover", "^null", 1), "kind must have a value"),
    (COVER.replace("{kind: cover", "^{kind: covr"), "did you mean 'cover'?"),
    (COVER.replace("{kind: cover, ", "^{"), "must have the key 'kind'"),
    (COVER.replace("at: P", "at: ^[]"), "name a site, or at least one word that sites share"),
    (COVER.replace("2 d", "2 d, ^from: 3 d").replace("{", "^{", 1).replace("^from", "from"),
     "have from and until together, or neither"),
    (COVER.replace("2 d", "2 d, cost: {fixed: ^-5}"), "cost.fixed must be at least 0 yuan"),
    ("^a.b" + COVER[1:], "be a name of at most 64 letters"),
    ("a: ^" + SHIFTS.replace("2022-01-10", "2022-01-10T13:00"), "have whole days as 'from' and"),
    ("a: ^" + SHIFTS.replace("2022-01-12", "2022-01-02"), "have 'to' not before 'from'"),
    (POOL.replace("every: 1 d", "every: ^0.4 s"), "review.every must be at least 1 s"),
    ("a: {kind: backup_power, at: S, floor: 0.5, operation: ^[make, make]}", "name each one once"),
]  # fmt: skip
"""A response, with a ^ where a problem must be reported, and what must be said: nothing else."""


RAMP = GROWTH[:-1] + ", ramp: "
INVESTMENT_FIELDS = [
    (GROWTH.replace("share: 1", "share: ^-1"), "share must be at least 0"),
    (GROWTH.replace("{kind", "^{kind", 1).replace("share: 1, ", ""), "exactly one of size, share"),
    (GROWTH.replace("{kind", "^{kind", 1).replace("start: 9 d, ", ""), "exactly one of start (a"),
    (GROWTH.replace("start: 9 d", "when: {utilisation: 0.9, over: 9 d}").replace(
        "{kind", "^{kind", 1), "have servers with when: speeds are known before the run"),
    (GROWTH[:-1] + ", learning: {start: 0.8, rate: ^-0.9}}", "rate must be above 0"),
    (GROWTH[:-1] + ", learning: {start: 0.8, rate: ^1.5}}", "rate must be at most 1"),
    (RAMP + "^{shape: linear}}", "have over exactly with linear and s_curve, here linear"),
    (RAMP + "{shape: gompertz, tau: 9 d, from: ^0}}", "from must be above 0"),
    (RAMP + "^{shape: step, from: 0.1}}", "have from only with gompertz"),
    (RAMP + "^{shape: stages}}", "have stages exactly with shape stages"),
    (RAMP.replace("share", "servers").replace("{kind", "^{kind", 1)
     + "{shape: linear, over: 9 d}}", "have a ramp in stages with servers"),
]  # fmt: skip
"""An investment, likewise."""
SLIPS = [(answering(block), says) for block, says in FIELDS]
SLIPS += [(investing(block), says) for block, says in INVESTMENT_FIELDS]


@pytest.mark.parametrize(("block", "says"), SLIPS, ids=[says[:30] for _, says in SLIPS])
def test_a_slip_in_a_block_is_said_once(block: str, says: str) -> None:
    before, _, after = block.partition("^")
    start = VALID.replace(END, before)
    with pytest.raises(InputError) as refusal:
        scenario_from_text(start + after)
    (line,) = str(refusal.value).splitlines()
    lines = start.split("\n")
    assert says in line and f":{len(lines)}:{len(lines[-1]) + 1}: " in line, line


FLEETS = [
    ("6 yr", "^-6 yr", "ages[0] must be above 0 d"),
    ("12 yr", "^-12 yr", "lifetime must have no values below 0"),
    ("12 yr", "^12 km", "lifetime must have value as a time"),
    ("8 yr]", "8 yr], share: ^1.5", "share must be at most 1, got 1.5"),
    ("item: car", "item: car, sold_in: ^1.2", "sold_in must be at most 1, got 1.2"),
    ("{ages: [6 yr, 8 yr]}", "^{ages: [6 yr], every: 1 yr}", "exactly one of ages and every"),
    ("{ages: [6 yr, 8 yr]}", "^{}", "have exactly one of ages and every"),
    ("{ages: [6 yr, 8 yr]}", "^{ages: [6 yr], from: 1 yr}", "have from only beside every"),
    ("{ages: [6 yr, 8 yr]}", "{every: ^1 h}", "every must be at least 1 d"),
    ("[]", "[^{amount: 9, sold: 2021-07-01, to: 2021-06-30}]", "have 'to' not before 'sold'"),
    ("[]", "[{amount: ^-1, sold: 2021-07-01}]", "amount must be at least 0"),
    ("{process: fleet, fleet: road, times", "^{process: fleet, times", "have fleet with process"),
    (", times: ['09:00', '11:00']}", "}", "have times with process fleet"),
    ("{process: fleet, fleet", "^{process: poisson, rate: 1 /d, fleet", "not have fleet or times"),
    ("plan, rate", "^fleet, rate", "be one of 'poisson'"),
]
"""Part of the scenario with a fleet, what replaces it, and what must be said: nothing else."""


@pytest.mark.parametrize(("old", "new", "says"), FLEETS, ids=[says[:30] for *_, says in FLEETS])
def test_a_slip_in_a_fleet_is_said_once(old: str, new: str, says: str) -> None:
    text = VALID.replace(FROM_LANES, on_the_road())
    before, mark, after = text.replace(old, new, 1).partition("^")
    with pytest.raises(InputError) as refusal:
        scenario_from_text(before + after)
    (line,) = str(refusal.value).splitlines()
    assert says in line, line
    lines = before.split("\n")
    assert not mark or f":{len(lines)}:{len(lines[-1]) + 1}: " in line, line


FINE = {
    "covers one after the other": (END, answering(
        COVER[:-1] + ", from: 3 d, until: 5 d}", "b" + COVER[1:-1] + ", from: 1 d, until: 3 d}",
        "c" + COVER[1:-1] + ", enabled: false}")),
    "lanes that leave a site": ("effect: {capacity: 0}",
                                "effect: {lane: closed, in_transit: hold}"),
    "lanes by their origin": ("{site: S}, effect: {capacity: 0}",
                              "{origin: {stage: upstream}}, effect: {lead_time: {factor: 2}}"),
    "energy in thousandths": ("{unit: unit}", "{unit: kWh, quantum: 0.001}"),
    "an energy by its name": ("{unit: unit}\n", "{unit: kWh, quantum: 1 kWh}\n"),
    "a computed level is rounded": ("level: 1200", "level: = 10000 / 3"),
    "a cycle over scrap": ("outputs: {car: 1}", "split: cycle, cycle: [car, car, scrap], "
                           "outputs: {car: 1, scrap: 1}"),
    "the outside world": (MAKE, "make: {outputs: {part: 1}, rate: 1}\n"
                          "    stocks: {part: {unlimited: true}}"),
    "pooling with a lead time": (ROAD, ROAD + "  back: {from: P, to: S, items: [part], "
                                 "transit: 1 d}\n"),
    "a fleet that is inspected": (FROM_LANES, on_the_road()),
    "an outage of the past, off": ("duration: 20}", "duration: 20, enabled: false}"),
    "a quota hit as a whole": (ROAD + "disruptions:\n", TWO_ITEMS + "disruptions:\n"
                               "  - {id: strike, target: {lane: road, item: [part, car]}, effect: "
                               "{capacity: 0.5}, timing: {at: 5}, duration: 2}\n"),
    "a launch": (FROM_ASSEMBLE, launching(LAUNCH)),
    "two launches of all the plan": (FROM_ASSEMBLE, launching(LAUNCH, "n" + LAUNCH[1:])),
    "a launch of the past, off": (FROM_ASSEMBLE, launching(
        LAUNCH.replace("20 d", "-9 d").replace("share", "enabled: false, share"))),
    "an investment of the past, off": (
        END, investing(GROWTH.replace("start: 9 d", "start: 2021-12-20, enabled: false"))
    ),
    "national output of part of the run": (END, national("output: {2021: 5}")),
    "two events at one instant": ("plan, rate: 400}", "trace, events: [[2, 1], [2, 1]]}"),
}  # fmt: skip


@pytest.mark.parametrize("name", FINE)
def test_what_is_right_is_left_alone(name: str) -> None:
    old, new = FINE[name]
    assert old in VALID
    assert scenario_from_text(VALID.replace(old, new)).warnings == ()


WARNED = {
    "national_years_cover_the_run": (
        "length: 60 d, seed: 1",
        "end: 2024-03-01, seed: 1}\noutput_item: car\n"
        "national: {item: car, output: {2022: 9}",
        "no share is told where 2023 is missing",
    ),
    "calendars_have_shifts": (END, END + "calendars:\n  never: {week: {}}\n", "have a shift"),
    "observations_lie_in_the_run": (
        END,
        END + "observed: [{id: a, measure: m, value: 1, source: A, from: 2022-02-01, "
        "to: 2022-12-31}]\n",
        "it is not compared",
    ),
    "launches_lie_in_the_run": (
        FROM_ASSEMBLE, launching(LAUNCH.replace("3 d", "60 d")), "it is never approved",
    ),
    "fleets_are_sold": (
        FROM_LANES,
        on_the_road("item: car", "item: part"),
        "fleets.road.item must be an item that customers demand",
    ),
    "inspections_come_somewhere": (
        END,
        f"{END}fleets:\n  road: {FLEET}\n",
        "fleets.road must be named by arrivals with process: fleet",
    ),
    "demands_can_be_met": (OPERATION, "      {}\n".replace("{}", "rest: {outputs: {scrap: 1}, "
                           "inputs: {part: 1}, rate: 1}"), "nothing brings it to 'P'"),
    "investments_come_to_pass": (
        END, investing(GROWTH.replace("start: 9 d", "start: 51 d")), "before the end of the run"
    ),
}  # fmt: skip


NEVER = GROWTH.replace("share", "servers").replace(
    "start: 9 d", "when: {utilisation: 1, over: 1 d}"
)


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        (NEVER.replace("utilisation: 1", "utilisation: 1.01"), "be at most 1: it can never fire"),
        (NEVER.replace("over: 1 d", "over: 51 d"), "leave time for construction before the end"),
        (NEVER.replace("over: 1 d", "over: 1 d, since: 50 d"), "leave time for construction"),
    ],
)
def test_a_rule_that_can_never_fire_is_a_warning(rule: str, says: str) -> None:
    """Nine days of construction and 51 of looking are the whole run."""
    (warning,) = scenario_from_text(VALID.replace(END, investing(rule))).warnings
    assert says in str(warning)
    assert scenario_from_text(VALID.replace(END, investing(NEVER))).warnings == ()


def test_a_path_of_zero_is_told_once() -> None:
    """The low and the high path leave the year out: nothing is wrong with them."""
    with pytest.raises(InputError) as caught:
        scenario_from_text(VALID.replace(END, national("output: {2022: 0}, low: {}")))
    assert [problem.path for problem in caught.value.problems] == ["national.output.2022"]


def test_of_many_missing_years_the_first_are_named() -> None:
    """From 2001 to 2021 there are 21 years: five are named, 16 are not."""
    with pytest.raises(InputError) as caught:
        scenario_from_text(VALID.replace(END, national("output: {2000: 5, 2022: 5}")))
    assert "2001, 2002, 2003, 2004, 2005 and 16 more are missing" in str(caught.value)


def test_a_launch_without_an_output_item_is_told_once() -> None:
    text = launching(LAUNCH, back="").replace("output_item: car\n", "")
    with pytest.raises(InputError) as caught:
        scenario_from_text(VALID.replace(FROM_ASSEMBLE, text))
    assert "output_item" in str(caught.value) and "None" not in str(caught.value)


def test_validate_sees_a_share_that_is_above_one_for_a_while(tmp_path: Path) -> None:
    """A curve to 1.2: not all shares of a plan are lists of values."""
    curve = "profiles: {rise: {kind: smoothstep, start: 20 d, from: 0, to: 1.2, over: 20 d}}\n"
    text = launching(LAUNCH.replace("share: 0.5", "share: rise"), more=curve)
    file = tmp_path / "launch.yaml"
    file.write_text(VALID.replace(FROM_ASSEMBLE, text), encoding="utf-8")
    done = call("validate", file)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"{file}:")
    assert "launches.m.share must leave the models of 'P' at most 1 together" in done.stderr


def test_a_pilot_after_the_end_is_a_warning() -> None:
    late = launching(LAUNCH.replace("start: 2 d", "start: 60 d"))
    (warning,) = scenario_from_text(VALID.replace(FROM_ASSEMBLE, late)).warnings
    assert warning.path == "launches.m.pilot.start"
    assert "no crash car is built by then" in str(warning)


@pytest.mark.parametrize("rule", [rule.__name__ for rule in checks.WARNINGS])
def test_a_doubtful_thing_is_a_warning(rule: str) -> None:
    old, new, says = WARNED[rule]
    (warning,) = scenario_from_text(VALID.replace(old, new)).warnings
    assert says in str(warning)
