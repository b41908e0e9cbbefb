"""More changes to chat templates that keep the meaning."""

from __future__ import annotations

import random
from typing import Any

from jinja2 import nodes

from tests.compiler.jinja_tree import (
    all_nodes,
    bodies,
    const,
    copied,
    get_name,
    key_of,
    pick,
    places,
    printed,
    replace_node,
    set_name,
)
from tests.compiler.mutations import keeping


@keeping
def de_morgan(tree: nodes.Template, rng: random.Random) -> bool:
    """`a and b` in a test becomes `not (not a or not b)`, and the other way."""
    tests = [n.test for n in all_nodes(tree, nodes.If, nodes.CondExpr)]
    node = pick(rng, [t for t in tests if isinstance(t, (nodes.And, nodes.Or))])
    if node is None:
        return False
    other = nodes.Or if isinstance(node, nodes.And) else nodes.And
    replace_node(tree, node, nodes.Not(other(nodes.Not(node.left), nodes.Not(node.right))))
    return True


@keeping
def list_to_or(tree: nodes.Template, rng: random.Random) -> bool:
    """`a in ['b', 'c']` becomes `a == 'b' or a == 'c'`."""
    found = [c for c in all_nodes(tree, nodes.Compare) if len(c.ops) == 1 and c.ops[0].op == "in"]
    node = pick(rng, [c for c in found if _members(c.ops[0].expr)])
    if node is None:
        return False
    whole: Any = None
    for value in _members(node.ops[0].expr):
        one = nodes.Compare(copied(node.expr), [nodes.Operand("eq", value)])
        whole = one if whole is None else nodes.Or(whole, one)
    replace_node(tree, node, whole)
    return True


def _members(e: Any) -> list[Any]:
    if isinstance(e, (nodes.List, nodes.Tuple)):
        return list(e.items)
    if isinstance(e, nodes.Const) and isinstance(e.value, (list, tuple)):
        return [const(v) for v in e.value]
    return []


@keeping
def access(tree: nodes.Template, rng: random.Random) -> bool:
    """`m.role` becomes `m['role']`, and the other way where no method has the name."""
    found = [
        n
        for n in all_nodes(tree, nodes.Getattr, nodes.Getitem)
        if n.ctx == "load" and key_of(n) in ("role", "content", "tool_calls", "function", "name", "arguments")
    ]
    node = pick(rng, found)
    if node is None:
        return False
    if isinstance(node, nodes.Getattr):
        replace_node(tree, node, nodes.Getitem(node.node, const(node.attr), "load"))
    else:
        replace_node(tree, node, nodes.Getattr(node.node, node.arg.value, "load"))
    return True


@keeping
def get_method(tree: nodes.Template, rng: random.Random) -> bool:
    """`if m.tool_calls` becomes `if m.get('tool_calls')`."""
    tests = [n.test for n in all_nodes(tree, nodes.If)]
    tests += [side for t in tests if isinstance(t, (nodes.And, nodes.Or)) for side in (t.left, t.right)]
    found = [t for t in tests if isinstance(t, nodes.Getattr) and isinstance(t.node, nodes.Name)]
    node = pick(rng, [t for t in found if t.attr in ("tool_calls", "content", "reasoning_content")])
    if node is None:
        return False
    method = nodes.Getattr(node.node, "get", "load")
    replace_node(tree, node, nodes.Call(method, [const(node.attr)], [], None, None))
    return True


@keeping
def inline_if(tree: nodes.Template, rng: random.Random) -> bool:
    """`{{ a if t else b }}` becomes an if with two prints."""
    shown = [
        (b, i)
        for b, i in places(tree, nodes.Output)
        if any(isinstance(x, nodes.CondExpr) for x in b[i].nodes)
    ]
    place = pick(rng, shown)
    if place is None:
        return False
    body, at = place
    parts: list[Any] = []
    for x in body[at].nodes:
        if isinstance(x, nodes.CondExpr):
            parts.append(nodes.If(x.test, [printed(x.expr1)], [], [printed(x.expr2)] if x.expr2 else []))
        else:
            parts.append(nodes.Output([x]))
    body[at : at + 1] = parts
    return True


