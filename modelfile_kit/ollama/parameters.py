"""PARAMETER values as Ollama reads them, and what else create would stumble over, per release.

Sources: api/types.go (Options, Runner, FormatParams), parser/parser.go (deprecatedParameters,
CreateRequest). Names and kinds were asked of Ollama's own packages at each release of the tests.
"""

from __future__ import annotations

import difflib
import math
import re
import struct
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Any

from ..core.diagnostics import Diagnostic, Severity, Span
from .builtin import PARSERS, RENDERERS
from .grammar import INSTRUCTIONS, Instruction, Modelfile
from .versions import Target, Version, since

Value = int | float | bool | str

_KINDS = {
    "int": "num_keep seed num_predict top_k repeat_last_n num_ctx num_batch num_gpu main_gpu num_thread",
    "float": "top_p min_p typical_p temperature repeat_penalty presence_penalty frequency_penalty",
    "bool": "use_mmap",
    "text": "stop",
}
OPTIONS: dict[str, str] = {name: kind for kind, names in _KINDS.items() for name in names.split()}
"""Every release's parameters and their kinds ("int", "float", "bool", "text"; `stop` is a list)."""

_OLD_OPTIONS = {
    **dict.fromkeys(("low_vram", "f16_kv", "logits_all", "vocab_only", "use_mlock"), "bool"),
    "mirostat": "int",
    "mirostat_tau": "float",
    "mirostat_eta": "float",
}
DEPRECATED = ("penalize_newline", *_OLD_OPTIONS)
"""Parameters that since 0.7 are warned about and otherwise ignored."""

_PROJECTOR_NAMES = ("mmproj", "projector", "vision_projector", "clip", "clip_model")
_EXPECTED = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
}

_DIGITS = r"[0-9](?:_?[0-9])*"
_HEX = r"[0-9a-fA-F](?:_?[0-9a-fA-F])*"
_DECIMAL = re.compile(rf"[+-]?(?:{_DIGITS}\.?(?:{_DIGITS})?|\.{_DIGITS})(?:[eE][+-]?{_DIGITS})?")
_HEXADECIMAL = re.compile(rf"([+-]?)0[xX]_?({_HEX})?(?:\.({_HEX})?)?[pP]([+-]?{_DIGITS})")
_SPECIAL = re.compile(r"[+-]?(?:inf(?:inity)?|nan)", re.IGNORECASE)
_INTEGER = re.compile(r"[+-]?[0-9]+")
_SEMVER = re.compile(
    r"v?(0|[1-9]\d*)(\.(0|[1-9]\d*)(\.(0|[1-9]\d*)"
    r"(-(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(\.(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*)?"
    r"(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?)?)?",
    re.ASCII,
)
# The first number whose nearest float32 is infinite; texts are compared before they are rounded.
_FLOAT32_OVERFLOW = 2**128 - 2**103
_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})


def options_of(target: Target) -> dict[str, str]:
    """The parameters that a release takes, with their kinds."""
    known = dict(OPTIONS)
    if not target.has("short_options"):
        known.update(_OLD_OPTIONS)
    if target.may_have("draft_num_predict"):
        known["draft_num_predict"] = "int"
    return known


def deprecated_in(target: Target) -> tuple[str, ...]:
    """The parameters that a release only warns about."""
    return DEPRECATED if target.has("short_options") else DEPRECATED[:1]


def parse_value(kind: str, text: str) -> Value | None:
    """A value as Go's strconv reads it for the kind; None where Ollama refuses it.

    A float is rounded to float32, as Ollama's options are; it may be infinite or NaN.
    """
    if kind == "text":
        return text
    if kind == "bool":
        return True if text in _TRUE else False if text in _FALSE else None
    if kind == "int":
        number = int(text) if _INTEGER.fullmatch(text) and len(text) <= 4000 else None
        return number if number is not None and -(2**63) <= number < 2**63 else None
    return _parse_float(text)


