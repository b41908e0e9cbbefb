"""Python's operations on values. What one means for a kind of value is registered in that kind's file.

Every operation takes values that are no choice (`State.lift` takes choices apart), unless it says so.
What is written here is the rule for kinds that have none of their own.
"""

from __future__ import annotations

from collections.abc import Callable

from jinja2 import nodes

from ..ir import nodes as go
from ..ir.nodes import Expr, Test
from ..ir.operations import JsonStyle
from ..values.callables import Builtin
from ..values.choice import Cond
from ..values.known import Const, KnownDict, KnownList, Undef
from ..values.lists import SelectionStep, SplitText
from ..values.number import Int, is_int
from ..values.request import ELEMENTS, ContentParts, RuntimeValue
from ..values.text import Part, is_text, text_of
from ..values.truth import is_bool
from ..values.value import Value
from .control_flow import Raised, Unsupported
from .dispatch import ByKind, kind_of
from .state import State

# --- what it is -----------------------------------------------------------------------------------

STR_METHODS, LIST_METHODS, DICT_METHODS = (
    frozenset(n for n in dir(t) if not n.startswith("_")) for t in (str, list, dict)
)


@ByKind
def methods_of(st: State, v: Value) -> frozenset[str]:
    """The names of the methods that Python's type has; they hide keys of the same name in `v.name`."""
    return frozenset()


@ByKind
def is_mapping(st: State, v: Value) -> bool:
    """Whether Python's value would be a dictionary; not asked of JSON values."""
    return False


@ByKind
def is_sequence(st: State, v: Value) -> bool:
    """Whether Jinja takes it as a sequence; not asked of JSON values."""
    return False


@ByKind
def truth(st: State, v: Value) -> Test:
    """The test that Python's `bool(v)` is; also for choices."""
    return go.TRUE


@ByKind
def length(st: State, v: Value) -> Value:
    """`len(v)`: how many characters, elements or keys."""
    raise Unsupported(f"the length of {v.description}", st.line)


# --- what it shows --------------------------------------------------------------------------------


@ByKind
def to_go(st: State, v: Value) -> Expr:
    """A Go expression for a value that is settled; also for choices."""
    raise Unsupported(f"{v.description} in a variable", st.line)


@ByKind
def to_str(st: State, v: Value) -> Value:
    """Python's `str(v)`: a text, a choice between texts, or what such a text becomes."""
    raise Unsupported(f"printing {v.description} as Python's str() does", st.line)


def to_text(st: State, v: Value) -> Value:
    """Python's `str(v)`; also for choices."""
    return st.lift(v, lambda x: to_str(st, x))


@ByKind
def to_repr(st: State, v: Value) -> tuple[Part, ...]:
    """The parts of `repr(v)`."""
    raise Unsupported(f"printing {v.description} as Python's repr() does", st.line)


def representation(st: State, v: Value) -> tuple[Part, ...]:
    """The parts of `repr(v)`; also for choices."""
    return _parts(st, v, lambda x: to_repr(st, x))


@ByKind
def to_json(st: State, v: Value, style: JsonStyle, sort: bool) -> tuple[Part, ...]:
    """The parts of `json.dumps(v)`; sort: keys in the order of the alphabet."""
    raise Unsupported(f"tojson of {v.description}", st.line)


def json_parts(st: State, v: Value, style: JsonStyle, sort: bool) -> tuple[Part, ...]:
    """The same, also for choices."""
    return _parts(st, v, lambda x: to_json(st, x, style, sort))


def _parts(st: State, v: Value, of: Callable[[Value], tuple[Part, ...]]) -> tuple[Part, ...]:
    """The parts of a value's text; of: those of a value that is no choice."""
    v = st.settle(v)
    if not isinstance(v, Cond):
        return of(v)
    then, orelse = v.then, v.orelse
    both = st.branch(v.test, lambda: text_of(*_parts(st, then, of)), lambda: text_of(*_parts(st, orelse, of)))
    return st.parts(both)


# --- what is in it --------------------------------------------------------------------------------


@ByKind
def element(st: State, v: Value, n: Const | Int) -> Value:
    """`v[n]` for a whole number; past the end it is undefined."""
    return Undef()


@ByKind
def item(st: State, v: Value, key: Value) -> Value:
    """`v[key]`."""
    if isinstance(key, (Const, Int)) and is_int(key):
        return element(st, v, key)
    if isinstance(key, Const) and isinstance(key.value, str):
        return Undef(key.value)
    raise Unsupported(f"an unknown key of {v.description}", st.line)


@ByKind
def attribute(st: State, v: Value, name: str) -> Value:
    """`v.name`: a method of Python's type first, then the key."""
    if name in methods_of(st, v):
        return Builtin(name, v)
    return item(st, v, Const(name))


@ByKind
def slice_of(st: State, v: Value, start: Value, stop: Value, step: Value) -> Value:
    """`v[start:stop:step]`."""
    raise Raised("this value cannot be sliced")


@ByKind
def contains(st: State, v: Value, needle: Value) -> Test:
    """`needle in v`."""
    raise Raised("argument of this type is not iterable")


@ByKind
def iterate(st: State, v: Value, node: nodes.For) -> None:
    """The loop over a value; also for choices."""
    raise Raised("this value is not iterable")


@ByKind
def as_list(st: State, v: Value) -> Value:
    """`list(v)`."""
    raise Unsupported(f"the filter list for {v.description}", st.line)


@ByKind
def select(st: State, v: Value, step: SelectionStep) -> Value:
    """One step of `select`, `selectattr`, `map` and their like."""
    raise Raised("this value is not iterable")


@ByKind
def join(st: State, v: Value, sep: Value) -> Value:
    """`sep.join(v)`."""
    raise Unsupported(f"the filter join for {v.description}", st.line)


# --- dictionaries ---------------------------------------------------------------------------------


@ByKind
def pairs(st: State, v: Value, sort: bool = False) -> Value:
    """`v.items()`; sort: in the order of the keys."""
    raise Unsupported(f"the items of {v.description}", st.line)


@ByKind
def as_dict(st: State, v: Value) -> KnownDict | None:
    """Go data with fixed fields as the dictionary that the request held, its keys in their order."""
    return None


@ByKind
def call_method(st: State, v: Value, name: str, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """`v.name(…)`."""
    raise Unsupported(f"the method {name} of {v.description}", st.line)


# --- calling and comparing ------------------------------------------------------------------------


@ByKind
def call_value(st: State, v: Value, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """`v(…)`."""
    raise Raised("this value is not callable")


def unlike(st: State, a: Value, b: Value) -> Test:
    """`a == b` where the kind of `a` has no rule for `b`: False for another type of Python's."""
    if _type_of(a) != _type_of(b):
        return go.FALSE
    raise Unsupported(f"comparing {a.description} with {b.description}", st.line)


def _type_of(v: Value) -> object:
    if is_text(v):
        return str
    if is_int(v) or is_bool(v):
        return int
    if isinstance(v, RuntimeValue):
        return list if v.data in ELEMENTS else dict
    if isinstance(v, (KnownList, ContentParts, SplitText)):
        return list
    return kind_of(v)


@ByKind
def equals(st: State, v: Value, other: Value) -> Test:
    """`v == other`; `compare.is_equal` has met undefined and JSON values before."""
    return unlike(st, v, other)
