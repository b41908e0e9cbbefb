"""What of a chat template llama.cpp's Jinja engine is known to do as Jinja2 does, for every text.

The conversations of a proof reach every branch, but no list of texts finds every way in which two engines
treat a text: llama.cpp counts and cuts bytes, sorts capitals first, changes the case of ASCII letters only
and writes numbers as C++ does (common/jinja of August 2026). So a template may be called exact in native
mode only if all that it does with texts, numbers and lists is on the list below.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeGuard

from jinja2 import nodes, pass_context
from jinja2.visitor import NodeTransformer

from ..core.conversation import Conversation
from ..core.errors import TemplateReferenceError
from ..huggingface import jinja_source as source
from ..huggingface.environment import ReferenceEnvironment
from ..huggingface.operations import FILTERS, METHODS, TESTS, Native
from ..huggingface.render import Reference

# Names that hold lists in every request; what is assigned from them is a list as well.
_LISTS = frozenset({"messages", "tools", "documents"})
_LIST_FIELDS = frozenset({"tool_calls", "tools"})
_LIST_FILTERS = frozenset({"list", "selectattr", "rejectattr", "map", "reverse"})
# Fields that hold objects: what engines print for one is their own affair.
_OBJECTS = frozenset({"arguments", "parameters", "properties", "function"})
_FUNCTIONS = frozenset({"namespace", "range", "raise_exception", "caller", "dict"})
# The methods of which it does not matter what they are called on.
_METHODS_ANY = frozenset(name for (_, name), row in METHODS.items() if row.native is Native.SAME)
_UNKNOWN_SUMS = (nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Pow)


@dataclass(frozen=True)
class Unknown:
    """A construct of which nobody has shown that both engines do the same; line: in the chat template."""

    text: str
    line: int


class MarkedReference:
    """The reference of a chat template that tells which unknown constructs a rendering came to.

    Raises TemplateReferenceError for a source that is no chat template.
    """

    def __init__(self, chat_template: str, *, bos_token: str | None, eos_token: str | None) -> None:
        self.env = _MarkedEnvironment()
        self.reference = Reference(chat_template, bos_token=bos_token, eos_token=eos_token, env=self.env)

    def constructs(self) -> tuple[Unknown, ...]:
        """All of them, by line."""
        return tuple(sorted(dict.fromkeys(self.env.constructs), key=lambda u: u.line))

    def reached(self, conversation: Conversation) -> set[Unknown]:
        """Those that rendering a conversation comes to, also where it ends with an error."""
        self.env.hits = set()
        with contextlib.suppress(TemplateReferenceError):
            self.reference.render(conversation.messages, tools=conversation.tools, think=conversation.think)
        return {self.env.constructs[n] for n in self.env.hits}


class _MarkedEnvironment(ReferenceEnvironment):
    """The reference's environment, with a note at every unknown construct."""

    def __init__(self) -> None:
        super().__init__()
        self.constructs: list[Unknown] = []
        self.hits: set[int] = set()
        self.filters.update(_unknown=self._note, _step=lambda value: value)

    @staticmethod
    @pass_context  # keeps jinja2 from folding it into a constant
    def _note(context: Any, value: Any, number: int) -> Any:
        context.environment.hits.add(number)
        return value

    def _parse(self, text: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(text, name, filename)
        self.constructs = []
        marked: nodes.Template = _Mark(self, {id(n): n for n in _Search(tree).unknown()}).visit(tree)
        return marked


class _Mark(NodeTransformer):
    def __init__(self, env: _MarkedEnvironment, unknown: dict[int, nodes.Node]) -> None:
        self.env = env
        self.unknown = unknown

    def generic_visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> nodes.Node:
        text = source.text(node) if id(node) in self.unknown else ""
        node = super().generic_visit(node, *args, **kwargs)
        if not text or not isinstance(node, nodes.Expr):
            return node
        number = len(self.env.constructs)
        self.env.constructs.append(Unknown(text, node.lineno))
        mark = nodes.Const(number, lineno=node.lineno, environment=self.env)
        return nodes.Filter(
            node, "_unknown", [mark], [], None, None, lineno=node.lineno, environment=self.env
        )


class _Search:
    def __init__(self, tree: nodes.Template) -> None:
        self.tree = tree
        self.macros = {m.name for m in tree.find_all(nodes.Macro)}
        given = list(_assigned(tree))
        # A name is a list where everything that it is given is one: taken for one until it is not.
        self.lists = _LISTS | {name for name, _ in given}
        while texts := {name for name, value in given if name in self.lists and not self.is_list(value)}:
            self.lists -= texts

    def unknown(self) -> Iterator[nodes.Node]:
        for node in self.tree.find_all((nodes.Filter, nodes.Call, nodes.Getitem, nodes.Test, nodes.Const)):
            if not self.knows(node):
                yield node
        yield from self.tree.find_all(_UNKNOWN_SUMS)
        printed: list[nodes.Node] = []
        for output in self.tree.find_all(nodes.Output):
            printed += output.nodes
        for text in self.tree.find_all(nodes.Concat):
            printed += text.nodes
        for both in self.tree.find_all(nodes.Add):
            printed += () if self.is_list(both) else (both.left, both.right)
        yield from filter(self.is_object, printed)
        blocks: list[Any] = list(self.tree.find_all((nodes.FilterBlock, nodes.AssignBlock)))
        yield from (b.filter for b in blocks if b.filter is not None)

    def knows(self, node: nodes.Expr) -> bool:
        if isinstance(node, nodes.Filter):
            return node.node is None or self.knows_filter(node)
        if isinstance(node, nodes.Call):
            return self.knows_call(node)
        if isinstance(node, nodes.Getitem):
            return self.knows_item(node)
        if isinstance(node, nodes.Test):
            return node.name in TESTS and TESTS[node.name].native
        return not (isinstance(node, nodes.Const) and isinstance(node.value, float))

    def is_list(self, node: nodes.Node | None) -> bool:
        if isinstance(node, nodes.Name):
            return node.name in self.lists
        if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Slice):
            return self.is_list(node.node)
        if isinstance(node, nodes.Getattr):
            of = node.node.name if isinstance(node.node, nodes.Name) else ""
            return node.attr in _LIST_FIELDS or f"{of}.{node.attr}" in self.lists
        if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
            return node.arg.value in _LIST_FIELDS
        if isinstance(node, nodes.Filter):
            return node.name in _LIST_FILTERS and (node.name != "list" or self.is_list(node.node))
        if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Getattr):
            return node.node.attr in ("split", "rsplit")
        if isinstance(node, nodes.CondExpr):
            return self.is_list(node.expr1) and self.is_list(node.expr2)
        if isinstance(node, nodes.Add):
            return self.is_list(node.left) or self.is_list(node.right)
        return isinstance(node, nodes.List)

    def is_object(self, node: nodes.Node) -> bool:
        """Whether it may be a list or an object, which each engine prints in its own way."""
        if isinstance(node, nodes.Getattr):
            return node.attr in _OBJECTS or node.attr in _LIST_FIELDS
        if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
            return node.arg.value in _OBJECTS or self.is_list(node)
        return isinstance(node, nodes.Dict) or (not isinstance(node, nodes.Add) and self.is_list(node))

    def knows_filter(self, node: nodes.Filter) -> bool:
        name, arguments = node.name, node.args
        state = FILTERS[name].native if name in FILTERS else Native.UNKNOWN
        if name in source.WATCHERS or state is not Native.GIVEN:
            return name in source.WATCHERS or state is Native.SAME
        if name in ("selectattr", "rejectattr"):
            tests = arguments[1:2]
            return all(isinstance(t, nodes.Const) and _selects(t.value) for t in tests)
        if name == "map":
            return not arguments and [k.key for k in node.kwargs] == ["attribute"]
        if name in ("reverse", "first", "last", "length", "count"):
            return self.is_list(node.node)
        if name == "join":
            return self.is_list(node.node) and not node.kwargs and len(arguments) <= 1
        return name == "replace" and _replaces(arguments)

    def knows_call(self, node: nodes.Call) -> bool:
        if isinstance(node.node, nodes.Name):
            return node.node.name in _FUNCTIONS | self.macros
        if not isinstance(node.node, nodes.Getattr):
            # {% generation %}, which either is known there or keeps the model from loading.
            return isinstance(node.node, nodes.ExtensionAttribute)
        method, arguments = node.node.attr, node.args
        if node.kwargs:
            return False
        if method in _METHODS_ANY:
            return True
        if method in ("startswith", "endswith"):
            return len(arguments) == 1 and not isinstance(arguments[0], (nodes.Tuple, nodes.List))
        if method in ("split", "rsplit"):
            return bool(arguments) and _is_text(arguments[0]) and all(map(_is_count, arguments[1:]))
        if method in ("strip", "lstrip", "rstrip"):
            return len(arguments) == 1 and _is_text(arguments[0]) and source.text(arguments[0]).isascii()
        return method == "replace" and _replaces(arguments)

    def knows_item(self, node: nodes.Getitem) -> bool:
        if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
            return True
        return self.is_list(node.node)


