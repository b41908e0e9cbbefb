"""Python's string methods in a language that can only cut, compare and count.

Every function writes the statements that do the work and answers the expression (or test) that
holds the result. All are held against Python's own answer in tests/compiler/lower/test_idioms.py.
"""

from __future__ import annotations

from collections.abc import Callable

from ..ir import nodes as go
from ..ir.nodes import Expr, Lit, Test, Var, call
from ..values.lists import MARK
from .state import State

# What str.strip() takes away: Unicode's White_Space and the four ASCII separators.
_RANGES = (("\t", "\r"), ("\x1c", " "), ("\u2000", "\u200a"))
_SINGLE = ("\u0085", "\u00a0", "\u1680", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000")


def overlaps(sep: str) -> bool:
    """Whether a text can begin inside itself, as "\\n\\n" in three newlines."""
    return any(sep.startswith(sep[k:]) for k in range(1, len(sep)))


def unmixed(here: Expr, sep: str) -> Test:
    """Whether a separator is not partly the one that was put behind a text, and partly the text's own end.

    here: the text from the separator on, with the one behind it. A separator that cannot begin inside itself
    cannot be mixed so.
    """
    if not overlaps(sep):
        return go.TRUE
    size = size_of(sep)
    behind = go.equal(call("len", here), Lit(size))
    return go.either(behind, go.negate(go.Atom(call("lt", call("len", here), Lit(2 * size)))))


def size_of(text: str) -> int:
    """How many bytes a text has."""
    return len(text.encode("utf-8", "surrogateescape"))


def scan(st: State, s: Expr, body: Callable[[Expr], None], index: str = "i") -> None:
    """`range $i := len s`: the body is written once, for the byte at `i`."""
    st.require("range_int", "searching a text")
    loop = st.fresh()
    declared = set(st.declared)
    with st.capture() as written:
        body(go.Index(loop, index))
    st.declared = declared
    st.emit(go.Range(loop, call("len", s), tuple(written), index=index, count=True))


def starts_with(s: Expr, prefix: str) -> Test:
    """`s.startswith(prefix)`."""
    return go.equal(call("printf", Lit(f"%.{len(prefix)}s"), s), Lit(prefix)) if prefix else go.TRUE


def ends_with(s: Expr, suffix: str) -> Test:
    """`s.endswith(suffix)`."""
    if not suffix:
        return go.TRUE
    n = Lit(len(suffix.encode()))
    tail = call("slice", s, call("len", call("slice", s, n)))
    return go.both(go.negate(go.Atom(call("lt", call("len", s), n))), go.equal(tail, Lit(suffix)))


def at_end(st: State, s: Expr, affix: Expr, start: bool) -> Test:
    """`s.startswith(affix)` or `s.endswith(affix)` for a text that only shows at run time."""
    whole, wanted = st.declare("whole", s), st.declare("wanted", affix)
    fits = go.negate(go.Atom(call("lt", call("len", whole), call("len", wanted))))
    size = call("len", wanted)
    if start:
        return go.both(fits, go.equal(call("slice", whole, Lit(0), size), wanted))
    return go.both(fits, go.equal(call("slice", whole, call("len", call("slice", whole, size))), wanted))


def contains(st: State, s: Expr, part: str, hint: str = "found") -> Test:
    """`part in s`."""
    if not part:
        return go.TRUE
    found = st.declare(hint, Lit(False))

    def body(i: Expr) -> None:
        hit = (go.Set(found, Lit(True)), go.Break())
        st.emit(go.If(starts_with(call("slice", s, i), part), hit))

    scan(st, s, body)
    return go.Atom(found)


def contains_unknown(st: State, s: Expr, part: Expr, hint: str = "found") -> Test:
    """`part in s` for a text that only shows at run time; the empty text is in every one."""
    whole, wanted = st.declare("whole", s), st.declare("wanted", part)
    found = st.declare(hint, call("not", wanted))

    def body(i: Expr) -> None:
        rest = call("slice", whole, i)
        fits = go.negate(go.Atom(call("lt", call("len", rest), call("len", wanted))))
        same = go.equal(call("slice", rest, Lit(0), call("len", wanted)), wanted)
        st.emit(go.If(go.both(fits, same), (go.Set(found, Lit(True)), go.Break())))

    scan(st, whole, body)
    return go.Atom(found)


def before_first(st: State, s: Expr, sep: str, hint: str = "head") -> Var:
    """`s.split(sep)[0]`."""
    head = st.declare(hint, s)

    def body(i: Expr) -> None:
        hit = (go.Set(head, call("slice", s, Lit(0), i)), go.Break())
        st.emit(go.If(starts_with(call("slice", s, i), sep), hit))

    scan(st, s, body)
    return head


def after_first(st: State, s: Expr, sep: str, hint: str = "rest") -> Var:
    """`s.split(sep, 1)[1]`, empty if `sep` is not there."""
    rest = st.declare(hint, Lit(""))
    cut = Lit(size_of(sep))

    def body(i: Expr) -> None:
        hit = (go.Set(rest, call("slice", call("slice", s, i), cut)), go.Break())
        st.emit(go.If(starts_with(call("slice", s, i), sep), hit))

    scan(st, s, body)
    return rest


def after_last(st: State, s: Expr, sep: str, hint: str = "tail") -> Var:
    """`s.split(sep)[-1]`; pieces are found from the left, so a hit inside a hit is none."""
    tail = st.declare(hint, s)
    cut = Lit(size_of(sep))
    skip = st.declare("left", call("len", s)) if overlaps(sep) else None

    def body(i: Expr) -> None:
        rest = call("slice", s, i)
        hit: list[go.Node] = [go.Set(tail, call("slice", rest, cut))]
        test = starts_with(rest, sep)
        if skip:
            # what is left after the last hit bounds where the next may begin
            hit.append(go.Set(skip, call("len", tail)))
            test = go.both(go.negate(go.Atom(call("lt", skip, call("len", rest)))), test)
        st.emit(go.If(test, tuple(hit)))

    scan(st, s, body)
    return tail


def around_last(st: State, s: Expr, sep: str, *, apart: bool = False) -> tuple[Var, Var]:
    """What stands before and after the last `sep`; nothing and everything without one.

    apart: separators are found from the left, so a hit inside a hit is none, as split() finds them.
    """
    head, tail = st.declare("head", Lit("")), st.declare("tail", s)
    cut = Lit(size_of(sep))
    left = st.declare("left", call("len", s)) if apart and overlaps(sep) else None

    def body(i: Expr) -> None:
        rest = call("slice", s, i)
        hit: list[go.Node] = [
            go.Set(head, call("slice", s, Lit(0), i)),
            go.Set(tail, call("slice", rest, cut)),
        ]
        test = starts_with(rest, sep)
        if left:
            hit.append(go.Set(left, call("len", tail)))
            test = go.both(go.negate(go.Atom(call("lt", left, call("len", rest)))), test)
        st.emit(go.If(test, tuple(hit)))

    scan(st, s, body)
    return head, tail


def pieces(st: State, s: Expr, sep: str, body: Callable[[Expr, Test, Test], None]) -> None:
    """`for piece in s.split(sep)`: the body is written once, given the piece, first and last."""
    whole = st.declare("whole", call("printf", Lit("%s" + sep.replace("%", "%%")), s))
    rest = st.declare("pieces", whole)
    cut = Lit(size_of(sep))

    def at(i: Expr) -> None:
        here = call("slice", whole, i)
        inside = st.declare(
            "piece", call("slice", rest, Lit(0), call("len", call("slice", rest, call("len", here))))
        )
        first = go.equal(call("len", rest), call("len", whole))
        last = go.equal(call("len", here), cut)
        body(inside, first, last)
        st.emit(go.Set(rest, call("slice", here, cut)))

    def visit(i: Expr) -> None:
        here = call("slice", whole, i)
        with st.capture() as written:
            at(i)
        fits = go.negate(go.Atom(call("lt", call("len", rest), call("len", here))))
        st.emit(go.If(go.both(fits, starts_with(here, sep), unmixed(here, sep)), tuple(written)))

    scan(st, whole, visit)


def replace(st: State, s: Expr, old: str, new: Expr | str, hint: str = "text") -> Var:
    """`s.replace(old, new)`."""
    result = st.declare(hint, Lit(""))

    def body(piece: Expr, _first: Test, last: Test) -> None:
        st.emit(go.Set(result, call("printf", Lit("%s%s"), result, piece)))
        if new:
            form, args = ("%s" + new.replace("%", "%%"), ()) if isinstance(new, str) else ("%s%s", (new,))
            more = go.Set(result, go.Call("printf", (Lit(form), result, *args)))
            st.emit(go.If(go.negate(last), (more,)))

    pieces(st, s, old, body)
    return result


def marked_pieces(st: State, s: Expr, sep: Expr) -> Var:
    """`s` with `MARK` in place of each separator that only shows at run time."""
    whole, wanted = st.declare("whole", s), st.declare("wanted", sep)
    rest, result = st.declare("rest", whole), st.declare("text", Lit(""))

    def body(i: Expr) -> None:
        here = call("slice", whole, i)
        piece = call("slice", rest, Lit(0), call("len", call("slice", rest, call("len", here))))
        hit = (
            go.Set(result, call("printf", Lit("%s%s" + MARK), result, piece)),
            go.Set(rest, call("slice", here, call("len", wanted))),
        )
        apart = go.negate(go.Atom(call("lt", call("len", rest), call("len", here))))
        fits = go.negate(go.Atom(call("lt", call("len", here), call("len", wanted))))
        same = go.equal(call("slice", here, Lit(0), call("len", wanted)), wanted)
        st.emit(go.If(apart, (go.If(go.both(fits, same), hit),)))

    scan(st, whole, body)
    st.emit(go.Set(result, call("printf", Lit("%s%s"), result, rest)))
    return result


# Where str.splitlines() ends a line; "\r\n" is one end.
_LINE_ENDS = "\n\r\v\f\x1c\x1d\x1e\u0085\u2028\u2029"


def marked_lines(st: State, s: Expr) -> Var:
    """`s.splitlines()` with `MARK` after each line."""
    whole = st.declare("whole", s)
    rest, result = st.declare("rest", whole), st.declare("lines", Lit(""))
    add = Lit("%s%s" + MARK)

    def body(i: Expr) -> None:
        here = call("slice", whole, i)
        c = st.declare("c", call("printf", Lit("%.1s"), here))
        line = call("slice", rest, Lit(0), call("len", call("slice", rest, call("len", here))))
        pair = go.equal(call("printf", Lit("%.2s"), here), Lit("\r\n"))
        hit = (
            go.Set(result, call("printf", add, result, line)),
            go.If(
                pair,
                (go.Set(rest, call("slice", here, Lit(2))),),
                (go.Set(rest, call("slice", here, call("len", c))),),
            ),
        )
        apart = go.negate(go.Atom(call("lt", call("len", rest), call("len", here))))
        st.emit(go.If(go.both(apart, is_one_of(c, _LINE_ENDS)), hit))

    scan(st, whole, body)
    st.emit(go.If(go.Atom(rest), (go.Set(result, call("printf", add, result, rest)),)))
    return result


def indented(st: State, marked: Expr, inward: str, *, every: bool) -> Var:
    """The lines of `marked_lines` with newlines between them and `inward` before all but the first.

    every: also before empty lines.
    """
    result = st.declare("text", Lit(""))
    begun = st.declare("begun", Lit(False))
    rest = st.declare("rest", marked)

    def body(i: Expr) -> None:
        here = call("slice", marked, i)
        size = call("len", call("slice", rest, call("len", here)))
        line = st.declare("line", call("slice", rest, Lit(0), size))
        between = Lit("%s\n" + inward.replace("%", "%%")) if every else Lit("%s\n")
        more: list[go.Node] = [go.Set(result, call("printf", between, result))]
        if inward and not every:
            inside = go.Set(result, call("printf", Lit("%s" + inward.replace("%", "%%")), result))
            more.append(go.If(go.Atom(line), (inside,)))
        hit = (
            go.If(go.Atom(begun), tuple(more)),
            go.Set(result, call("printf", Lit("%s%s"), result, line)),
            go.Set(begun, Lit(True)),
            go.Set(rest, call("slice", here, Lit(size_of(MARK)))),
        )
        st.emit(go.If(starts_with(here, MARK), hit))

    scan(st, marked, body)
    return result


def marked_words(st: State, s: Expr) -> Var:
    """`s.split()` with `MARK` after each word."""
    whole = st.declare("whole", s)
    word, result = st.declare("word", Lit("")), st.declare("words", Lit(""))
    add = Lit("%s%s" + MARK)

    def body(i: Expr) -> None:
        here = call("slice", whole, i)
        c = st.declare("c", call("printf", Lit("%.1s"), here))
        ended = call("slice", word, Lit(0), call("len", call("slice", word, call("len", here))))
        end = (go.Set(result, call("printf", add, result, ended)), go.Set(word, Lit("")))
        begin = go.If(go.negate(go.either(go.Atom(word), continues(c))), (go.Set(word, here),))
        st.emit(go.If(is_one_of(c, None), (go.If(go.Atom(word), end),), (begin,)))

    scan(st, whole, body)
    st.emit(go.If(go.Atom(word), (go.Set(result, call("printf", add, result, word)),)))
    return result


def is_one_of(c: Expr, chars: str | None) -> Test:
    """Whether a text of one character is one of `chars`; of Python's white space for None."""
    if chars is not None:
        return go.Atom(go.Call("eq", (c, *(Lit(x) for x in chars))))
    ranges = [
        go.both(
            go.negate(go.Atom(call("lt", c, Lit(low)))),
            go.negate(go.Atom(call("lt", Lit(high), c))),
        )
        for low, high in _RANGES
    ]
    return go.either(*ranges, go.Atom(go.Call("eq", (c, *(Lit(x) for x in _SINGLE)))))


def continues(c: Expr) -> Test:
    """Whether `c` is a byte inside a character of several bytes."""
    return go.both(go.negate(go.Atom(call("lt", c, Lit("\udc80")))), go.Atom(call("lt", c, Lit("\udcc0"))))


def _multibyte(chars: str | None) -> bool:
    return chars is None or not chars.isascii()


def lstrip(st: State, s: Expr, chars: str | None, hint: str = "text") -> Var:
    """`s.lstrip(chars)`."""
    result = st.declare(hint, Lit(""))

    def body(i: Expr) -> None:
        c: Expr = call("printf", Lit("%.1s"), call("slice", s, i))
        if _multibyte(chars):
            c = st.declare("c", c)
        skip = is_one_of(c, chars)
        if _multibyte(chars):
            skip = go.either(skip, continues(c))
        st.emit(go.If(go.negate(skip), (go.Set(result, call("slice", s, i)), go.Break())))

    scan(st, s, body)
    return result


def rstrip(st: State, s: Expr, chars: str | None, hint: str = "text", into: Var | None = None) -> Var:
    """`s.rstrip(chars)`: goes from the end and stops at the first character that stays."""
    result = into or st.declare(hint, s)
    whole = st.declare("whole", s) if into else s

    def body(k: Expr) -> None:
        at = st.declare("at", call("len", call("slice", call("slice", whole, k), Lit(1))))
        c = st.declare("c", call("printf", Lit("%.1s"), call("slice", whole, at)))
        cut = go.Set(result, call("slice", whole, Lit(0), at))
        stop: go.Node = go.Break()
        if _multibyte(chars):
            stop = go.If(go.negate(continues(c)), (stop,))
        st.emit(go.If(is_one_of(c, chars), (cut,), (stop,)))

    scan(st, whole, body, "k")
    return result


def strip(st: State, s: Expr, chars: str | None, hint: str = "text") -> Var:
    """`s.strip(chars)`."""
    left = lstrip(st, s, chars, hint)
    return rstrip(st, left, chars, into=left)


def change_case(st: State, s: Expr, upper: bool, hint: str = "text") -> Var:
    """ASCII letters in the other case; other letters would need Unicode's tables."""
    source, target = _LOWER, _UPPER
    if not upper:
        source, target = target, source
    result = st.declare(hint, Lit(""))

    def body(i: Expr) -> None:
        c = st.declare("c", call("slice", call("slice", s, i), Lit(0), Lit(1)))
        loop = st.fresh()
        k = go.Index(loop, "k")
        found = go.equal(c, call("slice", call("slice", Lit(source), k), Lit(0), Lit(1)))
        swap = go.Set(c, call("slice", call("slice", Lit(target), k), Lit(0), Lit(1)))
        st.emit(go.Range(loop, Lit(26), (go.If(found, (swap, go.Break())),), index="k", count=True))
        st.emit(go.Set(result, call("printf", Lit("%s%s"), result, c)))

    scan(st, s, body)
    return result


_LOWER, _UPPER = "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def title(st: State, s: Expr, hint: str = "text") -> Var:
    """`s.title()` for ASCII letters: the first of each run in upper case, the others in lower."""

    def letter(_c: Var, is_letter: Var) -> Expr:
        return is_letter

    return _word_case(st, s, letter, hint)


# What stands before a word for Jinja's `title` (jinja2/filters.py), within ASCII.
_BEFORE_WORDS = "-({[<\t\n\v\f\r \x1c\x1d\x1e\x1f"


def title_words(st: State, s: Expr, hint: str = "text") -> Var:
    """`s | title`: the same, where a word goes on over everything but spaces, `-` and opening brackets."""

    def no_separator(c: Var, _is_letter: Var) -> Expr:
        return call("not", go.Call("eq", (c, *(Lit(x) for x in _BEFORE_WORDS))))

    return _word_case(st, s, no_separator, hint)


def _word_case(st: State, s: Expr, goes_on: Callable[[Var, Var], Expr], hint: str) -> Var:
    """The first character of a word in upper case, the others in lower; `goes_on` says what is inside one."""
    result = st.declare(hint, Lit(""))
    inside = st.declare("inside", Lit(False))

    def body(i: Expr) -> None:
        c = st.declare("c", call("slice", call("slice", s, i), Lit(0), Lit(1)))
        letter = st.declare("letter", Lit(False))
        loop = st.fresh()
        k = go.Index(loop, "k")

        def nth(letters: str) -> Expr:
            return call("slice", call("slice", Lit(letters), k), Lit(0), Lit(1))

        found = go.Atom(go.Call("eq", (c, nth(_LOWER), nth(_UPPER))))
        swap = go.If(go.Atom(inside), (go.Set(c, nth(_LOWER)),), (go.Set(c, nth(_UPPER)),))
        hit = go.If(found, (swap, go.Set(letter, Lit(True)), go.Break()))
        st.emit(go.Range(loop, Lit(26), (hit,), index="k", count=True))
        st.emit(go.Set(inside, goes_on(c, letter)), go.Set(result, call("printf", Lit("%s%s"), result, c)))

    scan(st, s, body)
    return result
