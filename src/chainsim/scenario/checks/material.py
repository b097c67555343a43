"""Material: what is used comes from somewhere, and what is made goes somewhere."""

from __future__ import annotations

from collections.abc import Iterator

from chainsim.scenario.checks.ground import Ground, Problems
from chainsim.scenario.quantities import Quantity
from chainsim.scenario.schema.material import Operation, Pull, Site, Stock
from chainsim.scenario.schema.replenishment import Cover
from chainsim.scenario.schema.responses import SecondSource
from chainsim.scenario.selection import Pair

SUPPLY = "add replenishment, arrivals, an operation that makes it, or an initial stock"


def supplied(ground: Ground) -> set[Pair]:
    """Every (site, item) to which goods can come at all, directly or by orders."""
    found: set[Pair] = set()
    for site, body in ground.document.sites.items():
        found.update((site, item) for item, stock in body.stocks.items() if _holds(stock))
        found.update((site, a.item or key) for key, a in body.arrivals.items())
        found.update((site, item) for o in body.operations.values() for item in o.outputs)
    for key, lane in ground.document.lanes.items():
        for goods in lane.in_transit:
            found.update((destination, goods.item) for _, destination in ground.pairs(key))
    customers: dict[Pair, list[Pair]] = {}
    for site, body in ground.document.sites.items():
        for item, policy in body.replenishment.items():
            for source in policy.sources.sites:
                customers.setdefault((source, item), []).append((site, item))
    waiting = list(found)
    while waiting:
        for customer in customers.get(waiting.pop(), []):
            if customer not in found:
                found.add(customer)
                waiting.append(customer)
    return found


def _holds(stock: Stock) -> bool:
    return stock.unlimited or not isinstance(stock.initial, Quantity) or stock.initial.value > 0


def inputs_are_fed(ground: Ground) -> Problems:
    """What an operation needs can come to its site."""
    there = supplied(ground)
    for site, body in ground.document.sites.items():
        for key, operation in body.operations.items():
            for item in operation.inputs:
                if (site, item) not in there and item not in body.replenishment:
                    path = ("sites", site, "operations", key, "inputs", item)
                    rule = f"be fed: nothing brings '{item}' to '{site}'"
                    yield ground.problem(path, rule, SUPPLY, got="", key=True)


def sources_have_the_item(ground: Ground) -> Problems:
    """Every source of an order can have the item."""
    there = supplied(ground)
    for site, body in ground.document.sites.items():
        for item, policy in body.replenishment.items():
            for source in policy.sources.sites:
                if (source, item) not in there:
                    path = ground.standing(
                        ("sites", site, "replenishment", item, "sources"), source
                    )
                    rule = f"be a site that has '{item}': nothing brings it there"
                    yield ground.problem(path, rule, SUPPLY, got=f"'{source}'")


def pulled_items_are_wanted(ground: Ground) -> Problems:
    """An item that is pulled for is demanded, used, or ordered by another site."""
    ordered = {
        (source, item)
        for body in ground.document.sites.values()
        for item, policy in body.replenishment.items()
        for source in policy.sources.sites
    }
    ordered.update(
        (response.source, response.item)
        for response in ground.document.responses.values()
        if isinstance(response, SecondSource)
    )
    for site, body in ground.document.sites.items():
        wanted = {demand.item or key for key, demand in body.demand.items()}
        wanted.update(item for o in body.operations.values() for item in o.inputs)
        for key, operation in body.operations.items():
            release = operation.release
            if not isinstance(release, Pull):
                continue
            if release.item not in wanted and (site, release.item) not in ordered:
                above = ("sites", site, "operations", key, "release")
                path = ground.existing((*above, "pull"), (*above, "item"))
                rule = f"be an item that is wanted: nobody demands, uses or orders it at '{site}'"
                yield ground.problem(path, rule)


