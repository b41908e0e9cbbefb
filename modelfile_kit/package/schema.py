"""The shape of mkmodelfile.yaml: its types, its JSON Schema, and a finding for what does not fit."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..core.diagnostics import Diagnostic, Severity, Span
from ..gguf_file.quantization import quantization_in_name, tag_of
from .bounded_yaml import Document, KeyPath
from .schema_line import SCHEMA_ID
from .value_kinds import (
    Basic,
    Fault,
    Kind,
    ListOf,
    MappingOf,
    OneOf,
    Problem,
    Schema,
    ShapeOf,
    Text,
    Words,
    key,
    key_kinds,
    key_names,
    shape_schema,
)

UNKNOWN_KEY = "MK503"
WRONG_VALUE = "MK504"
MISSING_KEY = "MK506"

MAX_TEXT = 100_000  # a system text or an end token; far beyond what a context can use
MAX_NAME = 350 + 80 * 3 + 3  # host, namespace, model and tag with their separators

MAX_VARIANTS = 200  # a repository of quantizations has at most some dozens

Scalar = bool | int | float | str

_SCALARS: tuple[Kind, ...] = (Basic("boolean"), Basic("integer"), Basic("number"), Text(0))
_PARAMETERS = MappingOf(OneOf((*_SCALARS, ListOf(OneOf(_SCALARS)))))
_NAME_OR_NONE = OneOf((Text(1, MAX_NAME), Basic("null")))
_TEXT_OR_NONE = OneOf((Text(), Basic("null")))


@dataclass(frozen=True, kw_only=True)
class ImageShape:
    """How images are written."""

    separator: str = key(
        Text(0, 1000), "Text between an image and the words after it; empty for none.", default=""
    )


@dataclass(frozen=True, kw_only=True)
class MessageShape:
    """One message that stands before every conversation."""

    role: Literal["system", "user", "assistant"] = key(
        Words(("system", "user", "assistant")), "system, user or assistant."
    )
    content: str = key(Text(1, MAX_TEXT), "What is said.")


@dataclass(frozen=True, kw_only=True)
class VariantShape:
    """A variant with keys of its own; everything else is the package's."""

    model: str | None = key(
        _TEXT_OR_NONE,
        "The variant's GGUF, a path or a name; the package's `model` where it is left out.",
        default=None,
    )
    quantize: str | None = key(
        _NAME_OR_NONE,
        "The type to which it is quantized when it is published, as `quantize` of the package.",
        default=None,
    )
    parameters: dict[str, Scalar | list[Scalar]] = key(
        _PARAMETERS, "PARAMETER values beside, or in place of, the package's.", default_factory=dict
    )


