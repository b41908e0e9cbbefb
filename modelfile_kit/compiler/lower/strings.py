"""Methods of str, `in` a text, and the pieces of a split."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ...huggingface import estimates
from ..ir import nodes as go
from ..ir import operations as ops
from ..ir.nodes import Test
from ..values import types
from ..values.types import Const, Int, Part, Split, Str, Undef, Value
from . import idioms
from .control_flow import Raised, Unsupported
from .text import unworked

if TYPE_CHECKING:
    from .evaluate import Evaluator


def has(ev: Evaluator, hay: Value, needle: Value) -> Test:
    """`needle in hay` for texts."""
    if not isinstance(needle, Const):
        return idioms.contains_unknown(ev, ev.to_go(hay), ev.to_go(needle))
    part = str(needle.value)
    if isinstance(hay, Const):
        return go.Truth(part in str(hay.value))
    assert isinstance(hay, Str)
    if any(isinstance(p, str) and part in p for p in hay.parts) or not part:
        return go.TRUE
    e = ev.to_go(hay)
    key = ops.Contains(e, part)
    known = ev.worked_out.get(key)
    if known and known.id in ev.visible():
        return go.Atom(known)
    test = idioms.contains(ev, e, part, "has_" + (_word(part) or "part"))
    if isinstance(test, go.Atom) and isinstance(test.expr, go.Var):
        ev.worked_out[key] = test.expr
    return test


def _word(text: str) -> str:
    return "".join(c for c in text if c.isascii() and c.isalnum())[:20]


Rule = Callable[..., Value]
METHODS: dict[str, Rule] = {}


def method(*names: str) -> Callable[[Rule], Rule]:
    """Registers the rule of a method of str."""

    def register(rule: Rule) -> Rule:
        for name in names:
            METHODS[name] = rule
        return rule

    return register


def call_method(ev: Evaluator, name: str, v: Value, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """`v.name(…)` for a text."""
    known = [a.value for a in args if isinstance(a, Const)]
    if isinstance(v, Const) and len(known) == len(args) and not kwargs:
        return _known(ev, name, str(v.value), known)
    rule = METHODS.get(name)
    if rule is None:
        raise Unsupported(f"the method {name} of an unknown text", ev.line)
    return rule(ev, name, v, *args, **kwargs)


def _known(ev: Evaluator, name: str, text: str, args: Sequence[object]) -> Value:
    try:
        method = getattr(text, name)
        estimates.before_method(method, tuple(args), {})
        return literal(method(*args))
    except (TypeError, ValueError, IndexError, KeyError) as e:
        raise Raised(str(e)) from None


def literal(x: object) -> Value:
    """A Python value as a known one."""
    if isinstance(x, (list, tuple)):
        return types.ListV(tuple(literal(i) for i in x))
    if x is None or isinstance(x, (str, int, float)):
        return Const(x)
    raise Unsupported(f"a {type(x).__name__}")


def _text_argument(ev: Evaluator, v: Value | None) -> str | None:
    if v is None or v == types.NONE:
        return None
    if isinstance(v, Const) and isinstance(v.value, str):
        return v.value
    raise Unsupported("this method with an unknown argument", ev.line)


@method("strip", "lstrip", "rstrip")
def strip(ev: Evaluator, name: str, v: Value, chars: Value | None = None) -> Value:
    """Known ends are stripped now; an unknown end stays a lazy call, worked out where it is used."""
    cut = _text_argument(ev, chars)
    assert isinstance(v, (Const, Str))
    return strip_parts(ev, name, v, cut)


def strip_parts(ev: Evaluator, name: str, v: Const | Str, chars: str | None) -> Value:
    """`strip`, `lstrip` or `rstrip` of a text in parts."""
    parts = list(types.parts_of(v))
    left, right = name in ("strip", "lstrip"), name in ("strip", "rstrip")
    while left and parts and isinstance(parts[0], str):
        parts[0] = parts[0].lstrip(chars)
        if parts[0]:
            left = False
        else:
            parts.pop(0)
    while right and parts and isinstance(parts[-1], str):
        parts[-1] = parts[-1].rstrip(chars)
        if parts[-1]:
            right = False
        else:
            parts.pop()
    if not parts or not (left or right):
        return types.text(*parts)
    if left and isinstance(parts[0], types.PictureTags):
        left = False
    if not (left or right):
        return types.text(*parts)
    return types.text(*_strip_unknown(ev, parts, left, right, chars))


def _strip_unknown(
    ev: Evaluator, parts: list[Part], left: bool, right: bool, chars: str | None
) -> list[Part]:
    """Strips what begins or ends with an unknown part; what may become empty goes as a whole."""
    solid = [i for i, p in enumerate(parts) if isinstance(p, str) and p.strip(chars)]
    if solid:
        head, tail = parts[: solid[0]], parts[solid[-1] + 1 :]
        middle = parts[solid[0] : solid[-1] + 1]
        if left and head:
            first = _strip_unknown(ev, head + middle[:1], True, False, chars) if len(head) > 1 else None
            head = first[:-1] if first else [_lazy(ev, "lstrip", types.Str(tuple(head)), chars)]
        if right and tail:
            tail = [_lazy(ev, "rstrip", types.Str(tuple(tail)), chars)]
            if isinstance(middle[-1], str):
                return _strip_tail(ev, [*head, *middle], tail, chars)
        return [*head, *middle, *tail]
    name = "strip" if left and right else "lstrip" if left else "rstrip"
    return [_lazy(ev, name, types.Str(tuple(parts)), chars)]


def _strip_tail(ev: Evaluator, kept: list[Part], tail: list[Part], chars: str | None) -> list[Part]:
    """Blanks before an unknown end only go if that end is all blank."""
    last = kept[-1]
    assert isinstance(last, str)
    short = last.rstrip(chars)
    if short == last:
        return [*kept, *tail]
    test = ev.truth(types.Str(tuple(tail)))
    return [*kept[:-1], short, types.Choice(test, types.Str((last[len(short) :], *tail)), types.Str(()))]


def _lazy(ev: Evaluator, name: str, v: Str, chars: str | None) -> go.Expr:
    left, right = name != "rstrip", name != "lstrip"
    inner = v.parts[0] if len(v.parts) == 1 else None
    if isinstance(inner, ops.Strip) and chars is inner.chars is None and inner.covers(left, right):
        return inner
    ev.require("range_int", "looking into a text")
    return ops.Strip(unworked(ev, v), chars, left, right)


@method("startswith", "endswith")
def starts_or_ends(ev: Evaluator, name: str, v: Value, affix: Value) -> Value:
    """A known affix against the known end of the text, or against Go's own cut."""
    if isinstance(affix, types.ListV):
        tests = [ev.truth(starts_or_ends(ev, name, v, a)) for a in affix.items]
        return types.boolean(go.either(*tests))
    if isinstance(affix, Str):
        return types.boolean(idioms.at_end(ev, ev.to_go(v), ev.to_go(affix), name == "startswith"))
    text = _text_argument(ev, affix) or ""
    assert isinstance(v, (Const, Str))
    parts = types.parts_of(v)
    end = (parts[0] if name == "startswith" else parts[-1]) if parts else ""
    if isinstance(end, str) and len(end) >= len(text):
        return Const(bool(getattr(end, name)(text)))
    e = ev.to_go(v)
    test = idioms.starts_with(e, text) if name == "startswith" else idioms.ends_with(e, text)
    return types.boolean(ev.facts.simplify(test))


