"""Global functions of the chat template."""

from __future__ import annotations

from ..ir import nodes as go
from ..values.callables import Namespace
from ..values.choice import Cond, leaves
from ..values.known import EMPTY, Const, DictEntry, KnownDict, KnownList
from ..values.number import Int, Numbers, as_int, go_int, is_int, sum_of
from ..values.text import Str, parts_of
from ..values.value import Value
from .control_flow import Raised, Unsupported
from .dates import strftime
from .integers import less_than, subtract
from .semantics import to_text
from .state import State

MAX_RANGE = 2000


def call_function(st: State, name: str, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """`name(…)` of a global function."""
    if name == "raise_exception":
        message = to_text(st, args[0]) if args else EMPTY
        raise Raised(_known_text(message))
    if name == "namespace":
        return _namespace(st, args, kwargs)
    if name == "range":
        if kwargs or not 1 <= len(args) <= 3:
            raise Unsupported("range() with these arguments", st.line)
        return _range(st, args)
    if name == "dict":
        if args:
            raise Unsupported("dict() of a value", st.line)
        return KnownDict(tuple(DictEntry(k, v) for k, v in kwargs.items()))
    if name == "strftime_now":
        if kwargs or len(args) != 1:
            raise Unsupported("strftime_now() with these arguments", st.line)
        return strftime(st, args[0])
    raise Unsupported(f"the function {name}", st.line)


def _known_text(v: Value) -> str:
    """A message for people: unknown parts of it are left out."""
    if isinstance(v, Cond):
        return _known_text(v.then)
    parts = parts_of(v) if isinstance(v, (Const, Str)) else ()
    return "".join(p if isinstance(p, str) else "…" for p in parts)


def _namespace(st: State, args: list[Value], kwargs: dict[str, Value]) -> Value:
    owner = st.fresh()
    st.parents[owner] = None
    for a in args:
        if not isinstance(a, KnownDict):
            raise Unsupported("namespace() of a value that is no dictionary", st.line)
        for e in a.entries:
            st.state[(owner, str(e.key))] = e.value
    for key, value in kwargs.items():
        st.state[(owner, key)] = value
    return Namespace(owner)


def _range(st: State, args: list[Value]) -> Value:
    args = [_one_number(st, a) for a in args]
    known = [a.value for a in args if isinstance(a, Const) and isinstance(a.value, int)]
    if len(known) == len(args):
        if known[2:] == [0]:
            raise Raised("range() arg 3 must not be zero")
        numbers = range(*known)
        if len(numbers[: MAX_RANGE + 1]) > MAX_RANGE:  # of a longer one Python cannot tell the length
            raise Unsupported(f"a range of more than {MAX_RANGE} numbers", st.line)
        return KnownList(tuple(Const(n) for n in numbers))
    if len(args) == 1 and isinstance(args[0], Int):
        return Numbers(st.to_go(args[0]))
    if len(args) == 2 and isinstance(args[0], Const) and isinstance(args[1], Int):
        return _range_from(st, int(args[0].value), args[1])  # type: ignore[arg-type]
    if len(args) == 3 and args[1] == args[2] == Const(-1) and isinstance(args[0], Int):
        size = sum_of(dict(args[0].terms), args[0].const + 1)
        return Numbers(st.to_go(size), reverse=True)
    if len(args) == 2 and all(map(is_int, args)):
        return _range_between(st, args[0], args[1])
    raise Unsupported("range() of these unknown numbers", st.line)


def _one_number(st: State, v: Value) -> Value:
    """A choice between whole numbers as the number that a variable holds."""
    v = st.settle(v)
    if not isinstance(v, Cond) or not all(map(is_int, leaves(v))):
        return v
    least = min(map(st.least, leaves(v)))
    var = st.in_variable("n", v)
    assert isinstance(var, go.Var)
    st.bounds[var.id] = least
    return go_int(var)


def _range_from(st: State, start: int, stop: Int) -> Value:
    """`range(start, stop)`: as many as are left, counted from `start`."""
    size = sum_of(dict(stop.terms), stop.const - start)

    def some() -> Value:
        return Numbers(st.to_go(size), Int((), start))

    if start <= 0:
        return some()

    return st.branch(st.facts.simplify(less_than(st, Const(start), stop)), some, lambda: KnownList(()))


def _range_between(st: State, start: Value, stop: Value) -> Value:
    """`range(a, b)` of unknown numbers."""

    def some() -> Value:
        size = subtract(stop, start)
        return Numbers(st.to_go(size), as_int(start))

    return st.branch(st.facts.simplify(less_than(st, start, stop)), some, lambda: KnownList(()))
