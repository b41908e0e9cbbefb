"""The exact evaluator on structs, pointers, iterators and methods."""

from __future__ import annotations

from typing import Any

import pytest

from modelfile_kit.gotemplate import Function, GoTemplateError, parse
from modelfile_kit.gotemplate.values import gotypes as t
from modelfile_kit.gotemplate.values.gotypes import Field, GoFunctionError, GoType, Kind
from modelfile_kit.gotemplate.values.values import Func, Iterator, Map, Pointer, Scalar, Slice, Struct, zero


def _fail(_value: Any) -> str:
    raise GoFunctionError("broken")


INNER = GoType(
    "x.Inner",
    Kind.STRUCT,
    fields=(Field("Name", t.STRING),),
    pointer_methods={"String": Function(lambda v: f"<{v.fields['Name']}>", (), t.STRING)},
)
OUTER = GoType(
    "x.Outer",
    Kind.STRUCT,
    fields=(
        Field("In", INNER),
        Field("Ptr", t.pointer_to(INNER)),
        Field("Any", t.ANY),
        Field("hidden", t.INT),
        Field("F", t.func_of((t.INT,), t.INT)),
    ),
    methods={
        "Twice": Function(lambda v, n: 2 * n, (t.INT,), t.INT),
        "Fail": Function(_fail, (), t.STRING),
        "Self": Function(lambda v: v, (), None),
    },
)
DATA = {
    "Value": Struct(OUTER, {"In": {"Name": "a"}}),
    "Pointer": Pointer(Struct(OUTER, {"In": {"Name": "b"}, "Ptr": {"Name": "c"}})),
    "List": Slice(t.slice_of(OUTER), [Struct(OUTER, {"In": {"Name": "d"}})]),
    "NilPointer": zero(t.pointer_to(OUTER)),
    "Seq": Iterator(t.seq_of(t.UINT8), lambda: iter([1, 2])),
    "Seq2": Iterator(t.seq2_of(t.STRING, t.ANY), lambda: iter([("z", 1.0), ("a", None)])),
    "None": Iterator(t.seq_of(t.INT), lambda: iter(())),
    "Ints": Map(t.map_of(t.STRING, t.INT), {"a": 1}),
    "Small": Scalar(t.INT8, 2),
    "Func": Func(t.func_of((), t.INT), lambda: 1),
}


@pytest.mark.parametrize(
    ("source", "output"),
    [
        # a method with a pointer receiver is only seen where the value can be addressed
        ("{{.Value.In}}", "{a}"),
        ("{{.Pointer.In}}", "<b>"),
        ("{{print .Pointer.In}}", "{b}"),
        ("{{range .List}}{{.In}}{{print .In}}{{end}}", "<d>{d}"),
        ("{{$x := (index .List 0).In}}{{$x}}{{$x.String}}", "<d><d>"),
        ("{{.Pointer.Ptr}}{{.Value.Ptr}}", "<c><nil>"),
        ("{{.Value.Twice 4}}{{4 | .Pointer.Twice}}", "88"),
        ("{{.Value.Self.Twice 1}}", "2"),
        ("{{.Value.Any}}", "&lt;no value>".replace("&lt;", "<")),
        ("{{range .Seq}}{{.}},{{end}}", "1,2,"),
        ('{{range .Seq}}{{printf "%T" .}}{{break}}{{end}}', "uint8"),
        ("{{range $k, $v := .Seq2}}{{$k}}={{$v}};{{end}}", "z=1;a=<no value>;"),
        ("{{range $k := .Seq2}}{{$k}}{{end}}", "za"),
        ("{{range .None}}{{else}}empty{{end}}", "empty"),
        ("{{.Ints.a}}{{.Ints.b}}", "10"),
        ('{{range .Small}}{{printf "%T" .}}{{end}}', "int8int8"),
        ("{{if .Value}}a{{end}}{{if .NilPointer}}b{{end}}{{if .Seq}}c{{end}}", "ac"),
        ("{{with $x := .Pointer}}{{$x.In.Name}}{{.In.Name}}{{end}}", "bb"),
    ],
)
def test_values(source, output):
    template = parse(source)
    assert template.execute_exactly(DATA) == output
    assert template.execute(DATA) == output


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{{.Value.hidden}}", "hidden is an unexported field of struct type interface {}"),
        ("{{.Value.Nope}}", "can't evaluate field Nope in type interface {}"),
        ("{{$v := .Value}}{{$v.Nope}}", "can't evaluate field Nope in type x.Outer"),
        ("{{.NilPointer.In}}", "nil pointer evaluating interface {}.In"),
        ("{{$p := .NilPointer}}{{$p.In}}", "nil pointer evaluating *x.Outer.In"),
        ("{{$p := .NilPointer}}{{$p.Nope}}", "can't evaluate field Nope in type *x.Outer"),
        ("{{.Value.In.String}}", "can't evaluate field String in type x.Inner"),
        ("{{.Value.In 1}}", "In has arguments but cannot be invoked as function"),
        ("{{.Value.Twice}}", "wrong number of args for Twice: want 1 got 0"),
        ('{{.Value.Twice "a"}}', 'expected integer; found "a"'),
        ("{{.Value.Twice 1.5}}", "expected integer; found 1.5"),
        ("{{.Value.Twice .Ints}}", "wrong type for value; expected int; got map[string]int"),
        ("{{.Value.Fail}}", "error calling Fail: broken"),
        ("{{range $k, $v := .Seq}}{{end}}", "can't use "),
        ("{{.Func}}", "can't print {{.Func}} of type func() int"),
    ],
)
def test_refusals(source, message):
    with pytest.raises(GoTemplateError) as caught:
        parse(source).execute(DATA)
    assert message in caught.value.message or "memory address" in caught.value.message


def test_missingkey():
    template = parse("{{.a}}{{.b.c}}")
    with pytest.raises(GoTemplateError, match=r"nil pointer evaluating interface \{\}\.c"):
        template.execute({})
    assert template.execute({}, missingkey="default") == "<no value><no value>"
    with pytest.raises(GoTemplateError, match='map has no entry for key "a"'):
        template.execute({}, missingkey="error")
    with pytest.raises(GoTemplateError, match='nil data; no entry for key "c"'):
        parse("{{$x := .a}}{{$x.c}}").execute({"a": None}, missingkey="error")
    assert parse("{{.Ints.b}}").execute(DATA, missingkey="default") == "<no value>"
    assert parse("{{.a}}").execute({"a": 1}, missingkey="error") == "1"