@keeping
def loop_position(tree: nodes.Template, rng: random.Random) -> bool:
    """`loop.first` becomes `loop.index0 == 0` and so on."""
    found = [
        n for n in all_nodes(tree, nodes.Getattr) if isinstance(n.node, nodes.Name) and n.node.name == "loop"
    ]
    node = pick(rng, [n for n in found if n.attr in ("first", "last", "index", "index0")])
    if node is None:
        return False

    def place(name: str) -> Any:
        return nodes.Getattr(get_name("loop"), name, "load")

    def equal(a: Any, b: Any) -> Any:
        return nodes.Compare(a, [nodes.Operand("eq", b)])

    choices = {
        "first": [equal(place("index0"), const(0)), equal(place("index"), const(1))],
        "last": [equal(place("revindex0"), const(0)), equal(place("index"), place("length"))],
        "index": [nodes.Add(place("index0"), const(1))],
        "index0": [nodes.Sub(place("index"), const(1))],
    }
    replace_node(tree, node, rng.choice(choices[node.attr]))
    return True


@keeping
def other_spelling(tree: nodes.Template, rng: random.Random) -> bool:
    """`x | trim` becomes `x.strip()`, `length` becomes `count`, and the like."""
    found = [
        f
        for f in all_nodes(tree, nodes.Filter)
        if not f.args and f.name in ("trim", "length", "upper", "lower")
    ]
    calls = [c for c in all_nodes(tree, nodes.Call) if isinstance(c.node, nodes.Getattr) and not c.args]
    calls = [c for c in calls if c.node.attr == "strip" and not c.kwargs]
    node = pick(rng, [*found, *calls])
    if node is None:
        return False
    if isinstance(node, nodes.Call):
        replace_node(tree, node, nodes.Filter(node.node.node, "trim", [], [], None, None))
    elif node.name == "length":
        node.name = "count"
    else:
        method = nodes.Getattr(node.node, {"trim": "strip"}.get(node.name, node.name), "load")
        replace_node(tree, node, nodes.Call(method, [], [], None, None))
    return True


@keeping
def split_print(tree: nodes.Template, rng: random.Random) -> bool:
    """`{{ a + b }}` becomes `{{ a }}{{ b }}` where one of them is a known text."""
    for output in rng.sample(found := all_nodes(tree, nodes.Output), len(found)):
        for i, x in enumerate(output.nodes):
            if (
                isinstance(x, nodes.Add)
                and isinstance(x.right, nodes.Const)
                and isinstance(x.right.value, str)
            ):
                output.nodes[i : i + 1] = [x.left, x.right]
                return True
    return False


@keeping
def noise(tree: nodes.Template, rng: random.Random) -> bool:
    """Statements that do nothing."""
    body = rng.choice([b for b in bodies(tree) if b is not None])
    dead = nodes.If(const(False), [nodes.Output([nodes.TemplateData("never")])], [], [])
    unused = set_name("unused", nodes.List([const(1), const("a")]))
    body.insert(rng.randrange(len(body) + 1), rng.choice([dead, unused]))
    return True


@keeping
def alias(tree: nodes.Template, rng: random.Random) -> bool:
    """The messages have another name."""
    found = [n for n in all_nodes(tree, nodes.Name) if n.name == "messages" and n.ctx == "load"]
    if not found or any(n.name == "messages" and n.ctx != "load" for n in tree.find_all(nodes.Name)):
        return False
    if any(
        m.find(nodes.Name) and "messages" in {n.name for n in m.find_all(nodes.Name)}
        for m in all_nodes(tree, nodes.Macro)
    ):
        return False
    for n in found:
        n.name = "turns"
    tree.body.insert(0, set_name("turns", get_name("messages")))
    return True
