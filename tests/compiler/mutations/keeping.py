"""Changes to chat templates that keep the meaning."""

from __future__ import annotations

import random
import re
from typing import Any

from jinja2 import meta, nodes

from tests.compiler.mutations.jinja_tree import (
    all_nodes,
    bodies,
    const,
    copied,
    fresh,
    get_name,
    is_messages,
    key_of,
    loaded,
    loop_is_used,
    pick,
    places,
    printed,
    replace_node,
    set_name,
)
from tests.compiler.mutations.mutate import keeping

_MARKER = re.compile(r"<[^<>\s]{2,40}>|\[/?[A-Z_]{2,20}\]")
_OPPOSITE = {"eq": "ne", "ne": "eq", "lt": "gteq", "gteq": "lt", "gt": "lteq", "lteq": "gt"}
_OPPOSITE |= {"in": "notin", "notin": "in"}
_SWAPPED = {"eq": "eq", "ne": "ne", "lt": "gt", "gt": "lt", "lteq": "gteq", "gteq": "lteq"}
# What is put in the place of a marker: quotes, backslashes, braces, letters beyond ASCII, repetition.
_MEDIA = re.compile("image|img|vision|video|audio|sound|media", re.IGNORECASE)
MARKERS = (
    "<«x»>",
    "[/\"Q'\\]",
    "{ {a} }",
    "<|\\n|>",
    "aXaXa",
    "▁▁",
    "`b`$y",
    "<br/>",
    "[c][c]",
    "\u3000=\u00a0",
)


@keeping
def rename(tree: nodes.Template, rng: random.Random) -> bool:
    """A variable, macro or parameter gets another name everywhere."""
    given = meta.find_undeclared_variables(tree) | {k.key for k in tree.find_all(nodes.Keyword)}
    own = {n.name for n in tree.find_all(nodes.Name) if n.ctx != "load"}
    own |= {m.name for m in tree.find_all(nodes.Macro)}
    old = pick(rng, sorted(own - given - {"loop", "caller"}))
    if old is None:
        return False
    new = fresh(tree, rng)
    named: Any = tree.find_all((nodes.Name, nodes.NSRef, nodes.Macro))
    for n in named:
        if n.name == old:
            n.name = new
    return True


@keeping
def swap_branches(tree: nodes.Template, rng: random.Random) -> bool:
    """`if a … elif b … else …` becomes `if not a: (if b … else …) else …`."""
    found = all_nodes(tree, nodes.If)
    later = {id(branch) for n in found for branch in n.elif_}  # an `elif` has no `else` of its own
    node = pick(rng, [n for n in found if id(n) not in later])
    if node is None:
        return False
    rest = node.else_
    if node.elif_:
        first, *more = node.elif_
        rest = [nodes.If(first.test, first.body, more, node.else_)]
    node.test, node.body, node.elif_, node.else_ = nodes.Not(node.test), rest, [], node.body
    return True


def _compares(tree: nodes.Template, operators: dict[str, str]) -> list[Any]:
    return [c for c in all_nodes(tree, nodes.Compare) if len(c.ops) == 1 and c.ops[0].op in operators]


@keeping
def invert_comparison(tree: nodes.Template, rng: random.Random) -> bool:
    """`a == b` becomes `not a != b`."""
    node = pick(
        rng, [c for c in all_nodes(tree, nodes.Compare) if len(c.ops) == 1 and c.ops[0].op in _OPPOSITE]
    )
    if node is None:
        return False
    other = nodes.Compare(node.expr, [nodes.Operand(_OPPOSITE[node.ops[0].op], node.ops[0].expr)])
    replace_node(tree, node, nodes.Not(other))
    return True


@keeping
def swap_sides(tree: nodes.Template, rng: random.Random) -> bool:
    """`a == b` becomes `b == a`."""
    node = pick(rng, _compares(tree, _SWAPPED))
    if node is None:
        return False
    operand = node.ops[0]
    replace_node(tree, node, nodes.Compare(operand.expr, [nodes.Operand(_SWAPPED[operand.op], node.expr)]))
    return True


@keeping
def wrap_in_if(tree: nodes.Template, rng: random.Random) -> bool:
    """Some statements stand in `{% if true %}`."""
    place = pick(rng, [b for b in bodies(tree) if b and not any(isinstance(s, nodes.Macro) for s in b)])
    if place is None:
        return False
    place[:] = [nodes.If(const(True), list(place), [], [])]
    return True


