"""The key `variants`: the tags that it makes, and what is wrong with them."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from ..core.diagnostics import Diagnostic, Severity
from ..sources.model_name import MAX_PART, check_name, with_tag
from .bounded_yaml import Document
from .create_keys import check_quantization
from .schema import PackageShape, VariantShape

BAD_NAME, CONFLICT, WRONG_VALUE = "MK508", "MK507", "MK504"
RESERVED = "mkmodelfile-"  # of working copies; publish/names.py


@dataclass(frozen=True)
class VariantKeys:
    """A variant as it is written. model: None for the package's; quantize: None for none of its own."""

    tag: str
    model: str | None = None
    quantize: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)


def variants_of(shape: PackageShape) -> tuple[VariantKeys, ...]:
    """The variants in the order of the file; a plain path is a variant of that file."""
    return tuple(
        VariantKeys(tag, given)
        if isinstance(given, str)
        else VariantKeys(tag, given.model, given.quantize, MappingProxyType(dict(given.parameters)))
        for tag, given in shape.variants.items()
    )


def variant_name(name: str, tag: str) -> str:
    """The name of a variant: `x` and `x:latest` give `x:TAG`, `x:8b` gives `x:8b-TAG`."""
    head, colon, own = name.rpartition(":")
    if not colon or "/" in own:
        return f"{name}:{tag}"
    return f"{head}:{tag}" if own.casefold() == "latest" else f"{name}-{tag}"


def with_main_model(document: Document) -> Document:
    """The document with the first variant's file as `model`, where it has no `model`."""
    value = document.value
    if not isinstance(value, Mapping) or "model" in value or not isinstance(value.get("variants"), Mapping):
        return document
    tag, first = next(iter(value["variants"].items()), ("", None))
    place: tuple[str | int, ...] = ("variants", tag)
    if isinstance(first, Mapping):
        first, place = first.get("model"), (*place, "model")
    if not isinstance(first, str) or not first:
        return document
    values = {**document.values, ("model",): document.span(*place)}
    return dataclasses.replace(document, value={**value, "model": first}, values=values)


def check_variants(shape: PackageShape, document: Document) -> list[Diagnostic]:
    """Tags that Ollama refuses or takes for one, and types of quantization that there are not."""
    if check_name(shape.name) is not None:
        return []
    out: list[Diagnostic] = []
    taken = {_listed(shape.name): f"the name of the package itself, `{shape.name}`"}
    for tag, given in shape.variants.items():
        out += _check_tag(shape, tag, document, taken)
        if isinstance(given, VariantShape):
            out += check_quantization(given.quantize, document, "variants", tag, "quantize")
    return out


def _check_tag(shape: PackageShape, tag: str, document: Document, taken: dict[str, str]) -> list[Diagnostic]:
    name, span = variant_name(shape.name, tag), document.key_span("variants", tag)
    # An empty tag or one with a slash would make another name of a valid one.
    problem = check_name(name) if tag and "/" not in tag and ":" not in tag else None
    if problem is not None or not tag or "/" in tag or ":" in tag:
        why = problem.message if problem is not None else "expected letters, digits, `-`, `_` and `.`"
        message = f"`variants`: {tag!r} cannot be a tag: {why.removeprefix(f'{name!r}: ')}"
        return [Diagnostic(BAD_NAME, Severity.ERROR, message, span, _valid(tag))]
    if tag.casefold().startswith(RESERVED):
        message = f"`variants`: tags that begin with {RESERVED!r} are reserved for working copies"
        return [Diagnostic(BAD_NAME, Severity.ERROR, message, span, "choose another tag")]
    listed = _listed(name)
    if listed in taken:
        message = f"`variants`: `{tag}` gives {name}, which is the same to Ollama as {taken[listed]}"
        hint = "give it another tag: Ollama does not tell capital and small letters apart"
        if tag.casefold() == "latest":
            hint = "name the file as `model`: it gets the name without a tag, which is `latest`"
        return [Diagnostic(CONFLICT, Severity.ERROR, message, span, hint)]
    taken[listed] = f"`{tag}`, on line {span.line}"
    return []


def _listed(name: str) -> str:
    return with_tag(name).casefold()


def _valid(tag: str) -> str:
    simple = re.sub(r"[^A-Za-z0-9._-]+", "-", tag).strip("-.")[:MAX_PART]
    return f"for example `{simple}`" if simple else "for example `q4_K_M`"
