"""Checks the statements of a TEMPLATE before they are printed, so that no invalid one is ever written.

What is checked, against the functions and types of the Ollama that is the target: every function exists and
gets as many arguments as it takes; every variable is declared before it is used, in the same block or one
around it; every loop element is used inside its loop; break and continue stand inside a loop; every template
that is included is defined; fields exist; operands have types that the function accepts, as far as they are
known; nothing is left that Go has no function for. A failure is an error of the compiler, never of a chat
template.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from functools import cache

from ...gotemplate.exec.functions import BUILTIN_NAMES
from ...gotemplate.values.gotypes import ANY, BOOL, INT, STRING, UINT8, GoType, Kind, slice_of
from ...ollama.api_types import types_for
from ...ollama.functions import template_functions
from ...ollama.versions import Target
from . import nodes as go
from .nodes import Expr, Node, Nodes

# How many arguments Go's own functions take, at least and at most (text/template/funcs.go).
_MANY = 1_000_000
_ARGUMENTS = {
    **dict.fromkeys(("and", "or", "print", "println"), (1, _MANY)),
    **dict.fromkeys(("ne", "lt", "le", "gt", "ge"), (2, 2)),
    **dict.fromkeys(("len", "not"), (1, 1)),
    "eq": (2, _MANY),
    "index": (1, _MANY),
    "slice": (1, 4),
    "printf": (1, _MANY),
}
_ORDERED = ("lt", "le", "gt", "ge")
_COMPARED = ("eq", "ne", *_ORDERED)
# A verb of printf with a width or precision; `%%` is a plain character.
_VERB = re.compile(r"%[-+# 0]*(\*|(?!0)\d*)(?:\.(\*|\d*))?([a-zA-Z%])")
_NUMBERS = frozenset("bdoxXc")
# The one format that is put together at run time: `%27s` from the digits of a date (see `lower/dates`).
_PADDING = go.Lit("%%%ss")
# Kinds of types, as messages name them.
_KINDS = {
    Kind.STRING: "text",
    Kind.BOOL: "truth value",
    Kind.SLICE: "list",
    Kind.ARRAY: "list",
    Kind.MAP: "mapping",
    Kind.STRUCT: "struct",
    Kind.FUNC: "iterator",
}


class InvalidStatementsError(Exception):
    """The compiler made statements that are no valid TEMPLATE.

    message: what is wrong, with the Go construct; origin: the constructs of the chat template it came from.
    """

    def __init__(self, message: str, origin: tuple[int, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.origin = origin


def verify(nodes: Nodes, defined: Mapping[str, Nodes], target: Target) -> None:
    """Raises InvalidStatementsError if the statements, or those of a template they define, are not valid.

    nodes: the statements of the TEMPLATE. defined: the templates that it defines, by name. target: the oldest
    Ollama that has to accept them.
    """
    for block in defined.values():
        _Block(defined, target, block, inside=True).check(block)
    _Block(defined, target, nodes, inside=False).check(nodes)


@cache
def _functions(target: Target) -> Mapping[str, tuple[int, int]]:
    """How many arguments each function of a release takes."""
    own = template_functions(target, datetime.date.today)
    counts = {
        name: (len(f.params) - f.variadic, _MANY if f.variadic else len(f.params)) for name, f in own.items()
    }
    return {**{name: _ARGUMENTS.get(name, (1, _MANY)) for name in BUILTIN_NAMES}, **counts}


@cache
def _request(target: Target) -> Mapping[str, GoType]:
    """The fields of a request and their types."""
    types = types_for(target)
    fields = {"Messages": types.messages, "Tools": types.tools, "System": STRING}
    if target.has("thinking"):
        fields |= {"Think": BOOL, "IsThinkSet": BOOL}
    if target.has("think_level"):
        fields["ThinkLevel"] = STRING
    return fields


class _Block:
    """The statements of one template: the main one, or one that it defines (`inside`)."""

    def __init__(self, defined: Mapping[str, Nodes], target: Target, nodes: Nodes, *, inside: bool) -> None:
        self.defined = defined
        self.target = target
        self.inside = inside
        self.functions = _functions(target)
        self.request = _request(target)
        # what is in scope: variables, and loops with what they go over
        self.scopes: list[set[int]] = [set()]
        self.loops: dict[int, go.Range] = {}
        self.given: dict[int, list[Expr]] = {}
        for n in go.all_nodes(nodes):
            if isinstance(n, (go.Declare, go.Set)):
                self.given.setdefault(n.var.id, []).append(n.expr)
        self.types: dict[int, GoType | None] = {}
        self.origin: tuple[int, ...] = ()

    def invalid(self, what: str) -> InvalidStatementsError:
        return InvalidStatementsError(what, self.origin)

    # --- statements -------------------------------------------------------------------------------

    def check(self, nodes: Nodes) -> None:
        """The statements of a block, in a scope of their own."""
        self.scopes.append(set())
        for n in nodes:
            outer, self.origin = self.origin, n.origin or self.origin
            self.statement(n)
            self.origin = outer
        self.scopes.pop()

    def statement(self, n: Node) -> None:
        for e in go.node_exprs(n):
            self.type_of(e)
        if isinstance(n, go.Declare):
            self.scopes[-1].add(n.var.id)
        elif isinstance(n, go.Set):
            self.variable(n.var)
        elif isinstance(n, go.If):
            if n.test == go.FALSE:
                # it never runs: a server reads it, and only one that knows what is written there
                _Block(self.defined, Target(), n.then, inside=self.inside).check(n.then)
            else:
                self.check(n.then)
            self.check(n.orelse)
        elif isinstance(n, go.Range):
            self.range(n)
        elif isinstance(n, (go.Break, go.Continue)):
            if not self.loops:
                raise self.invalid(f"{type(n).__name__.lower()} outside of a range")
        elif isinstance(n, go.Include):
            if n.name not in self.defined:
                raise self.invalid(f"the template {n.name!r} is not defined")
        elif isinstance(n, go.Fail) and n.message in self.defined:
            # it stops because no such template exists
            raise self.invalid(f"a refusal has the name of a defined template, {n.message!r}")

    def range(self, n: go.Range) -> None:
        kind = _kind(self.type_of(n.over))
        if n.count and kind not in (None, "number"):
            raise self.invalid(f"range over a {kind} as over a number")
        if n.count and not self.target.has("range_int"):
            raise self.invalid("range over a number, which the target does not know")
        if not n.count and kind not in (None, "list", "mapping", "iterator"):
            raise self.invalid(f"range over a {kind}")
        outer = self.loops
        self.loops = {**outer, n.loop: n}
        self.check(n.body)
        self.loops = outer

    def variable(self, v: go.Var) -> None:
        if not any(v.id in scope for scope in self.scopes):
            raise self.invalid(f"the variable ${v.hint} is used where it is not declared")

    # --- expressions ------------------------------------------------------------------------------

    def type_of(self, e: Expr) -> GoType | None:
        """The type of an expression, None where it is not known; raises where it is not valid."""
        if isinstance(e, go.Lit):
            return BOOL if isinstance(e.value, bool) else INT if isinstance(e.value, int) else STRING
        if isinstance(e, go.Var):
            self.variable(e)
            return self.type_of_variable(e.id)
        if isinstance(e, go.Field):
            return self.field(self.type_of(e.base), e.name)
        if isinstance(e, go.Call):
            return self.call(e, [self.type_of(a) for a in e.args])
        if isinstance(e, (go.Item, go.Index)):
            return self.of_loop(e)
        if isinstance(e, go.Root):
            if self.inside:
                raise self.invalid(f"the request's .{e.name} inside a defined template")
            if e.name not in self.request:
                raise self.invalid(f"the request has no .{e.name} in Ollama {self.target}")
            return self.request[e.name]
        if isinstance(e, go.Dot):
            if not self.inside:
                raise self.invalid("the argument of a defined template outside of one")
            return None
        raise self.invalid(f"{type(e).__name__} is not lowered to Go")

    def type_of_variable(self, var: int) -> GoType | None:
        """The one type that all values of a variable have, None where they differ or one is not known."""
        if var not in self.types:
            self.types[var] = None  # what depends on itself
            found: GoType | None = None
            for n, e in enumerate(self.given.get(var, ())):
                one = self.known(e)
                found = one if n == 0 else _common(found, one)
            self.types[var] = found
        return self.types[var]

    def known(self, e: Expr) -> GoType | None:
        """The type of an assigned expression as far as a look at it tells; it is checked where it stands."""
        if isinstance(e, go.Lit):
            return BOOL if isinstance(e.value, bool) else INT if isinstance(e.value, int) else STRING
        if isinstance(e, go.Var):
            return self.type_of_variable(e.id)
        if isinstance(e, go.Root):
            return self.request.get(e.name)
        if isinstance(e, go.Call):
            if e.fn == "slice":
                return self.known(e.args[0])
            return _RESULTS.get(e.fn)
        return None

    def of_loop(self, e: go.Item | go.Index) -> GoType | None:
        loop = self.loops.get(e.loop)
        if loop is None:
            raise self.invalid(f"the {type(e).__name__.lower()} of a range outside of it")
        if loop.count:
            if isinstance(e, go.Item):
                raise self.invalid("the element of a range over a number")
            return INT
        over = _pointed(self.type_of_over(loop.over))
        if over is None:
            return None
        if isinstance(e, go.Item):
            return over.elem
        return INT if over.kind in (Kind.SLICE, Kind.ARRAY) else over.key

    def type_of_over(self, e: Expr) -> GoType | None:
        """The type of what a loop goes over; its variables may be out of scope by now."""
        if isinstance(e, go.Field):
            return self.field(self.type_of_over(e.base), e.name)
        if isinstance(e, (go.Item, go.Index)):
            return self.of_loop(e)
        return self.known(e)

    def field(self, base: GoType | None, name: str) -> GoType | None:
        of = _pointed(base)
        if of is None:
            return None
        if of.kind is Kind.STRUCT:
            if name in of.by_name:
                return of.by_name[name].type
            method = of.method(name, addressable=True)
            if method is None:
                raise self.invalid(f"{of.name} has no field or method {name}")
            return method.result
        if method := of.method(name, addressable=True):
            return method.result
        if of.kind is Kind.MAP:
            return of.elem
        raise self.invalid(f"the field {name} of a {_kind(of)}")

    def call(self, e: go.Call, types: list[GoType | None]) -> GoType | None:
        if e.fn not in self.functions:
            raise self.invalid(f"Ollama {self.target} has no function {e.fn}")
        least, most = self.functions[e.fn]
        if not least <= len(types) <= most:
            raise self.invalid(f"{e.fn} with {len(types)} arguments")
        kinds = [_kind(t) for t in types]
        if e.fn in _COMPARED:
            self.comparison(e.fn, kinds)
        elif e.fn == "printf":
            self.format(e, kinds)
        elif e.fn in ("len", "index", "slice"):
            of = kinds[0]
            if of not in (None, "text", "list", "mapping") or (e.fn == "slice" and of == "mapping"):
                raise self.invalid(f"{e.fn} of a {of}")
            if of in ("text", "list") and any(k not in (None, "number") for k in kinds[1:]):
                raise self.invalid(f"{e.fn} at a {next(k for k in kinds[1:] if k not in (None, 'number'))}")
            return _part_of(e.fn, _pointed(types[0]), len(types) - 1)
        elif e.fn in ("and", "or"):
            found = types[0]
            for t in types[1:]:
                found = _common(found, t)
            return found
        return _RESULTS.get(e.fn)

    def comparison(self, fn: str, kinds: list[str | None]) -> None:
        for kind in kinds[1:]:
            if None not in (kind, kinds[0]) and kind != kinds[0]:
                raise self.invalid(f"{fn} of a {kinds[0]} and a {kind}")
        for kind in kinds:
            allowed = ("text", "number") if fn in _ORDERED else ("text", "number", "truth value")
            if kind is not None and kind not in allowed:
                raise self.invalid(f"{fn} of a {kind}")

    def format(self, e: go.Call, kinds: list[str | None]) -> None:
        """Checks printf's operands against its verbs: Go prints a wrong text there instead of failing."""
        form = e.args[0]
        if isinstance(form, go.Call) and form.fn == "printf" and form.args[0] == _PADDING:
            form = go.Lit("%s")  # the width is digits that only show at run time
        if not isinstance(form, go.Lit) or not isinstance(form.value, str):
            raise self.invalid("printf with a format that is no constant text")
        wanted: list[str] = []
        for width, precision, verb in _VERB.findall(form.value):
            wanted += ["*"] * ((width == "*") + (precision == "*"))
            wanted += [verb] if verb != "%" else []
        if len(wanted) != len(kinds) - 1:
            raise self.invalid(f"printf {form.value!r} with {len(kinds) - 1} operands")
        for verb, kind in zip(wanted, kinds[1:], strict=True):
            number = verb == "*" or verb in _NUMBERS
            if kind is not None and ((number and kind != "number") or (verb == "s" and kind != "text")):
                raise self.invalid(f"printf {form.value!r} with a {kind}")


