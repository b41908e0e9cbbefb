"""Jinja's filters, one rule each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace as dataclass_replace

from jinja2 import Environment, Undefined
from jinja2.filters import do_indent, do_max, do_min, do_sort, do_unique

from ..ir import nodes as go
from ..ir import operations as ops
from ..ir.operations import JsonStyle
from ..values.choice import choose, leaves
from ..values.known import EMPTY, FALSE, NONE, TRUE, Const, KnownList, Undef
from ..values.lists import MARK, Selection, SelectionStep, StepKind
from ..values.number import go_int, is_int
from ..values.request import ContentParts
from ..values.text import Choice, Markup, Part, Str, is_text, parts_of, text_of
from ..values.truth import Bool
from ..values.value import Value
from . import idioms, semantics, text_methods
from .case import capitalized, in_case, titled
from .compare import compare
from .control_flow import Raised, Unsupported
from .markup import escaped
from .percent import formatted
from .selections import each
from .semantics import as_list, item, join, json_parts, pairs, select, slice_of, to_text
from .state import State
from .text_methods import call_method_of_text

ZERO, FOUR, TEN = Const(0), Const(4), Const(10)


def default(st: State, v: Value, default_value: Value = EMPTY, boolean: Value = FALSE) -> Value:
    """The other value for what is undefined (or, with `boolean`, empty)."""
    if st.truth(boolean) == go.TRUE:
        return st.branch(st.truth(v), lambda: st.settle(v), lambda: default_value)
    return st.lift(v, lambda x: default_value if isinstance(x, Undef) else x)


def trim(st: State, v: Value, chars: Value = NONE) -> Value:
    return st.lift(to_text(st, v), lambda x: text_methods.strip(st, "strip", x, chars))


def safe(st: State, v: Value) -> Value:
    """Markup; nothing is escaped when it is printed, but what is put together with it is."""
    return v if isinstance(v, Markup) else Markup(string(st, v))


def escape(st: State, v: Value) -> Value:
    return v if isinstance(v, Markup) else Markup(escaped(st, string(st, v)))


def string(st: State, v: Value) -> Value:
    return to_text(st, v)


def upper(st: State, v: Value) -> Value:
    return st.lift(to_text(st, v), lambda x: in_case(st, x, True))


def lower(st: State, v: Value) -> Value:
    return st.lift(to_text(st, v), lambda x: in_case(st, x, False))


def capitalize(st: State, v: Value) -> Value:
    return st.lift(to_text(st, v), lambda x: capitalized(st, x))


def title(st: State, v: Value) -> Value:
    """Jinja's own: a word begins after a space, `-`, `(`, `{`, `[` or `<`."""
    return st.lift(to_text(st, v), lambda x: titled(st, x, words=True))


def replace(st: State, v: Value, old: Value, new: Value, count: Value | None = None) -> Value:
    args = [old, new] if count is None else [old, new, count]
    return st.lift(to_text(st, v), lambda x: call_method_of_text(st, "replace", x, args, {}))


def format_(st: State, v: Value, *args: Value) -> Value:
    """`form | format(…)`: Python's `%`."""
    if not isinstance(v, Const) or not isinstance(v.value, str):
        raise Unsupported("the filter format of an unknown text", st.line)
    return formatted(st, v.value, args)


def first(st: State, v: Value) -> Value:
    if isinstance(v, Selection):
        v = Selection(v.over, v.steps, True)
    return item(st, v, Const(0))


def last(st: State, v: Value) -> Value:
    if isinstance(v, Selection) and not v.listed:
        raise Raised("'generator' object is not reversible")
    return item(st, v, Const(-1))


def reverse(st: State, v: Value) -> Value:
    return slice_of(st, v, NONE, NONE, Const(-1))


def items(st: State, v: Value) -> Value:
    if isinstance(v, Undef):
        return KnownList(())
    return pairs(st, v)


def dictsort(st: State, v: Value) -> Value:
    """Sorted by key without regard to case; Go's maps are sorted with regard to it."""
    return pairs(st, v, sort=True)


def tojson(
    st: State,
    v: Value,
    ensure_ascii: Value = FALSE,
    indent: Value = NONE,
    separators: Value = NONE,
    sort_keys: Value = FALSE,
) -> Value:
    return to_json(st, v, ensure_ascii, indent, separators, sort_keys)


def join_by(st: State, v: Value, d: Value = EMPTY, attribute: Value | None = None) -> Value:
    if attribute is not None:
        raise Unsupported("the filter join with an attribute", st.line)
    return st.lift(d, lambda between: join(st, v, between))


