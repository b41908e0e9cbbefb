"""The shape of mkmodelfile.yaml: its types, its JSON Schema, and a finding for what does not fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from ..core.diagnostics import Diagnostic, Severity, Span
from ..core.near_words import near_word
from ..gguf_file.quantization import quantization_in_name, tag_of
from .bounded_yaml import Document, KeyPath
from .schema_line import SCHEMA_ID

UNKNOWN_KEY = "MK503"
WRONG_VALUE = "MK504"
MISSING_KEY = "MK506"

MAX_TEXT = 100_000  # a system text or an end token; far beyond what a context can use
MAX_NAME = 350 + 80 * 3 + 3  # host, namespace, model and tag with their separators

MAX_VARIANTS = 200  # a repository of quantizations has at most some dozens

Scalar = bool | int | float | str
GivenPath = Annotated[str, Field(min_length=1)]


class ImageShape(BaseModel):
    """How images are written."""

    model_config = ConfigDict(extra="forbid", strict=True)

    separator: str = Field(
        "", max_length=1000, description="Text between an image and the words after it; empty for none."
    )


class MessageShape(BaseModel):
    """One message that stands before every conversation."""

    model_config = ConfigDict(extra="forbid", strict=True)

    role: Literal["system", "user", "assistant"] = Field(description="system, user or assistant.")
    content: str = Field(min_length=1, max_length=MAX_TEXT, description="What is said.")


class VariantShape(BaseModel):
    """A variant with keys of its own; everything else is the package's."""

    model_config = ConfigDict(extra="forbid", strict=True)

    model: str | None = Field(
        None,
        min_length=1,
        description="The variant's GGUF, a path or a name; the package's `model` where it is left out.",
    )
    quantize: str | None = Field(
        None,
        min_length=1,
        max_length=MAX_NAME,
        description="The type to which it is quantized when it is published, as `quantize` of the package.",
    )
    parameters: dict[str, Scalar | list[Scalar]] = Field(
        default_factory=dict,
        description="PARAMETER values beside, or in place of, the package's.",
    )


