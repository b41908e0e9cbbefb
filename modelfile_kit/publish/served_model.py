"""A model as a server shows it, and how it differs from the expected one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.diagnostics import Diagnostic, Severity
from ..core.errors import ModelfileError
from ..ollama.grammar import parse_modelfile
from ..ollama.versions import since

_LAYER = re.compile(
    r"^(?P<kind>FROM|ADAPTER|DRAFT) (?P<path>.*?(?P<digest>sha256-[0-9a-f]{64}))\s*$", re.MULTILINE
)
_OWN = re.compile(r"^(?P<key>RENDERER|PARSER) (?P<value>\S+)\s*$", re.MULTILINE)
DEFAULT_TEMPLATE = "{{ .Prompt }}"  # what Ollama shows for a model without TEMPLATE (0.33, template.go)


@dataclass(frozen=True)
class ServedModel:
    """/api/show, sorted out.

    parameters: typed, `stop` a list. license: all of them in one text, as the server shows them; licenses:
    each of its own. layers: (FROM, blob) in order.
    """

    name: str
    raw: Mapping[str, Any]
    template: str
    system: str
    parameters: Mapping[str, Any]
    messages: tuple[Mapping[str, str], ...]
    license: str
    licenses: tuple[str, ...]
    capabilities: frozenset[str]
    layers: tuple[tuple[str, str], ...]
    renderer: str | None
    parser: str | None
    requires: str | None
    model_info: Mapping[str, Any]
    projector_info: Mapping[str, Any]

    @classmethod
    def from_show(cls, name: str, raw: Mapping[str, Any]) -> ServedModel:
        """Reads the reply of /api/show; what is missing or of another type counts as empty."""
        modelfile = _text(raw, "modelfile")
        own = {m["key"]: m["value"] for m in _OWN.finditer(modelfile)}
        return cls(
            name=name,
            raw=raw,
            template=_text(raw, "template"),
            system=_text(raw, "system"),
            parameters=parse_parameters(_text(raw, "parameters")),
            messages=tuple(
                {"role": _text(m, "role"), "content": _text(m, "content")}
                for m in raw.get("messages") or ()
                if isinstance(m, Mapping)
            ),
            license=_text(raw, "license"),
            licenses=_licenses(modelfile, _text(raw, "license")),
            capabilities=frozenset(str(c) for c in raw.get("capabilities") or ()),
            layers=tuple((m["kind"], m["digest"]) for m in _LAYER.finditer(modelfile)),
            renderer=own.get("RENDERER"),
            parser=own.get("PARSER"),
            requires=_text(raw, "requires") or None,
            model_info=_mapping(raw, "model_info"),
            projector_info=_mapping(raw, "projector_info"),
        )

    @property
    def architecture(self) -> str:
        """The GGUF's architecture, as `glm4`."""
        return str(self.model_info.get("general.architecture") or "")

    @property
    def files(self) -> list[tuple[str, Path]]:
        """The instruction (FROM, ADAPTER, DRAFT) of each file, and its path on the server's machine."""
        return [(m["kind"], Path(m["path"])) for m in _LAYER.finditer(_text(self.raw, "modelfile"))]

    @property
    def quantization(self) -> str:
        """The model's type, as `Q4_K_M`; empty where the server does not say."""
        return _text(_mapping(self.raw, "details"), "quantization_level")

    @property
    def projector_type(self) -> str:
        """The projector's type, as `glm4v`; empty without a projector."""
        info = self.projector_info
        return str(info.get("clip.projector_type") or info.get("clip.vision.projector_type") or "")

    @property
    def has_projector(self) -> bool:
        """Whether the model has a projector layer of its own."""
        return bool(self.projector_info)

    @property
    def native(self) -> bool:
        """Whether the GGUF's own chat template renders chats: at 0.30 and later /api/show answers it.

        It does so in the place of the TEMPLATE (0.33, server/routes.go, selectedModelTemplate), while the
        Modelfile in the same reply goes on holding the TEMPLATE, word for word.
        """
        return bool(self.template) and self.template not in _text(self.raw, "modelfile")

    @property
    def promptless(self) -> bool:
        """Whether chats have no format at all: no TEMPLATE and no chat template in the GGUF."""
        return self.template.strip() == DEFAULT_TEMPLATE and not self.renderer


def parse_parameters(text: str) -> dict[str, Any]:
    """The parameters as /api/show lists them: a key and a Go literal a line, `stop` a line each."""
    found: dict[str, Any] = {}
    for line in text.splitlines():
        key, _, literal = line.strip().partition(" ")
        if not key:
            continue
        value = _go_literal(literal.strip())
        if key == "stop":
            found.setdefault("stop", []).append(value)
        else:
            found[key] = value
    return found


