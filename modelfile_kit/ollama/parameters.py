"""PARAMETER values as Ollama reads them, and what else create would stumble over, per release.

Sources: api/types.go (Options, Runner, FormatParams), parser/parser.go (deprecatedParameters,
CreateRequest). Names and kinds were asked of Ollama's own packages at each release of the tests.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Any

from ..core.diagnostics import Diagnostic, Severity, Span
from ..core.near_words import near_word
from .builtin import PARSERS, RENDERERS
from .grammar import INSTRUCTIONS, Instruction, Modelfile
from .versions import SINCE, Target, Version, is_semantic, since, until, version_text

Value = int | float | bool | str


@dataclass(frozen=True)
class Parameter:
    """A PARAMETER: its kind ("int", "float", "bool", "text"; `stop` is a list) and the releases that take it.

    feature: the row of `versions.SINCE` that says since or until when it exists, "" for always. ignored:
    the row since which it is only warned about, "" for never.
    """

    kind: str
    feature: str = ""
    ignored: str = ""


# api/types.go, Options and Runner; parser/parser.go, deprecatedParameters.
PARAMETERS: dict[str, Parameter] = {
    "num_keep": Parameter("int"),
    "seed": Parameter("int"),
    "num_predict": Parameter("int"),
    "top_k": Parameter("int"),
    "repeat_last_n": Parameter("int"),
    "num_ctx": Parameter("int"),
    "num_batch": Parameter("int"),
    "num_gpu": Parameter("int"),
    "main_gpu": Parameter("int"),
    "num_thread": Parameter("int"),
    "draft_num_predict": Parameter("int", feature="draft_num_predict"),
    "top_p": Parameter("float"),
    "min_p": Parameter("float"),
    "typical_p": Parameter("float", feature="typical_p"),
    "temperature": Parameter("float"),
    "repeat_penalty": Parameter("float"),
    "presence_penalty": Parameter("float"),
    "frequency_penalty": Parameter("float"),
    "use_mmap": Parameter("bool"),
    "stop": Parameter("text"),
    "penalize_newline": Parameter("bool", ignored="parameter_warnings"),
    "low_vram": Parameter("bool", ignored="short_options"),
    "f16_kv": Parameter("bool", ignored="short_options"),
    "logits_all": Parameter("bool", ignored="short_options"),
    "vocab_only": Parameter("bool", ignored="short_options"),
    "use_mlock": Parameter("bool", ignored="short_options"),
    "mirostat": Parameter("int", ignored="short_options"),
    "mirostat_tau": Parameter("float", ignored="short_options"),
    "mirostat_eta": Parameter("float", ignored="short_options"),
}
"""Every parameter that some release since 0.5.13 takes or warns about."""

# Instructions that the grammar of other releases has too than those whose create takes them: the row of
# `versions.SINCE`.
_TAKEN = {"adapter": "lora_adapters", "draft": "draft_files"}
_PROJECTOR_NAMES = ("mmproj", "projector", "vision_projector", "clip", "clip_model")
_EXPECTED = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
}

_DIGITS = r"[0-9](?:_?[0-9])*"
_HEX = r"[0-9a-fA-F](?:_?[0-9a-fA-F])*"
_DECIMAL = re.compile(rf"([+-]?)((?:{_DIGITS}(?:\.(?:{_DIGITS})?)?|\.{_DIGITS}))(?:[eE]([+-]?{_DIGITS}))?")
_HEXADECIMAL = re.compile(rf"([+-]?)0[xX]_?({_HEX})?(?:\.({_HEX})?)?[pP]([+-]?{_DIGITS})")
_SPECIAL = re.compile(r"[+-]?(?:inf(?:inity)?|nan)", re.IGNORECASE)
_INTEGER = re.compile(r"[+-]?[0-9]+")
# The first number whose nearest float32 is infinite; texts are compared before they are rounded.
_FLOAT32_OVERFLOW = 2**128 - 2**103
_LARGEST = 2.0**128 - 2.0**104  # float32's
# Longer texts would only cost time: Python and Go agree that nobody writes such a number.
_MAX_DIGITS = 4000
_MAX_EXPONENT = 100_000
_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})


def options_of(target: Target) -> dict[str, str]:
    """The parameters that some server of a target takes, with their kinds."""
    return {
        name: row.kind
        for name, row in PARAMETERS.items()
        if not (row.feature and not target.may_have(row.feature)) and not _is_ignored(row, target)
    }


def deprecated_in(target: Target) -> tuple[str, ...]:
    """The parameters that every server of a target warns about and otherwise ignores."""
    return tuple(name for name, row in PARAMETERS.items() if _is_ignored(row, target))


def _is_ignored(row: Parameter, target: Target) -> bool:
    return bool(row.ignored) and target.has(row.ignored)


def parse_value(kind: str, text: str) -> Value | None:
    """A value as Go's strconv reads it for the kind; None where Ollama refuses it.

    A float is rounded to float32, as Ollama's options are, and is the decimal that Ollama's own client
    writes for it; it may be infinite or NaN.
    """
    if kind == "text":
        return text
    if kind == "bool":
        return True if text in _TRUE else False if text in _FALSE else None
    if kind == "int":
        number = int(text) if _INTEGER.fullmatch(text) and len(text) <= _MAX_DIGITS else None
        return number if number is not None and -(2**63) <= number < 2**63 else None
    if _SPECIAL.fullmatch(text):
        return float(text)
    return _decimal(text) if _DECIMAL.fullmatch(text) else _hexadecimal(text)


def _decimal(text: str) -> float | None:
    found = _DECIMAL.fullmatch(text.replace("_", ""))
    assert found is not None
    exponent = _bounded(found[3] or "0")
    exact = Decimal(f"{found[1]}{found[2]}e{exponent}")
    if abs(exact) >= _FLOAT32_OVERFLOW:
        return None
    nearest = float(exact)
    # Rounding to double and then to float32 errs where the double is the middle of two floats. The double
    # beside the number whose last bit is set never is.
    if Decimal(nearest) != exact and not struct.pack(">d", nearest)[-1] & 1:
        nearest = math.nextafter(nearest, math.inf if exact > Decimal(nearest) else -math.inf)
    return _shortest_float32(nearest)


def _hexadecimal(text: str) -> float | None:
    found = _HEXADECIMAL.fullmatch(text)
    if not found or not (found[2] or found[3]):
        return None
    sign, whole, part, power = (group.replace("_", "") if group else "" for group in found.groups())
    mantissa, exponent = int(whole + part, 16), _bounded(power) - 4 * len(part)
    if (extra := mantissa.bit_length() - 50) > 0:
        rest = mantissa & ((1 << extra) - 1)
        mantissa, exponent = mantissa >> extra | (rest > 0), exponent + extra
    if mantissa.bit_length() + exponent > 129:
        return None if mantissa else -0.0 if sign == "-" else 0.0
    number = math.ldexp(mantissa, exponent)
    return None if number >= _FLOAT32_OVERFLOW else _shortest_float32(-number if sign == "-" else number)


def _bounded(exponent: str) -> int:
    """An exponent; one of many digits is far beyond any float, however far."""
    sign = -1 if exponent.startswith("-") else 1
    digits = exponent.lstrip("+-").lstrip("0")
    return sign * (int(digits or "0") if len(digits) < 6 else _MAX_EXPONENT)


def _shortest_float32(number: float) -> float:
    """The shortest decimal that stands for the nearest float32, which is what a request then holds."""
    wanted = struct.pack("<f", min(max(number, -_LARGEST), _LARGEST))
    nearest = Decimal(struct.unpack("<f", wanted)[0])
    for digits in range(1, 9):
        # At a power of two the gap below is half the gap above: the nearest decimal may be too far below.
        step = Decimal(1).scaleb(nearest.adjusted() + 1 - digits)
        below = nearest // step
        for steps in sorted(
            (below - 1, below, below + 1), key=lambda n: (abs(n * step - nearest), abs(n) % 2)
        ):
            value = float(steps * step)
            if abs(value) < _FLOAT32_OVERFLOW and struct.pack("<f", value) == wanted:
                return value
    return float(f"{nearest:.8e}")


@dataclass(frozen=True)
class Refusal:
    """Why Ollama does not take a PARAMETER, and what to do."""

    code: str
    message: str
    help: str


def read_parameter(name: str, text: str, target: Target) -> Value | Refusal | None:
    """A PARAMETER as the target's own client reads it.

    The value of the create request (of `stop` one of the list), a Refusal (MK110 unknown parameter, MK111
    value of the wrong type), or None where the client leaves the parameter out with a warning.
    """
    if name in deprecated_in(target):
        return None
    kind = options_of(target).get(name)
    return _unknown(name, target) if kind is None else _value(name, kind, text)


def _unknown(name: str, target: Target) -> Refusal:
    known = options_of(target)
    near = near_word(name.lower(), known)
    feature = PARAMETERS[name].feature if name in PARAMETERS else ""
    if feature and (end := until(feature)) and target.version >= SINCE[feature].since:
        message = f"PARAMETER {name} is refused by Ollama {end} and later"
        return Refusal("MK110", message, f"remove the line; only servers before {end} take it")
    if feature:
        hint = f"it came with {since(feature)}; remove the line, or raise the target"
    else:
        hint = f"did you mean {near}?" if near else f"Ollama knows {', '.join(sorted(known))}"
    return Refusal("MK110", f"PARAMETER {name!r} is unknown to Ollama", hint)


def _value(name: str, kind: str, text: str) -> Value | Refusal:
    parsed = parse_value(kind, text)
    if isinstance(parsed, float) and not math.isfinite(parsed):
        message = f"PARAMETER {name} is {text!r}, which a create request cannot hold"
        return Refusal("MK111", message, "write a finite number")
    if parsed is not None:
        return parsed
    hint = "write digits only, with an optional sign" if kind == "int" else f"write {_EXPECTED[kind]}"
    if kind == "float" and (_DECIMAL.fullmatch(text) or _HEXADECIMAL.fullmatch(text)):
        hint = "write a smaller number: the largest that Ollama takes is 3.4e38"
    return Refusal("MK111", f"PARAMETER {name} is {text!r}, Ollama expects {_EXPECTED[kind]}", hint)


def add_parameter(parameters: dict[str, Any], name: str, value: Value) -> None:
    """Adds a value to a create request's parameters: a stop to its list, any other in place of the last."""
    if PARAMETERS[name].kind == "text":
        parameters.setdefault(name, []).append(value)
    else:
        parameters[name] = value


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
    checks = (_adapter, _not_in_release, _hidden_instruction, _parameter, _requires, _builtin)
    found = []
    for instruction in modelfile.instructions:
        span = Span(file, instruction.line or None)
        for check in checks:
            finding = check(instruction, target, span)
            if finding is not None:
                found.append(finding)
                break
    return found