@method("split")
def split(
    ev: Evaluator, name: str, v: Value, sep: Value | None = None, maxsplit: Value | None = None
) -> Value:
    """Kept as it is: most templates only ask for its first or last piece."""
    text = _text_argument(ev, sep)
    if not text:
        raise Unsupported("splitting at blanks", ev.line)
    limit = maxsplit.value if isinstance(maxsplit, Const) else -1
    assert isinstance(v, (Str, Const)) and isinstance(limit, int)
    return Split(types.as_str(v), text, limit)


def split_element(ev: Evaluator, v: Split, key: Value) -> Value:
    """`text.split(sep)[n]`."""
    if isinstance(key, Int):
        return _piece_at(ev, v, key)
    if not isinstance(key, Const) or not isinstance(key.value, int):
        raise Unsupported("a piece of a text by an unknown index", ev.line)
    n = key.value
    e = ev.to_go(v.text)
    if n == -1 and v.limit < 0 and not v.skip:
        return types.string(idioms.after_last(ev, e, v.sep))
    if n < 0:
        from .searches import piece_from_end

        return piece_from_end(ev, v, n)
    return _piece(ev, e, v, n + v.skip)


def _piece(ev: Evaluator, e: go.Expr, v: Split, n: int) -> Value:
    if n == 0:
        return types.string(e if v.limit == 0 else idioms.before_first(ev, e, v.sep))
    if 0 <= v.limit < n:
        return Undef()

    def rest() -> Value:
        after = idioms.after_first(ev, e, v.sep)
        return _piece(ev, after, Split(v.text, v.sep, v.limit - 1 if v.limit > 0 else v.limit), n - 1)

    return ev.branch(has(ev, types.Str((e,)), Const(v.sep)), rest, lambda: Undef())


def _piece_at(ev: Evaluator, v: Split, key: Int) -> Value:
    """A piece by an index that only shows at run time; past the last it would be undefined."""
    if v.limit >= 0 or v.skip or ev.least(key) < 0:
        raise Unsupported("a piece of a text by this index", ev.line)
    wanted = ev.to_go(key)
    found = ev.declare("piece", go.Lit(""))
    n = ev.declare("n", go.Lit(""))

    def body(piece: go.Expr, _first: Test, _last: Test) -> None:
        ev.emit(go.If(go.equal(go.call("len", n), wanted), (go.Set(found, piece),)))
        ev.emit(go.Set(n, go.call("printf", go.Lit("%s."), n)))

    idioms.pieces(ev, ev.to_go(v.text), v.sep, body)
    return types.string(found)


