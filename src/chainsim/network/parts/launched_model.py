"""The names and blocks of one launch."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from chainsim.scenario.launching import sample_lanes, way_to
from chainsim.scenario.quantities import Quantity
from chainsim.scenario.schema.document import ScenarioFile
from chainsim.scenario.schema.flows import Lane
from chainsim.scenario.schema.launches import Launch, RepeatTest
from chainsim.scenario.schema.material import Input, Item, Operation, Output, Pull
from chainsim.scenario.schema.selectors import Selector


class Model:
    """The names and blocks of one launch."""

    def __init__(self, key: str, launch: Launch, document: ScenarioFile) -> None:
        assert document.output_item is not None
        self.key = key
        self.launch = launch
        self.written = document
        self.output = document.output_item
        way = way_to(document.sites[launch.at], launch.operation, self.output)
        assert way is not None
        self.way = way
        self.renamed = {item: f"{item}:{key}" for item in sorted(way.items)}
        self.renamed[self.output] = key
        self.approval = f"approval:{key}"
        self.application = f"application:{key}"
        self.pilot_order = f"pilot_order:{key}"
        self.failure = f"failure:{key}"
        self.sample = f"sample:{key}"
        self.resample = f"resample:{key}"
        approval = launch.approval
        self.repeat = (approval.repeat or RepeatTest()) if approval.passes < 1 else None

    @property
    def papers(self) -> tuple[str, ...]:
        """The items that are no goods."""
        return self.approval, self.application, self.pilot_order, self.failure

    @property
    def crash_cars(self) -> tuple[str, ...]:
        """The cars of the pilot and those for repeat tests."""
        return self.sample, self.resample

    def items(self) -> dict[str, Item]:
        """The model, what it is on the way, its crash cars and its papers."""
        written = self.written.items
        found = {
            other: written[item].model_copy(update={"variant_of": item})
            for item, other in self.renamed.items()
        }
        label = {"name": self.launch.name or self.key}
        found[self.key] = found[self.key].model_copy(update=label)
        found |= {name: written[self.output] for name in self.crash_cars}
        return found | {name: Item(unit="project") for name in self.papers}

    def built_like(self, operation: Operation, name: str) -> Operation:
        """An operation on the way, with the model's items and on the servers that it has."""
        renamed = self.renamed
        update: dict[str, Any] = {
            "inputs": {renamed.get(i, i): one for i, one in operation.inputs.items()},
            "outputs": {renamed.get(o, o): one for o, one in operation.outputs.items()},
            "cycle": tuple(renamed.get(o, o) for o in operation.cycle),
            "release": self._release(operation),
            "resource": operation.resource or name,
            "servers": None,
        }
        if name == self.launch.operation:
            update["inputs"] |= {self.approval: Input(consumed=False)}
            given = self.launch.priority
            update["priority"] = operation.priority + 1 if given is None else given
        return operation.model_copy(update=update)

    def _release(self, operation: Operation) -> Any:
        rule = operation.release
        if not isinstance(rule, Pull):
            return rule
        parent = self.renamed.get(rule.parent, rule.parent) if rule.parent else None
        item = self.renamed.get(rule.item, rule.item)
        return rule.model_copy(update={"item": item, "parent": parent})

    def pilot_operations(self) -> dict[str, Operation]:
        """Pilot lots, and cars for repeat tests: without approval, on the line's servers."""
        name, key = self.launch.operation, self.key
        line = self.written.sites[self.launch.at].operations[name]
        common = {"release": None, "overtime": None, "split": "share", "cycle": (), "servers": None}
        common |= {"resource": line.resource or name}

        def built(paper: str, amount: Fraction, output: str, **more: Any) -> Operation:
            inputs = line.inputs | {paper: Input(amount=Quantity(amount))}
            update = {**common, "inputs": inputs, "outputs": {output: Output()}, **more}
            return line.model_copy(update=update)

        found = {}
        if self.launch.pilot is not None:
            found[f"{name}:{key}:pilot"] = built(self.pilot_order, Fraction(1), self.sample)
        cars = self.repeat.samples if self.repeat is not None else 0
        if cars:
            lot = {"lot": Quantity(Fraction(cars))}
            again = built(self.failure, Fraction(1, cars), self.resample, **lot)
            found[f"{name}:{key}:again"] = again
        return found

    def tests(self, bench: Operation) -> dict[str, Operation]:
        """The test for the approval and the repeat test, on the servers of an operation."""
        approval, name = self.launch.approval, self.launch.approval.operation
        first = {self.application: 1, self.sample: approval.samples}
        found = {f"{name}:{self.key}": self._test(bench, first, approval.time)}
        if self.repeat is not None:
            again = {self.resample: self.repeat.samples}
            if not self.repeat.samples:
                again = {self.failure: 1}
            time = self.repeat.time or approval.time
            found[f"{name}:{self.key}:repeat"] = self._test(bench, again, time)
        return found

    def _test(self, bench: Operation, inputs: Mapping[str, int], time: Any) -> Operation:
        passes = self.launch.approval.passes
        outputs = {self.approval: Output()}
        if passes < 1:
            shares = {self.approval: passes, self.failure: 1 - passes}
            outputs = {item: Output(share=share) for item, share in shares.items()}
        taken = {i: Input(amount=Quantity(Fraction(n))) for i, n in inputs.items() if n}
        update: dict[str, Any] = {"inputs": taken, "outputs": outputs, "lot": Quantity(Fraction(1))}
        update |= {"split": "share", "cycle": (), "release": None, "overtime": None}
        update |= {"resource": bench.resource or self.launch.approval.operation, "servers": None}
        if time is not None:
            update |= {"time": time, "time_per_unit": None, "rate": None}
        return bench.model_copy(update=update)

    def lanes(self) -> dict[str, Lane]:
        """The ways of the crash cars, as of the output item, and of what the institute says."""
        launch, approval = self.launch, self.launch.approval
        there = {"origin": Selector(site=launch.at), "destination": Selector(site=approval.at)}
        cars = {"items": self.crash_cars, "in_transit": (), "load": None}
        found = {
            f"{block}:{self.key}": self.written.lanes[block].model_copy(update={**there, **cars})
            for block in sample_lanes(self.written, launch)
        }
        ends = {"from": approval.at, "to": launch.at, "items": [self.output]}
        back = Lane.model_validate(ends)
        permit = {"items": (self.approval,), "transit": approval.filing}
        found[f"filing:{self.key}"] = back.model_copy(update=permit)
        if self.repeat is not None and self.repeat.samples:
            news = back.model_copy(update={"items": (self.failure,)})
            found[f"news:{self.key}"] = news
        return found