class PackageShape(BaseModel):
    """A package: a model, its projector, and how they are to be served by Ollama."""

    model_config = ConfigDict(extra="forbid", strict=True, title="mkmodelfile.yaml")

    name: str = Field(
        min_length=1,
        max_length=MAX_NAME,
        description="The model's name on the Ollama server: [[host/]namespace/]model[:tag].",
    )
    model: str = Field(
        min_length=1,
        description="The model's GGUF, relative to this file or by name, such as hf.co/ORG/REPO:Q4_K_M; with "
        "`variants` the first of them by default.",
    )
    variants: dict[str, GivenPath | VariantShape] = Field(
        default_factory=dict,
        min_length=1,
        max_length=MAX_VARIANTS,
        description="Several tags of one model, such as {q4_K_M: A-Q4_K_M.gguf, q8_0: A-Q8_0.gguf}: each a "
        "GGUF, or a mapping with `model`, `quantize` or `parameters` of its own.",
    )
    projector: str = Field(
        "auto",
        min_length=1,
        examples=["auto", "none"],
        description="The projector's GGUF (mmproj), relative to this file or by name; auto (look beside the "
        "model) or none.",
    )
    tokenizer: str = Field(
        "auto",
        min_length=1,
        examples=["auto", "none"],
        description="The original model's tokenizer: a file, a folder, or a name such as hf.co/ORG/REPO; "
        "auto (look beside the GGUF) or none.",
    )
    chat_template: str | None = Field(
        None,
        min_length=1,
        examples=["gguf"],
        description="The reference: gguf (the model's own, the default), family:NAME, a .jinja file, or a "
        "name such as hf.co/ORG/REPO, of the original model.",
    )
    chat_template_name: str | None = Field(
        None,
        min_length=1,
        max_length=MAX_NAME,
        description="Which of several named chat templates in the GGUF or JSON file: default, tool_use, …",
    )
    template: str | None = Field(
        None, min_length=1, description="A Go TEMPLATE written by hand (.gotmpl), in place of a compiled one."
    )
    end_token: str = Field(
        "auto",
        min_length=1,
        max_length=MAX_TEXT,
        examples=["auto", "none"],
        description="auto (what the chat template writes), none, or one token written after every turn.",
    )
    stop: Literal["auto"] | list[str] = Field(
        "auto", description="auto (from the family, the chat template and the vocabulary) or a list of texts."
    )
    system: str | None = Field(None, max_length=MAX_TEXT, description="The system text (SYSTEM).")
    system_in: Literal["system", "user"] = Field(
        "system",
        description="Where the system text stands: system (a system message), or user (in the first user "
        "turn, for a chat template that refuses system messages).",
    )
    messages: list[MessageShape] = Field(
        default_factory=list,
        description="Messages before those of every request (MESSAGE), such as a question and its answer.",
    )
    parameters: dict[str, Scalar | list[Scalar]] = Field(
        default_factory=dict, description="PARAMETER values by Ollama's names, such as num_ctx."
    )
    memory: str | None = Field(
        None,
        min_length=1,
        max_length=MAX_NAME,
        description="Memory that the model is meant for, of the machine or the GPU, such as 12GiB: `build` "
        "warns where model and num_ctx need more, and `fit` finds the longest context.",
    )
    image: ImageShape = Field(
        default_factory=ImageShape, description="How images are written into the prompt."
    )
    target: str = Field(
        ">=0.30", min_length=1, description='The oldest Ollama it must work on, such as ">=0.30", or latest.'
    )
    mode: Literal["auto", "go", "native", "renderer"] = Field(
        "auto",
        description="go (a TEMPLATE), native (the GGUF's own Jinja, since 0.30), renderer (Ollama's own, "
        "needs renderer and parser), auto (what is proven).",
    )
    parser: str = Field(
        "auto",
        min_length=1,
        max_length=MAX_NAME,
        examples=["auto", "none"],
        description="Which of Ollama's parsers reads the replies (PARSER): auto, none, or a name.",
    )
    renderer: str = Field(
        "auto",
        min_length=1,
        max_length=MAX_NAME,
        examples=["auto", "none"],
        description="Which of Ollama's renderers makes the prompts (RENDERER): auto, none, or a name.",
    )
    adapters: list[str] = Field(
        default_factory=list,
        description="LoRA adapters (GGUF), relative to this file or by name; only for targets before 0.34.1.",
    )
    quantize: str | None = Field(
        None,
        min_length=1,
        max_length=MAX_NAME,
        description="The type to which an F16, BF16 or F32 model is quantized when it is published, such as "
        "q4_K_M: by llama-quantize, or for F16 and BF16 by the server before 0.34.1.",
    )
    draft: str | None = Field(
        None,
        min_length=1,
        description="A draft model's GGUF (MTP or dflash; DRAFT), relative to this file or by name; "
        "since 0.30.",
    )
    license: str | None = Field(
        None,
        min_length=1,
        description="A licence file relative to this file, or its text over several lines.",
    )
    tests: str = Field(
        "golden/", min_length=1, description="The folder of golden files, relative to this file."
    )


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
_WORDS = {
    key: list(get_args(field.annotation))
    for key, field in PackageShape.model_fields.items()
    if get_origin(field.annotation) is Literal
}

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
    schema = PackageShape.model_json_schema()
    schema["required"] = [key for key in schema["required"] if key != "model"]
    schema["anyOf"] = [{"required": ["model"]}, {"required": ["variants"]}]
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA_ID}
    return head | {**schema, "title": "mkmodelfile.yaml"}


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
    empty = [key for key, item in value.items() if item is None and key in PackageShape.model_fields]
    wrong: dict[KeyPath, Diagnostic] = {(key,): _wrong_value((key,), "none", document) for key in empty}
    shape = None
    try:
        shape = PackageShape.model_validate({k: v for k, v in value.items() if k not in empty})
    except ValidationError as e:
        wrong = _findings(e, document) | wrong
    return (None if wrong else shape), list(wrong.values())


