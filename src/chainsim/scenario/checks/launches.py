"""Launches: a model can be built, its approval can come, and its dates lie in the run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from chainsim.scenario.checks.ground import Ground, Problems
from chainsim.scenario.checks.times import DAY
from chainsim.scenario.launching import planned_demands, sample_lanes, way_to
from chainsim.scenario.nodes import Path
from chainsim.scenario.schema.launches import Launch
from chainsim.scenario.schema.material import Pull
from chainsim.scenario.schema.time import Linear, Months, Profile, Steps


def launches_name_what_exists(ground: Ground) -> Problems:
    """Sites, operations and profiles in launches refer to something."""
    for key, launch in sorted(ground.document.launches.items()):
        yield from _unknown_names(ground, key, launch)


def _unknown_names(ground: Ground, key: str, launch: Launch) -> Problems:
    path: Path = ("launches", key)
    places = [(path, launch.at, launch.operation)]
    places.append(((*path, "approval"), launch.approval.at, launch.approval.operation))
    sites = ground.document.sites
    for where, site, operation in places:
        if site not in sites:
            yield ground.unknown((*where, "at"), site, sites, "site")
        elif operation not in sites[site].operations:
            known = sites[site].operations
            yield ground.unknown((*where, "operation"), operation, known, "operation")
    if isinstance(launch.share, str) and launch.share not in ground.document.profiles:
        known_profiles: Mapping[str, Profile] = ground.document.profiles
        yield ground.unknown((*path, "share"), launch.share, known_profiles, "profile")


def _known(ground: Ground) -> Iterator[tuple[str, Path, Launch]]:
    """(id, place, launch) of the launches whose names all refer to something."""
    for key, launch in sorted(ground.document.launches.items()):
        if not any(True for _ in _unknown_names(ground, key, launch)):
            yield key, ("launches", key), launch


def models_are_no_items(ground: Ground) -> Problems:
    """A launch makes an item of its own id, so no other item has it."""
    for key in sorted(ground.document.launches):
        if key in ground.document.items or key == "scrap":
            rule = "not be called like an item: the launch makes one of this name"
            yield ground.problem(("launches", key), rule, got="", key=True)


def models_can_be_built(ground: Ground) -> Problems:
    """The operation of a launch makes the output item, pulled by a demand that has a plan."""
    document = ground.document
    for _, path, launch in _known(ground):
        if document.output_item is None:
            rule = "stand in a scenario with an output_item: the model is one of its kinds"
            yield ground.problem(path, rule, "name it", got="", key=True)
            return
        body, item = document.sites[launch.at], document.output_item
        way = way_to(body, launch.operation, item)
        release = body.operations[launch.operation].release
        where = (*path, "operation")
        if way is None:
            yield ground.problem(where, f"make '{item}', at once or by way of others at its site")
        elif not isinstance(release, Pull) or release.item not in {item, *way.items}:
            rule = f"pull for '{item}' or what becomes it: else no plan says what it builds"
            yield ground.problem(where, rule, f"give it release: {{pull: {item}}}")
        if not planned_demands(document, launch.at):
            rule = f"be a site with a demand for '{item}' of process plan: the model takes a part"
            yield ground.problem((*path, "at"), rule)


def approvals_have_a_route(ground: Ground) -> Problems:
    """The institute is another site, and crash cars can come to it."""
    for _, path, launch in _known(ground):
        approval = launch.approval
        where = (*path, "approval", "at")
        if approval.at == launch.at:
            yield ground.problem(where, "be another site than the maker")
            continue
        cars = approval.samples or (approval.repeat and approval.repeat.samples)
        if ground.document.output_item is None:
            continue  # said elsewhere
        if cars and not any(True for _ in sample_lanes(ground.document, launch)):
            item = ground.document.output_item
            rule = f"have an approval route: no lane takes '{item}' from '{launch.at}' to it"
            yield ground.problem(where, rule, f"add one to lanes, with items: [{item}]")


def pilots_are_large_enough(ground: Ground) -> Problems:
    """The pilot lots have the cars that the approval takes."""
    for _, path, launch in _known(ground):
        samples = launch.approval.samples
        lots = launch.pilot.lots if launch.pilot is not None else 0
        lot = ground.document.sites[launch.at].operations[launch.operation].lot.value
        if lots * lot < samples:
            rule = f"be no more than the {float(lots * lot):g} cars of the pilot"
            remedy = f"pilot: {{lots: {-(-samples // lot)}}} has enough"
            yield ground.problem((*path, "approval", "samples"), rule, remedy)


def launch_shares_fit(ground: Ground) -> Problems:
    """No model, and no maker's models together, take more than all of the plan."""
    taken: dict[str, Fraction] = {}
    for _, path, launch in _known(ground):
        where = (*path, "share")
        if isinstance(launch.share, str):
            if _largest(ground.document.profiles[launch.share]) > 1:
                yield ground.problem(where, "name a profile that is never above 1")
        elif launch.enabled:
            taken[launch.at] = taken.get(launch.at, Fraction(0)) + launch.share
            if taken[launch.at] > 1:
                total = float(taken[launch.at])
                rule = f"leave the models of '{launch.at}' at most 1 together, not {total:g}"
                yield ground.problem(where, rule)


def _largest(profile: Profile) -> Fraction:
    """The largest value of a profile that is a list of values; 0 where it is a formula."""
    values: list[Fraction] = [Fraction(0)]
    if isinstance(profile, Steps | Linear):
        values += [value for _, value in profile.at]
    elif isinstance(profile, Months):
        values += profile.values.values()
    return max(values)


def launches_follow_the_start(ground: Ground) -> Problems:
    """What a launch plans does not lie before the run."""
    settled = Fraction(ground.document.run.settled or 0)
    for path, launch in ((("launches", k), one) for k, one in ground.document.launches.items()):
        if not launch.enabled:
            continue
        dates = {("planned",): launch.planned, ("approval", "applied"): launch.approval.applied}
        if launch.pilot is not None:
            dates["pilot", "start"] = launch.pilot.start
        for field, when in dates.items():
            if ground.seconds(when) < -settled:
                rule = "not lie before the start of the run"
                remedy = "a model that is approved by then needs no launch"
                yield ground.problem((*path, *field), rule, remedy)


def launches_lie_in_the_run(ground: Ground) -> Problems:
    """Warn of launches that are planned, applied for or built first after the end of the run."""
    for key, launch in ground.document.launches.items():
        path = ("launches", key)
        end = f"lie within the run of {float(ground.end / DAY):g} d"
        if launch.enabled and ground.seconds(launch.planned) >= ground.end:
            yield ground.problem((*path, "planned"), f"{end}: no vehicle of it is wanted by then")
        elif launch.enabled and ground.seconds(launch.approval.applied) >= ground.end:
            yield ground.problem((*path, "approval", "applied"), f"{end}: it is never approved")
        elif launch.enabled and launch.pilot and ground.seconds(launch.pilot.start) >= ground.end:
            yield ground.problem((*path, "pilot", "start"), f"{end}: no crash car is built by then")
