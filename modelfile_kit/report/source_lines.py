"""The source line of a finding, read from the file that its span names."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from ..core.diagnostics import Diagnostic
from ..core.files import read_file, stamp

# Modelfiles, package files and chat templates are far smaller; a GGUF is far larger.
MAX_BYTES = 1 << 20


def source_line(diagnostic: Diagnostic) -> str:
    """The line that a finding brings, else the one in its file; "" where there is none to read."""
    span = diagnostic.span
    if diagnostic.excerpt or span is None or span.file is None or span.line is None:
        return diagnostic.excerpt
    lines = _lines(span.file, stamp(Path(span.file)))
    return lines[span.line - 1] if 1 <= span.line <= len(lines) else ""


# By what the file is now: an editor or a test runner lives longer than the file does.
@lru_cache(maxsize=8)
def _lines(file: str, stamp: tuple[int, ...]) -> tuple[str, ...]:
    try:
        data = read_file(Path(file), MAX_BYTES + 1)
        text = data.decode("utf-8-sig") if len(data) <= MAX_BYTES else ""
    except (OSError, ValueError):
        return ()
    return tuple(line.rstrip("\r") for line in text.split("\n"))