def _assigned(tree: nodes.Template) -> Iterator[tuple[str, nodes.Node]]:
    """Names, and attributes of namespaces as `ns.name`, with each value they are given."""
    for assign in tree.find_all(nodes.Assign):
        target, value = assign.target, assign.node
        if isinstance(target, nodes.NSRef):
            yield f"{target.name}.{target.attr}", value
        elif isinstance(target, nodes.Name):
            yield target.name, value
            if isinstance(value, nodes.Call):
                for keyword in value.kwargs:
                    yield f"{target.name}.{keyword.key}", keyword.value
    # What loops and macros hand over may be anything.
    anything = nodes.Const(None)
    for loop in tree.find_all(nodes.For):
        yield from (
            (n.name, anything) for n in (loop.target, *loop.target.find_all(nodes.Name)) if _is_name(n)
        )
    for macro in tree.find_all(nodes.Macro):
        yield from ((argument.name, anything) for argument in macro.args)


def _is_name(node: nodes.Node) -> TypeGuard[nodes.Name]:
    return isinstance(node, nodes.Name)


def _selects(test: object) -> bool:
    return test in TESTS and TESTS[str(test)].selects


def _replaces(arguments: list[nodes.Expr]) -> bool:
    return len(arguments) == 2 and _is_text(arguments[0])


def _is_text(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Const) and isinstance(node.value, str) and bool(node.value)


def _is_count(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Const) and isinstance(node.value, int) and node.value >= 0