def count_pieces(ev: Evaluator, v: Split) -> Value:
    """`len(text.split(sep))`."""
    n = ev.declare("n", go.Lit(""))

    def body(_piece: go.Expr, _first: Test, _last: Test) -> None:
        ev.emit(go.Set(n, go.call("printf", go.Lit("%s."), n)))

    idioms.pieces(ev, ev.to_go(v.text), v.sep, body)
    return types.integer({go.call("len", n): 1}, -v.skip)


def after_pieces(ev: Evaluator, v: Split) -> Value:
    """`sep.join(text.split(sep)[skip:])`."""
    e = ev.to_go(v.text)
    for _ in range(v.skip):
        e = idioms.after_first(ev, e, v.sep)
    return types.string(e)


@method("replace")
def replace(ev: Evaluator, name: str, v: Value, old: Value, new: Value, count: Value | None = None) -> Value:
    """`text.replace(old, new)` part by part is wrong where a hit spans parts, so it takes the whole."""
    a = _text_argument(ev, old)
    if a and count == Const(1) and types.is_text(new):
        e = ev.to_go(v)
        head, rest = idioms.before_first(ev, e, a), idioms.after_first(ev, e, a)
        changed = ev.concat(ev.concat(types.string(head), new), types.string(rest))
        return ev.settle(types.choose(has(ev, types.Str((e,)), Const(a)), changed, types.string(e)))
    if not a or not types.is_text(new) or count is not None:
        raise Unsupported("replacing this", ev.line)
    b: go.Expr | str = str(new.value) if isinstance(new, Const) else ev.to_go(new)
    return types.string(idioms.replace(ev, ev.to_go(v), a, b))


@method("upper", "lower")
def change_case(ev: Evaluator, name: str, v: Value) -> Value:
    """Only ASCII letters can be mapped; what else there is makes the result differ."""
    from .case import in_case

    return in_case(ev, v, name == "upper")


@method("title")
def title(ev: Evaluator, name: str, v: Value) -> Value:
    from .case import titled

    return titled(ev, v)


@method("capitalize")
def capitalize(ev: Evaluator, name: str, v: Value) -> Value:
    from .case import capitalized

    return capitalized(ev, v)


def cut(ev: Evaluator, v: Value, start: Value, stop: Value, step: Value) -> Value:
    """`text[a:b]`, counted in characters by printf's precision."""
    if step != types.NONE:
        raise Unsupported("a slice of a text with a step", ev.line)
    if start == types.NONE and isinstance(stop, Const) and isinstance(stop.value, int) and stop.value >= 0:
        return types.string(go.call("printf", go.Lit(f"%.{stop.value}s"), ev.to_go(v)))
    parts = list(types.parts_of(v))  # type: ignore[arg-type]
    if start == types.NONE and isinstance(stop, Const) and isinstance(stop.value, int):
        last = parts[-1]
        if isinstance(last, str) and len(last) >= -stop.value:
            return types.text(*parts[:-1], last[: stop.value])
    if stop == types.NONE and isinstance(start, Const) and isinstance(start.value, int) and start.value >= 0:
        e = ev.to_go(v)
        head = go.call("printf", go.Lit(f"%.{start.value}s"), e)
        return types.string(go.call("slice", e, go.call("len", head)))
    for b in (start, stop):
        if not (b == types.NONE or types.is_int(b)):
            raise Unsupported("this slice of a text", ev.line)
    e = ev.to_go(v)
    if not isinstance(e, (go.Var, go.Field)):
        e = ev.declare("text", e)
    return _between(ev, e, start, stop)


def _between(ev: Evaluator, e: go.Expr, start: Value, stop: Value) -> Value:
    """`text[a:b]` for whole numbers: what is before the end, less what is before the beginning."""
    low = _from_left(ev, e, start) if start != types.NONE else None
    if stop != types.NONE:
        high = _from_left(ev, e, stop)
        e = go.call("printf", go.Lit("%.*s"), ev.to_go(high), e)
    if low is None:
        return types.string(e)
    if stop != types.NONE:
        e = ev.declare("head", e)
    before = go.call("printf", go.Lit("%.*s"), ev.to_go(low), e)
    return types.string(go.call("slice", e, go.call("len", before)))


def _from_left(ev: Evaluator, e: go.Expr, bound: Value) -> Value:
    """A bound counted from the beginning: below zero it counts from the end, and stops at the beginning."""
    from .arithmetic import binary
    from .compare import compare

    if ev.least(bound) >= 0:
        return bound
    from_end = binary(ev, "+", types.number(ops.CharacterCount(e)), bound)

    def backwards() -> Value:
        outside = ev.truth(compare(ev, "lt", from_end, Const(0)))
        return ev.branch(outside, lambda: Const(0), lambda: from_end)

    return ev.branch(ev.truth(compare(ev, "lt", bound, Const(0))), backwards, lambda: bound)


def length(ev: Evaluator, v: Value) -> Value:
    """`len(text)` in characters: printf pads to a width in characters, which tells how many there are."""
    if isinstance(v, Const):
        return Const(len(str(v.value)))
    return types.number(ops.CharacterCount(ev.to_go(v)))


__all__ = [
    "METHODS",
    "Int",
    "after_pieces",
    "call_method",
    "cut",
    "has",
    "length",
    "literal",
    "split_element",
    "strip_parts",
]