def _parse_float(text: str) -> float | None:
    if _SPECIAL.fullmatch(text):
        return float(text)
    number: float | None = None
    if _DECIMAL.fullmatch(text):
        exact = Decimal(text.replace("_", ""))
        number = min(max(float(exact), -_LARGEST), _LARGEST) if abs(exact) < _FLOAT32_OVERFLOW else None
    elif (found := _HEXADECIMAL.fullmatch(text)) and (found[2] or found[3]):
        number = _hexadecimal(text.replace("_", ""))
    if number is None or abs(number) >= _FLOAT32_OVERFLOW:
        return None
    return _shortest_float32(number)


_LARGEST = 2.0**128 - 2.0**104
"""The largest float32."""


def _shortest_float32(number: float) -> float:
    """The shortest decimal that stands for the nearest float32, which is what a request then holds."""
    wanted = struct.pack("<f", number)
    nearest = struct.unpack("<f", wanted)[0]
    texts = (f"{nearest:.{digits}g}" for digits in range(1, 10))
    return next(
        value
        for value in map(float, texts)
        if abs(value) < _FLOAT32_OVERFLOW and struct.pack("<f", value) == wanted
    )


def _hexadecimal(text: str) -> float:
    try:
        return float.fromhex(text)
    except OverflowError:
        return math.inf


def typed_parameters(modelfile: Modelfile, target: str | Target = "latest") -> dict[str, Any]:
    """The parameters of a create request: each name once, `stop` as a list, the last value of others.

    What `validate` complains about is left out.
    """
    target = Target.parse(target)
    known = options_of(target)
    out: dict[str, Any] = {}
    for instruction in modelfile.all("parameter"):
        kind = known.get(instruction.key)
        value = parse_value(kind, instruction.value) if kind else None
        if value is None or (isinstance(value, float) and not math.isfinite(value)):
            continue
        if kind == "text":
            out.setdefault(instruction.key, []).append(value)
        else:
            out[instruction.key] = value
    return out


def validate(
    modelfile: Modelfile, target: str | Target = "latest", *, file: str | None = None
) -> list[Diagnostic]:
    """What create on the target refuses or ignores although the grammar is right.

    Codes: MK110 unknown parameter, MK111 value of the wrong type, MK112 deprecated parameter, MK113
    a projector given as PARAMETER, MK114 one given as ADAPTER, MK115 a PARAMETER that sets another
    instruction, MK116 an instruction that the target does not know, MK117 REQUIRES without a version,
    MK129 a RENDERER or PARSER that the target does not know.
    """
    target = Target.parse(target)
    checks = (_too_young, _hidden_instruction, _parameter, _adapter, _requires, _builtin)
    found = []
    for instruction in modelfile.instructions:
        span = Span(file, instruction.line or None)
        for check in checks:
            finding = check(instruction, target, span)
            if finding is not None:
                found.append(finding)
                break
    return found


def _too_young(instruction: Instruction, target: Target, span: Span) -> Diagnostic | None:
    feature = INSTRUCTIONS.get(instruction.name)
    if not feature or target.has(feature):
        return None
    name = instruction.name.upper()
    return Diagnostic(
        "MK116",
        Severity.ERROR,
        f"{name} is unknown to Ollama {target.name}; it came with {since(feature)}",
        span,
        f"take {name} out, or raise the target to >={since(feature)}",
    )


def _hidden_instruction(instruction: Instruction, _target: Target, span: Span) -> Diagnostic | None:
    if instruction.name != "parameter" or instruction.command == "parameter":
        return None
    command = instruction.command.upper()
    return Diagnostic(
        "MK115",
        Severity.WARNING,
        f"PARAMETER {instruction.key} is no parameter: Ollama takes it for {command}",
        span,
        f"write {command} and the value, or take the line out",
    )


