"""Finished results in the form somebody wants: a terminal, JSON, GitHub, SARIF, JUnit, GitLab, a page.

The page (`html.render`) is written to a file, so it is not among the formats of standard output.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from .model import Case, Report, Status

__all__ = ["FORMATS", "Case", "Report", "Status", "render"]

FORMATS = ("text", "json", "github", "sarif", "junit", "gitlab")

_MODULES = {"text": "terminal"}


def render(
    report: Report,
    output_format: str = "text",
    *,
    color: bool = False,
    width: int | None = None,
    details: bool = True,
    frames: bool = False,
) -> str:
    """The report in one of `FORMATS`.

    color, width (columns), details (of a report that can be brief) and frames (whether the terminal can draw
    them) only mean something to "text".
    """
    module = import_module(f".{_MODULES.get(output_format, output_format)}", __name__)
    write: Callable[..., str] = module.render
    if output_format != "text":
        return write(report)
    return write(report, color=color, width=width, details=details, frames=frames)
