"""Templates: a body written once for many sites."""

from __future__ import annotations

from dataclasses import replace

from chainsim.errors import Problem, did_you_mean, shown
from chainsim.scenario.layers import overlaid
from chainsim.scenario.nodes import Node

LARGEST = 200_000
"""Values that all templates together may expand to."""


def expand_templates(root: Node) -> list[Problem]:
    """Work the templates into the sites that name them; the top-level key is taken out."""
    templates: Node = root.value.pop("templates", None) or Node({}, root.place)
    sites = root.child("sites")
    if not isinstance(templates.value, dict):
        rule = "be a map of site templates"
        return [Problem(*templates.place, "templates", rule, shown(templates.written()))]
    problems: list[Problem] = []
    bodies: dict[str, Node] = templates.value
    for name, template in bodies.items():
        if not isinstance(template.value, dict):
            rule, got = "be a map with the keys of a site", shown(template.written())
            problems.append(Problem(*template.place, f"templates.{name}", rule, got))
    if sites is None or not isinstance(sites.value, dict):
        return problems
    size = 0
    for site, body in sites.value.items():
        if isinstance(body.value, dict) and "template" in body.value:
            expanded = _from_template(site, body, templates, problems)
            size += sum(_size(node) for _, node in expanded.walk())
            if size > LARGEST:
                rule = f"expand to at most {LARGEST:,} values, all sites together"
                return [*problems, Problem(*templates.place, "templates", rule)]
            sites.value[site] = expanded
    return problems


def _size(node: Node) -> int:
    """Values, of which a long text counts as several."""
    return 1 + len(node.value) // 100 if isinstance(node.value, str) else 1


def _from_template(site: str, body: Node, templates: Node, problems: list[Problem]) -> Node:
    named: Node = body.value.pop("template")
    result: Node | None = None
    entries: list[Node] = named.value if isinstance(named.value, list) else [named]
    for entry in entries:
        template = templates.value.get(entry.value) if isinstance(entry.value, str) else None
        if template is None:
            remedy = did_you_mean(str(entry.value), templates.value, "known templates are")
            path, got = f"sites.{site}.template", shown(entry.written())
            problems.append(Problem(*entry.place, path, "be the name of a template", got, remedy))
        elif isinstance(template.value, dict):
            filled = _filled(template, site)
            result = filled if result is None else overlaid(result, filled, ("sites", site))
    return body if result is None else overlaid(result, body, ("sites", site))


def _filled(node: Node, site: str) -> Node:
    """A copy of a template with `{site}` replaced in every text and key."""
    value = node.value
    if isinstance(value, dict):
        value = {name.replace("{site}", site): _filled(v, site) for name, v in value.items()}
    elif isinstance(value, list):
        value = [_filled(below, site) for below in value]
    elif isinstance(value, str):
        value = value.replace("{site}", site)
    return replace(node, value=value)
