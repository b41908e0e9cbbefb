"""A RENDERER whose tokens the model does not have."""

from __future__ import annotations

from collections.abc import Iterator

from ...ollama.builtin import RENDERER_TOKENS
from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    renderer, vocabulary = context.last("renderer"), context.files.vocabulary
    if renderer is None or vocabulary is None:
        return
    missing = vocabulary.missing(RENDERER_TOKENS.get(renderer.value, ()))
    if missing:
        yield Finding(
            f"RENDERER {renderer.value} writes {', '.join(map(repr, missing))}, which are no tokens of this "
            "model: it is another family's",
            renderer,
        )


RULE = Rule(
    "MK256",
    check,
    help="remove RENDERER: then the GGUF's own chat template or a TEMPLATE makes the prompt",
    reads_files=True,
)
