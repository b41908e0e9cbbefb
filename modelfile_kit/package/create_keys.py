"""Keys about what `create` does with more files: `adapters`, `quantize` and `draft`, by the target."""

from __future__ import annotations

import contextlib

from ..core.diagnostics import Diagnostic, Severity
from ..core.errors import UsageError
from ..core.near_words import near_word
from ..ollama.versions import Target, since, until
from .bounded_yaml import Document
from .schema import PackageShape

NOT_ON_TARGET = "MK528"
WRONG_VALUE = "MK504"

QUANTIZATIONS = ("F16", "BF16", "F32", "Q8_0", "Q4_K_S", "Q4_K_M", "Q4_K")
"""The types to which `create` quantizes, in capital letters (Ollama 0.33, fs/ggml/type.go, ParseFileType).

For servers that no longer do it, `publish` has llama-quantize do it before.
"""

# The row of `versions.SINCE` that a key hangs on, and what to do where the target lacks it.
_NEEDS = {
    "adapters": (
        "lora_adapters",
        "merge the adapter into the model with llama.cpp's `llama-export-lora` and name the result as "
        "`model`, or serve both with `llama-server --lora`",
    ),
    "draft": ("draft_files", "raise `target` to >={since}, or remove `draft`"),
}


def check_create_keys(shape: PackageShape, document: Document) -> list[Diagnostic]:
    """What the target's servers refuse of these keys, and what no server takes."""
    with contextlib.suppress(UsageError):  # a target that is none has been said
        target = Target.parse(shape.target)
        found = [d for key in _NEEDS if getattr(shape, key) for d in _on_target(key, shape, target, document)]
        return found or [*_one_adapter(shape, document), *_quantization(shape, document)]
    return []


def _on_target(key: str, shape: PackageShape, target: Target, document: Document) -> list[Diagnostic]:
    feature, advice = _NEEDS[key]
    if target.has(feature):
        return []
    hint = advice.format(since=since(feature))
    if end := until(feature):
        message = f"`{key}` is refused by Ollama {end} and later, which `target: {shape.target}` includes"
        hint += f"; or set `target` to one release before {end}, such as 0.33.0"
    else:
        message = f"`{key}` needs Ollama {since(feature)} or later; `target` is {shape.target!r}"
    return [Diagnostic(NOT_ON_TARGET, Severity.ERROR, message, document.key_span(key), hint)]


def _one_adapter(shape: PackageShape, document: Document) -> list[Diagnostic]:
    if len(shape.adapters) < 2:
        return []
    message = f"`adapters` has {len(shape.adapters)} files; Ollama takes only one adapter"
    hint = "merge the others into the model with llama.cpp's `llama-export-lora`"
    return [Diagnostic(WRONG_VALUE, Severity.ERROR, message, document.span("adapters", 1), hint)]


def _quantization(shape: PackageShape, document: Document) -> list[Diagnostic]:
    return check_quantization(shape.quantize, document, "quantize")


def check_quantization(asked: str | None, document: Document, *path: str) -> list[Diagnostic]:
    """A type of quantization that `create` does not know; path: where it stands."""
    if asked is None or asked.upper() in QUANTIZATIONS:
        return []
    message = f"`{'.'.join(path)}` is {asked!r}, which `quantize` does not take"
    near = near_word(asked.upper(), QUANTIZATIONS)
    hint = f"did you mean {near}? " if near else ""
    hint += f"it takes {', '.join(QUANTIZATIONS)}; `mkmodelfile quantize` makes others with llama-quantize"
    return [Diagnostic(WRONG_VALUE, Severity.ERROR, message, document.span(*path), hint)]