def requirements_have_a_parent(ground: Ground) -> Problems:
    """A signal of requirements says whose orders count."""
    for site, body in ground.document.sites.items():
        for key, operation in body.operations.items():
            release = operation.release
            path = ("sites", site, "operations", key, "release")
            if not isinstance(release, Pull):
                continue
            if (release.signal == "requirements") != (release.parent is not None):
                yield ground.problem(path, "have parent exactly with signal: requirements")


def what_is_pulled_does_not_meet(ground: Ground) -> Problems:
    """What operations pull for one item does not come together in one operation on the way.

    Each part would count as in the making, and the first would hold back the others.
    """
    for site, body in ground.document.sites.items():
        for key, operation in body.operations.items():
            if not isinstance(operation.release, Pull):
                continue
            item = operation.release.item
            way = _way(body, item)
            made = {output for o in way for output in body.operations[o].outputs} - {item}
            for other in sorted(way):
                inputs = body.operations[other].inputs
                meeting = [name for name in inputs if name in made and inputs[name].consumed]
                if len(meeting) > 1 and made & set(operation.outputs):
                    path = ("sites", site, "operations", key, "release")
                    rule = f"not pull for '{item}': " + " and ".join(f"'{m}'" for m in meeting)
                    rule += f" meet in '{other}', and each would count as in the making"
                    yield ground.problem(path, rule, "let each pull for the item that it makes")
                    break


def _way(body: Site, item: str) -> set[str]:
    """The operations that pull for an item, and those that their goods pass until it is made."""
    way = {
        key
        for key, operation in body.operations.items()
        if isinstance(operation.release, Pull) and operation.release.item == item
    }
    frontier = list(way)
    while frontier:
        outputs = set(body.operations[frontier.pop()].outputs) - {item}
        found = {k for k, o in body.operations.items() if outputs & set(o.inputs)} - way
        way |= found
        frontier += found
    return way


def demands_can_be_met(ground: Ground) -> Problems:
    """Warn of a demand for an item that nothing brings."""
    there = supplied(ground)
    for site, body in ground.document.sites.items():
        for key, demand in body.demand.items():
            if (site, demand.item or key) not in there:
                path = ("sites", site, "demand", key)
                rule = f"be for an item that can come: nothing brings it to '{site}'"
                yield ground.problem(path, rule, SUPPLY, got="", key=True)


def covers_have_a_plan(ground: Ground) -> Problems:
    """What an operation uses has no cover target where its plan is unknown.

    An item that a site orders is planned as ordered, so an operation that makes only such items
    has no planned rate.
    """
    for site, body in ground.document.sites.items():
        unplanned = {
            item: key
            for key, operation in body.operations.items()
            if set(operation.outputs) - {"scrap"} <= set(body.replenishment)
            and set(operation.outputs) != {"scrap"}
            for item in operation.inputs
        }
        for path, item in _covers(body):
            if item in unplanned:
                rule = f"be an amount, not a cover: '{unplanned[item]}' uses '{item}' to make what"
                rule += f" '{site}' orders as well, so its use is not planned"
                remedy = "or order what is not made as an item of its own"
                yield ground.problem(("sites", site, *path), rule, remedy, got="")


def _covers(body: Site) -> Iterator[tuple[tuple[str, ...], str]]:
    """(place within the site, item) of every cover target of a stock."""
    for item, stock in body.stocks.items():
        if isinstance(stock.initial, Cover):
            yield ("stocks", item, "initial"), item
    for item, policy in body.replenishment.items():
        for field in ("level", "reorder"):
            if isinstance(getattr(policy, field), Cover):
                yield ("replenishment", item, field), item
    for key, operation in body.operations.items():
        release = operation.release
        if isinstance(release, Pull) and isinstance(release.level, Cover):
            yield ("operations", key, "release", "level"), release.item


def outputs_share_a_lot(ground: Ground) -> Problems:
    """The ways in which a lot can leave an operation add up to one."""
    for site, body in ground.document.sites.items():
        for key, operation in body.operations.items():
            path = ("sites", site, "operations", key)
            if operation.split == "cycle":
                yield from _cycle_problems(ground, path, operation)
            else:
                yield from _share_problems(ground, path, operation)


