"""Changes to chat templates after which they mean something else."""

from __future__ import annotations

import random
from typing import Any

from jinja2 import nodes

from modelfile_kit.huggingface import environment
from tests.compiler.mutations.jinja_tree import (
    all_nodes,
    bodies,
    const,
    is_messages,
    key_of,
    pick,
    replace_node,
    wrap_node,
)
from tests.compiler.mutations.mutate import changing


@changing
def other_position(tree: nodes.Template, rng: random.Random) -> bool:
    """`loop.first` becomes `loop.last`, an index another."""
    names = {"first": "last", "last": "first", "index": "index0", "index0": "index"}
    found = [
        n for n in all_nodes(tree, nodes.Getattr) if isinstance(n.node, nodes.Name) and n.node.name == "loop"
    ]
    node = pick(rng, [n for n in found if n.attr in names])
    if node is None:
        return False
    node.attr = names[node.attr]
    return True


@changing
def other_role(tree: nodes.Template, rng: random.Random) -> bool:
    """A role that is compared with becomes another one."""
    roles = ("user", "assistant", "system", "tool", "developer", "ipython")
    node = pick(rng, [n for n in all_nodes(tree, nodes.Const) if n.value in roles])
    if node is None:
        return False
    node.value = rng.choice([r for r in roles if r != node.value])
    return True


@changing
def strip_or_not(tree: nodes.Template, rng: random.Random) -> bool:
    """A trim is taken away, or put around a content."""
    trims = [f for f in all_nodes(tree, nodes.Filter) if f.name == "trim"]
    contents = [
        n for n in all_nodes(tree, nodes.Getattr, nodes.Getitem) if n.ctx == "load" and key_of(n) == "content"
    ]
    if trims and (not contents or rng.random() < 0.5):
        node = rng.choice(trims)
        replace_node(tree, node, node.node)
        return True
    return bool(contents) and _on_text(tree, rng, rng.choice(contents))


def _on_text(tree: nodes.Template, rng: random.Random, node: Any) -> bool:
    """Some operation on a text."""

    def call(name: str, *args: Any) -> Any:
        return lambda x: nodes.Call(nodes.Getattr(x, name, "load"), [const(a) for a in args], [], None, None)

    def filtered(name: str, *args: Any) -> Any:
        return lambda x: nodes.Filter(x, name, [const(a) for a in args], [], None, None)

    def part(*bounds: int | None) -> Any:
        ends = [None if b is None else const(b) for b in bounds]
        return lambda x: nodes.Getitem(x, nodes.Slice(ends[0], ends[1], None), "load")

    def piece(separator: str, index: int) -> Any:
        return lambda x: nodes.Getitem(call("split", separator)(x), const(index), "load")

    choices = [
        filtered("trim"),
        call("strip"),
        call("lstrip"),
        call("rstrip"),
        call("lstrip", "\n"),
        call("rstrip", "\n"),
        call("strip", "ab"),
        call("replace", "</think>", ""),
        call("replace", "a", "bb"),
        call("replace", "", "-"),
        piece("</think>", -1),
        piece("</think>", 0),
        piece("\n", 0),
        part(1, None),
        part(None, -1),
        part(None, 5),
        part(2, 7),
        filtered("upper"),
        filtered("title"),
        filtered("capitalize"),
        filtered("length"),
        filtered("tojson"),
        filtered("default", "none", True),
        filtered("indent", 2),
        filtered("truncate", 9),
        filtered("wordcount"),
        filtered("e"),
        filtered("first"),
        filtered("last"),
        filtered("reverse"),
        filtered("int"),
        call("isdigit"),
        call("startswith", "a"),
        call("count", "a"),
        call("find", "a"),
        call("splitlines"),
        call("center", 9),
        call("zfill", 5),
        call("removeprefix", "a"),
        call("partition", ":"),
    ]
    wrap_node(tree, node, rng.choice(choices))
    return True


@changing
def negate(tree: nodes.Template, rng: random.Random) -> bool:
    """A test says the opposite."""
    node = pick(rng, all_nodes(tree, nodes.If, nodes.CondExpr))
    if node is None:
        return False
    node.test = node.test.node if isinstance(node.test, nodes.Not) else nodes.Not(node.test)
    return True


@changing
def and_or(tree: nodes.Template, rng: random.Random) -> bool:
    """`and` becomes `or`."""
    node = pick(rng, all_nodes(tree, nodes.And, nodes.Or))
    if node is None:
        return False
    other = nodes.Or if isinstance(node, nodes.And) else nodes.And
    replace_node(tree, node, other(node.left, node.right))
    return True


@changing
def drop(tree: nodes.Template, rng: random.Random) -> bool:
    """A statement is gone."""
    body = pick(rng, [b for b in bodies(tree) if b])
    if body is None:
        return False
    del body[rng.randrange(len(body))]
    return True


@changing
def other_number(tree: nodes.Template, rng: random.Random) -> bool:
    """A number is one more or less."""
    node = pick(rng, [n for n in all_nodes(tree, nodes.Const) if type(n.value) is int])
    if node is None:
        return False
    node.value += rng.choice((-1, 1, 2))
    return True


@changing
def other_messages(tree: nodes.Template, rng: random.Random) -> bool:
    """A loop runs over a part of the messages, backwards, or over those of one role."""
    loop = pick(rng, [f for f in all_nodes(tree, nodes.For) if is_messages(f.iter)])
    if loop is None:
        return False

    def cut(start: int | None, stop: int | None, step: int | None) -> Any:
        ends = [None if b is None else const(b) for b in (start, stop, step)]
        return nodes.Getitem(loop.iter, nodes.Slice(*ends), "load")

    def chosen(kind: str, role: str) -> Any:
        args = [const("role"), const("equalto"), const(role)]
        picked = nodes.Filter(loop.iter, kind, args, [], None, None)
        return nodes.Filter(picked, "list", [], [], None, None)

    loop.iter = rng.choice([
        cut(1, None, None), cut(None, -1, None), cut(None, None, -1), cut(-2, None, None), cut(None, 3, None),
        cut(None, None, 2), chosen("selectattr", "user"), chosen("rejectattr", "system"),
    ])  # fmt: skip
    return True


@changing
def odd_condition(tree: nodes.Template, rng: random.Random) -> bool:
    """Something is printed under a condition that few conversations meet."""
    texts = (
        "messages | length > 11",
        "messages[0].content | length == 37",
        "'zebra-17' in messages[0].content",
        "(messages | length * 7) % 5 == 3",
        "messages[-1].content.endswith('?!')",
        "messages | length > 2 and messages[2].role == 'system'",
        "messages | selectattr('role', 'equalto', 'user') | list | length == 4",
        "messages[0].content.replace('a', 'b').replace('b', 'c').startswith('ccc')",
        "messages[0].content | upper == messages[0].content",
        "messages[0].content[1:3] == 'zz'",
        "messages[0].content.split('x') | length == 4",
        "messages | map(attribute='content') | join('') | length > 500",
        "enable_thinking is defined and not enable_thinking and messages | length > 4",
        "messages[0].content == messages[-1].content and messages | length > 1",
    )
    parsed = environment().parse("{% if " + rng.choice(texts) + " %}{{ '!' }}{% endif %}")
    tree.body.insert(rng.choice((0, len(tree.body))), parsed.body[0])
    return True
