"""Fewer statements, the same output."""

from __future__ import annotations

import itertools
import random

import pytest

from modelfile_kit.compiler.ir import nodes as go
from modelfile_kit.compiler.ir.printer import emit
from modelfile_kit.compiler.passes.simplify import simplify
from modelfile_kit.gotemplate import parse

A, B, C = go.Atom(go.Root("Tools")), go.Atom(go.Root("Think")), go.Print(go.Root("System"))
X, Y = go.Var(1, "x"), go.Var(2, "y")
COUNT = go.Range(1, go.Lit(3), (go.Set(X, go.Lit(1)),), count=True)


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ((go.Text("a"), go.Text("b")), (go.Text("ab"),)),
        ((go.If(A, (C,), (C,)),), (C,)),
        ((go.If(A, (), (C,)),), (go.If(go.negate(A), (C,)),)),
        ((go.If(A, (go.If(B, (C,)),)),), (go.If(go.both(A, B), (C,)),)),
        ((go.If(go.TRUE, (C,), (go.Text("x"),)),), (C,)),
        ((go.If(A, (go.Text("p"), C), (go.Text("p"),)),), (go.Text("p"), go.If(A, (C,)))),
        ((go.If(A, (C, go.Text("q")), (go.Text("q"),)),), (go.If(A, (C,)), go.Text("q"))),
        ((go.Declare(X, go.Lit(0)), COUNT, C), (C,)),
        ((go.Fail("no"), C), (go.Fail("no"),)),
    ],
)
def test_row(nodes: go.Nodes, expected: go.Nodes) -> None:
    assert simplify(nodes) == expected


def test_a_copy_is_the_thing_itself() -> None:
    nodes = (
        go.Declare(X, go.Lit("")),
        go.If(A, (go.Declare(Y, go.Root("System")), go.If(B, (go.Set(Y, go.Lit("b")),)), go.Set(X, Y))),
        go.Print(X),
    )
    assert simplify(nodes)[1] == go.If(A, (go.Set(X, go.Root("System")), go.If(B, (go.Set(X, go.Lit("b")),))))


def test_a_copy_of_what_changes_afterwards_stays() -> None:
    nodes = (
        go.Declare(X, go.Lit("")),
        go.Declare(Y, go.Root("System")),
        go.Set(X, Y),
        go.Set(Y, go.Lit("later")),
        go.Print(X),
        go.Print(Y),
    )
    assert simplify(nodes) == nodes


# --- random statements ------------------------------------------------------------------------------


class Programs:
    """Statements over two lists, three flags and a text, whose output can be compared."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.count = 0

    def new(self) -> int:
        self.count += 1
        return self.count

    def test(self, variables: list[go.Var]) -> go.Test:
        atoms: list[go.Test] = [go.Atom(go.Root(flag)) for flag in "ABC"]
        atoms += [go.equal(v, go.Lit("a")) for v in variables[-3:]]
        r = self.random.random()
        if r < 0.7:
            found: go.Test = self.random.choice(atoms)
        else:
            parts = [self.test(variables) for _ in range(2)]
            found = go.both(*parts) if r < 0.85 else go.either(*parts)
        return go.negate(found) if self.random.random() < 0.3 else found

    def value(self, variables: list[go.Var]) -> go.Expr:
        texts: list[go.Expr] = [go.Lit("a"), go.Lit(""), go.Root("S"), *variables[-3:]]
        return self.random.choice(texts)

    def block(self, variables: list[go.Var], depth: int, in_loop: bool = False) -> go.Nodes:
        variables = list(variables)
        out: list[go.Node] = []
        for _ in range(self.random.randint(1, 4)):
            r = self.random.random()
            if r < 0.3:
                out.append(go.Text(self.random.choice(["<a>\nb", "<a>\n", "<a>c", "a", "\n", "x<e>\n"])))
            elif r < 0.4 and variables:
                out.append(go.Print(self.random.choice(variables)))
            elif r < 0.55:
                variables.append(go.Var(self.new()))
                out.append(go.Declare(variables[-1], self.value(variables[:-1])))
            elif r < 0.68 and variables:
                out.append(go.Set(self.random.choice(variables), self.value(variables)))
            elif r < 0.74 and in_loop:
                leave: go.Node = self.random.choice((go.Break(), go.Continue()))
                out.append(go.If(self.test(variables), (leave,)))
            elif r < 0.84:
                out += self.work(variables)
            elif depth:
                out += self.nested(variables, depth - 1, in_loop)
        return tuple(out)

    def nested(self, variables: list[go.Var], depth: int, in_loop: bool) -> list[go.Node]:
        if self.random.random() < 0.3:
            loop = go.Root(self.random.choice("LM"))
            return [go.Range(self.new(), loop, self.block(variables, depth, in_loop=True))]
        test = self.test(variables)
        orelse = self.block(variables, depth, in_loop) if self.random.random() < 0.6 else ()
        again = self.random.random() < 0.2
        return [go.If(test, self.block(variables, depth, in_loop), orelse)] * (2 if again else 1)

    def work(self, variables: list[go.Var]) -> list[go.Node]:
        var, loop = go.Var(self.new()), self.new()
        body = go.If(go.equal(go.Item(loop), go.Lit("a")), (go.Set(var, go.Lit("a")), go.Break()))
        variables.append(var)
        return [go.Declare(var, go.Lit("")), go.Range(loop, go.Root(self.random.choice("LM")), (body,))]


@pytest.mark.parametrize("seed", range(150))
def test_the_output_stays_the_same(seed: int) -> None:
    nodes = Programs(seed).block([], 3)
    before, after = parse(emit(nodes)), parse(emit(simplify(nodes)))
    for a, b, c, letters in itertools.product((True, False), (True, False), (True, False), ("", "a", "xa")):
        data = {"A": a, "B": b, "C": c, "S": letters, "L": list(letters), "M": ["x", "a", "x"]}
        assert after.execute(data) == before.execute(data), emit(nodes)