@dataclass(frozen=True, kw_only=True)
class PackageShape:
    """A package: a model, its projector, and how they are to be served by Ollama."""

    name: str = key(
        Text(1, MAX_NAME), "The model's name on the Ollama server: [[host/]namespace/]model[:tag]."
    )
    model: str = key(
        Text(),
        "The model's GGUF, relative to this file or by name, such as hf.co/ORG/REPO:Q4_K_M; with "
        "`variants` the first of them by default.",
    )
    variants: dict[str, str | VariantShape] = key(
        MappingOf(OneOf((Text(), ShapeOf(VariantShape))), 1, MAX_VARIANTS),
        "Several tags of one model, such as {q4_K_M: A-Q4_K_M.gguf, q8_0: A-Q8_0.gguf}: each a "
        "GGUF, or a mapping with `model`, `quantize` or `parameters` of its own.",
        default_factory=dict,
    )
    projector: str = key(
        Text(),
        "The projector's GGUF (mmproj), relative to this file or by name; auto (look beside the "
        "model) or none.",
        examples=["auto", "none"],
        default="auto",
    )
    tokenizer: str = key(
        Text(),
        "The original model's tokenizer: a file, a folder, or a name such as hf.co/ORG/REPO; "
        "auto (look beside the GGUF) or none.",
        examples=["auto", "none"],
        default="auto",
    )
    chat_template: str | None = key(
        _TEXT_OR_NONE,
        "The reference: gguf (the model's own, the default), family:NAME, a .jinja file, or a "
        "name such as hf.co/ORG/REPO, of the original model.",
        examples=["gguf"],
        default=None,
    )
    chat_template_name: str | None = key(
        _NAME_OR_NONE,
        "Which of several named chat templates in the GGUF or JSON file: default, tool_use, …",
        default=None,
    )
    template: str | None = key(
        _TEXT_OR_NONE, "A Go TEMPLATE written by hand (.gotmpl), in place of a compiled one.", default=None
    )
    end_token: str = key(
        Text(1, MAX_TEXT),
        "auto (what the chat template writes), none, or one token written after every turn.",
        examples=["auto", "none"],
        default="auto",
    )
    stop: Literal["auto"] | list[str] = key(
        OneOf((Words(("auto",)), ListOf(Text(0)))),
        "auto (from the family, the chat template and the vocabulary) or a list of texts.",
        default="auto",
    )
    system: str | None = key(
        OneOf((Text(0, MAX_TEXT), Basic("null"))), "The system text (SYSTEM).", default=None
    )
    system_in: Literal["system", "user"] = key(
        Words(("system", "user")),
        "Where the system text stands: system (a system message), or user (in the first user "
        "turn, for a chat template that refuses system messages).",
        default="system",
    )
    messages: list[MessageShape] = key(
        ListOf(ShapeOf(MessageShape)),
        "Messages before those of every request (MESSAGE), such as a question and its answer.",
        default_factory=list,
    )
    parameters: dict[str, Scalar | list[Scalar]] = key(
        _PARAMETERS, "PARAMETER values by Ollama's names, such as num_ctx.", default_factory=dict
    )
    memory: str | None = key(
        _NAME_OR_NONE,
        "Memory that the model is meant for, of the machine or the GPU, such as 12GiB: `build` "
        "warns where model and num_ctx need more, and `fit` finds the longest context.",
        default=None,
    )
    image: ImageShape = key(
        ShapeOf(ImageShape), "How images are written into the prompt.", default_factory=ImageShape
    )
    target: str = key(
        Text(), 'The oldest Ollama it must work on, such as ">=0.30", or latest.', default=">=0.30"
    )
    mode: Literal["auto", "go", "native", "renderer"] = key(
        Words(("auto", "go", "native", "renderer")),
        "go (a TEMPLATE), native (the GGUF's own Jinja, since 0.30), renderer (Ollama's own, "
        "needs renderer and parser), auto (what is proven).",
        default="auto",
    )
    parser: str = key(
        Text(1, MAX_NAME),
        "Which of Ollama's parsers reads the replies (PARSER): auto, none, or a name.",
        examples=["auto", "none"],
        default="auto",
    )
    renderer: str = key(
        Text(1, MAX_NAME),
        "Which of Ollama's renderers makes the prompts (RENDERER): auto, none, or a name.",
        examples=["auto", "none"],
        default="auto",
    )
    adapters: list[str] = key(
        ListOf(Text(0)),
        "LoRA adapters (GGUF), relative to this file or by name; only for targets before 0.34.1.",
        default_factory=list,
    )
    quantize: str | None = key(
        _NAME_OR_NONE,
        "The type to which an F16, BF16 or F32 model is quantized when it is published, such as "
        "q4_K_M: by llama-quantize, or for F16 and BF16 by the server before 0.34.1.",
        default=None,
    )
    draft: str | None = key(
        _TEXT_OR_NONE,
        "A draft model's GGUF (MTP or dflash; DRAFT), relative to this file or by name; since 0.30.",
        default=None,
    )
    license: str | None = key(
        _TEXT_OR_NONE,
        "A licence file relative to this file, or its text over several lines.",
        default=None,
    )
    tests: str = key(Text(), "The folder of golden files, relative to this file.", default="golden/")


# What people write who come from elsewhere, and what it is called here.
_MEANT = {
    "from": "model",
    "gguf": "model",
    "weights": "model",
    "mmproj": "projector",
    "vision": "projector",
    "clip": "projector",
    "vocab": "tokenizer",
    "vocabulary": "tokenizer",
    "reference_tokenizer": "tokenizer",
    "jinja": "chat_template",
    "gotmpl": "template",
    "go_template": "template",
    "eos": "end_token",
    "eos_token": "end_token",
    "eot": "end_token",
    "stops": "stop",
    "stop_tokens": "stop",
    "stop_words": "stop",
    "system_prompt": "system",
    "params": "parameters",
    "parameter": "parameters",
    "options": "parameters",
    "images": "image",
    "ollama": "target",
    "requires": "target",
    "min_version": "target",
    "licence": "license",
    "golden": "tests",
    "title": "name",
    "adapter": "adapters",
    "lora": "adapters",
    "loras": "adapters",
    "quantization": "quantize",
    "quant": "quantize",
    "draft_model": "draft",
    "ram": "memory",
    "vram": "memory",
    "variant": "variants",
    "quantizations": "variants",
    "quants": "variants",
    "tags": "variants",
    "tool_parser": "parser",
    "reasoning_parser": "parser",
}

# Keys that take one of a few words.
_WORDS = {name: list(kind.words) for name, kind in key_kinds(PackageShape).items() if isinstance(kind, Words)}

