"""No clock decides what is compiled, proven or chosen: the same input gives the same output everywhere."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import modelfile_kit

ROOT = Path(modelfile_kit.__file__).parent
ROOMS = ("building", "compiler", "gotemplate", "huggingface", "prover", "replies")
SOURCES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def clocks(source: str) -> list[str]:
    """The imports of `time` and of the process's use of the machine, and what is called of them."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [a.name for a in node.names if a.name.split(".")[0] in ("time", "resource", "timeit")]
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module in ("time", "resource"):
            found += [f"{node.module}.{a.name}" for a in node.names]
        elif isinstance(node, ast.Attribute) and ast.unparse(node) in ("os.times", "signal.setitimer"):
            found.append(ast.unparse(node))
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_clock(path: Path) -> None:
    assert clocks(path.read_text(encoding="utf-8")) == []


def test_all_rooms_are_looked_at() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in SOURCES} == set(ROOMS)


@pytest.mark.parametrize(
    "source",
    [
        "import time",
        "from time import monotonic as clock",
        "import os, time as t",
        "import resource",
        "import os\nos.times()",
        "def f():\n    from time import perf_counter",
    ],
)
def test_a_clock_is_found(source: str) -> None:
    assert clocks(source)
