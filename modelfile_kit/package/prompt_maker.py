"""Keys about who makes prompts and who reads replies: `renderer`, `parser`, and `mode` beside them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping

from ..core.diagnostics import Diagnostic, Severity
from ..core.errors import UsageError
from ..ollama.builtin import PARSERS, RENDERERS
from ..ollama.parameters import nearest_name
from ..ollama.versions import Target, Version, version_text
from .bounded_yaml import Document
from .schema import PackageShape

CONFLICT = "MK507"
UNKNOWN_BUILTIN = "MK129"

WORDS = ("auto", "none")
"""What `parser` and `renderer` take besides names."""


def check_prompt_maker(shape: PackageShape, document: Document) -> list[Diagnostic]:
    """Names that the target does not have, and keys that exclude each other."""
    found = [*_unknown("renderer", shape, RENDERERS, document)]
    found += _unknown("parser", shape, {name: parser.since for name, parser in PARSERS.items()}, document)
    return found or list(_conflicts(shape, document))


def _unknown(
    key: str, shape: PackageShape, known: Mapping[str, Version], document: Document
) -> Iterator[Diagnostic]:
    name = getattr(shape, key)
    if name in WORDS:
        return
    span = document.span(key)
    came = known.get(name)
    if came is None:
        near = nearest_name(name, [*known, *WORDS])
        hint = f"did you mean `{near}`? " if near else ""
        hint += f"Ollama has {', '.join(known)}"
        message = f"`{key}`: Ollama has no {key} {name!r}"
        yield Diagnostic(UNKNOWN_BUILTIN, Severity.ERROR, message, span, hint)
        return
    with contextlib.suppress(UsageError):  # a target that is none has been said
        if Target.parse(shape.target).version < came:
            release = version_text(came)
            message = f"`{key}`: {name!r} came with Ollama {release}; `target` is {shape.target!r}"
            hint = f"raise `target` to >={release}, or remove `{key}`"
            yield Diagnostic(UNKNOWN_BUILTIN, Severity.ERROR, message, span, hint)


def _conflicts(shape: PackageShape, document: Document) -> Iterator[Diagnostic]:
    renders, parses = shape.renderer not in WORDS, shape.parser not in WORDS
    if shape.mode == "renderer":
        missing = [key for key, given in (("renderer", renders), ("parser", parses)) if not given]
        if missing:
            message = f"`mode: renderer` needs names for {' and '.join(f'`{key}`' for key in missing)}"
            hint = "write both, such as `renderer: qwen3.5` and `parser: qwen3.5`, or set `mode: auto`"
            yield _conflict("mode", message, hint, document)
            return
    elif renders and shape.mode != "auto":
        message = f"`mode: {shape.mode}` and `renderer: {shape.renderer}` exclude each other: with RENDERER "
        message += "neither a TEMPLATE nor the GGUF's own Jinja is used"
        yield _conflict("renderer", message, "remove `renderer`, or set `mode: renderer`", document)
        return
    elif renders and not parses:
        message = f"`renderer: {shape.renderer}` without a parser: requests with tools or think would be "
        message += "answered with HTTP 400"
        name = shape.renderer if shape.renderer in PARSERS else "…"
        yield _conflict("renderer", message, f"write `parser: {name}` too, or remove `renderer`", document)
        return
    if shape.mode == "native" and parses:
        message = (
            f"`mode: native` and `parser: {shape.parser}` exclude each other: with PARSER the GGUF's own "
        )
        message += "Jinja is not used, and llama-server reads the replies natively"
        yield _conflict("parser", message, "remove `parser`, or set `mode: go`", document)
    if not renders:
        return
    # What only a TEMPLATE can write.
    clashes = {
        "template": shape.template is not None,
        "end_token": shape.end_token not in WORDS,
        "image": bool(shape.image.separator),
        "system_in": shape.system_in != "system",
    }
    for key, clash in clashes.items():
        if clash:
            message = f"`{key}` has no effect with `renderer: {shape.renderer}`, which makes the prompts"
            yield _conflict(key, message, f"remove `{key}`, or remove `renderer`", document)


def _conflict(key: str, message: str, hint: str, document: Document) -> Diagnostic:
    return Diagnostic(CONFLICT, Severity.ERROR, message, document.span(key), hint)
