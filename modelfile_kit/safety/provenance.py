"""Which conditions of a chat template depend on what a message says, and which texts depend on them.

The tree is walked until nothing changes. A variable is all that is ever assigned to it, so every dependence
is found; that a condition can be reached is shown by a conversation (`trials`).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import jinja2
from jinja2 import nodes

from ..core.errors import KitError
from ..huggingface import jinja_source
from .values import NOTHING, Origin, Value, constant, union
from .words import is_words

# Walks of the whole tree; each carries what is known over one more assignment.
PASSES_MAX = 8
# Parts of constants that are put together; more are not told one by one.
JOINED_MAX = 64
# Characters of a constant that is put together, or worked out.
JOINED_LENGTH = 20_000

# Fields of a message, or of a part of its content, that are no words of anybody.
_FIELDS = frozenset(
    [
        "role",
        "type",
        "name",
        "tool_calls",
        "tool_call_id",
        "id",
        "index",
        "image",
        "image_url",
        "audio",
        "video",
        "url",
        "function",
    ]
)
# The keys by which a part of a content says what it is.
_PART_KEYS = frozenset(
    [
        "type",
        "text",
        "image",
        "image_url",
        "images",
        "video",
        "video_url",
        "audio",
        "audio_url",
        "input_audio",
        "sound",
        "file",
    ]
)
# Fields of a message that hold what somebody said, or the model thought.
_SPOKEN = frozenset({"content", "reasoning_content", "reasoning", "thinking"})
# What a loop knows of its place in the list.
_PLACES = frozenset({"index", "index0", "revindex", "revindex0", "length"})
# What only asks for the shape of a value.
_SHAPE_TESTS = frozenset(
    [
        "defined",
        "undefined",
        "none",
        "string",
        "mapping",
        "iterable",
        "sequence",
        "number",
        "integer",
        "float",
        "boolean",
        "true",
        "false",
        "callable",
        "sameas",
        "filter",
        "test",
        "odd",
        "even",
        "divisibleby",
    ]
)
_SIZES = frozenset({"length", "count", "wordcount", "sum"})
_ASKING_METHODS = {
    "startswith": "begins with",
    "endswith": "ends with",
    "find": "contains",
    "rfind": "contains",
    "index": "contains",
    "rindex": "contains",
    "count": "contains",
    "isdigit": "is made of digits",
    "isdecimal": "is made of digits",
    "isnumeric": "is made of digits",
    "isalpha": "is made of letters",
    "isalnum": "is made of letters and digits",
    "isupper": "is in capitals",
    "islower": "is in small letters",
    "istitle": "is in title case",
    "isascii": "is ASCII",
    "isidentifier": "is an identifier",
}
_CUTTING = frozenset(
    ["split", "rsplit", "partition", "rpartition", "replace", "removeprefix", "removesuffix", "translate"]
)
# What takes signs off the ends, where they are named.
_STRIPPING = frozenset({"strip", "lstrip", "rstrip"})
# How a condition asks, for `trials` and for people.
_COMPARED = {"eq": "is", "ne": "is", "lt": "sorts before", "lteq": "sorts before", "gt": "sorts after"}
_COMPARED["gteq"] = "sorts after"


@dataclass
class Question:
    """A condition on what a request says.

    node: its place in the tree; way: how it asks ("contains", "begins with", …); about: what it asks about;
    texts: the constants it asks for, in order of length.
    """

    number: int
    node: nodes.Node
    way: str
    about: frozenset[Origin] = frozenset()
    texts: frozenset[str] = frozenset()
    cuts: frozenset[str] = frozenset()

    @property
    def asked(self) -> list[str]:
        """The texts that it asks for, else those at which the text was cut before, the shortest first."""
        return sorted(self.texts or self.cuts, key=lambda text: (len(text), text))

    @property
    def line(self) -> int:
        """The line in the chat template."""
        return self.node.lineno

    @property
    def text(self) -> str:
        """The condition, as Jinja writes it."""
        return jinja_source.text(self.node)


@dataclass(frozen=True)
class Printed:
    """A constant text that the template prints where these questions have an answer."""

    text: str
    line: int
    questions: frozenset[int]


@dataclass(frozen=True)
class Replaced:
    """A text of a message in which words are replaced, or that is cut at them."""

    node: nodes.Node
    method: str
    texts: frozenset[str]
    by: frozenset[str]


@dataclass
class Provenance:
    """What the walk found.

    questions: by number; printed: constants, with what they depend on; replaced: by the node's identity;
    deciding: the questions on which anything depends that is printed or refused.
    """

    questions: dict[int, Question] = field(default_factory=dict)
    printed: dict[tuple[str, int], Printed] = field(default_factory=dict)
    replaced: dict[int, Replaced] = field(default_factory=dict)
    deciding: set[int] = field(default_factory=set)


def provenance(tree: nodes.Template) -> Provenance:
    """Walks a chat template's tree (of `environment().parse`)."""
    walk = _Walk()
    for _ in range(PASSES_MAX):
        before = walk.known()
        walk.body(tree.body, frozenset())
        if walk.known() == before:
            break
    return walk.found