def _not_in_release(instruction: Instruction, target: Target, span: Span) -> Diagnostic | None:
    feature = _TAKEN.get(instruction.command) or INSTRUCTIONS.get(instruction.name)
    if not feature or target.has(feature):
        return None
    name, came, ended = instruction.command.upper(), SINCE[feature].since, until(feature)
    if target.version >= came:
        message = f"{name} is refused by Ollama {ended} and later"
        hint = f"remove {name}, or set the target to one release before {ended}"
    else:
        message = f"{name} is unknown to Ollama {target.name}; it came with {since(feature)}"
        hint = f"remove {name}, or raise the target to >={since(feature)}"
    return Diagnostic("MK116", Severity.ERROR, message, span, hint)


def _hidden_instruction(instruction: Instruction, _target: Target, span: Span) -> Diagnostic | None:
    if instruction.name != "parameter" or instruction.command == "parameter":
        return None
    command = instruction.command.upper()
    return Diagnostic(
        "MK115",
        Severity.WARNING,
        f"PARAMETER {instruction.key} is not a parameter: Ollama reads the line as {command}",
        span,
        f"write {command} and the value, or remove the line",
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
            "remove the line",
        )
    read = read_parameter(key, value, target)
    if isinstance(read, Refusal):
        return Diagnostic(read.code, Severity.ERROR, read.message, span, read.help)
    feature = PARAMETERS[key].feature
    if feature and until(feature) and not target.has(feature):
        return Diagnostic(
            "MK112",
            Severity.WARNING,
            f"PARAMETER {key} is deprecated; Ollama {until(feature)} and later refuse a new model with it",
            span,
            "remove the line",
        )
    return None


def _adapter(instruction: Instruction, _target: Target, span: Span) -> Diagnostic | None:
    """ADAPTER with a projector's file: create succeeds and images do not work."""
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
    if instruction.command != "requires" or is_semantic(instruction.value):
        return None
    return Diagnostic(
        "MK117",
        Severity.ERROR,
        f"REQUIRES {instruction.value!r} is not a version",
        span,
        "write a release of Ollama, e.g. REQUIRES 0.14.0",
    )


def nearest_name(name: str, known: Iterable[str]) -> str:
    """The known name that a wrong one was probably meant to be, "" where none is near.

    Parsers and renderers are named like families, so a longer or shorter name of the same beginning counts.
    """
    names = list(known)
    near = near_word(name.lower(), names)
    return near if near else next((k for k in names if name and k.startswith(name.lower())), "")


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
        hint = f"it came with {version_text(came)}: raise the target, or remove it"
    else:
        near = nearest_name(name, known)
        hint = f"did you mean {near}?" if near else f"known ones are {', '.join(known)}"
    if command == "RENDERER":
        return Diagnostic("MK129", Severity.ERROR, f"{at}; every chat would fail", span, hint)
    return Diagnostic("MK129", Severity.WARNING, f"{at}; it has no effect", span, hint)
