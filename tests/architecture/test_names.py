"""The package is general: what it is applied to is data, so no name of it stands in the source."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import chainsim
from chainsim import load_scenario

SOURCE = Path(chainsim.__file__).parent
SCENARIOS = Path(__file__).parents[2] / "scenarios"
WORD = re.compile(r"[^\W\d_]+")
ORDINARY = set(
    WORD.findall(
        """and for in of other own the an; north great wall delta elsewhere rest;
        auto automobile automotive vehicle bus axle battery drive drives powertrain kits parts
        base brand industry industrial institute makers merchants motors plant plants provinces
        engineering research technology testing pilot station operational safety"""
    )
)
"""Words of the names that name nobody by themselves: English, or terms of any supply chain."""


def names() -> set[str]:
    """Ids, names and regions of all sites, and where they are and to whom they belong."""
    sites = load_scenario(SCENARIOS / "baseline_2022.yaml").document.sites
    found = set()
    for key, site in sites.items():
        tags = [value for tag, value in site.tags.items() if tag in ("group", "city", "district")]
        found |= {key, site.name, site.region, *tags}
    return {name for name in found if name}


def words(texts: set[str]) -> set[str]:
    """The words of some texts in lower case; an underscore divides words."""
    return {word.lower() for text in texts for word in WORD.findall(text)}


def found_in(source: str, forbidden: set[str]) -> set[str]:
    """The forbidden words that a source text contains."""
    return words({source}) & forbidden


def source_files() -> Iterator[Path]:
    """All that is installed: modules, and the templates beside them."""
    return (path for path in SOURCE.rglob("*") if path.suffix in (".py", ".yaml", ".html"))


@pytest.fixture(scope="module")
def forbidden() -> set[str]:
    return words(names()) - ORDINARY


def test_no_name_of_the_flagship_stands_in_the_source(forbidden: set[str]) -> None:
    found = {
        str(path.relative_to(SOURCE)): sorted(hits)
        for path in source_files()
        if (hits := found_in(path.read_text("utf-8"), forbidden))
    }
    assert not found


def test_the_names_are_those_of_the_data(forbidden: set[str]) -> None:
    assert {"chongqing", "sichuan", "changan", "catl", "seres", "yibin", "caeri"} <= forbidden
    assert words(names()) >= ORDINARY, "an ordinary word that no name has: take it out"


def test_the_test_itself_fails_when_it_should(forbidden: set[str]) -> None:
    assert found_in('"""The share of `sichuan.share`."""', forbidden) == {"sichuan"}
    assert found_in("if site.id == 'CATL_yibin':", forbidden) == {"catl", "yibin"}
    assert not found_in("the plants of other makers", forbidden)
