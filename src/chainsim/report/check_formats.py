"""Verdicts for continuous integration: JUnit XML, GitHub annotations, a Markdown summary."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

from chainsim.errors import printable, visible
from chainsim.experiments.checked import CheckedFile
from chainsim.experiments.gates import FAIL, INCONCLUSIVE, PASS, Verdict
from chainsim.report.checks import (
    check_object,
    check_sheets,
    failure_words,
    judged_row,
    laws_words,
    sentence,
)
from chainsim.report.files import json_text
from chainsim.report.tables import plain

MOST_ANNOTATIONS = 10
"""What GitHub shows of one step."""
LARGEST_SUMMARY = 900_000
"""Bytes of a step summary; GitHub refuses more than a mebibyte."""
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML 1.0 document may hold, not even escaped."""
_MARKS = re.compile(r"([\\`*_{}\[\]<>|#!~&])")
SIGNS: dict[Verdict, str] = {PASS: "✅", FAIL: "❌", INCONCLUSIVE: "❔"}


def written(format_: str, found: Sequence[CheckedFile]) -> str:
    """All files with their verdicts as text, json, junit, github or markdown."""
    if format_ == "json":
        return json_text(check_object(found))
    if format_ == "junit":
        return junit(found)
    if format_ == "github":
        return workflow_commands(found)
    if format_ == "markdown":
        return markdown(found)
    return "".join(plain(sheet) + "\n" for sheet in check_sheets(found))


def junit(found: Sequence[CheckedFile]) -> str:
    """JUnit XML: a suite for each file, a case for each check and one for the laws.

    What fails is a `failure`; what is inconclusive is an `error` of type `inconclusive`, which
    readers count on its own and show in red. Nothing is `skipped`: that would look like a pass.
    """
    root = ET.Element("testsuites", name="chainsim check")
    totals = [0, 0, 0]
    for one in found:
        suite = ET.SubElement(root, "testsuite", name=_xml(str(one.file)))
        rows = list(_cases(one))
        counts = [len(rows), *(sum(v == word for _, v, _ in rows) for word in (FAIL, INCONCLUSIVE))]
        _count(suite, counts)
        totals = [a + b for a, b in zip(totals, counts, strict=True)]
        for name, verdict, words in rows:
            stem = _xml(one.file.stem)
            case = ET.SubElement(suite, "testcase", name=_xml(name), classname=stem, time="0")
            _add_verdict(case, verdict, _xml(words))
    _count(root, totals)
    ET.indent(root, " ")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _count(element: ET.Element, counts: Sequence[int]) -> None:
    for name, value in zip(("tests", "failures", "errors"), counts, strict=True):
        element.set(name, str(value))
    element.set("skipped", "0")
    element.set("time", "0")


def _add_verdict(case: ET.Element, verdict: Verdict, words: str) -> None:
    if verdict == PASS:
        ET.SubElement(case, "system-out").text = words
        return
    tag = "failure" if verdict == FAIL else "error"
    ET.SubElement(case, tag, type=verdict, message=words).text = words


def _cases(found: CheckedFile) -> Iterator[tuple[str, Verdict, str]]:
    """(name, verdict, words) of every check of a file, and of the laws."""
    for row in found.checks:
        yield row.id, row.verdict, sentence(row)
    yield "laws", found.laws, "; ".join([laws_words(found), *_errors(found)])


def _errors(found: CheckedFile) -> list[str]:
    return [failure_words(*row) for row in found.failed[:3]]


def _xml(text: str) -> str:
    """The text without characters that no XML may hold; they are written as in Python."""
    return _NOT_XML.sub(lambda bad: bad.group().encode("unicode_escape").decode(), text)


def workflow_commands(found: Sequence[CheckedFile]) -> str:
    """GitHub workflow commands, at most ten: failures as errors, what is open as warnings.

    Source: GitHub Docs, Workflow commands for GitHub Actions; the escaping is that of
    `@actions/core`.
    """
    rows = sorted(_annotated(found), key=lambda row: row[0] != FAIL)  # stable
    lines = []
    for verdict, place, title, words in rows[:MOST_ANNOTATIONS]:
        command = "error" if verdict == FAIL else "warning"
        lines.append(f"::{command} {_position(place)},title={_property(title)}::{_data(words)}")
    left = len(rows) - MOST_ANNOTATIONS
    if left > 0:  # the tenth is given up for the count of those that are not shown
        hidden = {row[0] for row in rows[MOST_ANNOTATIONS - 1 :]}
        command = "error" if FAIL in hidden else "warning"
        lines[-1] = f"::{command} title=chainsim check::{left + 1} more checks did not pass"
    return "".join(f"{line}\n" for line in lines)


def _annotated(found: Sequence[CheckedFile]) -> Iterator[tuple[Verdict, str, str, str]]:
    """(verdict, place, title, words) of all that did not pass."""
    for one in found:
        for row in one.checks:
            if row.verdict != PASS:
                yield row.verdict, row.stated.place, f"{row.id}: {row.verdict}", sentence(row)
        if one.laws != PASS:
            words = "; ".join([laws_words(one), *_errors(one)])
            yield one.laws, str(one.file), f"laws: {one.laws}", words


def _position(place: str) -> str:
    """`file=,line=,col=` of file:line:column, the file relative to where the repository is."""
    parts = place.rsplit(":", 2)
    if len(parts) == 3 and parts[1].isdigit() and parts[2].isdigit():
        return f"file={_property(_in_repository(parts[0]))},line={parts[1]},col={parts[2]}"
    return f"file={_property(_in_repository(place))}"


def _in_repository(file: str) -> str:
    top = os.environ.get("GITHUB_WORKSPACE") or "."
    try:
        found = os.path.relpath(file, top)
    except ValueError:  # another drive
        return file
    return file if found.startswith("..") else Path(found).as_posix()


def _data(text: str) -> str:
    """The text of a message: what would end the line is escaped."""
    return visible(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """A property of a command: what would end the property is escaped too."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def markdown(found: Sequence[CheckedFile]) -> str:
    """A table of verdicts for each file."""
    parts = []
    for one in found:
        file = _marked(str(one.file))
        head = f"### {SIGNS[one.verdict]} {file}: {one.verdict}"
        lines = [head, "", "| | check | about | expected | found | interval | note |"]
        lines.append("|" + "---|" * 7)
        for row in one.checks:
            id_, _, *cells = judged_row(row)
            lines.append(_line((SIGNS[row.verdict], id_, *cells)))
        words = (laws_words(one), "", "; ".join(_errors(one)))
        lines.append(_line((SIGNS[one.laws], "laws", "conservation", "no exception", *words)))
        parts.append("\n".join([*lines, ""]))
    return "\n".join(parts)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(_marked(cell) for cell in cells) + " |"


def _marked(text: str) -> str:
    """The text as Markdown shows it: nothing in it is a mark, a cell or a tag."""
    return _MARKS.sub(r"\\\1", printable(text))


def summary(found: Sequence[CheckedFile]) -> str:
    """The Markdown for a step summary, cut at what GitHub takes."""
    text = markdown(found)
    raw = text.encode(errors="replace")
    if len(raw) <= LARGEST_SUMMARY:
        return text
    whole_lines = raw[:LARGEST_SUMMARY].decode(errors="ignore").rsplit("\n", 1)[0]
    return whole_lines + "\n\n(cut: it is too long)\n"
