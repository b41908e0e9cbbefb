"""Methods of str."""

from __future__ import annotations

import string
from collections.abc import Sequence

from ...core.numbers import MOST_DIGITS
from ...huggingface import estimates
from ..ir import nodes as go
from ..ir import operations as ops
from ..ir.operations import ImageTags
from ..values.choice import choose
from ..values.known import EMPTY, NONE, Const, KnownList
from ..values.lists import MARK, EncodedList, SplitText
from ..values.number import Int, go_int, sum_of
from ..values.text import Choice, Part, Str, as_str, go_text, is_text, parts_of, text_of
from ..values.truth import bool_of
from ..values.value import Value
from . import idioms
from .case import capitalized, in_case, titled
from .control_flow import Raised, Unsupported
from .kinds.split_text import count_pieces
from .lazy import unworked
from .rule_calls import by_rule
from .semantics import to_text
from .state import State
from .text_search import around, has, held, wanted


def call_method_of_text(st: State, name: str, v: Value, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """`v.name(…)` for a text."""
    known = [a.value for a in args if isinstance(a, Const)]
    if isinstance(v, Const) and len(known) == len(args) and not kwargs:
        return _known(name, str(v.value), known)
    rule = st.rules.methods.get(name)
    if rule is None:
        raise Unsupported(f"the method {name} of an unknown text", st.line)
    return by_rule(st, f"the method {name} of a text", rule, name, v, *args, **kwargs)


def _known(name: str, text: str, args: Sequence[object]) -> Value:
    try:
        method = getattr(text, name)
        estimates.before_method(method, tuple(args), {})
        return literal(method(*args))
    except (TypeError, ValueError, OverflowError, IndexError, KeyError) as e:
        raise Raised(str(e)) from None


def literal(x: object) -> Value:
    """A Python value as a known one."""
    if isinstance(x, (list, tuple)):
        return KnownList(tuple(literal(i) for i in x))
    if x is None or isinstance(x, (str, int, float)):
        return Const(x)
    raise Unsupported(f"a value of the type {type(x).__name__}")


def _text_argument(st: State, v: Value | None) -> str | None:
    if v is None or v == NONE:
        return None
    if isinstance(v, Const) and isinstance(v.value, str):
        return v.value
    raise Unsupported("this method of a text with an unknown argument", st.line)


def strip(st: State, name: str, v: Value, chars: Value | None = None) -> Value:
    """Known ends are stripped now; an unknown end stays a lazy call, worked out where it is used."""
    cut = _text_argument(st, chars)
    assert isinstance(v, (Const, Str))
    return strip_parts(st, name, v, cut) if cut != "" else v  # without letters nothing is stripped


def strip_parts(st: State, name: str, v: Const | Str, chars: str | None) -> Value:
    """`strip`, `lstrip` or `rstrip` of a text in parts."""
    parts = list(parts_of(v))
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
        return text_of(*parts)
    if left and isinstance(parts[0], ImageTags):
        left = False
    if not (left or right):
        return text_of(*parts)
    return text_of(*_strip_unknown(st, parts, left, right, chars))


def _strip_unknown(st: State, parts: list[Part], left: bool, right: bool, chars: str | None) -> list[Part]:
    """Strips what begins or ends with an unknown part; what may become empty goes as a whole."""
    solid = [i for i, p in enumerate(parts) if isinstance(p, str) and p.strip(chars)]
    if solid:
        head, tail = parts[: solid[0]], parts[solid[-1] + 1 :]
        middle = parts[solid[0] : solid[-1] + 1]
        if left and head:
            first = _strip_unknown(st, head + middle[:1], True, False, chars) if len(head) > 1 else None
            head = first[:-1] if first else [_lazy(st, "lstrip", Str(tuple(head)), chars)]
        if right and tail:
            tail = [_lazy(st, "rstrip", Str(tuple(tail)), chars)]
            if isinstance(middle[-1], str):
                return _strip_tail(st, [*head, *middle], tail, chars)
        return [*head, *middle, *tail]
    name = "strip" if left and right else "lstrip" if left else "rstrip"
    return [_lazy(st, name, Str(tuple(parts)), chars)]


def _strip_tail(st: State, kept: list[Part], tail: list[Part], chars: str | None) -> list[Part]:
    """Spaces before an unknown end are only stripped if all of that end is."""
    last = kept[-1]
    assert isinstance(last, str)
    short = last.rstrip(chars)
    if short == last:
        return [*kept, *tail]
    test = st.truth(Str(tuple(tail)))
    return [*kept[:-1], short, Choice(test, Str((last[len(short) :], *tail)), Str(()))]


def _lazy(st: State, name: str, v: Str, chars: str | None) -> go.Expr:
    left, right = name != "rstrip", name != "lstrip"
    inner = v.parts[0] if len(v.parts) == 1 else None
    if isinstance(inner, ops.Strip) and chars is inner.chars is None and inner.covers(left, right):
        return inner
    st.require("range_int", "searching a text")
    return ops.Strip(unworked(st, v), chars, left, right)


def starts_or_ends(st: State, name: str, v: Value, affix: Value) -> Value:
    """A known affix against the known end of the text, or against Go's own cut."""
    if isinstance(affix, KnownList):
        tests = [st.truth(starts_or_ends(st, name, v, a)) for a in affix.items]
        return bool_of(go.either(*tests))
    if isinstance(affix, Str):
        return bool_of(idioms.at_end(st, st.to_go(v), st.to_go(affix), name == "startswith"))
    text = _text_argument(st, affix) or ""
    assert isinstance(v, (Const, Str))
    parts = parts_of(v)
    end = (parts[0] if name == "startswith" else parts[-1]) if parts else ""
    if isinstance(end, str) and len(end) >= len(text):
        return Const(bool(getattr(end, name)(text)))
    e = st.to_go(v)
    test = idioms.starts_with(e, text) if name == "startswith" else idioms.ends_with(e, text)
    return bool_of(st.facts.simplify(test))


def split(st: State, name: str, v: Value, sep: Value | None = None, maxsplit: Value | None = None) -> Value:
    """Kept as it is: most templates only ask for its first or last piece."""
    if isinstance(sep, Str):
        if maxsplit is not None:
            raise Unsupported("split() at an unknown text with a limit", st.line)
        return st.branch(
            st.truth(sep),
            lambda: SplitText(go_text(_marked(st, v, sep)), MARK),
            lambda: _raise(Raised("empty separator")),
        )
    text = _text_argument(st, sep)
    if text is None and maxsplit is None:
        return separate(idioms.marked_words(st, st.to_go(v)))
    if not text:
        raise Unsupported("split() without a separator, with a limit", st.line)
    limit = maxsplit.value if isinstance(maxsplit, Const) else -1
    assert isinstance(v, (Str, Const)) and isinstance(limit, int)
    return SplitText(as_str(v), text, limit)


def splitlines(st: State, name: str, v: Value) -> Value:
    return separate(idioms.marked_lines(st, st.to_go(v)))


def separate(marked: go.Var) -> EncodedList:
    """A list of texts from one in which a mark follows each."""
    return EncodedList(go_text(marked))


def replace(st: State, name: str, v: Value, old: Value, new: Value, count: Value | None = None) -> Value:
    """`text.replace(old, new)` part by part is wrong where a hit spans parts, so it takes the whole."""
    if isinstance(old, Str) and count is None and is_text(new):
        empty = Unsupported("replace() of a text that may be empty", st.line)
        return st.branch(
            st.truth(old),
            lambda: go_text(idioms.replace(st, _marked(st, v, old), MARK, _inserted(st, new))),
            lambda: _raise(empty),
        )
    a = _text_argument(st, old)
    if a and count == Const(1) and is_text(new):
        e = st.to_go(v)
        head, rest = idioms.before_first(st, e, a), idioms.after_first(st, e, a)
        changed = st.concat(st.concat(go_text(head), new), go_text(rest))
        return st.settle(choose(has(st, Str((e,)), Const(a)), changed, go_text(e)))
    if not a or not is_text(new) or count is not None:
        raise Unsupported("replace() with these arguments", st.line)
    return go_text(idioms.replace(st, st.to_go(v), a, _inserted(st, new)))


def _marked(st: State, v: Value, sep: Str) -> go.Expr:
    """A text with a mark in place of each separator that only shows at run time."""
    return idioms.marked_pieces(st, st.to_go(v), st.to_go(sep))


def _raise(outcome: Exception) -> Value:
    raise outcome


def _inserted(st: State, new: Value) -> go.Expr | str:
    return str(new.value) if isinstance(new, Const) else st.to_go(new)


def change_case(st: State, name: str, v: Value) -> Value:
    """Only ASCII letters can be mapped; what else there is makes the result differ."""
    return in_case(st, v, name == "upper")


def title(st: State, name: str, v: Value) -> Value:
    return titled(st, v)


def capitalize(st: State, name: str, v: Value) -> Value:
    return capitalized(st, v)


def find(st: State, name: str, v: Value, part: Value) -> Value:
    """How many characters stand before; -1 (or an error) where it is not."""
    e, sep = held(st, v), wanted(st, part)
    there, head, _ = around(st, e, sep, name in ("rfind", "rindex"))

    def missing() -> Value:
        if name in ("index", "rindex"):
            raise Raised("substring not found")
        return Const(-1)

    return st.branch(there, lambda: go_int(ops.CharacterCount(head)), missing)


def partition(st: State, name: str, v: Value, part: Value) -> Value:
    e, sep = held(st, v), wanted(st, part)
    there, head, tail = around(st, e, sep, name == "rpartition")
    between = choose(there, Const(sep), EMPTY)
    return KnownList((go_text(head), between, go_text(tail)))


def rsplit(st: State, name: str, v: Value, sep: Value = NONE, maxsplit: Value | None = None) -> Value:
    """`rsplit(sep, 1)`; without a limit it is `split`."""
    if maxsplit is None:
        return split(st, "split", v, sep)
    if maxsplit != Const(1):
        raise Unsupported("rsplit() with a limit other than 1", st.line)
    e = held(st, v)
    there, head, tail = around(st, e, wanted(st, sep), True)
    cut = KnownList((go_text(head), go_text(tail)))
    return st.settle(choose(there, cut, KnownList((go_text(e),))))


def count(st: State, name: str, v: Value, part: Value) -> Value:
    assert isinstance(v, (Const, Str))
    pieces = count_pieces(st, SplitText(as_str(v), wanted(st, part)))
    assert isinstance(pieces, Int)
    return sum_of(dict(pieces.terms), pieces.const - 1)


def remove_affix(st: State, name: str, v: Value, affix: Value) -> Value:
    e, text = held(st, v), wanted(st, affix)
    size = go.Lit(len(text.encode()))
    if name == "removeprefix":
        test, rest = idioms.starts_with(e, text), go.call("slice", e, size)
    else:
        test = idioms.ends_with(e, text)
        rest = go.call("slice", e, go.Lit(0), go.call("len", go.call("slice", e, size)))
    return st.branch(st.facts.simplify(test), lambda: go_text(rest), lambda: go_text(e))


def format_braces(st: State, v: Value, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if not isinstance(v, Const):
        raise Unsupported("format() of an unknown text", st.line)
    result: Value = EMPTY
    counter = 0
    for literal, name, spec, conversion in string.Formatter().parse(str(v.value)):
        result = st.concat(result, Const(literal))
        if name is None:
            continue
        if spec or conversion or not (name == "" or name.isdecimal() or name.isidentifier()):
            raise Unsupported("format() with more than names and numbers", st.line)
        if name == "":
            name, counter = str(counter), counter + 1
        chosen = kwargs.get(name)
        if name.isdecimal():  # Python converts no number of thousands of digits
            place = int(name) if len(name) <= MOST_DIGITS else len(args)
            chosen = args[place] if place < len(args) else None
        if chosen is None:
            raise Raised("format: no such argument")
        result = st.concat(result, to_text(st, chosen))
    return result
