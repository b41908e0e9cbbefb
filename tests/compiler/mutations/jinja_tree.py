"""Looking at a Jinja tree and changing it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

from jinja2 import nodes


def copied(value: Any) -> Any:
    """A tree of its own."""
    if isinstance(value, list):
        return [copied(v) for v in value]
    if not isinstance(value, nodes.Node):
        return value
    made = type(value)(*(copied(getattr(value, field)) for field in value.fields))
    return made.set_lineno(value.lineno).set_environment(value.environment)  # type: ignore[arg-type]


def all_nodes(tree: nodes.Node, *kinds: type) -> list[Any]:
    return list(tree.find_all(kinds))


def pick(rng: random.Random, found: list[Any]) -> Any:
    return rng.choice(found) if found else None


def bodies(node: Any) -> Iterator[list[Any]]:
    """Every list of statements in a tree."""
    if isinstance(getattr(node, "body", None), list):
        yield node.body
    if isinstance(getattr(node, "else_", None), list):
        yield node.else_
    for child in node.iter_child_nodes():
        yield from bodies(child)


def places(tree: nodes.Template, kind: type) -> list[tuple[list[Any], int]]:
    """Where statements of a kind stand."""
    return [(b, i) for b in bodies(tree) for i, s in enumerate(b) if isinstance(s, kind)]


def replace_node(tree: nodes.Node, old: Any, new: Any) -> None:
    """Puts a node in another's place."""
    for node in [tree, *tree.find_all(nodes.Node)]:
        for field, value in node.iter_fields():
            if value is old:
                setattr(node, field, new)
            elif isinstance(value, list):
                value[:] = [new if x is old else x for x in value]


def wrap_node(tree: nodes.Node, old: Any, make: Callable[[Any], Any]) -> None:
    """Puts a node made from a copy of another in its place."""
    replace_node(tree, old, make(copied(old)))


def loaded(node: nodes.Node) -> set[str]:
    own = {node.name} if isinstance(node, nodes.Name) else set()
    return own | {n.name for n in node.find_all(nodes.Name) if n.ctx == "load"}


def fresh(tree: nodes.Template, rng: random.Random) -> str:
    named: Any = tree.find_all((nodes.Name, nodes.Macro))
    taken = {n.name for n in named}
    while True:
        name = rng.choice(("it", "entry", "tmp", "v", "block", "piece")) + str(rng.randrange(100))
        if name not in taken:
            return name


def get_name(name: str) -> nodes.Name:
    return nodes.Name(name, "load")


def set_name(name: str, value: Any) -> nodes.Assign:
    return nodes.Assign(nodes.Name(name, "store"), value)


def const(value: Any) -> nodes.Const:
    return nodes.Const(value)


def printed(value: Any) -> nodes.Output:
    return nodes.Output([value])


def loop_is_used(loop: nodes.For) -> bool:
    return any("loop" in loaded(s) or (isinstance(s, nodes.Name) and s.name == "loop") for s in loop.body)


def is_messages(e: Any) -> bool:
    """A list of messages or calls, not a mapping or text."""
    while isinstance(e, nodes.Getitem) and isinstance(e.arg, nodes.Slice):
        e = e.node
    if isinstance(e, nodes.Name):
        return e.name in ("messages", "loop_messages", "tools")
    return key_of(e) == "tool_calls"


def key_of(e: Any) -> Any:
    """The name that an attribute or item is looked up by."""
    if isinstance(e, nodes.Getattr):
        return e.attr
    return e.arg.value if isinstance(e, nodes.Getitem) and isinstance(e.arg, nodes.Const) else None


def of_loop(tree: nodes.Node) -> list[Any]:
    """`loop.…`"""
    found = all_nodes(tree, nodes.Getattr)
    return [n for n in found if isinstance(n.node, nodes.Name) and n.node.name == "loop"]