def sort(
    st: State,
    v: Value,
    reverse: Value = FALSE,
    case_sensitive: Value = FALSE,
    attribute: Value = NONE,
) -> Value:
    """Known texts and numbers; the parts of a content by type are in order as they are."""
    if isinstance(v, ContentParts) and attribute == Const("type") and reverse == FALSE:
        return v
    known = [x.value for x in v.items if isinstance(x, Const)] if isinstance(v, KnownList) else []
    if not isinstance(v, KnownList) or len(known) != len(v.items) or attribute != NONE:
        raise Unsupported("the filter sort of unknown values", st.line)
    try:
        done = do_sort(Environment(), known, reverse == TRUE, case_sensitive == TRUE)  # noqa: S701
    except TypeError as e:
        raise Raised(str(e)) from None
    return KnownList(tuple(Const(x) for x in done))


def unique(st: State, v: Value, case_sensitive: Value = FALSE, attribute: Value = NONE) -> Value:
    """Each text where it first stands; without `case_sensitive` capital letters are no difference."""
    if attribute != NONE:
        raise Unsupported("the filter unique with an attribute", st.line)
    known = [x.value for x in v.items if isinstance(x, Const)] if isinstance(v, KnownList) else None
    if isinstance(v, KnownList) and known is not None and len(known) == len(v.items):
        found = do_unique(Environment(), known, case_sensitive == TRUE)  # noqa: S701
        return KnownList(tuple(Const(x) for x in found))
    seen, kept = st.declare("seen", go.Lit(MARK)), st.declare("kept", go.Lit(""))
    add = go.Lit("%s%s" + MARK)

    def look(value: Value, _loop: int) -> None:
        if not all(map(is_text, leaves(st.settle(value)))):
            raise Unsupported("the filter unique for what are no texts", st.line)
        same = value if case_sensitive == TRUE else lower(st, value)
        text, key = st.to_go(value), st.to_go(same)
        wanted = go.call("printf", go.Lit(MARK + "%s" + MARK), key)

        def new() -> None:
            st.assign(kept, go.call("printf", add, kept, text))
            st.assign(seen, go.call("printf", add, seen, key))

        st.either_way(go.negate(idioms.contains_unknown(st, seen, wanted)), new)

    each(st, v if isinstance(v, Selection) else Selection(v, ()), look)
    return text_methods.separate(kept)


def length(st: State, v: Value) -> Value:
    """How many characters, elements or keys."""
    return semantics.length(st, v)


def list_(st: State, v: Value) -> Value:
    return as_list(st, v)


def _selection(kind: StepKind, by_attribute: bool) -> Callable[..., Value]:
    def choose(st: State, v: Value, *args: Value) -> Value:
        if by_attribute and not args:
            raise Unsupported("choosing by an attribute that is not named", st.line)
        names = [str(a.value) if isinstance(a, Const) else "" for a in args[: 1 + by_attribute]]
        attribute = names.pop(0) if by_attribute else None
        name = names[0] if names else ""
        return select(st, v, SelectionStep(kind, attribute, name, tuple(args[1 + by_attribute :])))

    return choose


def map_(
    st: State, v: Value, *args: Value, attribute: Value | None = None, default: Value | None = None
) -> Value:
    if default is not None:
        raise Unsupported("the filter map with a default", st.line)
    if isinstance(attribute, Const):
        return select(st, v, SelectionStep(StepKind.MAP, str(attribute.value), ""))
    name = str(args[0].value) if args and isinstance(args[0], Const) else ""
    return select(st, v, SelectionStep(StepKind.MAP, None, name, tuple(args[1:])))


def indent(st: State, v: Value, width: Value = FOUR, first: Value = FALSE, blank: Value = FALSE) -> Value:
    """Known texts only; JSON knows how to indent itself."""
    if isinstance(v, Const) and isinstance(v.value, str):
        settings = [x.value for x in (width, first, blank) if isinstance(x, Const)]
        if len(settings) == 3:
            return Const(do_indent(v.value, *settings))  # type: ignore[arg-type]
    try:
        return indented(st, v, width, first)
    except _NotJson:
        return _indented_lines(st, v, width, first, blank)


def _indented_lines(st: State, v: Value, width: Value, first: Value, blank: Value) -> Value:
    """Any text, line by line; the ends of lines become newlines, as in Jinja."""
    settings = [x.value for x in (width, first, blank) if isinstance(x, Const)]
    if len(settings) != 3 or not isinstance(settings[0], (int, str)) or not is_text(v):
        raise Unsupported("the filter indent with these arguments", st.line)
    inward = settings[0] if isinstance(settings[0], str) else " " * settings[0]
    begin = inward if settings[1] else ""
    # Jinja adds the newline so that a last empty line counts
    whole = st.concat(v, Const("\n"))
    marked = idioms.marked_lines(st, st.to_go(whole))
    text = idioms.indented(st, marked, inward, every=bool(settings[2]))
    return text_of(begin, text)


def numeric(st: State, v: Value, *args: Value) -> Value:
    if isinstance(v, Const) and type(v.value) is int:
        return Const(abs(v.value)) if not args else v
    raise Unsupported("the filters abs, float and round of an unknown number", st.line)


def as_number(st: State, v: Value, default: Value = ZERO, base: Value = TEN) -> Value:
    if base != TEN:
        raise Unsupported("the filter int with a base other than 10", st.line)
    return whole(st, v, default)


