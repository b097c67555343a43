"""Rules that span fields: one small function per rule, each yields problems."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from chainsim.errors import Problem
from chainsim.scenario.checks import (
    amounts,
    disruptions,
    expectations,
    fleets,
    investments,
    lanes,
    launches,
    material,
    names,
    national,
    responses,
    times,
)
from chainsim.scenario.checks.calibration import calibration_problems
from chainsim.scenario.checks.ground import Ground, Problems
from chainsim.scenario.nodes import Node
from chainsim.scenario.parameters import ParameterTable
from chainsim.scenario.schema.document import ScenarioFile

Rule = Callable[[Ground], Problems]

NAMING: tuple[Rule, ...] = (
    names.names_exist,
    names.selectors_name_what_exists,
    responses.responses_name_what_exists,
    launches.launches_name_what_exists,
    investments.investments_name_what_exists,
    lanes.lanes_join_sites,
)
"""On these the rules about the network rest."""

RULES: tuple[Rule, ...] = (
    names.resources_exist,
    names.resources_have_users,
    names.monthly_shares_are_months,
    names.no_item_is_scrap,
    names.ids_differ,
    names.items_of_a_lane_differ,
    names.names_are_fit,
    names.recorded_things_exist,
    times.the_run_has_a_length,
    times.the_warm_up_fits,
    times.the_settled_time_is_days,
    times.the_statistics_are_possible,
    times.profiles_run_forward,
    times.seasons_divide_a_year,
    times.traces_run_forward,
    times.products_end,
    times.goods_arrive_after_the_start,
    times.first_events_follow_the_start,
    times.records_lie_in_the_run,
    expectations.expectations_are_of_something,
    expectations.expectations_expect_something,
    expectations.expectations_compare_one_way,
    expectations.series_are_known,
    expectations.margins_are_above_zero,
    expectations.ranks_are_of_studies,
    amounts.units_are_known,
    amounts.quanta_are_thousandths,
    amounts.amounts_fit_their_item,
    amounts.flows_fit_their_item,
    amounts.variants_are_alike,
    lanes.loads_fit_the_quota,
    lanes.goods_in_transit_fit_their_lane,
    lanes.reorder_is_below_level,
    material.outputs_share_a_lot,
    material.scrap_is_the_lot,
    material.requirements_have_a_parent,
    material.what_is_pulled_does_not_meet,
    material.backlogs_belong_to_a_demand,
    material.initial_stock_fits,
    material.covers_have_a_plan,
    material.overtime_follows_a_backlog,
    material.repair_shifts_have_a_calendar,
    disruptions.targets_select_something,
    disruptions.effects_can_apply,
    disruptions.pauses_are_of_sites,
    disruptions.quotas_are_hit_as_a_whole,
    disruptions.capacities_are_fractions,
    disruptions.dates_lie_in_the_run,
    disruptions.recoveries_run_forward,
    responses.responses_are_of_sites,
    responses.responses_can_apply,
    responses.responses_do_not_fight,
    responses.overtime_is_given_once,
    responses.response_dates_lie_in_the_run,
    launches.models_are_no_items,
    launches.models_can_be_built,
    launches.approvals_have_a_route,
    launches.pilots_are_large_enough,
    launches.launch_shares_fit,
    launches.launches_follow_the_start,
    investments.investments_fit_what_they_change,
    investments.investments_open_in_the_run,
    investments.works_on_a_line_do_not_overlap,
    investments.investments_take_what_is_there,
    investments.ramps_run_forward,
    fleets.cohorts_were_sold_before_the_start,
    fleets.inspection_ages_rise,
    fleets.lifetimes_are_above_zero,
    fleets.inspections_come_to_one_place,
    fleets.times_of_day_rise,
    national.national_output_is_of_the_output_item,
    national.national_years_run_on,
    national.national_paths_are_in_order,
    national.shares_have_national_output,
)
"""What must hold; each looks at the document alone."""

NETWORK_RULES: tuple[Rule, ...] = (
    lanes.sources_have_a_lane,
    lanes.orders_do_not_run_in_a_circle,
    material.inputs_are_fed,
    material.sources_have_the_item,
    material.pulled_items_are_wanted,
)
"""What must hold of the network, where all names are known: else one slip would show twice."""

WARNINGS: tuple[Rule, ...] = (
    times.calendars_have_shifts,
    times.observations_lie_in_the_run,
    material.demands_can_be_met,
    launches.launches_lie_in_the_run,
    investments.investments_come_to_pass,
    fleets.fleets_are_sold,
    fleets.inspections_come_somewhere,
    national.national_years_cover_the_run,
)
"""What is allowed and yet may not be meant."""


@dataclass
class Findings:
    """What the rules found."""

    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)


def check(document: ScenarioFile, root: Node, table: ParameterTable) -> Findings:
    """Everything that is wrong with a document whose fields are right."""
    ground = Ground(document, root)
    naming = _found(NAMING, ground)
    problems = naming + _found(RULES, ground) + list(calibration_problems(ground, table))
    if not naming:
        problems += _found(NETWORK_RULES, ground)
    return Findings(problems, [] if problems else _found(WARNINGS, ground))


def naming(document: ScenarioFile, root: Node) -> list[Problem]:
    """Names that refer to nothing."""
    return _found(NAMING, Ground(document, root))


def _found(rules: tuple[Rule, ...], ground: Ground) -> list[Problem]:
    return [problem for rule in rules for problem in rule(ground)]
