"""Filters whose rules are easily taken for simpler than they are."""

from __future__ import annotations

import pytest

from modelfile_kit.compiler import compile_template


@pytest.mark.parametrize("name", ["min", "max"])
def test_the_least_of_unknown_texts_is_refused(name: str) -> None:
    """Jinja compares them without regard to case, so that `İ` is less than `u`."""
    source = "{% for m in messages %}{{ m.content }}{{ [m.content, m.role] | " + name + " }}{% endfor %}"
    compiled = compile_template(source)
    assert compiled.coverage["chat"] == "unsupported"
    assert any("the filters min and max of unknown texts" in d.message for d in compiled.diagnostics)
