"""Asks for the type of a JSON value once in a condition, not once for each thing that is asked of the value.

In Go a value whose type only shows at run time may be compared with a text once its type is known to be
`string`. Lowering asks for it before each comparison; a condition of several then repeats itself.
"""

from __future__ import annotations

import re
from dataclasses import replace

from ..ir import nodes as go
from ..ir.nodes import Expr, Lit, Node, Nodes, Test, with_blocks

# Texts that Go's `%s` writes of themselves alone: what is no text begins with `[`, `map[` or `%!s(`.
_PLAIN = re.compile(r"[A-Za-z0-9_./<>|: -]*", re.ASCII)


def merge_type_questions(nodes: Nodes) -> Nodes:
    """Conditions that ask less: what `%s` prints of a value that is no text is no plain word.

    >>> from modelfile_kit.compiler.ir.printer import emit
    >>> value = go.call("index", go.Root("M"), go.Lit("type"))
    >>> text = go.equal(go.call("printf", go.Lit("%T"), value), go.Lit("string"))
    >>> one, other = (go.both(text, go.equal(value, go.Lit(x))) for x in ("number", "integer"))
    >>> before = (go.If(go.either(one, other), (go.Text("x"),)),)
    >>> print(emit(before).replace(" (and", chr(10) + "  (and"))
    {{ if or
      (and (eq (printf "%T" (index .M "type")) "string") (eq (index .M "type") "number"))
      (and (eq (printf "%T" (index .M "type")) "string") (eq (index .M "type") "integer")) }}x
    {{- end }}
    >>> print(emit(merge_type_questions(before)))
    {{ if eq (printf "%s" (index .M "type")) "number" "integer" }}x
    {{- end }}
    """
    return tuple(map(_node, nodes))


def _node(n: Node) -> Node:
    n = with_blocks(n, merge_type_questions)
    if isinstance(n, go.If):
        test = _merged(n.test)
        return n if test == n.test else replace(n, test=test)
    return n


def _merged(t: Test) -> Test:
    if isinstance(t, go.Not):
        return go.negate(_merged(t.test))
    if isinstance(t, go.All):
        return go.both(*_as_printed(_narrowed(list(map(_merged, t.tests)))))
    return _factored(list(map(_merged, t.tests))) if isinstance(t, go.Some) else t


def _comparison(t: Test) -> tuple[Expr, tuple[Expr, ...]] | None:
    """What a test compares and with which constants, if that is all it does."""
    if isinstance(t, go.Atom) and isinstance(t.expr, go.Call) and t.expr.fn == "eq":
        value, *others = t.expr.args
        if all(isinstance(x, Lit) for x in others):
            return value, tuple(others)
    return None


def _type_of(e: Expr) -> Expr | None:
    """The value whose type an expression prints."""
    asks = isinstance(e, go.Call) and e.fn == "printf" and len(e.args) == 2 and e.args[0] == Lit("%T")
    return e.args[1] if asks and isinstance(e, go.Call) else None


def _narrowed(tests: list[Test]) -> list[Test]:
    """Of several questions about one type, the first gets the answer of all."""
    out: list[Test] = []
    first: dict[Expr, int] = {}  # where in `out` each type is asked for
    for t in tests:
        asked = _asked(t)
        if asked is None or _type_of(asked[0]) is None:
            out.append(t)
            continue
        at = first.setdefault(asked[0], len(out))
        if at == len(out):
            out.append(t)
            continue
        known = _asked(out[at])
        assert known is not None
        out[at] = _both(known, asked)
        if _asked(out[at]) is None:
            del first[asked[0]]
    return out


# What is asked about, the constants it may be, and whether it may be these or anything else.
_Asked = tuple[Expr, tuple[Expr, ...], bool]


def _asked(t: Test) -> _Asked | None:
    found = _comparison(t.test if isinstance(t, go.Not) else t)
    return (*found, not isinstance(t, go.Not)) if found else None


def _both(one: _Asked, other: _Asked) -> Test:
    value, a, within = one
    _, b, other_within = other
    if not within and other_within:
        return _both(other, one)
    if not within:
        return go.negate(_equals(value, tuple(dict.fromkeys((*a, *b)))))
    left = tuple(x for x in a if (x in b) == other_within)
    return _equals(value, left) if left else go.FALSE


def _equals(value: Expr, others: tuple[Expr, ...]) -> Test:
    return go.Atom(go.Call("eq", (value, *others)))


def _as_printed(tests: list[Test]) -> list[Test]:
    """`string` as a type and then a comparison with words is one comparison of what `%s` prints."""
    out: list[Test] = []
    for t in tests:
        asked, before = _comparison(t), _comparison(out[-1]) if out else None
        is_text = asked and before and _type_of(before[0]) == asked[0] and before[1] == (Lit("string"),)
        if asked and is_text and all(map(_is_word, asked[1])):
            out[-1] = _equals(go.call("printf", Lit("%s"), asked[0]), asked[1])
        else:
            out.append(t)
    return out


def _is_word(e: Expr) -> bool:
    return isinstance(e, Lit) and isinstance(e.value, str) and bool(_PLAIN.fullmatch(e.value))


def _factored(tests: list[Test]) -> Test:
    """`or (and a b) (and a c)` is `and a (or b c)`; what is compared twice is compared once."""
    groups: list[_Group] = []
    for t in tests:
        if not groups or not groups[-1].takes(t):
            groups.append(_Group(t))
    return go.either(*(group.test for group in groups))


class _Group:
    """Tests beside each other in an `or` that become one: each begins with `head`, if there is one.

    rests: what follows the head in each of them. constants: what they compare the same value with, where
    they do nothing else.
    """

    def __init__(self, first: Test) -> None:
        self.first = first
        self.head: tuple[Test, ...] = ()
        self.rests: list[Test] = []
        self.equation = _comparison(first)
        self.constants: list[Expr] = list(self.equation[1]) if self.equation else []

    def takes(self, t: Test) -> bool:
        """Adds a test, if it is of this group."""
        other = _parts(t)
        one = self.head or _parts(self.first)
        # of each something has to be left
        most = min(len(one) + bool(self.head), len(other)) - 1
        count = 0
        while count < most and one[count] == other[count]:
            count += 1
        if count:
            rest = go.both(*other[count:])
            if not self.head:
                self.rests = [go.both(*one[count:]), rest]
            elif count == len(one):
                self.rests.append(rest)
            else:
                self.rests = [go.both(*one[count:], _factored(self.rests)), rest]
            self.head = one[:count]
            return True
        asked = _comparison(t)
        if not self.head and self.equation and asked and asked[0] == self.equation[0]:
            self.constants += asked[1]
            return True
        return False

    @property
    def test(self) -> Test:
        """All of them in one."""
        if self.head:
            return go.both(*self.head, _factored(self.rests))
        if self.equation and len(self.constants) > len(self.equation[1]):
            return _equals(self.equation[0], tuple(self.constants))
        return self.first


def _parts(t: Test) -> tuple[Test, ...]:
    return t.tests if isinstance(t, go.All) else (t,)
