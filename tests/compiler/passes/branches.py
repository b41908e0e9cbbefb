"""Chains of branches for the tables of the passes."""

from __future__ import annotations

from modelfile_kit.compiler.ir import nodes as go

A, B, C = (go.Atom(go.Root(name)) for name in "ABC")


def otherwise(*branches: go.Nodes) -> go.Nodes:
    """`if A … else if B … else …`."""
    tests = [A, B, C][: len(branches) - 1]
    rest = branches[-1]
    for test, then in zip(reversed(tests), reversed(branches[:-1]), strict=True):
        rest = (go.If(test, then, rest),)
    return rest
