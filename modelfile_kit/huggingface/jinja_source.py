"""Jinja expressions back to text: for people to read, and to tell whether two are the same.

What is worked out about a node is kept on it: the same few are asked for thousands of times.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jinja2 import nodes

# Filters that `coverage` wraps around what it watches; the text shows what is inside.
WATCHERS = frozenset({"_condition", "_loop", "_step"})
_OPERATORS = {"eq": "==", "ne": "!=", "gt": ">", "gteq": ">=", "lt": "<", "lteq": "<=", "in": "in"}
_OPERATORS["notin"] = "not in"


def text(node: nodes.Node | None) -> str:
    """An expression as Jinja source, in one spelling; unknown kinds print their class."""
    if node is None:
        return ""
    cached: str | None = node.__dict__.get("_text")
    if cached is None:
        cached = node._text = _written(node)  # type: ignore[attr-defined]
    return cached


def _written(node: nodes.Node) -> str:
    write = _WRITERS.get(type(node).__name__)
    if write is not None:
        return write(node)
    if isinstance(node, nodes.BinExpr):
        return f"({text(node.left)} {node.operator} {text(node.right)})"
    return f"<{type(node).__name__}>"


def unwatched(node: Any) -> Any:
    """The node inside the wrappers that `coverage` puts around conditions and loops."""
    while isinstance(node, nodes.Filter) and node.name in WATCHERS:
        node = node.node
    return node


def names(node: nodes.Node) -> frozenset[str]:
    """The variables that an expression mentions."""
    cached: frozenset[str] | None = node.__dict__.get("_names")
    if cached is None:
        found = {n.name for n in node.find_all(nodes.Name)}
        own = {node.name} if isinstance(node, nodes.Name) else set()
        cached = node._names = frozenset(found | own)  # type: ignore[attr-defined]
    return cached


def calls(node: nodes.Node) -> tuple[nodes.Call, ...]:
    """The calls in an expression, with itself."""
    cached: tuple[nodes.Call, ...] | None = node.__dict__.get("_calls")
    if cached is None:
        own = (node,) if isinstance(node, nodes.Call) else ()
        cached = node._calls = (*own, *node.find_all(nodes.Call))  # type: ignore[attr-defined]
    return cached


def is_watched(node: nodes.Node) -> bool:
    """Whether `coverage` watches something inside an expression."""
    cached: bool | None = node.__dict__.get("_watched")
    if cached is None:
        cached = node._watched = any(f.name in WATCHERS for f in node.find_all(nodes.Filter))  # type: ignore[attr-defined]
    return cached


def member(node: nodes.Node, key: str) -> str:
    """`node.key` for a key of a mapping, as `text` writes it."""
    return f"{_operand(node, 6)}.{key}" if _is_plain(key) else f"{_operand(node, 6)}[{key!r}]"


def base(node: nodes.Node) -> nodes.Name | None:
    """The variable whose attribute or item an expression looks at first: `x` in `x.a.b == 'c'`."""
    if "_base" not in node.__dict__:
        access = (nodes.Getattr, nodes.Getitem)
        found: Any = node if isinstance(node, access) else next(node.find_all(access), None)
        while isinstance(found, access):
            found = unwatched(found.node)
        node._base = found if isinstance(found, nodes.Name) else None  # type: ignore[attr-defined]
    return node._base  # type: ignore[attr-defined, no-any-return]


# How tightly an expression holds together; what is not here has brackets of its own, or needs none.
_LEVELS = {"Not": 1, "Compare": 2, "Concat": 3, "Neg": 4, "Pos": 4, "Filter": 5, "Test": 5}


def _operand(node: nodes.Node | None, level: int) -> str:
    """A part of an expression, in brackets where it holds together less tightly than its place asks for."""
    loose = _LEVELS.get(type(unwatched(node)).__name__, level) < level
    return f"({text(node)})" if loose else text(node)


def _filter(node: nodes.Filter) -> str:
    if node.name in WATCHERS:
        return text(node.node)
    return f"{_operand(node.node, 4)} | {node.name}{_arguments(node) if node.args or node.kwargs else ''}"


def _test(node: nodes.Test) -> str:
    return f"{_operand(node.node, 4)} is {node.name}{_arguments(node) if node.args else ''}"


def _arguments(node: Any) -> str:
    parts = [text(a) for a in node.args]
    parts += [f"{k.key}={text(k.value)}" for k in node.kwargs]
    if node.dyn_args:
        parts.append(f"*{text(node.dyn_args)}")
    if node.dyn_kwargs:
        parts.append(f"**{text(node.dyn_kwargs)}")
    return f"({', '.join(parts)})"


def _slice(node: nodes.Slice) -> str:
    step = f":{text(node.step)}" if node.step else ""
    return f"{text(node.start)}:{text(node.stop)}{step}"


def _getattr(node: nodes.Getattr) -> str:
    # One spelling for `a.b` and `a['b']`, except where the first is a method of mappings.
    return f"{_operand(node.node, 6)}.{node.attr}"


def _getitem(node: nodes.Getitem) -> str:
    key = node.arg.value if isinstance(node.arg, nodes.Const) else None
    if isinstance(key, str) and _is_plain(key):
        return f"{_operand(node.node, 6)}.{key}"
    return f"{_operand(node.node, 6)}[{text(node.arg)}]"


def _is_plain(key: str) -> bool:
    return key.isidentifier() and not hasattr(dict, key)


def _compare(node: nodes.Compare) -> str:
    tail = "".join(f" {_OPERATORS[o.op]} {_operand(o.expr, 3)}" for o in node.ops)
    return f"{_operand(node.expr, 3)}{tail}"


def _conditional(node: nodes.CondExpr) -> str:
    tail = f" else {text(node.expr2)}" if node.expr2 else ""
    return f"({text(node.expr1)} if {text(node.test)}{tail})"


_WRITERS: dict[str, Callable[[Any], str]] = {
    "Name": lambda n: n.name,
    "Const": lambda n: repr(n.value),
    "TemplateData": lambda n: repr(n.data),
    "Getattr": _getattr,
    "Getitem": _getitem,
    "Slice": _slice,
    "Filter": _filter,
    "Test": _test,
    "Call": lambda n: f"{_operand(n.node, 6)}{_arguments(n)}",
    "Compare": _compare,
    "Not": lambda n: f"not {text(n.node)}",
    "And": lambda n: f"({text(n.left)} and {text(n.right)})",
    "Or": lambda n: f"({text(n.left)} or {text(n.right)})",
    "Neg": lambda n: f"-{_operand(n.node, 6)}",
    "Pos": lambda n: f"+{_operand(n.node, 6)}",
    "Concat": lambda n: " ~ ".join(_operand(part, 4) for part in n.nodes),
    "CondExpr": _conditional,
    "List": lambda n: f"[{', '.join(map(text, n.items))}]",
    "Tuple": lambda n: f"({', '.join(map(text, n.items))})",
    "Dict": lambda n: "{" + ", ".join(f"{text(p.key)}: {text(p.value)}" for p in n.items) + "}",
    "Keyword": lambda n: f"{n.key}={text(n.value)}",
}
