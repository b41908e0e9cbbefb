"""Jinja's filters, one rule each."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..ir import nodes as go
from ..values import types
from ..values.types import Const, DictV, ListV, Obj, Split, Undef, Value
from .control_flow import Raised, Unsupported

if TYPE_CHECKING:
    from .evaluate import Evaluator

Rule = Callable[..., Value]
FILTERS: dict[str, Rule] = {}
ZERO, FOUR, TEN = Const(0), Const(4), Const(10)
# Filters that take a choice between values as it is.
WHOLE = {"default", "d"}


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Registers a filter under its names."""

    def register(f: Rule) -> Rule:
        for name in names:
            FILTERS[name] = f
        return f

    return register


@rule("default", "d")
def default(ev: Evaluator, v: Value, other: Value = types.EMPTY, boolean: Value = types.FALSE) -> Value:
    """The other value for what is undefined (or, with `boolean`, empty)."""
    if ev.truth(boolean) == go.TRUE:
        return ev.branch(ev.truth(v), lambda: ev.settle(v), lambda: other)
    return ev.lift(v, lambda x: other if isinstance(x, Undef) else x)


@rule("trim")
def trim(ev: Evaluator, v: Value, chars: Value = types.NONE) -> Value:
    from .strings import strip
    from .text import to_text

    return ev.lift(to_text(ev, v), lambda x: strip(ev, "strip", x, chars))


@rule("safe")
def safe(ev: Evaluator, v: Value) -> Value:
    """Markup; nothing is escaped when it is printed, but what is put together with it is."""
    return v if isinstance(v, types.Markup) else types.Markup(string(ev, v))


@rule("e", "escape", "forceescape")
def escape(ev: Evaluator, v: Value) -> Value:
    from .markup import escaped

    return v if isinstance(v, types.Markup) else types.Markup(escaped(ev, string(ev, v)))


@rule("string")
def string(ev: Evaluator, v: Value) -> Value:
    from .text import to_text

    return to_text(ev, v)


@rule("length", "count")
def length(ev: Evaluator, v: Value) -> Value:
    """How many characters, elements or keys."""
    from .tools import as_map

    v = as_map(v)
    if isinstance(v, Undef):
        return Const(0)
    if types.is_text(v):
        from .strings import length as text_length

        return text_length(ev, v)
    if isinstance(v, ListV):
        return Const(len(v.items))
    if isinstance(v, types.Built):
        from .lists import count_built

        return count_built(ev, v)
    if isinstance(v, types.Query) and not v.listed:
        raise Raised("object of type 'generator' has no len()")
    if isinstance(v, types.Query):
        from .lazy_selections import count

        return count(ev, v)
    if isinstance(v, DictV) and all(e.present == go.TRUE for e in v.entries):
        return Const(len(v.entries))
    if isinstance(v, Obj) and v.kind in (
        "msgs",
        "calls",
        "tools",
        "strs",
        "list",
        "proplist",
        "args",
        "props",
    ):
        return types.number(go.call("len", v.expr))
    if isinstance(v, Obj) and v.kind == "any":
        return _length_of_json(ev, v)
    if isinstance(v, Split) and v.limit < 0:
        from .strings import count_pieces

        return count_pieces(ev, v)
    if isinstance(v, types.Parts):
        return types.integer({go.call("len", go.Field(v.message, "Images")): 1}, 1)
    if v == types.NONE or types.is_int(v) or types.is_bool(v):
        raise Raised("object has no len()")
    raise Unsupported("the length of this value", ev.line)


def _length_of_json(ev: Evaluator, v: Obj) -> Value:
    from .strings import length as text_length
    from .values import is_kind

    def sized() -> Value:
        return types.number(go.call("len", v.expr))

    return ev.branch(is_kind(v.expr, "string"), lambda: text_length(ev, types.string(v.expr)), sized)


@rule("upper")
def upper(ev: Evaluator, v: Value) -> Value:
    from .case import in_case
    from .text import to_text

    return ev.lift(to_text(ev, v), lambda x: in_case(ev, x, True))


@rule("lower")
def lower(ev: Evaluator, v: Value) -> Value:
    from .case import in_case
    from .text import to_text

    return ev.lift(to_text(ev, v), lambda x: in_case(ev, x, False))


@rule("capitalize")
def capitalize(ev: Evaluator, v: Value) -> Value:
    from .case import capitalized
    from .text import to_text

    return ev.lift(to_text(ev, v), lambda x: capitalized(ev, x))


@rule("title")
def title(ev: Evaluator, v: Value) -> Value:
    """Jinja's own: a word begins after a blank, `-`, `(`, `{`, `[` or `<`."""
    from .case import titled
    from .text import to_text

    return ev.lift(to_text(ev, v), lambda x: titled(ev, x, words=True))


@rule("replace")
def replace(ev: Evaluator, v: Value, old: Value, new: Value, count: Value | None = None) -> Value:
    from .strings import call_method
    from .text import to_text

    args = [old, new] if count is None else [old, new, count]
    return ev.lift(to_text(ev, v), lambda x: call_method(ev, "replace", x, args, {}))


@rule("format")
def format_(ev: Evaluator, v: Value, *args: Value) -> Value:
    """`form | format(…)`: Python's `%`."""
    from .percent import formatted

    if not isinstance(v, Const) or not isinstance(v.value, str):
        raise Unsupported("format of an unknown text", ev.line)
    return formatted(ev, v.value, args)


@rule("list")
def as_list(ev: Evaluator, v: Value) -> Value:
    if isinstance(v, types.Query):
        return types.Query(v.over, v.steps, True)
    if isinstance(v, (ListV, Split, types.Parts, types.Query, types.Built, types.Items)) or (
        isinstance(v, Obj) and v.kind not in ("any",)
    ):
        return v
    if isinstance(v, Undef):
        return ListV(())
    raise Unsupported("a list of this", ev.line)


