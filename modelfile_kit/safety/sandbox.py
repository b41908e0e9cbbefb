"""Expressions that try to leave Jinja: what only an attack on the program that renders has a use for.

Jinja2's sandbox refuses what begins with an underscore and a few attributes more; programs that render chat
templates without it, or with an old one, run such an expression (CVE-2024-34359, CVE-2025-27516).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from jinja2 import nodes

from ..huggingface import jinja_source
from .provenance import folded

# Attributes of Python's functions, generators and frames that lead to its modules.
_INSIDES = frozenset(
    [
        "func_globals",
        "func_code",
        "func_closure",
        "im_class",
        "im_func",
        "im_self",
        "mro",
        "gi_code",
        "gi_frame",
        "cr_code",
        "cr_frame",
        "f_globals",
        "f_builtins",
        "f_locals",
        "f_back",
        "tb_frame",
        "tb_next",
        "ag_frame",
        "ag_code",
        "co_code",
    ]
)
# Filters that take the name of an attribute, and where among their arguments it stands.
_BY_NAME = {
    "attr": 0,
    "selectattr": 0,
    "rejectattr": 0,
    "groupby": 0,
    "map": None,
    "sort": None,
    "unique": None,
    "min": None,
    "max": None,
    "sum": 0,
    "join": 1,
}
# `{0.__class__}` in a text that is formatted.
_FIELD = re.compile(r"\{[^{}]*\}")
_INSIDE = re.compile(r"[.\[]_")
_OF_FLASK = frozenset(
    ["request", "config", "g", "session", "url_for", "get_flashed_messages", "application", "app"]
)


@dataclass(frozen=True)
class Escape:
    """An expression that reaches for Python's insides; what: the attribute or statement, for people."""

    node: nodes.Node
    what: str


def escapes(tree: nodes.Template) -> Iterator[Escape]:
    """Every such expression of a template."""
    for node in tree.find_all((nodes.Getattr, nodes.Getitem, nodes.Filter, nodes.Call, nodes.NSRef)):
        what = _reached(node)
        if what:
            yield Escape(node, what)
    for statement in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
        yield Escape(statement, f"{{% {_statement(statement)} %}}")


def _statement(node: nodes.Node) -> str:
    kind = type(node).__name__.lower()
    return f"{'from' if kind == 'fromimport' else kind} {jinja_source.text(getattr(node, 'template', None))}"


def _reached(node: nodes.Node) -> str:
    """The attribute that is reached for, "" for an ordinary one."""
    if isinstance(node, nodes.Getattr):
        return node.attr if _is_inside(node.attr) or _of_flask(node) else ""
    if isinstance(node, nodes.NSRef):
        return node.attr if _is_dunder(node.attr) else ""
    if isinstance(node, nodes.Getitem):
        return _named(node.arg)
    if isinstance(node, nodes.Filter):
        return _by_filter(node)
    if isinstance(node, nodes.Call):
        return _formatted(node)
    return ""


def _by_filter(node: nodes.Filter) -> str:
    if node.name not in _BY_NAME:
        return _format_text(node.node) if node.name == "format" else ""
    named = [k.value for k in node.kwargs if k.key == "attribute"]
    place = _BY_NAME[node.name]
    if place is not None and len(node.args) > place:
        named.append(node.args[place])
    if node.name == "map" and node.args and folded(node.args[0]) == "attr":
        named += node.args[1:]
    for argument in named:
        text = folded(argument)
        if text is None:
            # `attr` has no other use than to take a name that is worked out
            if node.name == "attr":
                return jinja_source.text(node)
            continue
        inside = next((part for part in text.split(".") if _is_inside(part)), "")
        if inside:
            return inside
    return ""


def _named(argument: nodes.Expr) -> str:
    text = folded(argument)
    return text if text is not None and _is_inside(text) else ""


def _formatted(node: nodes.Call) -> str:
    if isinstance(node.node, nodes.Getattr) and node.node.attr in ("format", "format_map"):
        return _format_text(node.node.node)
    return ""


def _format_text(node: nodes.Expr | None) -> str:
    text = folded(node) if node is not None else None
    fields = (field[0] for field in _FIELD.finditer(text or ""))
    return next((field for field in fields if _INSIDE.search(field)), "")


def _of_flask(node: nodes.Getattr) -> bool:
    return (
        isinstance(node.node, nodes.Name)
        and node.node.name in _OF_FLASK
        and node.attr in ("application", "environ")
    )


def _is_inside(name: str) -> bool:
    return _is_dunder(name) or name in _INSIDES


def _is_dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__") and len(name) > 4
