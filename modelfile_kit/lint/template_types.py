"""A walk over a TEMPLATE that knows what kind of thing each name in it is.

Dot and variables are followed through range, with, assignments and calls of defined templates as Go's
types have them; where that cannot be told (a template that is called with things of different kinds, behind
most functions) the kind is unknown and nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ..gotemplate.big_stack import with_deep_stack
from ..gotemplate.parse import nodes as n
from ..gotemplate.values.gotypes import BOOL, INT, STRING, GoType, Kind
from ..ollama.api_types import Types
from ..ollama.prompt import PromptTemplate
from ..ollama.versions import Target

# Names of all modes and times; what is none of them is always empty.
CHAT = ("System", "Messages", "Tools", "Response")
TURN = ("System", "Prompt", "Response")
INSERT = ("Prompt", "Suffix", "Response")

# Each walk can tell what the next templates are called with; a chain of calls is hardly ever longer.
ROUNDS_MAX = 12

_TEXT_FUNCTIONS = frozenset({"json", "print", "printf", "println", "currentDate", "yesterdayDate"})
_TRUTH_FUNCTIONS = frozenset({"eq", "ne", "lt", "le", "gt", "ge", "not"})


class Root:
    """The kind of `$` and of the outermost dot."""


ROOT = Root()
Type = GoType | Root | None


def root_names(target: Target) -> frozenset[str]:
    """The names of the outermost dot in any mode on a release."""
    names = {*CHAT, *TURN, *INSERT}
    if target.has("thinking"):
        names |= {"Think", "IsThinkSet"}
    if target.has("think_level"):
        names.add("ThinkLevel")
    return frozenset(names)


def root_types(target: Target, types: Types) -> Mapping[str, Type]:
    """What the names of the outermost dot are; types: those of the target."""
    known: dict[str, Type] = {
        **dict.fromkeys(("System", "Prompt", "Response", "Suffix", "ThinkLevel"), STRING),
        "Messages": types.messages,
        "Tools": types.tools,
        "Think": BOOL,
        "IsThinkSet": BOOL,
    }
    return {name: known[name] for name in root_names(target)}


class Access(NamedTuple):
    """One name in a chain of names: `node` asks a thing of type `of` for `name`."""

    node: n.Node
    of: GoType | Root
    name: str
    known: bool


class Printed(NamedTuple):
    """`{{ pipeline }}` whose result goes into the prompt, with its type."""

    node: n.ActionNode
    type: Type


@dataclass
class _Scope:
    dot: Type
    variables: dict[str, Type] = field(default_factory=dict)

    def inside(self, dot: Type) -> _Scope:
        return _Scope(dot, self.variables.copy())


class Walk:
    """accesses: every name that was asked of something known; printed: what goes into the prompt;
    nodes: all nodes, defined templates included."""

    def __init__(self, prompt: PromptTemplate) -> None:
        self._root = root_types(prompt.target, prompt.types)
        self._names = root_names(prompt.target)
        with_deep_stack(lambda: self._run(prompt))

    def _forget(self) -> None:
        self.accesses: list[Access] = []
        self.printed: list[Printed] = []
        self.nodes: list[n.Node] = []
        self._unsure: set[str] = set()

    def _run(self, prompt: PromptTemplate) -> None:
        """Walks until no call tells more about the templates it calls; the last walk counts."""
        dots: dict[str, Type] = {}
        for _ in range(ROUNDS_MAX):
            found = self._walk(prompt, dots)
            if found == dots:
                break
            dots = found
        else:
            dots = {}  # kinds that never settle are none
            self._walk(prompt, dots)
        for name, tree in prompt.template.defined.items():
            if name not in dots:
                self._list(tree, _Scope(None, {"$": None}))

    def _walk(self, prompt: PromptTemplate, dots: Mapping[str, Type]) -> dict[str, Type]:
        """What the templates are called with, where those of `dots` are called with that."""
        self._forget()
        self._called: dict[str, list[Type]] = {}
        self._list(prompt.template.root, _Scope(ROOT, {"$": ROOT}))
        for name, dot in dots.items():
            if name in prompt.template.defined:
                self._list(prompt.template.defined[name], _Scope(dot, {"$": dot}))
        return {name: _only(types) for name, types in self._called.items()}

    def of_kind(self, kind: type[n.Node]) -> Iterator[n.Node]:
        """All nodes of one class."""
        return (node for node in self.nodes if isinstance(node, kind))

    def _list(self, node: n.ListNode, scope: _Scope) -> None:
        for each in node.nodes:
            self.nodes.append(each)
            if isinstance(each, n.TextNode):
                continue
            if isinstance(each, n.ActionNode):
                result = self._pipe(each.pipe, scope)
                if not each.pipe.decl:
                    self.printed.append(Printed(each, result))
            elif isinstance(each, n.BranchNode):
                self._branch(each, scope)
            elif isinstance(each, n.TemplateNode):
                dot = self._pipe(each.pipe, scope) if each.pipe else None
                self._called.setdefault(each.name, []).append(dot)

    def _branch(self, node: n.BranchNode, scope: _Scope) -> None:
        inside = scope.inside(scope.dot)
        result = self._pipe(node.pipe, inside, ranged=isinstance(node, n.RangeNode))
        if isinstance(node, n.WithNode):
            inside.dot = result
        elif isinstance(node, n.RangeNode):
            inside.dot = element_of(result)
        self._list(node.list, inside)
        if node.else_list is not None:
            self._list(node.else_list, scope.inside(scope.dot))

    def _pipe(self, node: n.PipeNode, scope: _Scope, *, ranged: bool = False) -> Type:
        result: Type = None
        for command in node.cmds:
            result = self._command(command, scope)
        if not node.decl:
            return result
        if ranged:
            element, names = element_of(result), [v.ident[0] for v in node.decl]
            scope.variables[names[-1]] = element
            if len(names) > 1:
                scope.variables[names[0]] = key_of(result)
        else:
            name = node.decl[0].ident[0]
            if node.is_assign and scope.variables.get(name) is not result:
                self._unsure.add(name)  # it may or may not have happened where the variable is read
            scope.variables[name] = result
        return result

    def _command(self, node: n.CommandNode, scope: _Scope) -> Type:
        self.nodes.append(node)
        self.nodes += node.args
        first = node.args[0]
        if len(node.args) == 1 and isinstance(first, n.FieldNode):
            return self._fields(first, scope.dot, first.ident)
        found = [self._argument(a, scope) for a in node.args]
        if not isinstance(first, n.IdentifierNode):
            return found[0] if len(node.args) == 1 else None
        if first.ident in _TEXT_FUNCTIONS:
            return STRING
        if first.ident in _TRUTH_FUNCTIONS:
            return BOOL
        if first.ident == "len":
            return INT
        if first.ident == "index" and len(found) == 3:
            return element_of(found[1])
        return found[1] if first.ident == "slice" and len(found) > 1 else None

    def _argument(self, node: n.Node, scope: _Scope) -> Type:
        if isinstance(node, (n.IdentifierNode, n.StringNode)):
            return None
        if isinstance(node, n.DotNode):
            return scope.dot
        if isinstance(node, n.FieldNode):
            return self._fields(node, scope.dot, node.ident)
        if isinstance(node, n.VariableNode):
            name = node.ident[0]
            known = None if name in self._unsure else scope.variables.get(name)
            return self._fields(node, known, node.ident[1:])
        if isinstance(node, n.PipeNode):
            return self._pipe(node, scope)
        if isinstance(node, n.ChainNode):
            self.nodes.append(node.node)
            return self._fields(node, self._argument(node.node, scope), node.field)
        return None

    def _fields(self, node: n.Node, of: Type, names: tuple[str, ...]) -> Type:
        for name in names:
            if of is None:
                return None
            if isinstance(of, Root):
                self.accesses.append(Access(node, of, name, name in self._names))
                of = self._root.get(name)
                continue
            of = self._field(node, pointed(of), name)
        return of

    def _field(self, node: n.Node, of: GoType, name: str) -> Type:
        if of.kind is not Kind.STRUCT:
            return of.elem if of.kind is Kind.MAP and name not in of.methods else None
        known = name in of.by_name or name in of.methods or name in of.pointer_methods
        self.accesses.append(Access(node, of, name, known))
        return of.by_name[name].type if name in of.by_name else None


def _only(types: list[Type]) -> Type:
    """The kind that all of them are."""
    return types[0] if all(t is types[0] for t in types) else None


def pointed(of: GoType) -> GoType:
    """What a pointer points to; any other type itself."""
    return of.elem if of.kind is Kind.POINTER and of.elem else of


def element_of(of: Type) -> Type:
    """What `range` gives of a value, None where that is not known."""
    if not isinstance(of, GoType):
        return None
    of = pointed(of)
    return of.elem if of.kind in (Kind.SLICE, Kind.ARRAY, Kind.MAP) else None


def key_of(of: Type) -> Type:
    """What the first variable of a `range` holds, None where that is not known."""
    if not isinstance(of, GoType):
        return None
    return of.key if of.kind is Kind.MAP else INT
