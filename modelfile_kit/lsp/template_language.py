"""Go templates in an editor: a .gotmpl file, and the TEMPLATE of a Modelfile."""

from __future__ import annotations

import re

from ..core.diagnostics import Diagnostic
from ..gotemplate.exec.functions import BUILTIN_NAMES
from ..lint.runner import lint_template
from ..ollama.functions import YOUNG
from ..ollama.versions import Target
from .answers import Choice, Hover, Link, OpenFile, Place, Problem, Symbol
from .lint_settings import LintSettings
from .problems import linted
from .template_scope import Action, Cursor, actions, cursor_at, names_of, path_before, text_of
from .template_words import (
    FUNCTION_WORDS,
    KEYWORD_WORDS,
    about_any_field,
    about_field,
    about_function,
    name_of,
)

_WORD = re.compile(r"[\w$.]+")
_NAMED = re.compile(r'\s*(?:define|block)\s+("(?:[^"\\\n]|\\.)*"|`[^`]*`)')
_CALLED = re.compile(r'\s*template\s+("(?:[^"\\\n]|\\.)*"|`[^`]*`)')
_CALLING = re.compile(r'\A\s*template\s+"([^"\n]*)\Z')
# A text in quotes, with the mark that ends it where there is one.
_STRINGS = re.compile(r'"(?:[^"\\\n]|\\.)*("?)|`[^`]*(`?)|\'(?:[^\'\\\n]|\\.)*(\'?)')
_OPENING = ("if", "range", "with", "define", "block")


class TemplateLanguage:
    """A file that is a Go template as Ollama renders it."""

    name = "gotmpl"

    def problems(self, file: OpenFile) -> list[Problem]:
        """What lint finds of it as a TEMPLATE."""

        def lint(found: LintSettings, name: str | None) -> list[Diagnostic]:
            return lint_template(file.text, target=found.target, file=name, choice=found.choice)

        return linted(file, lint)

    def fixes(self, file: OpenFile, place: Place) -> list[Problem]:
        """None: lint fixes no TEMPLATE."""
        return []

    def fixed(self, file: OpenFile) -> str | None:
        """None, as above."""
        return None

    def formatted(self, file: OpenFile) -> str | None:
        """None: every space of a template is part of the prompt."""
        return None

    def hover(self, file: OpenFile, offset: int) -> Hover | None:
        """What a field, function or keyword is."""
        return template_hover(file.text, (0, len(file.text)), offset, file.meant)

    def choices(self, file: OpenFile, offset: int) -> list[Choice]:
        """What can be written at the cursor."""
        return template_choices(file.text, (0, len(file.text)), offset, file.meant)

    def symbols(self, file: OpenFile) -> list[Symbol]:
        """Its defined templates and blocks."""
        return template_symbols(file.text, (0, len(file.text)))

    def links(self, file: OpenFile) -> list[Link]:
        """None: a template names no files."""
        return []

    def definition(self, file: OpenFile, offset: int) -> Place | None:
        """Where the template is defined that is called here."""
        return template_definition(file.text, (0, len(file.text)), offset)


def template_hover(text: str, region: Place, offset: int, target: Target) -> Hover | None:
    """What is said about a place of the TEMPLATE that stands in a region of a text."""
    found = _word_at(text, region, offset, target)
    if found is None:
        return None
    place, cursor = found
    word = text[slice(*place)]
    if not word.startswith((".", "$")):
        return Hover(place, about) if (about := about_function(word)) else None
    # The part of a path that the cursor is in, and what it is asked of.
    end = next((i for i in range(offset, place[1]) if text[i] == "."), place[1])
    if end == place[0] and "." in word[1:]:
        end = place[0] + word.index(".", 1)
    start = text.rfind(".", place[0], end)
    if start < 0:
        kind = cursor.kind(word)
        known = name_of(kind, cursor.types) if kind is not None else ""
        return Hover(place, f"**{word}**: {known}") if known else None
    name = text[start + 1 : end]
    before = text[place[0] : start] or "."
    of = cursor.kind(before)
    about = about_field(of, name, cursor.types) if of is not None else about_any_field(name)
    if of is not None and not about:
        about = about_any_field(name)
    return Hover((start, end), about) if about else None


def template_choices(text: str, region: Place, offset: int, target: Target) -> list[Choice]:
    """What can be written at a place of a TEMPLATE: fields, variables, functions and keywords."""
    start, end = region
    part = text[start:end]
    cursor = cursor_at(part, offset - start, target)
    if cursor.action is None:
        return []
    typed = part[cursor.action.inner[0] : offset - start]
    if (name_typed := _CALLING.search(typed)) is not None:
        place = offset - len(name_typed[1]), offset
        return [Choice(name, "function", place) for name in _defined(part)]
    if _in_quotes(typed):
        return []
    path = path_before(typed)
    if "." in path:
        before, _, name = path.rpartition(".")
        place = offset - len(name), offset
        return _fields(cursor, before or ".", place)
    if path.startswith("$"):
        place = offset - len(path), offset
        known = cursor.scope.variables.items()
        return [Choice(name, "variable", place, text_of(kind)) for name, kind in known]
    word = re.search(r"(?<!\w)\w*\Z", typed)
    place = offset - len(word[0] if word else ""), offset
    return _words(cursor, typed[: len(typed) - (place[1] - place[0])], place)


