"""Output and scopes of the state."""

from __future__ import annotations

import pytest

from modelfile_kit.compiler.ir import nodes as go
from modelfile_kit.compiler.lower.control_flow import Unsupported
from modelfile_kit.compiler.lower.state import State
from modelfile_kit.compiler.lower.visitor import RULES
from modelfile_kit.compiler.values.known import Const, Undef


def test_what_is_captured_is_not_written() -> None:
    st = State(RULES)
    st.emit(go.Text("before"))
    with st.capture() as written:
        st.emit(go.Text("inside"))
    st.emit(go.Text("after"))
    assert written == [go.Text("inside")]
    assert st.out == [go.Text("before"), go.Text("after")]


def test_an_error_inside_gives_the_output_back() -> None:
    st = State(RULES)
    known = st.worked_out
    with pytest.raises(Unsupported), st.capture_apart():
        raise Unsupported("something")
    st.emit(go.Text("after"))
    assert st.out == [go.Text("after")]
    assert st.worked_out is known


def test_names_of_a_scope_end_with_it() -> None:
    st = State(RULES)

    def inside() -> None:
        st.state[(st.scope, "x")] = Const(1)
        assert st.lookup(st.scope, "x") == Const(1)

    st.in_scope(inside)
    assert st.lookup(st.scope, "x") == Undef("x")
