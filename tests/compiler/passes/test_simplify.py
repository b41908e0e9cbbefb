"""All passes, one after the other: random programs print the same before and after."""

from __future__ import annotations

import inspect
import itertools
import random

import pytest

from modelfile_kit.compiler.ir import nodes as go
from modelfile_kit.compiler.ir.printer import emit
from modelfile_kit.compiler.passes.joined_equations import join_equations
from modelfile_kit.compiler.passes.legalize import legalize
from modelfile_kit.compiler.passes.simplify import PASSES, Pass, fold_and_clean, simplify
from modelfile_kit.gotemplate import parse


@pytest.mark.parametrize("each", [*{p.__name__: p for p in (*PASSES, legalize, join_equations)}.values()])
def test_every_pass_has_an_example(each: Pass) -> None:
    assert each is fold_and_clean or ">>> print(emit(" in (inspect.getdoc(each) or "")


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
    before, after = parse(emit(nodes)), parse(emit(join_equations(simplify(nodes))))
    for a, b, c, letters in itertools.product((True, False), (True, False), (True, False), ("", "a", "xa")):
        data = {"A": a, "B": b, "C": c, "S": letters, "L": list(letters), "M": ["x", "a", "x"]}
        assert after.execute(data) == before.execute(data), emit(nodes)
