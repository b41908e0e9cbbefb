"""The target: expressions, tests and statements of a Go template before they are printed.

Expressions are values and hashable; names of variables and the place of the dot are only settled by
`emit`, so a tree can be moved, compared and thrown away freely.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, Union


def _kept_hash(self: object) -> int:
    """The hash of a node, computed once: trees are keys everywhere here."""
    known = self.__dict__.get("_hash")
    if known is None:
        # the fields come first; other facts about a node are remembered after them
        fields = itertools.islice(self.__dict__.values(), len(type(self).__match_args__))  # type: ignore[attr-defined]
        known = hash((type(self), *fields))
        self.__dict__["_hash"] = known
    return known


@dataclass(frozen=True)
class Lit:
    """A string, int or bool constant; 1 and true are different ones."""

    value: str | int | bool

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Lit) and type(self.value) is type(other.value) and self.value == other.value

    def __hash__(self) -> int:
        return hash(self.value)


@dataclass(frozen=True)
class Var:
    """A Go variable; `hint` is the name to give it where that is free."""

    id: int
    hint: str = field(compare=False, default="x")


@dataclass(frozen=True)
class Root:
    """A field of the request (`.Messages`), whatever the dot is."""

    name: str


@dataclass(frozen=True)
class Item:
    """The element of an enclosing range, identified by the number of the loop."""

    loop: int
    hint: str = field(compare=False, default="item")


@dataclass(frozen=True)
class Index:
    """The index (or key) of an enclosing range."""

    loop: int
    hint: str = field(compare=False, default="i")


@dataclass(frozen=True)
class Dot:
    """The argument of a defined template."""


@dataclass(frozen=True)
class Field:
    """`base.name`."""

    base: Expr
    name: str

    __hash__ = _kept_hash


@dataclass(frozen=True)
class Call:
    """A function of Go's or Ollama's."""

    fn: str
    args: tuple[Expr, ...]

    __hash__ = _kept_hash


@dataclass(frozen=True)
class Operation:
    """What Go has no function for, done to an expression; the kinds are in `operations`."""

    operand: Expr

    __hash__ = _kept_hash

    def on(self: Op, operand: Expr) -> Op:
        """The same operation on another operand."""
        return replace(self, operand=operand)


Op = TypeVar("Op", bound=Operation)
Expr = Union[Lit, Var, Root, Item, Index, Dot, Field, Call, Operation]  # noqa: UP007 - built at run time on 3.10 too


def call(fn: str, *args: Expr) -> Call:
    """`fn a b …`."""
    return Call(fn, args)


def walk(e: Expr) -> Iterator[Expr]:
    """Every expression inside, `e` first."""
    yield e
    if isinstance(e, Field):
        yield from walk(e.base)
    elif isinstance(e, Call):
        for a in e.args:
            yield from walk(a)
    elif isinstance(e, Operation):
        yield from walk(e.operand)


_NO_VARIABLES: frozenset[int] = frozenset()


def variables(e: Expr) -> frozenset[int]:
    """The numbers of the variables inside an expression; remembered with it."""
    if isinstance(e, Var):
        return frozenset((e.id,))
    if not isinstance(e, (Field, Call, Operation)):
        return _NO_VARIABLES
    known: frozenset[int] | None = e.__dict__.get("_variables")
    if known is None:
        if isinstance(e, Call):
            known = _NO_VARIABLES.union(*map(variables, e.args))
        else:
            known = variables(e.base if isinstance(e, Field) else e.operand)
        e.__dict__["_variables"] = known
    return known


# --- tests: what an `if` asks ---------------------------------------------------------------------


@dataclass(frozen=True)
class Truth:
    """A test whose answer is known."""

    value: bool


@dataclass(frozen=True)
class Atom:
    """Whether Go takes an expression for true (empty and zero are false)."""

    expr: Expr

    __hash__ = _kept_hash


@dataclass(frozen=True)
class Not:
    test: Test

    __hash__ = _kept_hash


@dataclass(frozen=True)
class All:
    """All of the tests hold; they are evaluated from left to right."""

    tests: tuple[Test, ...]

    __hash__ = _kept_hash


@dataclass(frozen=True)
class Some:
    """One of the tests holds; they are evaluated from left to right."""

    tests: tuple[Test, ...]

    __hash__ = _kept_hash


Test = Union[Truth, Atom, Not, All, Some]  # noqa: UP007 - built at run time on 3.10 too
TRUE, FALSE = Truth(True), Truth(False)


def negate(t: Test) -> Test:
    """Not `t`, without doubled negations."""
    if isinstance(t, Truth):
        return Truth(not t.value)
    return t.test if isinstance(t, Not) else Not(t)


def both(*tests: Test) -> Test:
    """All of them, flat; TRUE for none."""
    flat: dict[Test, None] = {}  # in their order
    for t in tests:
        for part in t.tests if isinstance(t, All) else (t,):
            if part == FALSE or negate(part) in flat:
                return FALSE
            if part != TRUE:
                flat[part] = None
    return next(iter(flat)) if len(flat) == 1 else All(tuple(flat)) if flat else TRUE


def either(*tests: Test) -> Test:
    """Any of them, flat; FALSE for none."""
    flat: dict[Test, None] = {}  # in their order
    for t in tests:
        for part in t.tests if isinstance(t, Some) else (t,):
            if part == TRUE or negate(part) in flat:
                return TRUE
            if part != FALSE:
                flat[part] = None
    return next(iter(flat)) if len(flat) == 1 else Some(tuple(flat)) if flat else FALSE


def test_exprs(t: Test) -> Iterator[Expr]:
    """The expressions of a test's atoms."""
    if isinstance(t, Atom):
        yield t.expr
    elif isinstance(t, Not):
        yield from test_exprs(t.test)
    elif isinstance(t, (All, Some)):
        for part in t.tests:
            yield from test_exprs(part)