def _extreme(largest: bool) -> Callable[..., Value]:
    def choose(st: State, v: Value) -> Value:
        if not isinstance(v, KnownList) or not v.items:
            raise Unsupported("the filters min and max of an unknown list", st.line)
        if any(is_text(leaf) for x in v.items for leaf in leaves(x)):
            return _extreme_text(st, v, largest)
        best = v.items[0]
        for x in v.items[1:]:
            y = best
            less = st.truth(st.lift2(x, y, lambda a, b: compare(st, "gt" if largest else "lt", a, b)))
            best = st.branch(less, lambda x=x: x, lambda y=y: y)  # type: ignore[misc]
        return best

    return choose


def _extreme_text(st: State, v: KnownList, largest: bool) -> Value:
    """Jinja compares texts without regard to case, which only shows for those that are known."""
    known = [x.value for x in v.items if isinstance(x, Const)]
    if len(known) != len(v.items):
        raise Unsupported("the filters min and max of unknown texts", st.line)
    try:
        found = (do_max if largest else do_min)(Environment(), known)  # noqa: S701
    except TypeError as e:
        raise Raised(str(e)) from None
    assert not isinstance(found, Undefined)  # there is one at least
    return Const(found)


def whole(st: State, v: Value, default: Value) -> Value:
    """`v | int`: the number, or the default where it is none."""
    if isinstance(v, Undef) or v == NONE:
        return default
    if is_int(v):
        return v
    if isinstance(v, Const):
        try:
            return Const(int(v.value))  # type: ignore[arg-type]
        except ValueError:
            return _by_way_of_float(v, default)
        except OverflowError as e:  # an infinite number
            raise Raised(str(e)) from None
    if isinstance(v, Bool):
        return choose(v.test, Const(1), Const(0))
    if isinstance(v, Str):
        parts = [p for p in v.parts if not (isinstance(p, str) and p.isspace())]
        one = parts[0] if len(parts) == 1 else None
        if isinstance(one, Choice):
            then, orelse = text_of(*one.then.parts), text_of(*one.orelse.parts)
            return st.branch(one.test, lambda: whole(st, then, default), lambda: whole(st, orelse, default))
        if isinstance(one, go.Call) and one.fn == "print" and len(one.args) == 1:
            return go_int(one.args[0])  # what it prints is a number between spaces
    raise Unsupported(f"the filter int for {v.description}", st.line)


def _by_way_of_float(v: Const, default: Value) -> Value:
    try:
        return Const(int(float(str(v.value))))
    except (ValueError, OverflowError):
        return default


def to_json(
    st: State, v: Value, ensure_ascii: Value, indent: Value, separators: Value, sort_keys: Value
) -> Value:
    """`v | tojson(…)`."""
    if ensure_ascii == TRUE:
        what = "`tojson` with ensure_ascii: letters beyond ASCII stay as they are"
        st.note("MK622", what, "exact for texts in ASCII; Go templates cannot write \\u escapes", narrow=True)
    st.require("range_int", "Python's JSON")
    style = JsonStyle()
    if isinstance(indent, Const) and isinstance(indent.value, int) and not isinstance(indent.value, bool):
        style = JsonStyle(indent.value, comma=",")
    elif indent != NONE:
        raise Unsupported("tojson with this indent", st.line)
    if isinstance(separators, KnownList):
        between = [s.value for s in separators.items if isinstance(s, Const) and isinstance(s.value, str)]
        if len(between) != 2 or len(separators.items) != 2:
            raise Unsupported("tojson with these separators", st.line)
        style = JsonStyle(style.indent, comma=between[0], colon=between[1])
    elif separators != NONE:
        raise Unsupported("tojson with these separators", st.line)
    return text_of(*json_parts(st, v, style, sort_keys == TRUE))


def indented(st: State, v: Value, width: Value, first: Value) -> Value:
    """`… | tojson(indent=4) | indent(8)`: every level begins further in."""
    if not isinstance(width, Const) or not isinstance(width.value, int) or first != FALSE:
        raise _NotJson
    if isinstance(v, Const) and not is_text(v):
        raise Raised("indent of what is no text")
    if not isinstance(v, (Const, Str)):
        raise Unsupported(f"the filter indent of {v.description}", st.line)
    out: list[Part] = []
    for p in parts_of(v):
        if isinstance(p, str):
            out.append(p.replace("\n", "\n" + " " * width.value))
        elif isinstance(p, ops.ToJson):
            out.append(
                dataclass_replace(p, style=dataclass_replace(p.style, base=p.style.base + width.value))
            )
        else:
            raise _NotJson
    return text_of(*out)


class _NotJson(Exception):  # noqa: N818 - an outcome, not a fault
    """A text whose lines only show at run time."""


select_, selectattr = _selection(StepKind.SELECT, False), _selection(StepKind.SELECT, True)
reject, rejectattr = _selection(StepKind.REJECT, False), _selection(StepKind.REJECT, True)
minimum, maximum = _extreme(False), _extreme(True)
