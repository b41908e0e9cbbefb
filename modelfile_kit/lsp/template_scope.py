"""What dot and variables are at a place of a TEMPLATE, also of one that is half typed.

`lint.template_types` follows the kinds of things through a template that parses. While one is typed it does
not. This reader goes over the actions before the cursor and keeps what it understands: range, with, if,
define, and paths such as `$m.ToolCalls`. What it does not understand is of no known kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..gotemplate.values.gotypes import GoType, Kind
from ..lint.template_types import ROOT, Root, Type, element_of, key_of, pointed, root_types
from ..ollama.api_types import Types, types_for
from ..ollama.versions import Target

_OPEN = "{{"
# A comment, a string, a raw string, a character, or the end of an action.
_TOKEN = re.compile(
    r"""
    /\*.*?(?:\*/|\Z)
    | "(?:[^"\\\n]|\\.)*\\?(?:"|\n|\Z) | `[^`]*(?:`|\Z) | '(?:[^'\\\n]|\\.)*\\?(?:'|\n|\Z) | \}\}
    """,
    re.DOTALL | re.VERBOSE,
)
_WORD = re.compile(r"\w+")
_DECLARED = re.compile(r"\s*(\$\w*)(?:\s*,\s*(\$\w*))?\s*:?=\s*(.*)", re.DOTALL)
_PATH = re.compile(r"(\$\w*)?((?:\.\w+)*)\.?\Z")
_INDEX = re.compile(r"index\s+(\S+)\s+\S+\Z")
_SLICE = re.compile(r"slice\s+(\S+)(?:\s+\S+)*\Z")
# As they are used: conversations first.
_ROOT_ORDER = [
    "Messages",
    "System",
    "Tools",
    "Think",
    "ThinkLevel",
    "IsThinkSet",
    "Prompt",
    "Response",
    "Suffix",
]
# Deeper nesting than any template has; what is behind it is of no known kind.
MAX_DEPTH = 500


@dataclass(frozen=True)
class Action:
    """One `{{ … }}`: what stands between the braces, without the trimming `-`. closed: whether it ends."""

    start: int
    inner: tuple[int, int]
    end: int
    closed: bool
    text: str

    @property
    def keyword(self) -> str:
        """Its first word, "" where it does not begin with one."""
        found = _WORD.match(self.text.lstrip())
        return found[0] if found else ""


@dataclass
class Scope:
    """What is known within a block. dot: the kind of `.`; variables: of `$` and of those declared."""

    dot: Type
    variables: dict[str, Type] = field(default_factory=dict)


@dataclass(frozen=True)
class Cursor:
    """Where an index is. action: the one that it is in, None outside of all; scope: what is known there."""

    action: Action | None
    scope: Scope
    types: Types
    target: Target

    def kind(self, path: str) -> Type:
        """What a path such as `$m.Function` or `.Messages` is here, None where that is not known."""
        return _kind_of_path(path, self.scope, self.target, self.types)


def actions(text: str) -> Iterator[Action]:
    """Every action, in order; the last one may have no end."""
    at = 0
    while (start := text.find(_OPEN, at)) >= 0:
        inner = start + 2
        if text[inner : inner + 1] == "-" and text[inner + 1 : inner + 2].isspace():
            inner += 1
        at = inner
        while (found := _TOKEN.search(text, at)) and found[0] != "}}":
            at = found.end()
        end = found.end() if found else len(text)
        stop = end - 2 if found else len(text)
        if found and text[stop - 1] == "-" and text[stop - 2].isspace():
            stop -= 1
        stop = max(stop, inner)
        yield Action(start, (inner, stop), end, found is not None, text[inner:stop])
        at = end


def cursor_at(text: str, offset: int, target: Target) -> Cursor:
    """What is known at an index of a TEMPLATE."""
    target = target.newest
    types = types_for(target)
    scopes = [Scope(ROOT, {"$": ROOT})]
    inside = None
    for action in actions(text):
        if action.start >= offset:
            break
        if offset < action.end or not action.closed:
            inside = action if offset >= action.inner[0] else None
            break
        _enter(action, scopes, target, types)
    return Cursor(inside, scopes[-1], types, target)


def path_before(text: str) -> str:
    """The path that a text ends with, `$m.Fu` of `{{ eq $m.Fu`; "" where it ends with none."""
    found = re.search(r"(?<![\w$.])(\$\w*)?((?:\.\w*)*)\Z", text)
    return found[0] if found else ""


def names_of(of: Type, target: Target, types: Types) -> list[str]:
    """What can be asked of a thing: its fields and methods."""
    if isinstance(of, Root):
        known = root_types(target, types)
        return [name for name in _ROOT_ORDER if name in known]
    if of is None:
        return []
    of = pointed(of)
    if of.kind is not Kind.STRUCT:
        return list(of.methods)
    return [*(f.name for f in of.fields if f.exported), *of.methods, *of.pointer_methods]


def _enter(action: Action, scopes: list[Scope], target: Target, types: Types) -> None:
    """What an action changes for what stands behind it."""
    text = action.text.strip()
    if text.startswith("/*"):
        return
    keyword, scope = action.keyword, scopes[-1]
    rest = text[len(keyword) :].strip()
    if keyword in ("if", "with", "range", "define", "block"):
        if len(scopes) < MAX_DEPTH:
            scopes.append(_block(keyword, rest, scope, target, types))
    elif keyword == "end":
        if len(scopes) > 1:
            scopes.pop()
    elif keyword == "else":
        if len(scopes) > 1:
            outer = scopes[-2]
            words = rest.partition(" ")
            inner = Scope(outer.dot, dict(outer.variables))
            if words[0] in ("if", "with"):
                inner = _block(words[0], words[2].strip(), inner, target, types)
            scopes[-1] = inner
    elif found := _DECLARED.match(text):
        scope.variables[found[1]] = _kind(found[3], scope, target, types)


def _block(keyword: str, rest: str, outer: Scope, target: Target, types: Types) -> Scope:
    """The inside of a block."""
    if keyword in ("define", "block"):  # who calls it decides what its dot is
        return Scope(None, {"$": None})
    inner = Scope(outer.dot, dict(outer.variables))
    found = _DECLARED.match(rest)
    kind = _kind(found[3] if found else rest, outer, target, types)
    if keyword == "range":
        inner.dot = element_of(kind)
        if found and found[2]:
            inner.variables |= {found[1]: key_of(kind), found[2]: inner.dot}
        elif found:
            inner.variables[found[1]] = inner.dot
        return inner
    if keyword == "with":
        inner.dot = kind
    if found:
        inner.variables[found[1]] = kind
    return inner


def _kind(expression: str, scope: Scope, target: Target, types: Types) -> Type:
    """What an expression gives, where it is a path, or an index or slice of one."""
    expression = expression.strip()
    while expression.startswith("(") and expression.endswith(")") and "(" not in expression[1:-1]:
        expression = expression[1:-1].strip()
    if found := _INDEX.match(expression):
        return element_of(_kind_of_path(found[1], scope, target, types))
    if found := _SLICE.match(expression):
        return _kind_of_path(found[1], scope, target, types)
    return _kind_of_path(expression, scope, target, types)


def _kind_of_path(path: str, scope: Scope, target: Target, types: Types) -> Type:
    found = _PATH.match(path)
    if found is None or not path:
        return None
    of = scope.variables.get(found[1]) if found[1] else scope.dot
    for name in (found[2] or "").split("."):
        if name:
            of = _field(of, name, target, types)
    return of


def _field(of: Type, name: str, target: Target, types: Types) -> Type:
    if isinstance(of, Root):
        return root_types(target, types).get(name)
    if of is None:
        return None
    of = pointed(of)
    if of.kind is Kind.MAP:
        return of.elem
    return of.by_name[name].type if name in of.by_name else None


def text_of(of: Type) -> str:
    """A Go type as Go writes it, "" where it is not known."""
    return of.name if isinstance(of, GoType) else ""
