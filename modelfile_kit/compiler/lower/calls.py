"""Calls: macros, global functions and methods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import nodes

from ..ir import nodes as go
from ..values import types
from ..values.types import Const, DictV, Func, ListV, MacroV, Namespace, Obj, Undef, Value
from .control_flow import Raised, Unsupported

if TYPE_CHECKING:
    from .evaluate import Evaluator

MAX_RANGE = 2000


def invoke(
    ev: Evaluator, f: Value, args: list[Value], kwargs: dict[str, Value], target: nodes.Node | None
) -> Value:
    """Calls what an expression evaluated to."""
    if isinstance(f, MacroV):
        return ev.call_macro(f, args, kwargs)
    if isinstance(f, Func) and f.on is not None:
        return _method(ev, f, args, kwargs, target)
    if isinstance(f, Func):
        return _function(ev, f.name, args, kwargs)
    if isinstance(f, Undef):
        raise Raised(f"{f.name!r} is undefined")
    raise Raised("this value is not callable")


def _function(ev: Evaluator, name: str, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if name == "raise_exception":
        from .text import to_text

        message = to_text(ev, args[0]) if args else types.EMPTY
        raise Raised(_known_text(message))
    if name == "namespace":
        return _namespace(ev, args, kwargs)
    if name == "range":
        return _range(ev, args)
    if name == "dict":
        if args:
            raise Unsupported("dict() of a value", ev.line)
        return DictV(tuple(types.Entry(k, v) for k, v in kwargs.items()))
    if name == "strftime_now":
        from .dates import strftime

        return strftime(ev, args[0])
    raise Unsupported(f"the function {name}", ev.line)


def _known_text(v: Value) -> str:
    """A message for people: unknown parts of it are left out."""
    if isinstance(v, types.Cond):
        return _known_text(v.then)
    parts = types.parts_of(v) if isinstance(v, (Const, types.Str)) else ()
    return "".join(p if isinstance(p, str) else "…" for p in parts)


def _namespace(ev: Evaluator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    owner = ev.fresh()
    ev.parents[owner] = None
    for a in args:
        if not isinstance(a, DictV):
            raise Unsupported("a namespace made from this", ev.line)
        for e in a.entries:
            ev.state[(owner, str(e.key))] = e.value
    for key, value in kwargs.items():
        ev.state[(owner, key)] = value
    return Namespace(owner)


def _range(ev: Evaluator, args: list[Value]) -> Value:
    args = [_one_number(ev, a) for a in args]
    known = [a.value for a in args if isinstance(a, Const) and isinstance(a.value, int)]
    if len(known) == len(args):
        numbers = range(*known)
        if len(numbers) > MAX_RANGE:
            raise Unsupported(f"a range of more than {MAX_RANGE} numbers", ev.line)
        return ListV(tuple(Const(n) for n in numbers))
    if len(args) == 1 and isinstance(args[0], types.Int):
        return Obj("count", ev.to_go(args[0]))
    if len(args) == 2 and isinstance(args[0], Const) and isinstance(args[1], types.Int):
        return _range_from(ev, int(args[0].value), args[1])  # type: ignore[arg-type]
    if len(args) == 3 and args[1] == args[2] == Const(-1) and isinstance(args[0], types.Int):
        size = types.integer(dict(args[0].terms), args[0].const + 1)
        return Obj("count", ev.to_go(size), reverse=True)
    if len(args) == 2 and all(map(types.is_int, args)):
        return _range_between(ev, args[0], args[1])
    raise Unsupported("this range of unknown numbers", ev.line)


def _one_number(ev: Evaluator, v: Value) -> Value:
    """A choice between whole numbers as the number that a variable holds."""
    v = ev.settle(v)
    if not isinstance(v, types.Cond) or not all(map(types.is_int, types.leaves(v))):
        return v
    least = min(map(ev.least, types.leaves(v)))
    var = ev.in_variable("n", v)
    assert isinstance(var, go.Var)
    ev.bounds[var.id] = least
    return types.number(var)


def _range_from(ev: Evaluator, start: int, stop: types.Int) -> Value:
    """`range(start, stop)`: as many as are left, counted from `start`."""
    size = types.integer(dict(stop.terms), stop.const - start)

    def some() -> Value:
        return Obj(f"count:{start}" if start else "count", ev.to_go(size))

    if start <= 0:
        return some()
    from .compare import compare

    return ev.branch(ev.truth(compare(ev, "gt", stop, Const(start))), some, lambda: ListV(()))


def _range_between(ev: Evaluator, start: Value, stop: Value) -> Value:
    """`range(a, b)` of unknown numbers."""
    from .arithmetic import as_int, binary
    from .compare import compare

    def some() -> Value:
        size = binary(ev, "-", stop, start)
        return types.Span(as_int(start), ev.to_go(size))

    return ev.branch(ev.truth(compare(ev, "lt", start, stop)), some, lambda: ListV(()))


def _method(
    ev: Evaluator, f: Func, args: list[Value], kwargs: dict[str, Value], target: nodes.Node | None
) -> Value:
    v = f.on
    assert v is not None
    if isinstance(v, types.Loop) and f.name == "cycle":
        return _cycle(ev, v, args)
    if types.is_text(v):
        if f.name == "format":
            return _format(ev, v, args, kwargs)
        if f.name == "join" and len(args) == 1:
            from .lists import join_texts

            return ev.lift(args[0], lambda x: join_texts(ev, x, v))
        return _text_method(ev, f.name, v, args, kwargs)
    if isinstance(v, (DictV, Obj)) and f.name in ("get", "items", "keys", "values", "pop"):
        return _mapping_method(ev, f.name, v, args)
    if isinstance(v, ListV) and f.name in ("append", "pop", "extend"):
        return _list_method(ev, f.name, v, args, target)
    raise Unsupported(f"the method {f.name} of this value", ev.line)


def _cycle(ev: Evaluator, loop: types.Loop, args: list[Value]) -> Value:
    """`loop.cycle(a, b, …)`."""
    from .arithmetic import binary
    from .compare import equal
    from .loop_variable import loop_attribute

    if not args:
        raise Raised("no items for cycling given")
    place = binary(ev, "%", loop_attribute(ev, loop, "index0"), Const(len(args)))
    found = args[-1]
    for n, a in reversed(list(enumerate(args[:-1]))):
        found = types.choose(equal(ev, place, Const(n)), a, found)
    return ev.settle(found)


def _text_method(ev: Evaluator, name: str, v: Value, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """A method of a text; an argument that is a choice between texts parts the paths."""
    from . import searches  # noqa: F401 - its methods register themselves
    from .strings import call_method

    for n, a in enumerate(args):
        if isinstance(a, types.Cond):

            def chosen(x: Value, n: int = n) -> Value:
                return _text_method(ev, name, v, [*args[:n], x, *args[n + 1 :]], kwargs)

            return ev.lift(a, chosen)
    return call_method(ev, name, v, args, kwargs)


def _mapping_method(ev: Evaluator, name: str, v: DictV | Obj, args: list[Value]) -> Value:
    from .attributes import item
    from .tools import dictionary_of
    from .values import pairs

    if name == "keys" and isinstance(v, Obj) and v.kind in ("args", "props", "propmap", "any"):
        return v
    if name == "get":
        other = args[1] if len(args) > 1 else types.NONE
        return ev.lift(item(ev, v, args[0]), lambda x: other if isinstance(x, Undef) else x)
    if name == "items":
        return pairs(ev, v)
    known = v if isinstance(v, DictV) else dictionary_of(ev, v)
    if known is not None:
        v = known
        if name == "keys":
            return v
        if name == "values" and all(e.present == go.TRUE for e in v.entries):
            return ListV(tuple(e.value for e in v.entries))
    raise Unsupported(f"the method {name} of a mapping", ev.line)


def _list_method(ev: Evaluator, name: str, v: ListV, args: list[Value], target: nodes.Node | None) -> Value:
    """`append` and `pop` change the list that a name holds; HF's sandbox refuses them elsewhere."""
    raise Raised(f"SecurityError: access to attribute {name!r} is unsafe")


def _format(ev: Evaluator, v: Value, args: list[Value], kwargs: dict[str, Value]) -> Value:
    import string

    from .text import to_text

    if not isinstance(v, Const):
        raise Unsupported("format of an unknown text", ev.line)
    result: Value = types.EMPTY
    counter = 0
    for literal, name, spec, conversion in string.Formatter().parse(str(v.value)):
        result = ev.concat(result, Const(literal))
        if name is None:
            continue
        if spec or conversion or not (name == "" or name.isdigit() or name.isidentifier()):
            raise Unsupported("format with more than names and numbers", ev.line)
        if name == "":
            name, counter = str(counter), counter + 1
        chosen = (
            kwargs.get(name) if not name.isdigit() else args[int(name)] if int(name) < len(args) else None
        )
        if chosen is None:
            raise Raised("format: no such argument")
        result = ev.concat(result, to_text(ev, chosen))
    return result
