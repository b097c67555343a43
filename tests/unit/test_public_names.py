"""The public names of the package: all there, imported late, and typed."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import chainsim

NAMES = [name for name in chainsim.__all__ if name != "__version__"]


@pytest.mark.parametrize("name", NAMES)
def test_a_public_name_is_what_it_says(name: str) -> None:
    assert getattr(chainsim, name).__name__ == name
    assert name in dir(chainsim)


def test_an_unknown_name_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'simulat'"):
        _ = chainsim.simulat


def test_type_checkers_see_every_name() -> None:
    tree = ast.parse(Path(chainsim.__file__).read_text(encoding="utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    homes = {
        alias.name: statement.module
        for statement in block.body
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
        if alias.name == alias.asname
    }
    assert homes == chainsim._HOMES


def test_the_package_alone_imports_nothing_heavy() -> None:
    code = "import chainsim, sys; print({'numpy', 'simpy', 'pydantic'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