def _parameter(instruction: Instruction, target: Target, span: Span) -> Diagnostic | None:
    if instruction.command != "parameter":
        return None
    key, value = instruction.key, instruction.value
    if key.lower() in _PROJECTOR_NAMES:
        return Diagnostic(
            "MK113",
            Severity.ERROR,
            f"PARAMETER {key}: Ollama has no parameter for the projector",
            span,
            f"write a second FROM (or PROJECTOR, for the kit) after the model's: FROM {value}",
        )
    if key in deprecated_in(target):
        return Diagnostic(
            "MK112",
            Severity.WARNING,
            f"PARAMETER {key} is deprecated; Ollama warns and ignores it",
            span,
            "take the line out",
        )
    kind = options_of(target).get(key)
    if kind is None:
        return _unknown(key, target, span)
    return _wrong_value(instruction, kind, span)


def _unknown(key: str, target: Target, span: Span) -> Diagnostic:
    known = options_of(target)
    near = difflib.get_close_matches(key.lower(), known, n=1)
    if key == "draft_num_predict":
        hint = f"it came with {since('draft_num_predict')}; take it out, or raise the target"
    else:
        hint = f"did you mean {near[0]}?" if near else f"Ollama knows {', '.join(sorted(known))}"
    return Diagnostic("MK110", Severity.ERROR, f"PARAMETER {key!r} is unknown to Ollama", span, hint)


def _wrong_value(instruction: Instruction, kind: str, span: Span) -> Diagnostic | None:
    key, value = instruction.key, instruction.value
    parsed = parse_value(kind, value)
    if isinstance(parsed, float) and not math.isfinite(parsed):
        message = f"PARAMETER {key} is {value!r}, which a create request cannot carry"
        return Diagnostic("MK111", Severity.ERROR, message, span, "write a finite number")
    if parsed is not None:
        return None
    hint = "write digits alone, with a sign at most" if kind == "int" else f"write {_EXPECTED[kind]}"
    message = f"PARAMETER {key} is {value!r}, Ollama expects {_EXPECTED[kind]}"
    return Diagnostic("MK111", Severity.ERROR, message, span, hint)


def _adapter(instruction: Instruction, _target: Target, span: Span) -> Diagnostic | None:
    """ADAPTER with a projector's file: create succeeds and the model stays blind."""
    if instruction.command != "adapter" or not looks_like_projector(instruction.value):
        return None
    return Diagnostic(
        "MK114",
        Severity.ERROR,
        f"ADAPTER {instruction.value} looks like a projector; as an adapter it has no use",
        span,
        f"write a second FROM (or PROJECTOR, for the kit) after the model's: FROM {instruction.value}",
    )


def looks_like_projector(file: str) -> bool:
    """Whether a file's name says that it is a projector, as llama.cpp's converter names them."""
    return "mmproj" in PurePosixPath(file.replace("\\", "/")).name.lower()


def _requires(instruction: Instruction, _target: Target, span: Span) -> Diagnostic | None:
    if instruction.command != "requires" or _SEMVER.fullmatch(instruction.value):
        return None
    return Diagnostic(
        "MK117",
        Severity.ERROR,
        f"REQUIRES {instruction.value!r} is not a version",
        span,
        "write a release of Ollama, e.g. REQUIRES 0.14.0",
    )


def _builtin(instruction: Instruction, target: Target, span: Span) -> Diagnostic | None:
    """An unknown RENDERER makes every request fail, an unknown PARSER does nothing at all."""
    known: dict[str, Version] = {
        "renderer": RENDERERS,
        "parser": {name: parser.since for name, parser in PARSERS.items()},
    }.get(instruction.command, {})
    if not known or not instruction.value or not target.has("renderer"):
        return None
    name, came = instruction.value, known.get(instruction.value)
    if came and target.version >= came:
        return None
    command = instruction.command.upper()
    at = f"Ollama {target.name} does not know {command} {name!r}"
    if came:
        hint = f"it came with {'.'.join(map(str, came))}: raise the target, or take it out"
    else:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known ones are {', '.join(known)}"
    if command == "RENDERER":
        return Diagnostic("MK129", Severity.ERROR, f"{at}; every chat would fail", span, hint)
    return Diagnostic("MK129", Severity.WARNING, f"{at}; it has no effect", span, hint)