_EXPECTED = {
    "name": "text such as autoglm-phone-9b",
    "model": "the path of a GGUF file",
    "variants": "a mapping of tags to files such as {q4_K_M: A-Q4_K_M.gguf}",
    "projector": "a path, auto or none",
    "tokenizer": "a path, auto or none",
    "chat_template": "gguf, the path of a .jinja file, or family:NAME",
    "chat_template_name": "a name such as tool_use",
    "template": "the path of a .gotmpl file",
    "end_token": "auto, none, or the text of one token",
    "stop": "auto or a list of texts",
    "system": "text",
    "system_in": "system or user",
    "messages": "a list of messages such as {role: user, content: Hello}",
    "messages.role": "system, user or assistant",
    "messages.content": "text",
    "parameters": "a mapping of names to numbers, booleans or texts",
    "memory": "a size such as 12GiB",
    "image": "a mapping such as {separator: ''}",
    "image.separator": "text",
    "target": 'text such as ">=0.30"',
    "mode": "auto, go, native or renderer",
    "parser": "auto, none, or the name of one of Ollama's parsers",
    "renderer": "auto, none, or the name of one of Ollama's renderers",
    "adapters": "a list with the path of a LoRA adapter's GGUF",
    "quantize": "a type such as q4_K_M",
    "draft": "the path of a draft model's GGUF",
    "license": "the path of a file, or text",
    "tests": "the path of a folder",
}


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of mkmodelfile.yaml, for editors and other tools."""
    shapes: dict[str, Schema] = {}
    schema = shape_schema(PackageShape, shapes)
    schema["required"] = [name for name in schema["required"] if name != "model"]
    schema["anyOf"] = [{"required": ["model"]}, {"required": ["variants"]}]
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA_ID}
    return head | {"$defs": dict(sorted(shapes.items()))} | schema | {"title": "mkmodelfile.yaml"}


def check_shape(document: Document) -> tuple[PackageShape | None, list[Diagnostic]]:
    """Holds a document against the shape.

    Returns the typed value, None if anything is wrong, and every finding with its place.
    """
    value = document.value
    if not isinstance(value, Mapping):
        found = "an empty file" if value is None else kind(value)
        hint = "begin with `name:` and `model:`; `mkmodelfile init MODEL.gguf` writes such a file"
        message = f"found {found}, expected a mapping of keys to values"
        return None, [Diagnostic(WRONG_VALUE, Severity.ERROR, message, document.span(), hint)]
    empty = [name for name, item in value.items() if item is None and name in key_names(PackageShape)]
    wrong: dict[KeyPath, Diagnostic] = {(name,): _wrong_value((name,), "wrong", document) for name in empty}
    given = {name: item for name, item in value.items() if name not in empty}
    package = ShapeOf(PackageShape)
    wrong = _findings(package.problems(given, ()), document) | wrong
    return (None if wrong else package.typed(given)), list(wrong.values())


def _findings(problems: Iterable[Problem], document: Document) -> dict[KeyPath, Diagnostic]:
    """A finding for each problem, but for keys that are missing because another one is wrong."""
    out: dict[KeyPath, Diagnostic] = {}
    for problem in problems:
        path = problem.path
        if problem.fault == "unknown":
            out[path] = _unknown_key(path, document)
        elif problem.fault == "missing":
            label = ".".join(str(p) for p in path if isinstance(p, str))
            message = f"`{label}` is missing, expected {_EXPECTED[label]}"
            span = document.span(*path[:-1]) if len(path) > 1 else Span(document.file, 1, 1)
            out[path] = Diagnostic(MISSING_KEY, Severity.ERROR, message, span, f"add a line `{path[-1]}: …`")
        else:
            out[path] = _wrong_value(path, problem.fault, document)
    # A misspelt key is the cause of one that is missing: one finding says both.
    meant = {d.help for d in out.values() if d.code == UNKNOWN_KEY}
    named = {"model"} if any(path[0] == "variants" for path in out) else set()
    named |= {"model"} if "did you mean `variants`?" in meant else set()
    return {
        path: d
        for path, d in out.items()
        if d.code != MISSING_KEY or not (path[-1] in named or f"did you mean `{path[-1]}`?" in meant)
    }


def _unknown_key(path: KeyPath, document: Document) -> Diagnostic:
    given = str(path[-1])
    shape = _INNER[str(path[0])] if len(path) > 1 else PackageShape
    known = key_names(shape)
    meant = _MEANT.get(given.lower()) if shape is PackageShape else None
    near = meant or _nearest(given.lower(), [k for k in known if (*path[:-1], k) not in document.keys])
    hint = f"did you mean `{near}`?" if near else f"known keys are {', '.join(known)}"
    if shape is VariantShape and given in key_names(PackageShape):
        hint = f"`{given}` is the same for all variants: write it beside `variants`; {hint}"
    where = "".join(f"{p}." for p in path[:-1] if isinstance(p, str))
    message = f"unknown key `{where}{given}`"
    return Diagnostic(UNKNOWN_KEY, Severity.ERROR, message, document.key_span(*path), hint)


_INNER: dict[str, type[Any]] = {
    "messages": MessageShape,
    "image": ImageShape,
    "variants": VariantShape,
}


def _nearest(given: str, known: list[str]) -> str | None:
    swapped = [k for k in known if sorted(k) == sorted(given)]  # letters in another order: modle
    return next(iter(swapped or difflib.get_close_matches(given, known, n=1, cutoff=0.6)), None)


def _wrong_value(path: KeyPath, fault: Fault, document: Document) -> Diagnostic:
    value: Any = document.value
    for step in path:
        value = value[step]
    label = f"`{'.'.join(str(p) for p in path if isinstance(p, str))}`"
    if path[0] == "parameters" and len(path) > 1:
        expected = "a number, true, false, text, or a list of these"
    elif path[0] == "variants" and len(path) > 1:
        expected = _expected_of_variant(path)
    elif path[0] in ("stop", "adapters") and len(path) > 1:
        label = f"`{path[0]}`, entry {int(path[1]) + 1},"
        expected = "text" if path[0] == "stop" else "the path of a GGUF"
    else:
        expected = _EXPECTED[label.strip("`")]
    if fault == "short" and isinstance(value, str):
        found = "empty text"
    elif fault == "long" and isinstance(value, str):
        found, expected = f"text of {len(value)} characters", "a shorter one"
    else:
        found = kind(value)
    message = f"{label} is {found}, expected {expected}"
    return Diagnostic(
        WRONG_VALUE, Severity.ERROR, message, document.span(*path), _advice(path, value, document)
    )


def _expected_of_variant(path: KeyPath) -> str:
    """What a variant, or a key of it, is to be."""
    if len(path) == 2:
        return "the path of a GGUF file, or a mapping such as {model: A-F16.gguf, quantize: q8_0}"
    if path[2] == "parameters" and len(path) > 3:
        return "a number, true, false, text, or a list of these"
    return _EXPECTED[str(path[2])]


def _advice(path: KeyPath, value: Any, document: Document) -> str:
    name = path[0]
    if name == "variants":
        return _advice_on_variants(path, value)
    if value is None:
        return f"write a value, or remove `{name}`"
    if name in ("stop", "adapters") and isinstance(value, str):
        return f"write a list: {name}: [{value!r}]"
    if name in _WORDS and isinstance(value, str):
        close = difflib.get_close_matches(value.lower(), _WORDS[str(name)], n=1, cutoff=0.4)
        return f"did you mean `{close[0]}`?" if close else f"write {_EXPECTED[str(name)]}"
    if name == "messages" and path[-1] == "role":
        return "write system, user or assistant, in lower case"
    if isinstance(value, (bool, int, float)) or (value is not None and path in document.raw):
        raw = document.raw.get(path)
        if name in ("projector", "tokenizer", "end_token", "parser", "renderer") and isinstance(value, bool):
            return f"write `{name}: {'auto' if value else 'none'}`"
        if raw or not isinstance(value, str):
            return f'put it in quotes: "{raw}"' if raw else "write text in quotes"
    remove = f", or remove `{name}`" * (value == "" and len(path) == 1)
    return {
        "parameters": "such as {num_ctx: 4096, temperature: 0.5}",
        "image": "such as {separator: ''}",
    }.get(str(name), f"write {_EXPECTED[str(name)]}{remove}")


def _advice_on_variants(path: KeyPath, value: Any) -> str:
    files = [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
    if len(path) == 1 and files:
        tags = [tag_of(quantization_in_name(file)) or f"tag{n}" for n, file in enumerate(files, 1)]
        shown = ", ".join(f"{tag}: {file}" for tag, file in zip(tags[:2], files[:2], strict=True))
        return f"write a tag before each file: variants: {{{shown}{', …' if len(files) > 2 else ''}}}"
    if len(path) == 1:
        return "write variants: {q4_K_M: A-Q4_K_M.gguf, q8_0: A-Q8_0.gguf}, or remove `variants`"
    if len(path) == 2 and value is None:
        return f"write the path of its GGUF, or remove `{path[1]}`"
    if len(path) == 3 and path[2] == "parameters":
        return "such as {num_ctx: 8192}"
    return f"write {_expected_of_variant(path)}"


def kind(value: Any) -> str:
    """What a YAML value is, in words, with the value where it is short."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return f"the boolean {str(value).lower()}"
    if isinstance(value, (int, float)):
        shown = repr(value) if isinstance(value, float) or abs(value) < 10**40 else "of many digits"
        return f"the number {shown}"
    if isinstance(value, str):
        return f"text ({value if len(value) <= 40 else value[:37] + '...'!r})"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, Mapping):
        return "a mapping" if value else "an empty mapping"
    return {"date": "a date", "datetime": "a date", "bytes": "binary data"}.get(
        type(value).__name__, "a value"
    )