def scrap_is_the_lot(ground: Ground) -> Problems:
    """What is thrown away is counted in units of the lot, so its amount is 1."""
    for site, body in ground.document.sites.items():
        for key, operation in body.operations.items():
            scrap = operation.outputs.get("scrap")
            if scrap is not None and scrap.amount.value != 1:
                above = ("sites", site, "operations", key, "outputs", "scrap")
                path = ground.existing((*above, "amount"), above)
                yield ground.problem(path, "be 1: what is thrown away is the lot itself")


def _share_problems(ground: Ground, path: tuple[str, ...], operation: Operation) -> Problems:
    shares = [output.share for output in operation.outputs.values()]
    given = [share for share in shares if share is not None]
    if operation.cycle:
        yield ground.problem((*path, "cycle"), "be given with split: cycle only")
    if len(shares) == 1 and not given:
        return
    if len(given) < len(shares):
        rule = "have a share for every output"
        yield ground.problem((*path, "outputs"), rule, "or a cycle with split: cycle")
    elif abs(sum(given) - 1) > 1e-9:
        rule = f"have shares that sum to 1, not {float(sum(given)):g}"
        yield ground.problem((*path, "outputs"), rule)


def _cycle_problems(ground: Ground, path: tuple[str, ...], operation: Operation) -> Problems:
    if not operation.cycle:
        yield ground.problem((*path, "split"), "have a cycle of outputs beside it")
    for item in operation.cycle:
        if item not in operation.outputs:
            yield ground.unknown((*path, "cycle"), item, operation.outputs, "output")
    for item, output in operation.outputs.items():
        if operation.cycle and item not in operation.cycle:
            yield ground.problem((*path, "outputs", item), "occur in the cycle", got="", key=True)
        if output.share is not None:
            rule = "not be given with split: cycle"
            yield ground.problem((*path, "outputs", item, "share"), rule)


def backlogs_belong_to_a_demand(ground: Ground) -> Problems:
    """What is owed at the start is owed to the one demand for the item."""
    for site, body in ground.document.sites.items():
        for item, stock in body.stocks.items():
            if stock.backlog is not None and _demands(body, item) != 1:
                path = ("sites", site, "stocks", item, "backlog")
                rule = "stand at a stock with exactly one demand"
                yield ground.problem(path, rule, f"'{site}' has {_demands(body, item)} for it")


def _demands(body: Site, item: str) -> int:
    return sum((demand.item or key) == item for key, demand in body.demand.items())


def initial_stock_fits(ground: Ground) -> Problems:
    """What is there at the start fits into the room."""
    for site, body in ground.document.sites.items():
        for item, stock in body.stocks.items():
            initial = stock.initial
            if stock.room is None or not isinstance(initial, Quantity):
                continue
            if initial.value > stock.room.value:
                yield ground.problem(("sites", site, "stocks", item, "initial"), "fit into room")


def overtime_follows_a_backlog(ground: Ground) -> Problems:
    """Overtime looks at the backlog of the pulled item, so there is one."""
    for site, body in ground.document.sites.items():
        for key, operation in body.operations.items():
            if operation.overtime is not None and not isinstance(operation.release, Pull):
                path = ("sites", site, "operations", key, "overtime")
                yield ground.problem(path, "stand beside release: {pull: ITEM}", got="")


def repair_shifts_have_a_calendar(ground: Ground) -> Problems:
    """A repair until the next shift needs shifts."""
    for site, body in ground.document.sites.items():
        for key, operation in body.operations.items():
            for index, mode in enumerate(operation.breakdowns):
                if mode.repair == "shift" and not (operation.calendar or body.calendar):
                    path = ("sites", site, "operations", key, "breakdowns", index, "repair")
                    yield ground.problem(path, "be a time: there is no calendar with shifts")
