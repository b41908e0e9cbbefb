"""Modelfiles in an editor."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..core import codes
from ..core.diagnostics import Diagnostic
from ..core.errors import ModelfileError
from ..lint.fmt import format_modelfile
from ..lint.rules.parameter_out_of_range import RANGES
from ..lint.runner import fix_modelfile, lint_modelfile, offered_fixes
from ..ollama.builtin import PARSERS, RENDERERS
from ..ollama.decoding import decode
from ..ollama.defaults import DEFAULTS
from ..ollama.grammar import INSTRUCTIONS, PROJECTOR, ROLES
from ..ollama.parameters import PARAMETERS
from ..ollama.releases import RELEASES
from ..ollama.versions import Target, version_text
from .answers import Choice, Edit, Hover, Link, OpenFile, Place, Problem, Symbol
from .document_text import DocumentText
from .lint_settings import LintSettings, lint_settings
from .modelfile_pieces import Piece, piece_at, pieces
from .modelfile_words import (
    about_built_in,
    about_instruction,
    about_parameter,
    instruction_detail,
    is_ignored,
    parameter_detail,
)
from .near_files import GGUF, file_choices, file_link
from .problems import linted, place_of
from .template_language import template_choices, template_definition, template_hover, template_symbols

_FILES = ("from", "adapter", "draft", PROJECTOR)
_CODE = re.compile(r"\bMK\d{3}\b")
CONTEXT_LENGTHS = (2048, 4096, 8192, 16384, 32768, 65536, 131072)


class ModelfileLanguage:
    """A Modelfile, as Ollama and `lint` read it."""

    name = "modelfile"

    def problems(self, file: OpenFile) -> list[Problem]:
        """What lint finds, the files beside it looked at as `mkmodelfile lint` does."""

        def lint(found: LintSettings, name: str | None) -> list[Diagnostic]:
            return lint_modelfile(
                file.text,
                base=found.base,
                target=found.target,
                file=name,
                memory=found.memory,
                choice=found.choice,
            )

        return linted(file, lint)

    def fixes(self, file: OpenFile, place: Place) -> list[Problem]:
        """The findings with a safe fix on the lines of a place."""
        text = DocumentText(file.text)
        if decode(file.text) != file.text:
            return []  # what lint reads is not what the editor has
        lines = text.position(place[0])[0] + 1, text.position(place[1])[0] + 1
        name = str(file.path) if file.path else None
        asked = lint_settings(file)
        if asked.excluded:
            return []
        try:
            offers = offered_fixes(
                file.text, lines=lines, base=asked.base, target=asked.target, file=name, choice=asked.choice
            )
        except ModelfileError:
            return []
        found = []
        for offer in offers:
            edits = tuple(Edit((edit.start, edit.end), edit.text) for edit in offer.edits)
            at = place_of(offer.finding.span, text)
            about = offer.finding
            found.append(Problem(at, about.severity, about.code, about.message, fix=edits))
        return found

    def fixed(self, file: OpenFile) -> str | None:
        """The text with every safe fix, as `lint --fix` writes it; None where there is none to make."""
        asked = lint_settings(file)
        if asked.excluded:
            return None
        try:
            done = fix_modelfile(file.text, base=asked.base, target=asked.target, choice=asked.choice)
        except ModelfileError:
            return None
        return done.text if done.fixed else None

    def formatted(self, file: OpenFile) -> str | None:
        """The text as `fmt` writes it, None where Ollama refuses the file."""
        try:
            return format_modelfile(file.text)
        except ModelfileError:
            return None

    def hover(self, file: OpenFile, offset: int) -> Hover | None:
        """What the instruction, PARAMETER, name or template field at an index is."""
        piece = piece_at(pieces(file.text), offset)
        if piece is None:
            return None
        if piece.name == "#":
            return _about_codes(file.text, piece.place, offset)
        if _within(offset, piece.name_place):
            about = about_instruction(piece.name)
            return Hover(piece.name_place, about) if about else None
        if piece.name == "parameter":
            about = about_parameter(piece.key)
            place = piece.key_place if _within(offset, piece.key_place) else piece.value
            return Hover(place, about) if about and _within(offset, place) else None
        if not _within(offset, piece.value):
            return None
        if piece.name == "template":
            return template_hover(file.text, piece.value, offset, file.meant)
        about = about_built_in(piece.name, file.text[slice(*piece.value)])
        return Hover(piece.value, about) if about else None

    def choices(self, file: OpenFile, offset: int) -> list[Choice]:
        """What can be written at the cursor."""
        text = file.text
        piece = piece_at(pieces(text), offset)
        if piece is None or (piece.name != "#" and offset <= piece.name_place[1]):
            place = (offset, offset) if piece is None else piece.name_place
            line = text[max(text.rfind("\n", 0, place[0]), text.rfind("\r", 0, place[0])) + 1 : place[0]]
            return [] if line.strip() else _instructions(place, file.meant)
        if piece.name in ("parameter", "message") and offset <= piece.key_place[1]:
            place = piece.key_place if _within(offset, piece.key_place) else (offset, offset)
            return _parameters(place) if piece.name == "parameter" else _roles(place)
        if piece.key_place[1] < offset and not _within(offset, piece.value):
            return _values(piece, file, offset, (offset, offset)) if _is_empty(piece) else []
        return _values(piece, file, offset, piece.value)

    def symbols(self, file: OpenFile) -> list[Symbol]:
        """Its instructions, in order."""
        return [_symbol(piece, file.text) for piece in pieces(file.text) if piece.known]

    def links(self, file: OpenFile) -> list[Link]:
        """The files that it names and that are there."""
        return list(self._links(file))

    def definition(self, file: OpenFile, offset: int) -> Place | None:
        """Where the template is defined that a TEMPLATE calls at an index."""
        piece = piece_at(pieces(file.text), offset)
        if piece is None or piece.name != "template":
            return None
        return template_definition(file.text, piece.value, offset)

    def _links(self, file: OpenFile) -> Iterator[Link]:
        for piece in pieces(file.text):
            if piece.name in (*_FILES, "license") or (piece.name == "#" and piece.key == PROJECTOR):
                link = file_link(file, file.text[slice(*piece.value)], piece.value)
                if link is not None:
                    yield link


def _within(offset: int, place: Place) -> bool:
    return place[0] <= offset <= place[1]


def _is_empty(piece: Piece) -> bool:
    return piece.value[0] == piece.value[1]


def _instructions(place: Place, target: Target) -> list[Choice]:
    known = [name for name, feature in INSTRUCTIONS.items() if not feature or target.may_have(feature)]
    return [
        Choice(
            name.upper(),
            "keyword",
            place,
            instruction_detail(name),
            about_instruction(name),
            f"{name.upper()} ",
        )
        for name in (*known, PROJECTOR)
    ]


def _parameters(place: Place) -> list[Choice]:
    return [
        Choice(name, "property", place, parameter_detail(name), about_parameter(name), f"{name} ")
        for name in PARAMETERS
        if not is_ignored(name)
    ]


def _roles(place: Place) -> list[Choice]:
    return [Choice(role, "value", place, text=f"{role} ") for role in ROLES]


def _values(piece: Piece, file: OpenFile, offset: int, place: Place) -> list[Choice]:
    """What the value of an instruction can be."""
    if piece.name == "template":
        return template_choices(file.text, piece.value, offset, file.meant)
    if piece.name in _FILES or (piece.name == "#" and piece.key == PROJECTOR):
        typed = file.text[place[0] : offset]
        return file_choices(file, typed, place, GGUF, dot=piece.name == "from")
    if piece.name == "parameter":
        return parameter_values(piece.key, place)
    if piece.name in ("renderer", "parser"):
        return built_in_names(piece.name, place)
    if piece.name == "requires":
        return releases(place)
    return []


def parameter_values(name: str, place: Place) -> list[Choice]:
    """Values of a PARAMETER that are worth offering: its default and bounds, or usual lengths."""
    row = PARAMETERS.get(name)
    if row is None or row.kind == "text":
        return []
    if row.kind == "bool":
        return [Choice(value, "value", place) for value in ("true", "false")]
    if name == "num_ctx":
        return [Choice(str(length), "value", place, "tokens") for length in CONTEXT_LENGTHS]
    values: dict[str, str] = {}
    if name in DEFAULTS:
        values[f"{DEFAULTS[name]:g}"] = "default"
    for bound in RANGES.get(name, ()):
        if abs(bound) <= 100:
            values.setdefault(f"{bound:g}", "bound")
    return [Choice(value, "value", place, detail) for value, detail in values.items()]


def built_in_names(instruction: str, place: Place) -> list[Choice]:
    """The names that RENDERER or PARSER ("renderer", "parser") take."""
    since = RENDERERS if instruction == "renderer" else {name: p.since for name, p in PARSERS.items()}
    return [Choice(n, "value", place, f"since Ollama {version_text(v)}") for n, v in since.items()]


def releases(place: Place, before: str = "") -> list[Choice]:
    """Releases of Ollama, the newest first; before: what each begins with, as `>=`."""
    return [Choice(f"{before}{version_text(version)}", "value", place) for version in reversed(RELEASES)]


def _about_codes(text: str, place: Place, offset: int) -> Hover | None:
    """What the code of a finding means that a comment names."""
    for found in _CODE.finditer(text, *place):
        about = codes.find(found[0]) if found.start() <= offset <= found.end() else None
        if about is not None:
            words = f"**{about.code} {about.name}**: {about.title}\n\n{about.meaning}"
            return Hover((found.start(), found.end()), words)
    return None


def _symbol(piece: Piece, text: str) -> Symbol:
    value = " ".join(text[slice(*piece.value)][:200].split())
    name = f"{piece.name.upper()} {piece.key}".strip()
    inside = tuple(template_symbols(text, piece.value)) if piece.name == "template" else ()
    return Symbol(name, "instruction", piece.place, piece.name_place, value[:80], inside)
