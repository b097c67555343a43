"""The direction of imports, and what light commands may load."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import chainsim

ROOT = Path(chainsim.__file__).parent
ORDER = ("scenario", "network", "outcome", "engines", "experiments", "report", "cli")
ANYWHERE = ("errors", "provenance")


def room(module: str) -> str | None:
    """The package of a chainsim module, or None for other modules."""
    parts = module.split(".")
    return parts[1] if parts[0] == "chainsim" and len(parts) > 1 else None


def wrong_imports(name: str, source: str) -> list[str]:
    """Imports in a module of package `name` that go the wrong way or are relative."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.level:
            found.append("relative import")
        modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        modules += [a.name for a in node.names] if isinstance(node, ast.Import) else []
        for module in modules:
            other = room(module)
            if other is None or other in ANYWHERE:
                continue
            if other not in ORDER or ORDER.index(other) > ORDER.index(name):
                found.append(f"{name} imports {module}")
    return found


@pytest.mark.parametrize("name", ORDER)
def test_imports_run_one_way(name: str) -> None:
    path = ROOT / name
    files = sorted(path.rglob("*.py")) if path.is_dir() else [ROOT / f"{name}.py"]
    assert files and all(file.exists() for file in files)
    wrong = {str(f.relative_to(ROOT)): wrong_imports(name, f.read_text("utf-8")) for f in files}
    assert not {key: value for key, value in wrong.items() if value}


def test_the_test_itself_fails_when_it_should() -> None:
    assert wrong_imports("scenario", "from chainsim.engines.draws import Draws")
    assert wrong_imports("network", "import chainsim.report.figures")
    assert wrong_imports("engines", "from .rules import whole")
    assert not wrong_imports("engines", "from chainsim.network.clock import Clock")
    assert not wrong_imports("scenario", "from chainsim.errors import InputError")


def test_modules_stay_small() -> None:
    long = {
        str(file.relative_to(ROOT)): lines
        for file in ROOT.rglob("*.py")
        if (lines := file.read_text("utf-8").count("\n")) > 450
    }
    assert not long


def test_no_function_is_longer_than_a_screen() -> None:
    long = []
    for file in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef):
                first = node.body[1] if ast.get_docstring(node) and node.body[1:] else node.body[0]
                length = (node.end_lineno or 0) - first.lineno + 1
                if length > 60:
                    long.append(f"{file.name}:{node.name} {length}")
    assert not long