@keeping
def loop_filter(tree: nodes.Template, rng: random.Random) -> bool:
    """A loop's own `if` moves inside, or the one statement inside becomes the loop's own."""
    loops = [f for f in all_nodes(tree, nodes.For) if not f.else_ and not loop_is_used(f)]
    loop = pick(rng, [f for f in loops if f.test or (len(f.body) == 1 and _lonely(f.body[0]))])
    if loop is None:
        return False
    if loop.test:
        loop.body, loop.test = [nodes.If(loop.test, loop.body, [], [])], None
    else:
        loop.test, loop.body = loop.body[0].test, loop.body[0].body
    return True


def _lonely(statement: Any) -> bool:
    return isinstance(statement, nodes.If) and not statement.elif_ and not statement.else_


@keeping
def index_loop(tree: nodes.Template, rng: random.Random) -> bool:
    """`for m in messages` becomes a loop over the positions."""
    loops = [f for f in all_nodes(tree, nodes.For) if is_messages(f.iter) and not f.test and not f.recursive]
    loop = pick(rng, [f for f in loops if isinstance(f.target, nodes.Name) and not _neighbours(f)])
    if loop is None:
        return False
    place = fresh(tree, rng)
    element = nodes.Getitem(copied(loop.iter), get_name(place), "load")
    loop.body.insert(0, nodes.Assign(loop.target, element))
    size = nodes.Filter(loop.iter, "length", [], [], None, None)
    loop.iter = nodes.Call(get_name("range"), [size], [], None, None)
    loop.target = nodes.Name(place, "store")
    return True


def _neighbours(loop: nodes.For) -> bool:
    return any(n.attr in ("previtem", "nextitem", "changed") for n in loop.find_all(nodes.Getattr))


@keeping
def set_first(tree: nodes.Template, rng: random.Random) -> bool:
    """What is printed or tested is put into a variable first."""
    place = pick(rng, [*places(tree, nodes.Output), *places(tree, nodes.If)])
    if place is None:
        return False
    body, at = place
    name, statement = fresh(tree, rng), body[at]
    if isinstance(statement, nodes.If):
        body.insert(at, set_name(name, statement.test))
        statement.test = get_name(name)
        return True
    shown = [i for i, x in enumerate(statement.nodes) if not isinstance(x, nodes.TemplateData)]
    if not shown:
        return False
    i = shown[0]
    body[at : at + 1] = [
        nodes.Output(statement.nodes[:i]),
        set_name(name, statement.nodes[i]),
        nodes.Output([get_name(name), *statement.nodes[i + 1 :]]),
    ]
    return True


@keeping
def namespace(tree: nodes.Template, rng: random.Random) -> bool:
    """A variable that is set once becomes an attribute of a namespace."""
    stored = [n.name for n in tree.find_all(nodes.Name) if n.ctx != "load"]
    assigns: list[Any] = [
        s for s in tree.body if isinstance(s, nodes.Assign) and isinstance(s.target, nodes.Name)
    ]
    once = [s for s in assigns if stored.count(s.target.name) == 1 and s.target.name not in loaded(s.node)]
    assign = pick(rng, once)
    if assign is None or isinstance(assign.node, nodes.Call):
        return False
    old, new = assign.target.name, fresh(tree, rng)
    value = assign.node
    for n in all_nodes(tree, nodes.Name):
        if n.name == old and n.ctx == "load":
            replace_node(tree, n, nodes.Getattr(get_name(new), "kept", "load"))
    made = nodes.Call(get_name("namespace"), [], [nodes.Keyword("kept", value)], None, None)
    replace_node(tree, assign, set_name(new, made))
    return True


@keeping
def concatenate(tree: nodes.Template, rng: random.Random) -> bool:
    """`a + 'x'` becomes `a ~ 'x'`, or the other way."""
    node = pick(rng, [n for n in all_nodes(tree, nodes.Add, nodes.Concat) if _adds_text(n)])
    if node is None:
        return False
    if isinstance(node, nodes.Add):
        replace_node(tree, node, nodes.Concat([node.left, node.right]))
        return True
    whole: Any = node.nodes[0]
    for part in node.nodes[1:]:
        whole = nodes.Add(whole, part)
    replace_node(tree, node, whole)
    return True


def _adds_text(node: Any) -> bool:
    parts = node.nodes if isinstance(node, nodes.Concat) else (node.left, node.right)
    return any(isinstance(p, nodes.Const) and isinstance(p.value, str) for p in parts)


@keeping
def other_marker(tree: nodes.Template, rng: random.Random) -> bool:
    """A marker of the template is another one, wherever it stands.

    One that stands for an image or a sound stays: another text is no place for one, and the claim is less.
    """
    texts = [(n, "data") for n in all_nodes(tree, nodes.TemplateData)]
    texts += [(n, "value") for n in all_nodes(tree, nodes.Const) if isinstance(n.value, str)]
    found = {
        m for n, field in texts for m in re.findall(r"<[^<>\s]{2,40}>|\[/?[A-Z_]{2,20}\]", getattr(n, field))
    }
    old = pick(rng, sorted(m for m in found if not _MEDIA.search(m)))
    if old is None:
        return False
    new = rng.choice(MARKERS)
    for n, field in texts:
        setattr(n, field, getattr(n, field).replace(old, new))
    return True