def differences(
    served: ServedModel,
    *,
    template: str | None = None,
    system: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    messages: Sequence[Mapping[str, str]] | None = None,
    renderer: str | None = None,
    parser: str | None = None,
    requires: str | None = None,
    quantization: str | None = None,
    adapters: int | None = None,
    drafts: int | None = None,
) -> Iterator[Diagnostic]:
    """How the model differs from the expected values. An argument that is None is not compared.

    adapters, drafts: how many there are to be.
    """
    if template is not None and not renderer:
        yield from _template_difference(served, template)
    if system is not None and served.system != system:
        yield Diagnostic(
            "MK824",
            Severity.ERROR,
            f"SYSTEM on the server is {_shown(served.system)}, expected {_shown(system)}",
            help="publish again",
        )
    if parameters is not None:
        yield from _parameter_differences(served.parameters, parameters)
    if messages is not None and [dict(m) for m in served.messages] != [dict(m) for m in messages]:
        yield Diagnostic(
            "MK824",
            Severity.ERROR,
            f"the {len(served.messages)} MESSAGEs on the server are not the {len(messages)} expected ones",
            help="publish again",
        )
    for word, found, meant in (("RENDERER", served.renderer, renderer), ("PARSER", served.parser, parser)):
        if meant is not None and (found or "") != meant:
            yield Diagnostic(
                "MK824",
                Severity.ERROR,
                f"{word} on the server is {found or 'not set'}, expected {meant or 'none'}",
                help=f"publish again; RENDERER and PARSER need Ollama {since('renderer')} or later",
            )

    if requires is not None and served.requires != requires:
        yield Diagnostic(
            "MK824",
            Severity.ERROR,
            f"REQUIRES on the server is {served.requires or 'not set'}, expected {requires}",
            help=f"publish again; REQUIRES needs Ollama {since('requires')} or later",
        )
    if quantization is not None and not _is_of_type(served.quantization, quantization):
        yield Diagnostic(
            "MK824",
            Severity.ERROR,
            f"the model on the server is of type {served.quantization or 'unknown'}, expected {quantization}",
            help=f"publish the package again, or create with `ollama create --quantize {quantization}`",
        )
    for kind, count in (("ADAPTER", adapters), ("DRAFT", drafts)):
        held = sum(1 for layer, _ in served.layers if layer == kind)
        if count is not None and held != count:
            yield Diagnostic(
                "MK824",
                Severity.ERROR,
                f"the model on the server has {held} {kind} layers, expected {count}",
                help="publish again",
            )


def _is_of_type(served: str, quantization: str) -> bool:
    """Whether /api/show names the type that was asked for; F32 is "unknown" to servers before 0.34.1."""
    wanted = {"Q4_K": "Q4_K_M"}.get(quantization.upper(), quantization.upper())
    return served.upper() == wanted or (wanted == "F32" and served == "unknown")


def _template_difference(served: ServedModel, template: str) -> Iterator[Diagnostic]:
    if served.template == template:
        return
    if served.native:
        yield Diagnostic(
            "MK201",
            Severity.ERROR,
            "expected the TEMPLATE, the server renders with the chat template in the GGUF",
            help="Ollama 0.30 and later prefers it where it supports more (tools, thinking): compile the "
            "TEMPLATE with those, use `mode: native`, or set OLLAMA_GO_TEMPLATE=1 on the server",
        )
        return
    yield Diagnostic(
        "MK822",
        Severity.ERROR,
        f"TEMPLATE on the server is not the expected one: {_first_difference(served.template, template)}",
        help="publish again; if it happens again, another tool writes to that name",
    )


def _parameter_differences(found: Mapping[str, Any], meant: Mapping[str, Any]) -> Iterator[Diagnostic]:
    for key in sorted(set(found) | set(meant)):
        if not _same(found.get(key), meant.get(key)):
            yield Diagnostic(
                "MK821",
                Severity.ERROR,
                f"PARAMETER {key} on the server is {_value(found, key)}, expected {_value(meant, key)}",
                help="publish again; put a value that was set by hand on the server into the package",
            )


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, (list, tuple)) or isinstance(b, (list, tuple)):
        return list(a or ()) == list(b or ())
    if isinstance(a, bool) or isinstance(b, bool) or a is None or b is None:
        return a is b or a == b
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return abs(a - b) <= 1e-6 * max(abs(a), abs(b))  # the server keeps 32-bit floats
    return bool(a == b)


def _value(parameters: Mapping[str, Any], key: str) -> str:
    return repr(parameters[key]) if key in parameters else "not set"


def _go_literal(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    if text.startswith('"'):
        try:
            return ast.literal_eval(text)  # Go's escapes in a quoted string are Python's too
        except (ValueError, SyntaxError):
            return text
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number.is_integer() and abs(number) < 1 << 53 else number


def _first_difference(found: str, meant: str) -> str:
    pairs = enumerate(zip(found, meant, strict=False))
    place = next((i for i, (a, b) in pairs if a != b), min(len(found), len(meant)))
    line = meant.count("\n", 0, place) + 1
    return f"line {line}: {_shown(found[place : place + 40])} instead of {_shown(meant[place : place + 40])}"


def _shown(text: str, limit: int = 60) -> str:
    return repr(text if len(text) <= limit else text[: limit - 1] + "…")


def _licenses(modelfile: str, together: str) -> tuple[str, ...]:
    """Each LICENSE of the shown Modelfile; all as one where its quotes cannot be told from the text's."""
    try:
        found = tuple(i.value for i in parse_modelfile(modelfile).all("license"))
    except ModelfileError:
        found = ()
    whole = (together,) if together else ()
    return found if "\n".join(found) == together else whole


def _text(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    return value if isinstance(value, str) else ""


def _mapping(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = data.get(key)
    return value if isinstance(value, Mapping) else {}