class _Walk:
    def __init__(self) -> None:
        self.found = Provenance()
        self.numbers: dict[tuple[int, int], int] = {}
        self.variables: dict[tuple[str, str], Value] = {("", "messages"): Value(frozenset({Origin.MESSAGES}))}
        self.macros: dict[str, nodes.Macro] = {}
        self.called: dict[str, frozenset[int]] = {}
        self.returned: dict[str, Value] = {}
        self.scope = ""
        self.active = frozenset[int]()
        self.looped = NOTHING

    def known(self) -> tuple[Any, ...]:
        """All that can still change."""
        asked = {n: (q.about, q.texts, q.cuts) for n, q in self.found.questions.items()}
        return dict(self.variables), dict(self.called), dict(self.returned), asked, dict(self.found.printed)

    # variables

    def assign(self, name: str, value: Value) -> None:
        key = (self.scope, name)
        self.variables[key] = union(self.variables.get(key, NOTHING), value)

    def lookup(self, name: str) -> Value:
        own = self.variables.get((self.scope, name))
        return own if own is not None else self.variables.get(("", name), NOTHING)

    def target(self, node: nodes.Node, value: Value) -> None:
        if isinstance(node, nodes.Name):
            self.assign(node.name, value)
        elif isinstance(node, nodes.NSRef):
            self.attribute_set(node.attr, value)
        elif isinstance(node, (nodes.Tuple, nodes.List)):
            for item in node.items:
                self.target(item, self.item(value))

    def attribute_set(self, name: str, value: Value) -> None:
        """Attributes of namespaces are told apart by their names alone."""
        key = (".", name)
        self.variables[key] = union(self.variables.get(key, NOTHING), value)

    # statements

    def body(self, statements: Iterable[nodes.Node], active: frozenset[int]) -> tuple[Value, frozenset[int]]:
        """What is printed, and the questions that decide whether the statements after them run."""
        shown, leaving = [NOTHING], frozenset[int]()
        for statement in statements:
            value, left = self.statement(statement, active | leaving)
            shown.append(value)
            leaving |= left
        return union(*shown), leaving

    def statement(self, node: nodes.Node, active: frozenset[int]) -> tuple[Value, frozenset[int]]:
        outer, self.active = self.active, active
        try:
            return self.one(node, active)
        finally:
            self.active = outer

    def one(self, node: nodes.Node, active: frozenset[int]) -> tuple[Value, frozenset[int]]:
        method = getattr(self, f"on_{type(node).__name__.lower()}", None)
        if method is not None:
            result: tuple[Value, frozenset[int]] = method(node, active)
            return result
        shown, leaving = [NOTHING], frozenset[int]()
        for child in node.iter_child_nodes():
            if isinstance(child, nodes.Expr):
                shown.append(self.value(child))
            else:
                value, left = self.statement(child, active)
                shown.append(value)
                leaving |= left
        return union(*shown), leaving

    def on_output(self, node: nodes.Output, active: frozenset[int]) -> tuple[Value, frozenset[int]]:
        shown = []
        for part in node.nodes:
            value = constant(part.data) if isinstance(part, nodes.TemplateData) else self.value(part)
            value = value.asking(active)
            if value.of(Origin.CHANCE):
                value = value.asking(self.ask(part, 0, "is", value))
            self.found.deciding |= value.questions
            for text in value.texts:
                key = text, part.lineno
                old = self.found.printed.get(key)
                # Printed in two ways: what depends on nothing depends on nothing.
                asked = value.questions if old is None else old.questions | value.questions
                self.found.printed[key] = Printed(text, part.lineno, asked)
            shown.append(value)
        return union(NOTHING, *shown), frozenset()

    def on_if(self, node: nodes.If, active: frozenset[int]) -> tuple[Value, frozenset[int]]:
        asked = self.truth(node.test).questions
        shown, leaving = [NOTHING], frozenset[int]()
        now = active | asked
        bodies: list[nodes.If | list[nodes.Node]] = [node.body, *node.elif_, node.else_]
        for body in bodies:
            if isinstance(body, nodes.If):
                value, left = self.on_if(body, now)
                now |= self.truth(body.test).questions
            else:
                value, left = self.body(body, now)
            shown.append(value)
            leaving |= left
        return union(*shown), leaving

    def on_continue(self, node: nodes.Node, active: frozenset[int]) -> tuple[Value, frozenset[int]]:
        return NOTHING, active

    on_break = on_continue

    def on_for(self, node: nodes.For, active: frozenset[int]) -> tuple[Value, frozenset[int]]:
        iterated = self.value(node.iter)
        rounds = self.truthy(node.iter, iterated).questions if iterated.cuts else iterated.questions
        item = self.item(iterated)
        self.target(node.target, item)
        asked = active | rounds
        if node.test is not None:
            asked |= self.truth(node.test).questions
        outer, self.looped = self.looped, item
        value, _ = self.body(node.body, asked)
        self.looped = outer
        other, _ = self.body(node.else_, asked)
        return union(value, other), frozenset()

    def on_assign(self, node: nodes.Assign, active: frozenset[int]) -> tuple[Value, frozenset[int]]:
        if isinstance(node.target, nodes.Tuple) and isinstance(node.node, (nodes.Tuple, nodes.List)):
            for target, part in zip(node.target.items, node.node.items, strict=False):
                self.target(target, self.value(part).asking(active))
        else:
            self.target(node.target, self.value(node.node).asking(active))
        return NOTHING, frozenset()

    def on_assignblock(self, node: nodes.AssignBlock, active: frozenset[int]) -> tuple[Value, frozenset[int]]:
        value, leaving = self.body(node.body, active)
        if node.filter is not None:
            value = union(value, self.value(node.filter))
        self.target(node.target, value.asking(active))
        return NOTHING, leaving

    def on_with(self, node: nodes.With, active: frozenset[int]) -> tuple[Value, frozenset[int]]:
        for target, part in zip(node.targets, node.values, strict=False):
            self.target(target, self.value(part).asking(active))
        return self.body(node.body, active)

    def on_filterblock(self, node: nodes.FilterBlock, active: frozenset[int]) -> tuple[Value, frozenset[int]]:
        return self.body(node.body, active)

    def on_macro(self, node: nodes.Macro, active: frozenset[int]) -> tuple[Value, frozenset[int]]:
        self.macros[node.name] = node
        outer, self.scope = self.scope, node.name
        for argument, default in zip(reversed(node.args), reversed(node.defaults), strict=False):
            self.assign(argument.name, self.value(default))
        value, _ = self.body(node.body, active | self.called.get(node.name, frozenset()))
        self.scope = outer
        self.returned[node.name] = union(self.returned.get(node.name, NOTHING), value)
        return NOTHING, frozenset()

    def on_callblock(self, node: nodes.CallBlock, active: frozenset[int]) -> tuple[Value, frozenset[int]]:
        called = self.value(node.call).asking(active)
        for argument in node.args:
            self.assign(argument.name, union(*map(self.value, node.call.args), NOTHING))
        value, _ = self.body(node.body, called.questions)
        self.variables[("", "caller()")] = union(self.variables.get(("", "caller()"), NOTHING), value)
        return union(called, value), frozenset()

    # conditions

    def ask(
        self, node: nodes.Node, place: int, way: str, about: Value, texts: Iterable[str] = ()
    ) -> frozenset[int]:
        """Notes a condition; the questions that its outcome depends on."""
        key = id(node), place
        number = self.numbers.setdefault(key, len(self.numbers))
        question = self.found.questions.setdefault(number, Question(number, node, way))
        question.about |= about.origins
        question.texts |= frozenset(texts)
        question.cuts |= about.cuts
        return about.questions | {number}

    def truth(self, node: nodes.Node) -> Value:
        """A condition: `if`, `and`, `or`, `not`."""
        return self.truthy(node, self.value(node))

    def truthy(self, node: nodes.Node, value: Value) -> Value:
        # Whether there is any text is asked everywhere; whether a cut left some is a question about words.
        if any(map(is_words, value.cuts)) and value.of(Origin.CONTENT, Origin.SIZE):
            return Value(questions=self.ask(node, -1, "contains", value))
        if value.of(Origin.CHANCE) or (value.of(Origin.DATE, Origin.SIZE) and _is_arithmetic(node)):
            return Value(
                questions=self.ask(node, -1, "is as long as" if value.of(Origin.SIZE) else "is", value)
            )
        return value

    def on_compare(self, node: nodes.Compare) -> Value:
        left, asked = self.value(node.expr), frozenset[int]()
        for place, operand in enumerate(node.ops):
            right = self.value(operand.expr)
            asked |= left.questions | right.questions
            if operand.op in ("in", "notin"):
                if right.of(Origin.CONTENT, Origin.MESSAGE, Origin.MESSAGES):
                    # `'content' in message` asks for a key
                    if right.of(Origin.CONTENT) and not (right.of(Origin.PART) and left.texts <= _PART_KEYS):
                        asked |= self.ask(node, place, "contains", right, left.texts)
                elif left.of(Origin.CONTENT):
                    asked |= self.ask(node, place, "is", left, right.texts)
                elif left.of(Origin.SIZE):
                    sizes = (c.value for c in operand.find_all(nodes.Const))
                    asked |= self.ask(node, place, "is as long as", left, map(str, sizes))
            else:
                for value, other, constant_node in ((left, right, operand.expr), (right, left, node.expr)):
                    asked |= self.compared(node, place, operand.op, value, other, constant_node)
            left = right
        return Value(questions=asked)

    def compared(
        self, node: nodes.Node, place: int, op: str, value: Value, other: Value, other_node: nodes.Node
    ) -> frozenset[int]:
        if value.of(Origin.DATE, Origin.CHANCE):
            return self.ask(node, place, _COMPARED.get(op, "is"), value, other.texts)
        if value.of(Origin.CONTENT, Origin.MESSAGE, Origin.MESSAGES):
            if other.of(Origin.CONTENT) and not (value.cuts or other.cuts):
                return frozenset()
            texts = {t for t in other.texts if t.strip()}
            if texts or value.cuts or other.cuts:
                about = Value(value.origins, cuts=value.cuts | other.cuts, questions=value.questions)
                return self.ask(node, place, _COMPARED.get(op, "is"), about, texts)
        number = other_node.value if isinstance(other_node, nodes.Const) else None
        plain_size = isinstance(number, int) and number <= 1 and not _is_arithmetic(node)
        if value.of(Origin.SIZE):
            if any(map(is_words, value.cuts)):
                return self.ask(node, place, "contains", value)
            if not plain_size:
                return self.ask(
                    node, place, "is as long as", value, map(str, [number] if number is not None else [])
                )
        if value.of(Origin.COUNT) and isinstance(number, int) and number > 1:
            return self.ask(node, place, "counts", value, [str(number)])
        if value.of(Origin.CONTENT) and isinstance(number, int) and not isinstance(number, bool):
            return self.ask(node, place, "is", value, [str(number)])
        return frozenset()

    # expressions

    def value(self, node: nodes.Node | None) -> Value:
        if node is None:
            return NOTHING
        method = getattr(self, f"on_{type(node).__name__.lower()}", None)
        if method is not None:
            result: Value = method(node)
            return result
        return union(NOTHING, *map(self.value, node.iter_child_nodes()))

    def on_const(self, node: nodes.Const) -> Value:
        return constant(node.value) if isinstance(node.value, str) else NOTHING

    def on_templatedata(self, node: nodes.TemplateData) -> Value:
        return constant(node.data)

    def on_name(self, node: nodes.Name) -> Value:
        return self.lookup(node.name)

    def on_nsref(self, node: nodes.NSRef) -> Value:
        return self.variables.get((".", node.attr), NOTHING)

    def on_not(self, node: nodes.Not) -> Value:
        return Value(questions=self.truth(node.node).questions)

    def _either(self, node: Any) -> Value:
        left, right = self.truth(node.left), self.truth(node.right)
        return union(left, right)

    on_and = on_or = _either

    def on_condexpr(self, node: nodes.CondExpr) -> Value:
        asked = self.truth(node.test).questions
        return union(self.value(node.expr1), self.value(node.expr2)).asking(asked)

    def on_concat(self, node: nodes.Concat) -> Value:
        return self.joined(node, [self.value(part) for part in node.nodes])

    def on_add(self, node: nodes.Add) -> Value:
        return self.joined(node, [self.value(node.left), self.value(node.right)])

    def joined(self, node: nodes.Node, parts: Sequence[Value]) -> Value:
        """Texts in a row: what is put together of constants is one constant."""
        whole = union(*parts)
        if whole.origins or not all(p.texts for p in parts):
            return whole
        if sum(max(map(len, p.texts)) for p in parts) > JOINED_LENGTH:
            return whole
        texts = itertools.islice(itertools.product(*(sorted(p.texts) for p in parts)), JOINED_MAX)
        return Value(whole.origins, frozenset(map("".join, texts)), whole.cuts, whole.questions)

    def on_dict(self, node: nodes.Dict) -> Value:
        return union(NOTHING, *(self.value(p) for pair in node.items for p in (pair.key, pair.value)))

    def on_getattr(self, node: nodes.Getattr) -> Value:
        return self.attribute(node, node.node, node.attr)

    def on_getitem(self, node: nodes.Getitem) -> Value:
        if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
            return self.attribute(node, node.node, node.arg.value)
        base = self.value(node.node)
        text = folded(node)
        if text is not None:
            return constant(text)
        if isinstance(node.arg, nodes.Slice):
            return base.asking(self.value(node.arg).questions)
        key = self.value(node.arg)
        if key.of(Origin.CONTENT, Origin.SIZE, Origin.DATE, Origin.CHANCE) and not base.of(
            Origin.MESSAGES, Origin.MESSAGE, Origin.CONTENT
        ):
            return base.asking(self.ask(node, 0, "is", key, base.texts))
        return self.item(base, key=True).asking(key.questions)

    def attribute(self, node: nodes.Node, base_node: nodes.Node, name: str) -> Value:
        if isinstance(base_node, nodes.Name) and base_node.name == "loop":
            if name in ("previtem", "nextitem"):
                return self.looped
            return Value(frozenset({Origin.COUNT})) if name in _PLACES else NOTHING
        base = self.value(base_node)
        own = self.variables.get((".", name), NOTHING)
        if not base.of(Origin.MESSAGE, Origin.MESSAGES, Origin.CONTENT):
            # a constant dictionary's value, or a namespace's attribute
            return union(own, base) if base.texts or base.origins else own.asking(base.questions)
        if name in _SPOKEN:
            return union(Value(frozenset({Origin.CONTENT})), own.asking(base.questions))
        if name in _FIELDS:
            return Value(questions=base.questions)
        if base.of(Origin.CONTENT):
            return Value(frozenset({Origin.CONTENT}), base.texts, base.cuts, base.questions)
        return Value(questions=base.questions)

    def item(self, value: Value, *, key: bool = False) -> Value:
        """An item of a list, a text's character, a field of a message by an unknown name."""
        origins = set(value.origins)
        if Origin.MESSAGES in origins:
            origins.add(Origin.MESSAGE)
        if Origin.CONTENT in origins:
            origins.add(Origin.PART)
        if Origin.MESSAGE in value.origins and key:
            origins.add(Origin.CONTENT)
        return Value(frozenset(origins), value.texts, value.cuts, value.questions)

    def on_test(self, node: nodes.Test) -> Value:
        value = self.value(node.node)
        arguments = union(NOTHING, *map(self.value, node.args))
        asked = value.questions | arguments.questions
        if node.name in _SHAPE_TESTS:
            return Value(questions=asked)
        return Value(questions=asked | self.tested(node, node.name, value, arguments))

    def tested(self, node: nodes.Node, test: str, value: Value, arguments: Value) -> frozenset[int]:
        if test == "in" and arguments.of(Origin.CONTENT):
            return self.ask(node, 0, "contains", arguments, value.texts)
        if value.of(Origin.CONTENT, Origin.DATE, Origin.CHANCE):
            texts = {t for t in arguments.texts if t.strip()}
            if texts or test in ("upper", "lower"):
                return self.ask(node, 0, "is", value, texts)
        return frozenset()

    def on_filter(self, node: nodes.Filter) -> Value:
        value = self.value(node.node)
        arguments = [self.value(a) for a in node.args]
        named = {k.key: self.value(k.value) for k in node.kwargs}
        everything = union(value, NOTHING, *arguments, *named.values())
        text = folded(node)
        if text is not None:
            return constant(text).asking(everything.questions)
        name = node.name
        if name in _SIZES:
            if value.of(Origin.CONTENT):
                return value.only(Origin.SIZE)
            return value.only(Origin.COUNT) if value.of(Origin.MESSAGES) else value.only()
        if name == "random":
            return Value(value.origins | {Origin.CHANCE}, value.texts, value.cuts, value.questions)
        fields = {t for a in (*arguments, *named.values()) for t in a.texts}
        if name in ("map", "join", "sort", "unique", "groupby", "sum", "min", "max", "attr"):
            if value.of(Origin.MESSAGE, Origin.MESSAGES) and "content" in fields:
                return union(value, Value(frozenset({Origin.CONTENT}), questions=everything.questions))
            if name == "map" and value.of(Origin.MESSAGES) and fields & _FIELDS:
                return Value(questions=everything.questions)
        if name in ("selectattr", "rejectattr"):
            first = arguments[0].texts if arguments else frozenset()
            if value.of(Origin.MESSAGES) and "content" in first and len(arguments) > 2:
                asked = self.ask(node, 0, "is", Value(frozenset({Origin.CONTENT})), arguments[2].texts)
                return value.asking(asked)
            return value.asking(everything.questions)
        if name in ("select", "reject") and value.of(Origin.CONTENT) and len(arguments) > 1:
            return value.asking(self.ask(node, 0, "contains", value, arguments[1].texts))
        if name == "replace" and value.of(Origin.CONTENT) and len(arguments) > 1:
            return self.cut(node, "replace", value, arguments)
        if name in (
            "tojson",
            "string",
            "list",
            "pprint",
            "format",
            "items",
            "dictsort",
            "xmlattr",
            "urlize",
        ) and value.of(Origin.MESSAGE, Origin.MESSAGES):
            return Value(value.origins | {Origin.CONTENT}, value.texts, value.cuts, everything.questions)
        if name in ("default", "d"):
            return everything
        origins = value.origins | union(NOTHING, *arguments).origins
        return Value(origins, value.texts, everything.cuts, everything.questions)

    def cut(self, node: nodes.Node, method: str, value: Value, arguments: Sequence[Value]) -> Value:
        texts = arguments[0].texts if arguments else frozenset()
        by = arguments[1].texts if method == "replace" and len(arguments) > 1 else frozenset()
        self.found.replaced[id(node)] = Replaced(node, method, texts, by)
        kept = frozenset(t for t in texts if t.strip())
        asked = union(NOTHING, *arguments).questions
        return Value(value.origins, value.texts, value.cuts | kept, value.questions | asked)

    def on_call(self, node: nodes.Call) -> Value:
        arguments = [self.value(a) for a in node.args]
        named = {k.key: self.value(k.value) for k in node.kwargs}
        rest = [self.value(n) for n in (node.dyn_args, node.dyn_kwargs) if n is not None]
        everything = union(NOTHING, *arguments, *named.values(), *rest)
        if isinstance(node.node, nodes.Name):
            return self.function(node, node.node.name, arguments, named, everything)
        if isinstance(node.node, nodes.Getattr):
            return self.method(node, node.node, arguments, everything)
        if isinstance(node.node, nodes.Getitem) and isinstance(node.node.arg, nodes.Const):
            called = nodes.Getattr(node.node.node, str(node.node.arg.value), "load", lineno=node.lineno)
            return self.method(node, called, arguments, everything)
        return union(self.value(node.node), everything)

    def function(
        self, node: nodes.Call, name: str, arguments: list[Value], named: dict[str, Value], everything: Value
    ) -> Value:
        if name == "strftime_now":
            return Value(frozenset({Origin.DATE}), questions=everything.questions)
        if name == "namespace":
            for attribute, value in named.items():
                self.attribute_set(attribute, value)
            return Value(questions=everything.questions)
        if name == "raise_exception":
            self.found.deciding |= everything.questions | self.active
            return NOTHING
        if name == "caller":
            return self.variables.get(("", "caller()"), NOTHING)
        macro = self.macros.get(name)
        if macro is None:
            return everything
        self.called[name] = self.called.get(name, frozenset()) | self.active
        outer, self.scope = self.scope, name
        for parameter, value in zip(macro.args, arguments, strict=False):
            self.assign(parameter.name, value)
        for parameter_name, value in named.items():
            self.assign(parameter_name, value)
        self.assign("varargs", everything)
        self.assign("kwargs", everything)
        self.scope = outer
        return self.returned.get(name, NOTHING).asking(everything.questions)

    def method(
        self, node: nodes.Call, called: nodes.Getattr, arguments: list[Value], everything: Value
    ) -> Value:
        value, name = self.value(called.node), called.attr
        if name == "changed" and everything.of(Origin.CONTENT):
            return Value(questions=self.ask(node, 0, "comes again", everything))
        whole = value.asking(everything.questions)
        text = folded(node)
        if text is not None:
            return constant(text)
        if name == "get" and arguments:
            key = arguments[0]
            if value.of(Origin.CONTENT) and key.texts and key.texts <= _FIELDS:
                return Value(questions=whole.questions)
            if value.of(Origin.MESSAGE):
                if "content" in key.texts:
                    return union(Value(frozenset({Origin.CONTENT})), *arguments[1:]).asking(whole.questions)
                return Value(questions=whole.questions, texts=union(NOTHING, *arguments[1:]).texts)
            if key.of(Origin.CONTENT, Origin.DATE, Origin.CHANCE):
                return union(value, *arguments[1:]).asking(self.ask(node, 0, "is", key, value.texts))
            return union(value, *arguments[1:]).asking(whole.questions)
        if name in ("values", "items") and value.of(Origin.MESSAGE):
            return Value(value.origins | {Origin.CONTENT}, value.texts, value.cuts, whole.questions)
        if name in ("append", "extend", "insert", "update") and isinstance(called.node, nodes.Name):
            self.assign(called.node.name, everything)
            return NOTHING
        if value.of(Origin.CONTENT, Origin.DATE):
            return self.method_of_text(node, name, whole, arguments)
        if name in ("startswith", "endswith", "find", "count", "index") and everything.of(Origin.CONTENT):
            # a constant that is searched for the message's words
            return Value(questions=whole.questions | self.ask(node, 0, "is", everything, value.texts))
        if name == "join":
            return union(whole, everything)
        if name in ("format", "format_map"):
            return union(whole, everything)
        return whole if value.origins or value.texts else union(whole, everything)

    def method_of_text(self, node: nodes.Call, name: str, value: Value, arguments: Sequence[Value]) -> Value:
        texts = arguments[0].texts if arguments else frozenset()
        if name in _ASKING_METHODS:
            return Value(questions=self.ask(node, 0, _ASKING_METHODS[name], value, texts))
        if (name in _CUTTING or (name in _STRIPPING and texts)) and value.of(Origin.CONTENT):
            return self.cut(node, name, value, arguments)
        return value


