"""A report as one page that needs nothing else: no scripts, no fonts, no network."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import __version__
from .model import Report

if TYPE_CHECKING:
    from jinja2 import Template


def render(report: Report) -> str:
    """The page's source. Everything in it is escaped, so a prompt full of markup stays text."""
    return _template().render(report=report, version=__version__, token_kind=_token_kind, show=_show)


@lru_cache(maxsize=1)
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.jinja")


def _token_kind(text: str) -> str:
    """A class for a token's chip: special tokens and blanks look different from words."""
    if text.startswith("<") and text.endswith(">"):
        return "special"
    return "blank" if not text.strip() else "word"


def _show(value: Any) -> str:
    """A token's text with its blanks made visible."""
    text = str(value)
    return text.replace(" ", "␣").replace("\n", "⏎").replace("\t", "⇥") or "∅"
