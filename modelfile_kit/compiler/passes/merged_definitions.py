"""Merges defined templates that print the same: a macro over data of two kinds can become the same text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from ..ir import nodes as go
from ..ir.nodes import Nodes
from .alpha_rename import same_but_for_names

Definitions = dict[str, Nodes]

# Properties inside a property as Go's map: what a template sees of its argument, it can be given at once.
_AS_MAP = go.Field(go.Dot(), "ToMap")


def merge_definitions(statements: Nodes, definitions: Definitions) -> tuple[Nodes, Definitions]:
    """The first of several equal definitions stands for all; they may include themselves and each other.

    >>> from modelfile_kit.compiler.ir.printer import emit
    >>> item = lambda loop, name: go.Range(loop, go.Dot(), (go.Text("-"), go.Include(name, go.Item(loop))))
    >>> both = (go.Include("a", go.Root("A")), go.Include("b", go.Root("B")))
    >>> print(emit(*merge_definitions(both, {"a": (item(1, "a"),), "b": (item(2, "b"),)})))
    {{- define "a" }}
    {{- range . }}-{{ template "a" . }}
    {{- end }}
    {{- end }}
    {{- template "a" .A }}{{ template "a" .B }}
    """
    found = _merged(statements, definitions)
    moved = _merged(*_given_as_map(statements, definitions))
    return moved if len(moved[1]) < len(found[1]) else found


def _merged(statements: Nodes, definitions: Definitions) -> tuple[Nodes, Definitions]:
    kept: list[str] = []
    twins: dict[str, str] = {}
    for name in definitions:
        twin = next((k for k in kept if _same(k, name, definitions)), None)
        if twin is None:
            kept.append(name)
        else:
            twins[name] = twin
    if not twins:
        return statements, definitions

    def change(n: go.Include) -> go.Include:
        return replace(n, name=twins.get(n.name, n.name))

    return _includes(statements, change), {name: _includes(definitions[name], change) for name in kept}


def _same(a: str, b: str, definitions: Mapping[str, Nodes]) -> bool:
    """Whether two definitions print the same; what was asked before is taken to hold until a difference."""
    asked = {(a, b)}

    def same(x: str, y: str) -> bool:
        if x == y or (x, y) in asked:
            return True
        asked.add((x, y))
        return x in definitions and y in definitions and compare(x, y)

    def compare(x: str, y: str) -> bool:
        return same_but_for_names(definitions[x], definitions[y], same)

    return compare(a, b)


def _includes(nodes: Nodes, change: Callable[[go.Include], go.Include]) -> Nodes:
    """The statements with every include changed."""
    return tuple(
        change(n) if isinstance(n, go.Include) else go.with_blocks(n, lambda block: _includes(block, change))
        for n in nodes
    )


def _given_as_map(statements: Nodes, definitions: Definitions) -> tuple[Nodes, Definitions]:
    """Definitions that look at their argument as a map alone are given that map."""
    moved: set[str] = set()
    for name, body in definitions.items():
        seen = [e for e in go.all_exprs(body) if e in (go.Dot(), _AS_MAP)]
        if seen and 2 * seen.count(_AS_MAP) == len(seen):
            moved.add(name)

    def change(n: go.Include) -> go.Include:
        return replace(n, arg=go.Field(n.arg, "ToMap")) if n.name in moved else n

    bodies = {name: _dot_for_map(body) if name in moved else body for name, body in definitions.items()}
    return _includes(statements, change), {name: _includes(body, change) for name, body in bodies.items()}


def _dot_for_map(part: Any) -> Any:
    """Statements, tests and expressions with the argument in place of the argument as a map."""
    if part == _AS_MAP:
        return go.Dot()
    if isinstance(part, tuple):
        return tuple(map(_dot_for_map, part))
    if is_dataclass(part) and not isinstance(part, type):
        return replace(part, **{f.name: _dot_for_map(getattr(part, f.name)) for f in fields(part)})
    return part
