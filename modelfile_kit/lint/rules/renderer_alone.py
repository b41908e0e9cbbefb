"""RENDERER without PARSER."""

from __future__ import annotations

from collections.abc import Iterator

from ...ollama.builtin import PARSERS
from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    renderer, selection = context.last("renderer"), context.selection
    if renderer is None or not renderer.value or not context.from_files:
        return
    if context.last("parser") or (selection and selection.parser):
        return  # some architectures get a parser from create
    same = renderer.value in PARSERS
    yield Finding(
        f"RENDERER {renderer.value} without PARSER: requests with tools or think are answered with HTTP 400",
        renderer,
        f"write PARSER {renderer.value}" if same else "",
    )


RULE = Rule(
    "MK255", check, help=f"write the PARSER of the same family; Ollama knows {', '.join(sorted(PARSERS))}"
)