def _findings(error: ValidationError, document: Document) -> dict[KeyPath, Diagnostic]:
    """One finding a place: pydantic tells every arm of a union, people want one sentence."""
    places = [(_real_path(item, document.value), item) for item in error.errors(include_url=False)]
    above = {path[:n] for path, _ in places for n in range(len(path))}
    out: dict[KeyPath, Diagnostic] = {}
    for path, item in places:
        if path in out or path in above:
            continue  # said already, or said better at the part of it that is wrong
        if item["type"] == "extra_forbidden":
            out[path] = _unknown_key(path, document)
        elif item["type"] == "missing":
            label = ".".join(str(p) for p in path if isinstance(p, str))
            message = f"`{label}` is missing, expected {_EXPECTED[label]}"
            span = document.span(*path[:-1]) if len(path) > 1 else Span(document.file, 1, 1)
            out[path] = Diagnostic(MISSING_KEY, Severity.ERROR, message, span, f"add a line `{path[-1]}: …`")
        else:
            out[path] = _wrong_value(path, item["type"], document)
    # A misspelt key is the cause of one that is missing: one finding says both.
    meant = {d.help for d in out.values() if d.code == UNKNOWN_KEY}
    named = {"model"} if any(path[0] == "variants" for path in out) else set()
    named |= {"model"} if "did you mean `variants`?" in meant else set()
    return {
        path: d
        for path, d in out.items()
        if d.code != MISSING_KEY or not (path[-1] in named or f"did you mean `{path[-1]}`?" in meant)
    }


def _real_path(item: ErrorDetails, value: Any) -> KeyPath:
    """Where it is, without the names of union arms that pydantic puts into its `loc`."""
    if item["type"] == "missing":
        return item["loc"]
    path: list[str | int] = []
    for step in item["loc"]:
        inside = value if isinstance(value, Mapping) else range(len(value)) if isinstance(value, list) else ()
        if step in inside:
            value = value[step]
            path.append(step)
    return tuple(path)


def _unknown_key(path: KeyPath, document: Document) -> Diagnostic:
    key = str(path[-1])
    shape: type[BaseModel] = PackageShape
    if len(path) > 1:
        shape = _INNER[str(path[0])]
    known = list(shape.model_fields)
    meant = _MEANT.get(key.lower()) if shape is PackageShape else None
    near = meant or _nearest(key.lower(), [k for k in known if (*path[:-1], k) not in document.keys])
    hint = f"did you mean `{near}`?" if near else f"known keys are {', '.join(known)}"
    if shape is VariantShape and key in PackageShape.model_fields:
        hint = f"`{key}` is the same for all variants: write it beside `variants`; {hint}"
    where = "".join(f"{p}." for p in path[:-1] if isinstance(p, str))
    message = f"unknown key `{where}{key}`"
    return Diagnostic(UNKNOWN_KEY, Severity.ERROR, message, document.key_span(*path), hint)


_INNER: dict[str, type[BaseModel]] = {
    "messages": MessageShape,
    "image": ImageShape,
    "variants": VariantShape,
}


def _nearest(key: str, known: list[str]) -> str | None:
    swapped = [k for k in known if sorted(k) == sorted(key)]  # letters in another order: modle
    return next(iter(swapped), near_word(key, known)) or None


def _wrong_value(path: KeyPath, problem: str, document: Document) -> Diagnostic:
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
    if problem == "string_too_short":
        found = "empty text"
    elif problem == "string_too_long":
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
    key = path[0]
    if key == "variants":
        return _advice_on_variants(path, value)
    if value is None:
        return f"write a value, or remove `{key}`"
    if key in ("stop", "adapters") and isinstance(value, str):
        return f"write a list: {key}: [{value!r}]"
    if key in _WORDS and isinstance(value, str):
        close = near_word(value.lower(), _WORDS[str(key)], cutoff=0.4)
        return f"did you mean `{close}`?" if close else f"write {_EXPECTED[str(key)]}"
    if key == "messages" and path[-1] == "role":
        return "write system, user or assistant, in lower case"
    if isinstance(value, (bool, int, float)) or (value is not None and path in document.raw):
        raw = document.raw.get(path)
        if key in ("projector", "tokenizer", "end_token", "parser", "renderer") and isinstance(value, bool):
            return f"write `{key}: {'auto' if value else 'none'}`"
        if raw or not isinstance(value, str):
            return f'put it in quotes: "{raw}"' if raw else "write text in quotes"
    remove = f", or remove `{key}`" * (value == "" and len(path) == 1)
    return {
        "parameters": "such as {num_ctx: 4096, temperature: 0.5}",
        "image": "such as {separator: ''}",
    }.get(str(key), f"write {_EXPECTED[str(key)]}{remove}")


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
