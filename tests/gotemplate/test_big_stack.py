"""Room for deep recursion."""

from __future__ import annotations

import sys
import threading

import pytest

from modelfile_kit.gotemplate import GoTemplateError, parse
from modelfile_kit.gotemplate.big_stack import with_deep_stack


def _down(depth: int) -> int:
    return depth if depth == 0 else _down(depth - 1)


def test_deeper_than_python_allows():
    before = sys.getrecursionlimit()
    assert with_deep_stack(lambda: _down(before * 3)) == 0
    assert sys.getrecursionlimit() == before


def test_too_deep_is_an_error():
    with pytest.raises(GoTemplateError, match="nested too deeply"):
        with_deep_stack(lambda: _down(10**7))


def test_errors_come_through():
    depth = sys.getrecursionlimit() * 2

    def fail() -> None:
        _down(depth)
        raise ValueError("inside")

    with pytest.raises(ValueError, match="inside"):
        with_deep_stack(fail)


def test_nested_actions():
    depth = 3000
    source = "{{if true}}" * depth + "x" + "{{end}}" * depth
    template = parse(source)
    assert template.execute(None) == "x"
    assert str(template) == source
    chain = "{{if false}}" + "{{else if false}}" * depth + "{{else}}y{{end}}"
    assert parse(chain).execute(None) == "y"


def test_from_another_thread():
    results = []
    thread = threading.Thread(target=lambda: results.append(with_deep_stack(lambda: _down(5000))))
    thread.start()
    thread.join()
    assert results == [0]
