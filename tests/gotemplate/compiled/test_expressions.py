"""What is known of expressions before they run."""

from __future__ import annotations

import pytest

from modelfile_kit.gotemplate import LimitError, Limits
from modelfile_kit.gotemplate.compiled.expressions import Expr, bail, constant, evaluate_all
from modelfile_kit.gotemplate.compiled.frame import Bail, Runtime


def test_constants():
    three = constant(3)
    assert three.const == 3 and three.const_of(int) and not three.const_of(bool)
    assert three.kind == "int" and three.unboxed and three.run([]) == 3
    assert constant(None).const_of(type(None))
    assert not Expr(lambda f: 3).const_of(int)


def test_pipelines_are_never_boxed():
    expr = Expr(lambda f: 3)
    assert not expr.unboxed and expr.as_pipeline().unboxed


def test_bail():
    with pytest.raises(Bail):
        bail.run([])


def test_long_strings_that_wait_are_counted():
    def made() -> Expr:
        return Expr(lambda f: "x" * 60_000, name="print")

    frame = [None, Runtime(Limits(alive=100_000), {}), None, None]
    assert len(evaluate_all([made()])(frame)) == 1
    with pytest.raises(LimitError):
        evaluate_all([made(), made()])(frame)
    frame[1] = Runtime(Limits(alive=200_000), {})
    assert len(evaluate_all([made(), made()])(frame)) == 2
    assert frame[1].alive == 0