# What functions give, whatever they are handed.
_RESULTS = {
    **dict.fromkeys((*_COMPARED, "not"), BOOL),
    **dict.fromkeys(("print", "println", "printf", "json", "currentDate", "yesterdayDate"), STRING),
    "len": INT,
}


def _part_of(fn: str, of: GoType | None, count: int) -> GoType | None:
    if fn == "len":
        return INT
    if fn == "slice" or of is None or count == 0:
        return of
    if count > 1:
        return None
    return UINT8 if of.kind is Kind.STRING else of.elem


def _pointed(t: GoType | None) -> GoType | None:
    """What a pointer points to; None for what may be anything."""
    while t is not None and t.kind is Kind.POINTER:
        t = t.elem
    return None if t is None or t.kind is Kind.INTERFACE else t


def _kind(t: GoType | None) -> str | None:
    t = _pointed(t)
    if t is None:
        return None
    return _KINDS.get(t.kind, "number")


def _common(a: GoType | None, b: GoType | None) -> GoType | None:
    """The type of a value that has one of two types, None where they differ in kind."""
    if a is b or a is None or b is None:
        return a if a is b else None
    kind = _kind(a)
    if kind is None or kind != _kind(b):
        return None
    return {"number": INT, "list": slice_of(ANY)}.get(kind)
