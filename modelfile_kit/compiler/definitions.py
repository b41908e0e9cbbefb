"""The templates that a TEMPLATE defines: recursive macros, and what Go has no function for (strip, JSON)."""

from __future__ import annotations

from .ir import nodes as go
from .lower.images import settle_images
from .lower.lazy import defined_templates
from .lower.python_repr import share_repr
from .lower.state import State
from .passes.merged_definitions import merge_definitions
from .passes.simplify import simplify


def with_definitions(st: State) -> tuple[go.Nodes, dict[str, go.Nodes]]:
    """The simplified statements of a lowered chat template, and the templates they include, by name.

    A template is defined where it is included, directly or by another one. What is only printed becomes an
    include, so it has to be decided after simplification what is still printed.
    """
    body = simplify(simplify(settle_images(st, tuple(st.out))))
    statements, definitions = defined_templates(st, body)
    waiting = _included(st, statements)
    while waiting:
        name = waiting.pop(0)
        body, more = defined_templates(st, simplify(settle_images(st, st.templates[name])))
        definitions = {**definitions, **{k: v for k, v in more.items() if k not in definitions}, name: body}
        waiting += [n for n in _included(st, body) if n not in definitions and n not in waiting]
    definitions = {name: simplify(body) for name, body in share_repr(definitions).items()}
    return merge_definitions(statements, definitions)


def _included(st: State, block: go.Nodes) -> list[str]:
    """The macros that statements include, in the order of their definition."""
    names = {n.name for n in go.all_nodes(block) if isinstance(n, go.Include)}
    return [name for name in st.templates if name in names]
