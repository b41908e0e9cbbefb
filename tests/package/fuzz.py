"""Generated package files: `python -m tests.package.fuzz 100000 7`.

None crashes the reader, every finding has its line and column, what is taken means to libyaml the same, and
reading costs no more calls than its length allows.
"""

from __future__ import annotations

import cProfile
import pstats
import re
import resource
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import yaml

from modelfile_kit.core.errors import PackageError
from modelfile_kit.package.bounded_yaml import Document, load
from modelfile_kit.package.package import package_from
from tests.fuzzing import Fault, Tally, run
from tests.package.generate_yaml import documents
from tests.package.second_reader import NOWHERE, comparable, read

FILE = Path("mkmodelfile.yaml")
# Counted by Python's profiler, C's functions included: PyYAML calls some 60 for a character, and every value
# that an alias repeats is read again, 20,000 of them at most.
CALLS, CALLS_A_BYTE = 3_000_000, 200
COUNTED = 25  # one document in so many is counted, and each that is long
LONG = 4096
STRICTER = (
    "unknown directive",  # YAML 1.2, 6.8.1: they are ignored
    "extremely long version number",
    "found incompatible YAML document",  # 6.8.1: a higher minor version is read; 2.0 the kit refuses too
    "found a tab character where an indentation space",  # 8.1.1.1: behind the indentation it is text
    "found unexpected ':'",  # 7.4.2: {a:[b]} is a mapping
)
"""Words of refusals for which the specification is on the kit's side."""
MEMORY = 512 << 20
_NAMED = re.compile(r"character U\+([0-9A-F]+)")
_BREAKS = ("\r\n", "\r", "\n", "\x85", "\u2028", "\u2029")


def cases(count: int, seed: int, tally: Tally) -> Iterator[Fault | None]:
    """What is wrong with each document's reading."""
    for number, data in enumerate(documents(seed, count)):
        what = fault(data, tally, counted=number % COUNTED == 0 or len(data) > LONG)
        yield Fault(what, data, ".yaml") if what else None


def fault(data: bytes, tally: Tally, *, counted: bool = True) -> str:
    """What is wrong with the reading of one document, "" if nothing is."""
    before = _memory()
    calls = 0
    try:
        if counted:
            profile = cProfile.Profile()
            document = profile.runcall(load, data, str(FILE))
            calls = pstats.Stats(profile).total_calls  # type: ignore[attr-defined]
        else:
            document = load(data, str(FILE))
        taken = _package(document)
    except Exception:
        return "crash: " + traceback.format_exc(limit=-3)
    if calls > CALLS + CALLS_A_BYTE * len(data):
        return f"{calls} calls for {len(data)} bytes"
    if _memory() - before > MEMORY:
        return f"{(_memory() - before) >> 20} MB more for {len(data)} bytes"
    tally["a package" if taken else "a document" if not document.diagnostics else "refused"] += 1
    if document.diagnostics:
        return _no_place(document, data)
    return _difference(document, data)


def _package(document: Document) -> bool:
    try:
        package_from(document, FILE)
    except PackageError as e:
        for found in e.diagnostics:
            span = found.span
            assert span is not None and span.line and span.column, f"no place: {found}"
            assert found.help, f"no help: {found}"
        return False
    return True


def _no_place(document: Document, data: bytes) -> str:
    """What is wrong with the places of the findings."""
    text = _text(data)
    for line_break in _BREAKS:
        text = text.replace(line_break, "\n")
    lines = text.split("\n")
    for found in document.diagnostics:
        span = found.span
        if span is None or not span.line or not span.column:
            return f"no place: {found}"
        if span.line > len(lines) or span.column > len(lines[span.line - 1]) + 1:
            return f"a place that there is not: {found}"
        if named := _NAMED.search(found.message):
            there = lines[span.line - 1][span.column - 1 : span.column]
            if there != chr(int(named[1], 16)):
                return f"another character is there, {there!a}: {found}"
    return ""


def _text(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8", "replace").removeprefix("\ufeff")


def _difference(document: Document, data: bytes) -> str:
    """What libyaml reads otherwise in a document that was taken."""
    try:
        value, values, keys = read(data)
    except (yaml.YAMLError, ValueError) as e:
        return "" if any(words in str(e) for words in STRICTER) else f"taken, and libyaml refuses it: {e}"
    if comparable(value) != comparable(document.value):
        return f"ours {document.value!r:.500}\n  libyaml {value!r:.500}"
    for ours, theirs in ((document.values, values), (document.keys, keys)):
        if ours.keys() != theirs.keys():
            return f"values at {ours.keys() ^ theirs.keys()} for one of the two"
        for path, place in theirs.items():
            mine = ours[path].line, ours[path].column
            if place not in (mine, NOWHERE):
                return f"{path} is at {mine}, for libyaml at {place}"
    return ""


def _memory() -> int:
    """The most that this process has had, in bytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most << 10


if __name__ == "__main__":
    raise SystemExit(run("package files", cases))
