"""Ordered layers of data: files that extend files.

Maps merge deeply, lists are replaced whole, and an empty map empties what was there. Every value
keeps the place it came from, and the places of what it replaced, so that two layers of one rank
that disagree are an error and never a silent win.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from chainsim.errors import InputError, Problem, shown
from chainsim.scenario import nodes, strict_yaml
from chainsim.scenario.files import Reference, read_text
from chainsim.scenario.nodes import BROKEN, Node

LONGEST_CHAIN = 50
"""Files that extend each other in a row."""
KINDS = ("dist", "kind")
"""Maps that state different values of one of these are different things: they do not merge."""

ALTERNATIVES: dict[tuple[str, ...], tuple[tuple[str, ...], ...]] = {
    ("run",): (("end", "length"),),
    ("timing",): (("at", "every"),),
    ("operations", "*"): (("time", "time_per_unit", "rate"), ("servers", "resource")),
}
"""Keys of which a block has one: giving one replaces the others of the layers beneath."""


@dataclass
class Layers:
    """What the files of a scenario say together, before templates and parameters."""

    root: Node | None = None
    problems: list[Problem] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    tables: list[Reference] = field(default_factory=list)
    """Parameter tables, in the order of the layers."""
    sources: list[Reference] = field(default_factory=list)
    data: list[Reference] = field(default_factory=list)
    """Files of special days and of observed series."""
    directories: dict[str, Path] = field(default_factory=dict)
    """The folder to which the paths of a file are relative."""
    whole: bool = True
    """False where a file could not be read to its end."""
    texts: dict[str, str] | None = None
    """What CSV files held when they were read, by path: then no file is read again."""

    @property
    def directory(self) -> Path:
        """The folder of the file that nothing else extends."""
        name = self.root.place.file if self.root else ""
        return self.directories.get(name, Path())

    @property
    def csv_files(self) -> tuple[str, ...]:
        """All CSV files that were read, each once."""
        named = (*self.tables, *self.sources, *self.data)
        return tuple(dict.fromkeys(reference.shown_as for reference in named))

    def reference(self, node: Node, path: str) -> Reference | None:
        """The file that a value names, relative to the file of the value."""
        if not isinstance(node.value, str) or not node.value:
            if node.value is not BROKEN:
                rule = "be the name of a file"
                self.problems.append(Problem(*node.place, path, rule, shown(node.written())))
            return None
        folder = self.directories.get(node.place.file, Path())
        target = os.path.normpath(folder / node.value)
        problem = Problem(*node.place, path, "be a file", shown(node.value))
        if self.texts is not None and target not in self.texts:
            rule = "be a file that the scenario itself names: its files were read beforehand"
            self.problems.append(replace(problem, rule=rule))
            return None
        return Reference(Path(target), target, problem, (self.texts or {}).get(target))

    def holding(self, texts: dict[str, str] | None) -> Layers:
        """A copy that can be changed; with texts, its CSV files hold these and no others count."""

        def held(references: list[Reference]) -> list[Reference]:
            return [replace(one, text=(texts or {}).get(str(one.path))) for one in references]

        return replace(
            self,
            root=nodes.copied(self.root) if self.root else None,
            problems=list(self.problems),
            files=list(self.files),
            tables=held(self.tables),
            sources=held(self.sources),
            data=[],
            texts=texts,
        )


def from_file(path: Path) -> Layers:
    """The layers of a scenario file and of all that it extends."""
    layers = Layers()
    reference = Reference(path, str(path), Problem(str(path), 0, 0, "", "be a file"))
    layers.root = _Reader(layers).read(reference, ())
    return layers


def from_text(text: str, name: str, directory: Path) -> Layers:
    """The layers of a scenario text; paths in it are relative to `directory`."""
    layers = Layers()
    layers.root = _Reader(layers).parse(text, name, directory, ())
    return layers


def from_root(root: Node, directory: Path) -> Layers:
    """The layers of data that has been read already."""
    layers = Layers(directories={root.place.file: directory})
    layers.root = _Reader(layers).extended(root, ())
    return layers


@dataclass
class _Reader:
    """Reads files once each and merges them as they extend each other."""

    layers: Layers
    known: dict[str, Node | None] = field(default_factory=dict)

    def read(self, file: Reference, chain: tuple[tuple[str, str], ...]) -> Node | None:
        """The merged content of a file; `chain` are the files that led here."""
        real = os.path.realpath(file.path)
        if real in [known for known, _ in chain]:
            start = [known for known, _ in chain].index(real)
            names = [name for _, name in chain[start:]] + [file.shown_as]
            rule = f"not lead back to itself: {' extends '.join(names)}"
            self.layers.problems.append(replace(file.problem, rule=rule, remedy="remove one link"))
            self.layers.whole = False
            return None
        if len(chain) > LONGEST_CHAIN:
            rule = f"not be the end of a chain of more than {LONGEST_CHAIN} files"
            self.layers.problems.append(replace(file.problem, rule=rule))
            self.layers.whole = False
            return None
        if real not in self.known:
            self.known[real] = self.load(file, (*chain, (real, file.shown_as)))
        return self.known[real]

    def load(self, file: Reference, chain: tuple[tuple[str, str], ...]) -> Node | None:
        try:
            named = file.problem if file.problem.path else None
            text = read_text(file.path, file.shown_as, strict_yaml.LARGEST_FILE, named)
        except InputError as error:
            self.layers.problems.extend(error.problems)
            self.layers.whole = False
            return None
        return self.parse(text, file.shown_as, file.path.parent, chain)

    def parse(
        self, text: str, name: str, directory: Path, chain: tuple[tuple[str, str], ...]
    ) -> Node | None:
        self.layers.files.append(name)
        self.layers.directories[name] = directory
        root, problems = strict_yaml.read(text, name)
        self.layers.problems.extend(problems)
        if root is None:
            self.layers.whole = False
            return None
        return self.extended(root, chain)

    def extended(self, own: Node, chain: tuple[tuple[str, str], ...]) -> Node | None:
        """The file's own content over that of the files it extends."""
        parents = [self.read(file, chain) for file in self.named(own, "extends")]
        below = [parent for parent in parents if parent is not None]
        self.layers.tables += self.named(own, "parameter_tables")
        self.layers.sources += self.named(own, "sources")
        if not below:
            return own
        clashes: list[_Clash] = []
        base = below[0]
        for parent in below[1:]:
            base = _joined(base, parent, (), clashes)
        self.layers.problems.extend(c.problem(own) for c in clashes if not _decides(own, c.path))
        return overlaid(base, own)

    def named(self, own: Node, key: str) -> list[Reference]:
        """The files that a top-level key names; the key is taken out."""
        node = own.value.pop(key, None)
        if node is None:
            return []
        entries = node.value if isinstance(node.value, list) else [node]
        found = [self.layers.reference(entry, key) for entry in entries]
        return [reference for reference in found if reference is not None]


