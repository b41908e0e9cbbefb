"""What a Modelfile, a package or a model on a server sets beside its TEMPLATE, compared by meaning.

The order of lines, quoting, spelling of numbers, a value that is Ollama's default anyway, and the names of
files do not count.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..gguf_file.header import Header
from ..gguf_file.sampling import sampling_defaults
from ..lint.files import is_path
from ..ollama.defaults import DEFAULTS
from ..ollama.grammar import Modelfile
from ..ollama.parameters import PARAMETERS, parse_value
from ..publish.served_model import ServedModel
from .part import Part, counted, not_compared, part_of
from .texts import unified
from .values import shown_value

NAME = "instructions"
_UNSET = "not set"


@dataclass(frozen=True)
class Settings:
    """What is set.

    parameters: by name, as values; `stop` is a list of texts. models: published models behind FROM. files:
    how many files of each kind (ADAPTER, DRAFT) come along.
    """

    parameters: Mapping[str, Any] = field(default_factory=dict)
    system: str = ""
    messages: Sequence[tuple[str, str]] = ()
    licenses: Sequence[str] = ()
    renderer: str = ""
    parser: str = ""
    requires: str = ""
    models: Sequence[str] = ()
    files: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of_modelfile(cls, modelfile: Modelfile) -> Settings:
        """Of a parsed Modelfile; a value that Ollama refuses stays the text that it is."""
        parameters: dict[str, Any] = {}
        for instruction in modelfile.all("parameter"):
            name, row = instruction.key, PARAMETERS.get(instruction.key)
            value = parse_value(row.kind, instruction.value) if row else None
            if name == "stop":
                parameters.setdefault(name, []).append(instruction.value)
            else:
                parameters[name] = instruction.value if value is None else value
        return cls(
            parameters,
            modelfile.last("system") or "",
            tuple((i.key, i.value) for i in modelfile.all("message")),
            tuple(i.value for i in modelfile.all("license")),
            modelfile.last("renderer") or "",
            modelfile.last("parser") or "",
            modelfile.last("requires") or "",
            tuple(i.value for i in modelfile.froms if not is_path(i.value) and "sha256-" not in i.value),
            {kind: len(modelfile.all(kind.lower())) for kind in ("ADAPTER", "DRAFT")},
        )

    @classmethod
    def of_served(cls, served: ServedModel) -> Settings:
        """Of a model on a server."""
        return cls(
            served.parameters,
            served.system,
            tuple((m["role"], m["content"]) for m in served.messages),
            served.licenses,
            served.renderer or "",
            served.parser or "",
            served.requires or "",
            (),
            {kind: sum(layer == kind for layer, _ in served.layers) for kind in ("ADAPTER", "DRAFT")},
        )


def compare_settings(
    before: Settings | None,
    after: Settings | None,
    headers: tuple[Header | None, Header | None] = (None, None),
) -> Part:
    """headers: of the models, whose own sampler settings take the place of Ollama's defaults."""
    if before is None or after is None:
        which = "neither side has" if before is after else "one side has no"
        return not_compared(NAME, f"{which} instructions")
    lines = [*_parameters(before, after, headers), *_texts(before, after)]
    count = len({*before.parameters, *after.parameters})
    return part_of(
        NAME,
        lines,
        f"{counted(count, 'parameter')}, SYSTEM, MESSAGE, LICENSE, RENDERER, PARSER, REQUIRES, ADAPTER and "
        "DRAFT mean the same",
        counted(sum(line[0] != " " for line in lines), "instruction"),
        differences=list(lines),
    )


def _parameters(
    before: Settings, after: Settings, headers: tuple[Header | None, Header | None]
) -> Iterator[str]:
    own = [sampling_defaults(h) if h else {} for h in headers]
    for name in sorted({*before.parameters, *after.parameters}):
        if name == "stop":
            yield from _stops(before.parameters.get(name, ()), after.parameters.get(name, ()))
            continue
        sides = [
            (side.parameters.get(name, default.get(name, DEFAULTS.get(name))), name in side.parameters)
            for side, default in zip((before, after), own, strict=True)
        ]
        if _same(sides[0][0], sides[1][0]):
            continue
        shown = [
            shown_value(value) if said else _UNSET if value is None else f"{_UNSET} ({shown_value(value)})"
            for value, said in sides
        ]
        yield f"~ PARAMETER {name}: {shown[0]} -> {shown[1]}"


def _stops(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    yield from (f"- PARAMETER stop {text!r}" for text in dict.fromkeys(before) if text not in after)
    yield from (f"+ PARAMETER stop {text!r}" for text in dict.fromkeys(after) if text not in before)


def _same(one: Any, other: Any) -> bool:
    """Servers keep 32-bit floats."""
    if isinstance(one, bool) or isinstance(other, bool) or isinstance(one, str) or isinstance(other, str):
        return type(one) is type(other) and one == other
    if one is None or other is None:
        return one is other
    return bool(abs(one - other) <= 1e-6 * max(abs(one), abs(other)))


def _texts(before: Settings, after: Settings) -> Iterator[str]:
    for name in ("renderer", "parser", "requires"):
        one, other = (getattr(side, name) for side in (before, after))
        if one != other:
            yield f"~ {name.upper()}: {one or _UNSET} -> {other or _UNSET}"
    yield from _text("SYSTEM", before.system, after.system)
    yield from _listed("MESSAGE", [f"{r} {t!r}" for r, t in before.messages], after=after)
    yield from _licenses(before.licenses, after.licenses)
    if tuple(before.models) != tuple(after.models):
        names = [", ".join(side.models) or "files" for side in (before, after)]
        yield f"~ FROM: {names[0]} -> {names[1]}"
    for kind in ("ADAPTER", "DRAFT"):
        counts = [side.files.get(kind, 0) for side in (before, after)]
        if counts[0] != counts[1]:
            yield f"~ {kind}: {counted(counts[0], 'file')} -> {counted(counts[1], 'file')}"


def _text(name: str, before: str, after: str) -> Iterator[str]:
    if before == after:
        return
    shown = [shown_value(text) if text else _UNSET for text in (before, after)]
    yield f"~ {name}: {shown[0]} -> {shown[1]}"
    if before and after and "\n" in before + after:
        yield from (f"    {line}" for line in unified(before, after))


def _listed(name: str, before: Sequence[str], *, after: Settings) -> Iterator[str]:
    """MESSAGEs, whose order counts."""
    other = [f"{r} {t!r}" for r, t in after.messages]
    if list(before) != other:
        yield f"~ {name}: {counted(len(before), 'message')} -> {counted(len(other), 'message')}"
        yield from (f"    {line}" for line in unified("\n".join(before) + "\n", "\n".join(other) + "\n")[2:])


def _licenses(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    """Each by its first line; the order does not count."""
    for sign, one, other in (("-", before, after), ("+", after, before)):
        yield from (
            f"{sign} LICENSE {shown_value(text.strip().splitlines()[0] if text.strip() else text)}"
            for text in dict.fromkeys(one)
            if text.strip() not in {t.strip() for t in other}
        )