@keeping
def nest_elif(tree: nodes.Template, rng: random.Random) -> bool:
    """An elif becomes an if inside the else."""
    node = pick(rng, [n for n in all_nodes(tree, nodes.If) if n.elif_])
    if node is None:
        return False
    first, *more = node.elif_
    node.else_, node.elif_ = [nodes.If(first.test, first.body, more, node.else_)], []
    return True


@keeping
def reorder_elif(tree: nodes.Template, rng: random.Random) -> bool:
    """Branches that compare the same thing with different texts change places."""
    node = pick(rng, [n for n in all_nodes(tree, nodes.If) if n.elif_ and _exclusive(n, n.elif_[0])])
    if node is None:
        return False
    other = node.elif_[0]
    node.test, other.test = other.test, node.test
    node.body, other.body = other.body, node.body
    return True


def _exclusive(a: nodes.If, b: nodes.If) -> bool:
    sides = [_equal_to_text(x.test) for x in (a, b)]
    return None not in sides and sides[0][0] == sides[1][0] and sides[0][1] != sides[1][1]


def _equal_to_text(test: Any) -> tuple[str, str] | None:
    if isinstance(test, nodes.Compare) and len(test.ops) == 1 and test.ops[0].op == "eq":
        right = test.ops[0].expr
        if isinstance(right, nodes.Const) and isinstance(right.value, str):
            return repr(test.expr), right.value
    return None


@keeping
def quote_data(tree: nodes.Template, rng: random.Random) -> bool:
    """Raw text is printed as a constant."""
    node = pick(rng, all_nodes(tree, nodes.TemplateData))
    if node is None:
        return False
    replace_node(tree, node, const(node.data))
    return True


@keeping
def in_macro(tree: nodes.Template, rng: random.Random) -> bool:
    """What is printed goes through a macro."""
    shown = [
        x for o in all_nodes(tree, nodes.Output) for x in o.nodes if not isinstance(x, nodes.TemplateData)
    ]
    shown = [x for x in shown if not any(isinstance(c, nodes.Call) for c in [x, *x.find_all(nodes.Call)])]
    node = pick(rng, shown)
    if node is None:
        return False
    name = fresh(tree, rng)
    tree.body.insert(0, nodes.Macro(name, [nodes.Name("x", "param")], [], [printed(get_name("x"))]))
    replace_node(tree, node, nodes.Call(get_name(name), [node], [], None, None))
    return True


@keeping
def turn_macro(tree: nodes.Template, rng: random.Random) -> bool:
    """The body of a loop is a macro that is given everything it reads."""
    loops = [f for f in tree.body if isinstance(f, nodes.For) and isinstance(f.target, nodes.Name)]
    kinds: Any = (nodes.Assign, nodes.AssignBlock, nodes.Break, nodes.Continue, nodes.Macro)
    loops = [f for f in loops if not loop_is_used(f) and not any(s.find(kinds) for s in f.body)]
    loops = [f for f in loops if not any(isinstance(s, kinds) for s in f.body) and not f.recursive]
    loop = pick(rng, loops)
    if loop is None:
        return False
    name = fresh(tree, rng)
    given = meta.find_undeclared_variables(tree) | {m.name for m in tree.find_all(nodes.Macro)}
    inner = {n.name for f in loop.find_all(nodes.For) for n in f.target.find_all(nodes.Name)}
    inner |= {f.target.name for f in loop.find_all(nodes.For) if isinstance(f.target, nodes.Name)}
    reads = sorted(set().union(*(loaded(s) for s in loop.body)) - given - inner - {"loop"})
    macro = nodes.Macro(name, [nodes.Name(n, "param") for n in reads], [], loop.body)
    tree.body.insert(tree.body.index(loop), macro)
    loop.body = [printed(nodes.Call(get_name(name), [get_name(n) for n in reads], [], None, None))]
    return True


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
    calls: list[Any] = [
        c for c in all_nodes(tree, nodes.Call) if isinstance(c.node, nodes.Getattr) and not c.args
    ]
    calls = [c for c in calls if c.node.attr == "strip" and not c.kwargs]
    node: Any = pick(rng, [*found, *calls])
    if node is None:
        return False
    if isinstance(node, nodes.Call):
        method: Any = node.node
        replace_node(tree, node, nodes.Filter(method.node, "trim", [], [], None, None))
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