@dataclass(frozen=True)
class _Clash:
    """Two layers of one rank that give a value differently."""

    path: nodes.Path
    first: Node
    second: Node
    text: str

    def problem(self, own: Node) -> Problem:
        return Problem(
            *self.second.place,
            self.text,
            f"be the same in files that are extended side by side, or be given in {own.place.file}",
            shown(self.second.written()),
            f"{self.first.place} has {shown(self.first.written())}",
        )


def _decides(own: Node, path: nodes.Path) -> bool:
    node = own
    for step in path:
        below = node.child(step)
        if below is None:
            return not isinstance(node.value, dict)
        node = below
    return True


def overlaid(base: Node, top: Node, path: tuple[str, ...] = ()) -> Node:
    """`top` over `base`: maps merge deeply, everything else is replaced; an empty map empties."""
    beneath = top.beneath | base.beneath | {base.place}
    if not _same_kind(base, top):
        return replace(top, beneath=beneath)
    dropped = set(_replaced_by(top, path))
    merged = {name: node for name, node in base.value.items() if name not in dropped}
    for name, node in top.value.items():
        below = merged.get(name)
        if below is None or node.value == {}:
            merged[name] = node
        else:
            merged[name] = overlaid(below, node, (*path, name))
    return replace(top, value=merged, beneath=beneath)


def _same_kind(a: Node, b: Node) -> bool:
    """Whether both are maps of the same kind of thing."""
    if not (isinstance(a.value, dict) and isinstance(b.value, dict)):
        return False
    return all(
        a.value[key].value == b.value[key].value
        for key in KINDS
        if key in a.value and key in b.value
    )


def _replaced_by(top: Node, path: tuple[str, ...]) -> Iterator[str]:
    """The keys of the layer beneath that the keys of `top` are an alternative to."""
    for pattern, groups in ALTERNATIVES.items():
        end = path[-len(pattern) :]
        if len(end) == len(pattern) and all(
            p in ("*", step) for p, step in zip(pattern, end, strict=True)
        ):
            for group in groups:
                if any(name in top.value for name in group):
                    yield from (name for name in group if name not in top.value)


def _joined(a: Node, b: Node, path: tuple[str, ...], clashes: list[_Clash]) -> Node:
    """Two layers of one rank as one; what they give differently is noted in `clashes`."""
    if _same_kind(a, b):
        merged = dict(a.value)
        for name, node in b.value.items():
            below = merged.get(name)
            merged[name] = node if below is None else _joined(below, node, (*path, name), clashes)
        return replace(a, value=merged, beneath=a.beneath | b.beneath)
    if b.place in a.beneath or a.plain() == b.plain():
        return a
    if a.place not in b.beneath:
        clashes.append(_Clash(path, a, b, ".".join(path)))
    return b