def test_variables(t: Test) -> frozenset[int]:
    """The numbers of the variables inside a test; remembered with it."""
    if isinstance(t, Truth):
        return _NO_VARIABLES
    known: frozenset[int] | None = t.__dict__.get("_variables")
    if known is None:
        if isinstance(t, Atom):
            known = variables(t.expr)
        elif isinstance(t, Not):
            known = test_variables(t.test)
        else:
            known = _NO_VARIABLES.union(*map(test_variables, t.tests))
        t.__dict__["_variables"] = known
    return known


def test_to_go(test: Test) -> Expr:
    """A test as an expression whose truth is the test's."""
    if isinstance(test, Truth):
        return Lit(test.value)
    if isinstance(test, Atom):
        return test.expr
    if isinstance(test, Not):
        return call("not", test_to_go(test.test))
    return Call("and" if isinstance(test, All) else "or", tuple(test_to_go(t) for t in test.tests))


def equal(a: Expr, b: Expr) -> Test:
    """`eq a b`; a literal always stands second."""
    if isinstance(a, Lit) and isinstance(b, Lit):
        return Truth(a.value == b.value)
    if isinstance(a, Lit):
        a, b = b, a
    return TRUE if a == b else Atom(call("eq", a, b))


# --- statements -----------------------------------------------------------------------------------


def _origin() -> Any:
    """The constructs (`explain/constructs.py`) that a statement came from; they are not compared."""
    return field(compare=False, repr=False, default=())


@dataclass(frozen=True)
class Text:
    """Text as it is."""

    text: str
    origin: tuple[int, ...] = _origin()


@dataclass(frozen=True)
class Print:
    """`{{ expr }}`."""

    expr: Expr
    origin: tuple[int, ...] = _origin()


@dataclass(frozen=True)
class Declare:
    """`{{ $var := expr }}`, valid to the end of its block."""

    var: Var
    expr: Expr
    origin: tuple[int, ...] = _origin()


@dataclass(frozen=True)
class Set:
    """`{{ $var = expr }}`."""

    var: Var
    expr: Expr
    origin: tuple[int, ...] = _origin()


@dataclass(frozen=True)
class If:
    test: Test
    then: Nodes
    orelse: Nodes = ()
    origin: tuple[int, ...] = _origin()


@dataclass(frozen=True)
class Range:
    """`range` over `over`; the loop's number links `Item` and `Index` to it."""

    loop: int
    over: Expr
    body: Nodes
    item: str = field(compare=False, default="item")
    index: str = field(compare=False, default="i")
    # over a whole number: counts from 0, there are no elements
    count: bool = False
    origin: tuple[int, ...] = _origin()


@dataclass(frozen=True)
class Break:
    """Leaves the nearest range."""

    origin: tuple[int, ...] = _origin()


@dataclass(frozen=True)
class Continue:
    """Goes on with the nearest range's next element."""

    origin: tuple[int, ...] = _origin()


@dataclass(frozen=True)
class Fail:
    """Stops with a message: executing an undefined template does that."""

    message: str
    origin: tuple[int, ...] = _origin()


@dataclass(frozen=True)
class Include:
    """Executes a defined template with an argument."""

    name: str
    arg: Expr
    origin: tuple[int, ...] = _origin()


Node = Union[Text, Print, Declare, Set, If, Range, Break, Continue, Fail, Include]  # noqa: UP007 - built at run time on 3.10 too
Nodes = tuple[Node, ...]


def together(n: Node, *others: Node) -> Node:
    """A statement that replaces others too: its origins are those of all."""
    origin = tuple(dict.fromkeys((*n.origin, *(o for other in others for o in other.origin))))
    return n if origin == n.origin else replace(n, origin=origin)


def node_exprs(n: Node) -> Iterator[Expr]:
    """The expressions a statement itself holds, without those of its blocks."""
    if isinstance(n, (Print, Declare, Set)):
        yield n.expr
    elif isinstance(n, If):
        yield from test_exprs(n.test)
    elif isinstance(n, Range):
        yield n.over
    elif isinstance(n, Include):
        yield n.arg


def node_variables(n: Node) -> frozenset[int]:
    """The numbers of the variables that a statement itself reads, without those of its blocks."""
    if isinstance(n, If):
        return test_variables(n.test)
    return _NO_VARIABLES.union(*map(variables, node_exprs(n)))


def blocks(n: Node) -> tuple[Nodes, ...]:
    """The blocks inside a statement."""
    if isinstance(n, If):
        return n.then, n.orelse
    return (n.body,) if isinstance(n, Range) else ()


def with_blocks(n: Node, change: Callable[[Nodes], Nodes]) -> Node:
    """A statement with its blocks changed; the same object where they stay."""
    if isinstance(n, If):
        then, orelse = change(n.then), change(n.orelse)
        return n if then == n.then and orelse == n.orelse else replace(n, then=then, orelse=orelse)
    if isinstance(n, Range):
        body = change(n.body)
        return n if body == n.body else replace(n, body=body)
    return n


def all_exprs(nodes: Iterable[Node]) -> Iterator[Expr]:
    """Every expression in the statements and their blocks, with its parts."""
    for n in nodes:
        for e in node_exprs(n):
            yield from walk(e)
        for block in blocks(n):
            yield from all_exprs(block)


def all_nodes(nodes: Iterable[Node]) -> Iterator[Node]:
    """Every statement, outer ones first."""
    for n in nodes:
        yield n
        for block in blocks(n):
            yield from all_nodes(block)