@rule("first")
def first(ev: Evaluator, v: Value) -> Value:
    from .attributes import item

    if isinstance(v, types.Query):
        v = types.Query(v.over, v.steps, True)
    return item(ev, v, Const(0))


@rule("last")
def last(ev: Evaluator, v: Value) -> Value:
    from .attributes import item

    if isinstance(v, types.Query) and not v.listed:
        raise Raised("'generator' object is not reversible")
    return item(ev, v, Const(-1))


@rule("reverse")
def reverse(ev: Evaluator, v: Value) -> Value:
    from .slices import slice_of

    return slice_of(ev, v, types.NONE, types.NONE, Const(-1))


@rule("items")
def items(ev: Evaluator, v: Value) -> Value:
    from .values import pairs

    if isinstance(v, Undef):
        return ListV(())
    return pairs(ev, v)


@rule("dictsort")
def dictsort(ev: Evaluator, v: Value) -> Value:
    """Sorted by key without regard to case; Go's maps are sorted with regard to it."""
    from .values import pairs

    return pairs(ev, v, sort=True)


@rule("tojson")
def tojson(
    ev: Evaluator,
    v: Value,
    ensure_ascii: Value = types.FALSE,
    indent: Value = types.NONE,
    separators: Value = types.NONE,
    sort_keys: Value = types.FALSE,
) -> Value:
    from .json import to_json

    return to_json(ev, v, ensure_ascii, indent, separators, sort_keys)


@rule("join")
def join(ev: Evaluator, v: Value, sep: Value = types.EMPTY, attribute: Value | None = None) -> Value:
    from .lists import join_texts

    if attribute is not None:
        raise Unsupported("join by an attribute", ev.line)
    return join_texts(ev, v, sep)


@rule("sort")
def sort(
    ev: Evaluator,
    v: Value,
    reverse: Value = types.FALSE,
    case_sensitive: Value = types.FALSE,
    attribute: Value = types.NONE,
) -> Value:
    """Known texts and numbers; the parts of a content by type are in order as they are."""
    if isinstance(v, types.Parts) and attribute == Const("type") and reverse == types.FALSE:
        return v
    known = [x.value for x in v.items if isinstance(x, Const)] if isinstance(v, ListV) else []
    if not isinstance(v, ListV) or len(known) != len(v.items) or attribute != types.NONE:
        raise Unsupported("sorting what is unknown", ev.line)
    from jinja2 import Environment
    from jinja2.filters import do_sort

    try:
        done = do_sort(Environment(), known, reverse == types.TRUE, case_sensitive == types.TRUE)  # noqa: S701
    except TypeError as e:
        raise Raised(str(e)) from None
    return ListV(tuple(Const(x) for x in done))


def _selection(kind: str, by_attribute: bool) -> Rule:
    def choose(ev: Evaluator, v: Value, *args: Value) -> Value:
        from .lazy_selections import query

        names = [str(a.value) if isinstance(a, Const) else "" for a in args[: 1 + by_attribute]]
        attribute = names.pop(0) if by_attribute else None
        name = names[0] if names else ""
        return query(ev, v, types.Step(kind, attribute, name, tuple(args[1 + by_attribute :])))

    return choose


for _kind in ("select", "reject"):
    FILTERS[_kind] = _selection(_kind, False)
    FILTERS[_kind + "attr"] = _selection(_kind, True)


@rule("map")
def map_(
    ev: Evaluator, v: Value, *args: Value, attribute: Value | None = None, default: Value | None = None
) -> Value:
    from .lazy_selections import query

    if default is not None:
        raise Unsupported("map with a default", ev.line)
    if isinstance(attribute, Const):
        return query(ev, v, types.Step("map", str(attribute.value), ""))
    name = str(args[0].value) if args and isinstance(args[0], Const) else ""
    return query(ev, v, types.Step("map", None, name, tuple(args[1:])))


@rule("indent")
def indent(
    ev: Evaluator, v: Value, width: Value = FOUR, first: Value = types.FALSE, blank: Value = types.FALSE
) -> Value:
    """Known texts only; JSON knows how to indent itself."""
    from jinja2.filters import do_indent

    if (
        isinstance(v, Const)
        and isinstance(v.value, str)
        and all(isinstance(x, Const) for x in (width, first, blank))
    ):
        return Const(do_indent(v.value, width.value, first.value, blank.value))  # type: ignore[union-attr,arg-type]
    from .json import indented

    return indented(ev, v, width, first)


@rule("abs", "float", "round")
def numeric(ev: Evaluator, v: Value, *args: Value) -> Value:
    if isinstance(v, Const) and type(v.value) is int:
        return Const(abs(v.value)) if not args else v
    raise Unsupported("a number from this", ev.line)


@rule("int")
def as_number(ev: Evaluator, v: Value, default: Value = ZERO, base: Value = TEN) -> Value:
    from .numbers import whole

    if base != TEN:
        raise Unsupported("a number in another base", ev.line)
    return whole(ev, v, default)


def _extreme(largest: bool) -> Rule:
    def choose(ev: Evaluator, v: Value) -> Value:
        from .compare import compare

        if not isinstance(v, ListV) or not v.items:
            raise Unsupported("the least or greatest of these", ev.line)
        best = v.items[0]
        for x in v.items[1:]:
            y = best
            less = ev.truth(ev.lift2(x, y, lambda a, b: compare(ev, "gt" if largest else "lt", a, b)))
            best = ev.branch(less, lambda x=x: x, lambda y=y: y)  # type: ignore[misc]
        return best

    return choose


FILTERS["min"], FILTERS["max"] = _extreme(False), _extreme(True)
