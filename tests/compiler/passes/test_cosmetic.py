"""What a reader would write differently, row by row."""

from __future__ import annotations

import pytest

from modelfile_kit.compiler.ir import nodes as go
from modelfile_kit.compiler.passes.cosmetic import tidy, without_answered

A, B, C = (go.Atom(go.Root(name)) for name in "ABC")
NOT_A = go.negate(A)
CALL = go.Atom(go.call("index", go.Root("L"), go.Lit(0)))
X, Y = go.Var(1, "x"), go.Var(2, "y")
P = go.Print(go.Root("P"))
S = go.Root("S")
CONTENT, COUNT = (go.Field(go.Item(9), name) for name in ("Content", "Count"))
T = go.Text
WORK = go.Range(1, go.Lit(3), (go.Set(X, go.Root("P")),), count=True)
SAME_WORK = go.Range(2, go.Lit(3), (go.Set(Y, go.Root("P")),), count=True)


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        (go.either(NOT_A, go.both(A, B)), go.either(NOT_A, B)),
        (go.either(go.both(A, B), NOT_A), go.either(B, NOT_A)),
        (go.both(A, go.either(NOT_A, B)), go.both(A, B)),
        (go.either(A, go.both(A, B)), A),
        (go.both(go.either(A, B), A), A),
        (go.either(C, go.both(A, go.either(NOT_A, B)), NOT_A), go.either(C, B, NOT_A)),
        # what A guards must not be asked without it, unless A has been asked before
        (go.either(go.both(A, CALL), NOT_A), go.either(go.both(A, CALL), NOT_A)),
        (go.either(NOT_A, go.both(A, CALL)), go.either(NOT_A, CALL)),
        (go.either(go.both(A, B), go.both(NOT_A, C)), go.either(go.both(A, B), go.both(NOT_A, C))),
    ],
)
def test_questions(test: go.Test, expected: go.Test) -> None:
    assert without_answered(test) == expected


def otherwise(*branches: go.Nodes) -> go.Nodes:
    """`if A … else if B … else …`."""
    tests = [A, B, C][: len(branches) - 1]
    rest = branches[-1]
    for test, then in zip(reversed(tests), reversed(branches[:-1]), strict=True):
        rest = (go.If(test, then, rest),)
    return rest


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        # what prints nothing where it is false
        ((go.If(go.Atom(CONTENT), (go.Print(CONTENT),)),), (go.Print(CONTENT),)),
        # texts: at the end of a line or tag, or all of one
        (otherwise((T("<s>\na"), P), (T("<s>\nb"),)), (T("<s>\n"), *otherwise((T("a"), P), (T("b"),)))),
        (otherwise((T("[x] y"),), (T("[x]"),)), (T("[x]"), go.If(A, (T(" y"),)))),
        (otherwise((P, T("1<e>\n")), (T("2<e>\n"),)), (*otherwise((P, T("1")), (T("2"),)), T("<e>\n"))),
        # never through words, nor where one branch does not have it
        (otherwise((T("another"),), (T("a"),)), otherwise((T("another"),), (T("a"),))),
        (otherwise((T("You are"),), (T("You go"),)), otherwise((T("You are"),), (T("You go"),))),
        ((go.If(A, (T("<s>"),), ()),), (go.If(A, (T("<s>"),)),)),
        (
            otherwise((T("<s>1"),), (T("<s>2"),), (T("<t>3"),)),
            otherwise((T("<s>1"),), (T("<s>2"),), (T("<t>3"),)),
        ),
        (
            otherwise((T("<s>1"),), (T("<s>2"),), (T("<s>3"),)),
            (T("<s>"), *otherwise((T("1"),), (T("2"),), (T("3"),))),
        ),
        # statements that all end with
        (
            otherwise((P, go.If(C, (P,))), (T("x"), go.If(C, (P,)))),
            (*otherwise((P,), (T("x"),)), go.If(C, (P,))),
        ),
        # the same work under other names
        (
            otherwise(
                (go.Declare(X, go.Lit("")), WORK, go.Print(X)),
                (go.Declare(Y, go.Lit("")), SAME_WORK, T("-"), go.Print(Y)),
            ),
            (
                go.Declare(X, go.Lit("")),
                WORK,
                go.If(go.negate(A), (T("-"),)),
                go.Print(X),
            ),
        ),
        # a default instead of an else
        (
            (
                go.Declare(X, go.Lit("")),
                *otherwise((go.Set(X, go.Lit("a")),), (go.Set(X, go.Lit("b")),), (go.Set(X, go.Root("P")),)),
                go.Print(X),
            ),
            (
                go.Declare(X, go.Root("P")),
                go.If(A, (go.Set(X, go.Lit("a")),), (go.If(B, (go.Set(X, go.Lit("b")),)),)),
                go.Print(X),
            ),
        ),
        # one question, asked once; what is declared between comes first
        (
            (go.If(A, (T("a"),)), go.Declare(X, go.Lit(1)), go.If(A, (go.Set(X, go.Lit(2)),)), go.Print(X)),
            (go.Declare(X, go.Lit(1)), go.If(A, (T("a"), go.Set(X, go.Lit(2)))), go.Print(X)),
        ),
        (
            (go.If(A, (T("a"),)), go.If(NOT_A, (T("b"),))),
            (go.If(A, (T("a"),), (T("b"),)),),
        ),
        # a value that both branches begin with
        (
            (
                go.Declare(X, go.Lit("")),
                go.If(
                    A,
                    (go.Set(X, CONTENT), P),
                    (T("-"), go.Set(X, CONTENT), go.If(B, (go.Set(X, go.Lit("b")),))),
                ),
                go.Print(X),
            ),
            (
                go.Declare(X, CONTENT),
                go.If(A, (P,), (T("-"), go.If(B, (go.Set(X, go.Lit("b")),)))),
                go.Print(X),
            ),
        ),
    ],
)
def test_statements(nodes: go.Nodes, expected: go.Nodes) -> None:
    assert tidy(nodes) == expected


