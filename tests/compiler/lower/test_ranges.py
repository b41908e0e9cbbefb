"""Loops at run time, by their parts."""

from __future__ import annotations

import pytest
from jinja2 import Environment, nodes

from modelfile_kit.compiler.ir import nodes as go
from modelfile_kit.compiler.lower import ranges
from modelfile_kit.compiler.lower.control_flow import Unsupported
from modelfile_kit.compiler.lower.state import State
from modelfile_kit.compiler.lower.visitor import RULES


def test_a_loop_that_is_refused_gives_back_the_flag_of_its_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """A loop behind it would set a flag that is declared nowhere."""
    st = State(RULES)
    [loop] = Environment().parse("{% for m in messages if m.role %}{% else %}none{% endfor %}").body
    assert isinstance(loop, nodes.For)

    monkeypatch.setattr(ranges, "MAX_TRIES", 0)
    with pytest.raises(Unsupported):
        ranges.dynamic(st, loop, go.Field(go.Dot(), "Messages"), lambda _: None, item="m", count=False)
    assert st.entered is None