def template_symbols(text: str, region: Place) -> list[Symbol]:
    """The defined templates and the blocks (if, range, with) of a TEMPLATE, within each other."""
    base = region[0]
    open_blocks: list[tuple[Action, list[Symbol]]] = []
    top: list[Symbol] = []
    for action in actions(text[slice(*region)]):
        if not action.closed:
            break
        if action.keyword in _OPENING and len(open_blocks) < 100:
            open_blocks.append((action, []))
        elif action.keyword == "end" and open_blocks:
            opened, inside = open_blocks.pop()
            above = open_blocks[-1][1] if open_blocks else top
            above.append(_symbol(opened, action.end, base, inside))
    for opened, inside in reversed(open_blocks):
        top.append(_symbol(opened, opened.end, base, inside))
    return sorted(top, key=lambda symbol: symbol.place)


def template_definition(text: str, region: Place, offset: int) -> Place | None:
    """The name behind the define or block that a `{{ template "name" }}` at a place calls."""
    start = region[0]
    called = ""
    named: dict[str, Place] = {}
    for action in actions(text[slice(*region)]):
        first = start + action.inner[0]
        if (found := _NAMED.match(action.text)) is not None:
            named.setdefault(found[1], (first + found.start(1), first + found.end(1)))
        elif first <= offset <= start + action.end and (found := _CALLED.match(action.text)):
            called = found[1]
    return named.get(called) if called else None


def _word_at(text: str, region: Place, offset: int, target: Target) -> tuple[Place, Cursor] | None:
    """The word or path of an action that an index is in, and what is known there."""
    start, end = region
    part = text[start:end]
    cursor = cursor_at(part, offset - start, target)
    action = cursor.action
    if (
        action is None
        or action.text.lstrip().startswith("/*")
        or _in_quotes(part[action.inner[0] : offset - start])
    ):
        return None
    for found in _WORD.finditer(part, *action.inner):
        if found.start() <= offset - start <= found.end():
            return (start + found.start(), start + found.end()), cursor
    return None


def _fields(cursor: Cursor, path: str, place: Place) -> list[Choice]:
    """What can be asked of the thing at a path; where that is not known, everything that has fields."""
    of = cursor.kind(path)
    if of is not None:
        return [
            Choice(name, "field", place, name_of(of, cursor.types), about_field(of, name, cursor.types))
            for name in names_of(of, cursor.target, cursor.types)
        ]
    types = cursor.types
    things = (types.message, types.call, types.call_function, types.tool, types.function, types.parameters)
    found: dict[str, Choice] = {}
    for thing in (*things, types.prop):
        for name in names_of(thing, cursor.target, types):
            found.setdefault(name, Choice(name, "field", place, name_of(thing, types), about_any_field(name)))
    return list(found.values())


def _words(cursor: Cursor, before: str, place: Place) -> list[Choice]:
    """Functions, and keywords at the beginning of an action; and what begins a path."""
    beginning = not before.strip()
    found = []
    if beginning or before.split()[-1:] == ["else"]:
        keywords = KEYWORD_WORDS if beginning else ("if", "with")
        found += [
            Choice(name, "keyword", place, KEYWORD_WORDS[name][0], about_function(name)) for name in keywords
        ]
    names = [n for n in FUNCTION_WORDS if n in BUILTIN_NAMES or n == "json" or cursor.target.has(YOUNG[n])]
    found += [
        Choice(name, "function", place, FUNCTION_WORDS[name][0], about_function(name)) for name in names
    ]
    paths = [f".{name}" for name in names_of(cursor.scope.dot, cursor.target, cursor.types)]
    found += [Choice(path, "field", place) for path in paths]
    found += [Choice(name, "variable", place, text_of(kind)) for name, kind in cursor.scope.variables.items()]
    return found


def _symbol(action: Action, end: int, base: int, inside: list[Symbol]) -> Symbol:
    place, inner = (base + action.start, base + end), (base + action.inner[0], base + action.inner[1])
    named = _NAMED.match(action.text)
    if named:
        name = named[1][1:-1] or action.keyword
        return Symbol(name, "template", place, inner, action.keyword, tuple(inside))
    return Symbol(" ".join(action.text.split())[:80], "block", place, inner, inside=tuple(inside))


def _defined(text: str) -> list[str]:
    """The names of the defined templates."""
    found = (_NAMED.match(action.text) for action in actions(text))
    return list(dict.fromkeys(named[1][1:-1] for named in found if named))


def _in_quotes(typed: str) -> bool:
    """Whether the end of an action that is typed so far is within a string or a comment."""
    if typed.lstrip().startswith("/*"):
        return "*/" not in typed
    return any(not any(ends) for ends in _STRINGS.findall(typed))