@pytest.mark.parametrize(
    "nodes",
    [
        # one branch gives no value, or looks at the old one
        (go.Declare(X, go.Lit("")), *otherwise((P,), (go.Set(X, go.Lit("b")),)), go.Print(X)),
        (
            go.Declare(X, go.Lit("")),
            *otherwise((go.Print(X), go.Set(X, go.Lit("a"))), (go.Set(X, go.Lit("b")),)),
        ),
        (
            go.Declare(X, go.Lit("")),
            go.If(A, (go.Print(X), go.Set(X, S), P), (go.Set(X, S), T("x"))),
            go.Print(X),
        ),
        (go.Declare(X, go.Lit("")), go.If(A, (go.Set(X, S), P), (go.Set(X, P.expr), T("x"))), go.Print(X)),
        # the first branch changes the answer
        (
            go.Declare(X, go.Lit(1)),
            go.If(go.Atom(X), (P, go.Set(X, go.Lit(0)))),
            go.If(go.Atom(X), (P,)),
        ),
        # what is declared between is the first one's own, written out twice
        (
            go.If(A, (go.Declare(X, go.Lit("a")), go.Print(X))),
            go.Declare(X, go.Lit("b")),
            go.If(A, (P,)),
            go.Print(X),
        ),
        # a number would print 0
        (go.If(go.Atom(COUNT), (go.Print(COUNT),)),),
        # a text stands between the questions
        (go.If(A, (P,)), T("-"), go.If(A, (P,))),
        # what ends both needs what each declares
        otherwise((go.Declare(X, go.Root("A")), go.Print(X)), (go.Declare(X, go.Root("B")), go.Print(X))),
        # the work changes what the test asks
        (
            go.Declare(X, go.Lit("")),
            go.If(go.Atom(X), (WORK, P), (WORK, T("x"))),
        ),
    ],
)
def test_what_stays(nodes: go.Nodes) -> None:
    assert tidy(nodes) == nodes
