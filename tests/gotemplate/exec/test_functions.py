"""Go's functions on values that templates of Ollama cannot make; the rest is in test_recorded.py."""

from __future__ import annotations

from functools import partial

import pytest

from modelfile_kit.gotemplate import GoTemplateError, Limits, parse
from modelfile_kit.gotemplate.budget import Budget
from modelfile_kit.gotemplate.exec import functions as go
from modelfile_kit.gotemplate.exec.functions import go_eq, go_gt, go_lt
from modelfile_kit.gotemplate.values import gotypes as t
from modelfile_kit.gotemplate.values.gotypes import GoFunctionError, GoType, Kind
from modelfile_kit.gotemplate.values.reflection import Ref
from modelfile_kit.gotemplate.values.representation import Func, Map, Pointer, Scalar, Slice, Struct, elements

_BUDGET = Budget(Limits())
_eq, _lt = partial(go_eq, _BUDGET), partial(go_lt, _BUDGET)
_ROLE = GoType("x.Role", Kind.STRING)


def test_named_types():
    role = Ref(Scalar(_ROLE, "üser"))
    assert go.go_len(role) == 5
    assert go.go_slice(role, Ref(0), Ref(2)).data.type is _ROLE
    assert _eq(role, Ref("üser")) and not _lt(role, Ref("a"))
    assert go.go_index(role, Ref(2)).data.value == ord("s")


def test_arrays():
    array = Slice(t.array_of(2, t.INT), [4, 5])
    assert go.go_index(Ref(array), Ref(1)).data == 5
    with pytest.raises(GoFunctionError, match="array index out of range"):
        go.go_index(Ref(array), Ref(2))
    with pytest.raises(GoFunctionError, match="slice of unaddressable array"):
        go.go_slice(Ref(array), Ref(0))
    assert elements(go.go_slice(Ref(Pointer(array)), Ref(1)).data) == [5]


def test_keys_are_converted_between_integers():
    numbers = Ref(Map(t.map_of(t.INT8, t.STRING), {-1: "minus", 3: "three"}))
    assert go.go_index(numbers, Ref(3)).data == "three"
    assert go.go_index(numbers, Ref(Scalar(t.UINT8, 255))).data == "minus"
    assert go.go_index(numbers, Ref(7)).data == ""
    with pytest.raises(GoFunctionError, match="value has type string; should be int8"):
        go.go_index(numbers, Ref("3"))
    with pytest.raises(GoFunctionError, match="value is nil; should be of type int8"):
        go.go_index(numbers, Ref(None))


def test_a_boxed_index_is_what_slice_refuses_and_index_takes():
    boxed = Ref(1, boxed=True)
    assert go.go_index(Ref("ab"), boxed).data.value == ord("b")
    with pytest.raises(GoFunctionError, match=r"cannot index slice/array with type interface \{\}"):
        go.go_slice(Ref("ab"), boxed)


def test_numbers_of_either_sign():
    big = Ref(Scalar(t.UINT64, 2**64 - 1))
    assert not _eq(Ref(-1), big) and _lt(Ref(-1), big) and not _lt(big, Ref(-1))
    assert _eq(Ref(Scalar(t.UINT8, 3)), Ref(3))


def test_not_a_number():
    nan = Ref(float("nan"))
    assert not _eq(nan, nan) and not _lt(nan, nan)
    assert go_gt(_BUDGET, nan, nan)  # not (less or equal), as Go has it
    assert parse("{{gt . .}}{{ge . .}}").execute(float("nan")) == "truetrue"


def _calls(source: str, function: Func) -> str:
    return parse(source).execute({"F": function, "S": Struct(GoType("x.T", Kind.STRUCT))})


def test_call():
    join = Func(t.func_of((t.STRING, t.INT), t.STRING, variadic=True), lambda s, *ns: s + str(ns))
    one = Func(t.func_of((t.UINT8,), t.INT), lambda n: n.value)
    assert _calls('{{call .F "a"}}', join) == "a()"
    assert _calls('{{call .F "a" 1 2}}', join) == "a(1, 2)"
    assert _calls("{{7 | call .F}}", one) == "7"
    for source, message in (
        ("{{call .F}}", "wrong number of args for .F: got 0 want at least 1"),
        ("{{call .F 1}}", "arg 0: value has type int; should be string"),
        ('{{call .F "a" "b"}}', "arg 1: value has type string; should be int"),
        ("{{call .S}}", "non-function .S of type x.T"),
        ("{{call .F nil}}", "arg 0: value is nil; should be of type string"),
    ):
        with pytest.raises(GoTemplateError) as caught:
            _calls(source, join)
        assert caught.value.message.endswith(f"error calling call: {message}")


def test_escapes():
    assert go.html_escape("\0'\"&<>a") == "\ufffd&#39;&#34;&amp;&lt;&gt;a"
    assert (
        go.js_escape("a'\"\\<>&=\x01é\u2028\udcff")
        == "a\\'\\\"\\\\\\u003C\\u003E\\u0026\\u003D\\u0001é\\u2028\udcff"
    )
    assert go.url_escape("a b~-._/é\udcff+") == "a+b~-._%2F%C3%A9%FF%2B"