def _is_arithmetic(node: nodes.Node) -> bool:
    """Whether an expression divides: nobody asks for the remainder of a length or of a date by chance.

    Kept on the node: it is asked for every operand.
    """
    found: bool | None = node.__dict__.get("_divides")
    if found is None:
        found = isinstance(node, (nodes.Mod, nodes.FloorDiv, nodes.Div))
        found = found or any(map(_is_arithmetic, node.iter_child_nodes()))
        node.__dict__["_divides"] = found
    return found


def folded(node: nodes.Expr) -> str | None:
    """The text of an expression that is made of constants alone, "" for none."""
    if isinstance(node, nodes.Const):
        return node.value if isinstance(node.value, str) else None
    if jinja_source.names(node):
        return None
    try:
        found = _called(node) if isinstance(node, nodes.Call) else node.as_const()
    except (nodes.Impossible, jinja2.TemplateError, KitError, TypeError, ValueError, RecursionError):
        return None
    return found if isinstance(found, str) and len(found) <= JOINED_LENGTH else None


def _called(node: nodes.Call) -> object:
    """What a method of a constant text gives."""
    called = node.node
    value = called.node.as_const() if isinstance(called, nodes.Getattr) else None
    if (
        not isinstance(value, str)
        or not isinstance(called, nodes.Getattr)
        or called.attr not in _PLAIN_METHODS
    ):
        return None
    arguments = [a.as_const() for a in node.args]
    if len(value) * max(map(len, map(str, arguments)), default=1) > JOINED_LENGTH:
        return None
    return getattr(value, called.attr)(*arguments)


_PLAIN_METHODS = frozenset(
    ["lower", "upper", "title", "capitalize", "strip", "lstrip", "rstrip", "replace", "swapcase"]
)


def constants(tree: nodes.Template) -> Iterator[tuple[str, nodes.Node]]:
    """Every constant text of a template, with its place."""
    for node in tree.find_all((nodes.TemplateData, nodes.Const)):
        text = node.data if isinstance(node, nodes.TemplateData) else getattr(node, "value", None)
        if isinstance(text, str) and text:
            yield text, node
