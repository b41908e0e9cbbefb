"""PARSER without TEMPLATE and RENDERER."""

from __future__ import annotations

from collections.abc import Iterator

from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    parser, selection = context.last("parser"), context.selection
    if parser is None or selection is None or selection.source != "message" or not context.from_files:
        return
    message = (
        f"PARSER {parser.value} without TEMPLATE: Ollama does not use the GGUF's own chat template, and the "
        "prompt is the text of the last message alone"
    )
    near = selection.detected.candidates if selection.detected else ()
    if near:
        message += f", unless create takes the chat template for {' or '.join(near)}"
    elif context.files.model is None:
        message += ", unless create recognises the chat template"
    yield Finding(message, parser)


RULE = Rule(
    "MK254",
    check,
    help="write the TEMPLATE too (`mkmodelfile compile model.gguf` makes it), or remove PARSER",
)
