"""The exact evaluator: nodes, pipelines, operands and calls."""

from __future__ import annotations

from typing import Any

import pytest

from modelfile_kit.gotemplate import Function, GoFunctionError, GoTemplateError, parse
from modelfile_kit.gotemplate.values import gotypes as t
from modelfile_kit.gotemplate.values.gotypes import Field, GoType, Kind
from modelfile_kit.gotemplate.values.representation import (
    Func,
    Iterator,
    Map,
    Pointer,
    Scalar,
    Slice,
    Struct,
    zero,
)


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


_TYPE = GoType("x.T", Kind.STRUCT, fields=(Field("A", t.INT),))


def _refuse(_value: object) -> str:
    raise GoFunctionError("not today")


FUNCTIONS = {
    "number": Function(lambda n: f"{type(n).__name__}{n}", (t.FLOAT64,), t.STRING),
    "small": Function(lambda n: f"{n.type.name}{n.value}", (t.UINT8,), t.STRING),
    "flag": Function(lambda b: str(b), (t.BOOL,), t.STRING),
    "pair": Function(lambda z: str(z), (t.COMPLEX128,), t.STRING),
    "names": Function(lambda *names: "+".join(names), (t.STRING,), t.STRING, True),
    "list": Function(lambda items: str(items is None or items.items), (t.slice_of(t.STRING),), t.STRING),
    "thing": Function(lambda thing: str(thing.fields["A"]), (_TYPE,), t.STRING),
    "there": Function(lambda thing: str(thing.target.fields["A"]), (t.pointer_to(_TYPE),), t.STRING),
    "fail": Function(_refuse, (t.ANY,), t.STRING),
    "any": Function(lambda: 3, (), t.ANY),
}
ARGUMENTS = {"S": "s", "N": None, "V": Struct(_TYPE, {"A": 1}), "P": Pointer(Struct(_TYPE, {"A": 2}))}


@pytest.mark.parametrize(
    ("source", "output"),
    [
        ("{{number 1}}{{number 1.5}}{{number 'a'}}", "float1.0float1.5float97.0"),
        ("{{small 7}}", "uint87"),
        ("{{flag true}}{{false | flag}}", "TrueFalse"),
        ("{{pair 1+2i}}", "(1+2j)"),
        ('{{names}}{{names "a" .S}}{{"b" | names .S}}', "a+ss+b"),
        ("{{list nil}}", "None"),
        ("{{thing .V}}{{thing .P}}{{there .P}}", "122"),
        ("{{any}}", "3"),
    ],
)
def test_arguments(source, output):
    template = parse(source, functions=FUNCTIONS)
    assert template.execute(ARGUMENTS) == template.execute_exactly(ARGUMENTS) == output


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ('{{number "a"}}', 'expected float; found "a"'),
        ("{{small 1.5}}", "expected unsigned integer; found 1.5"),
        ("{{small -1}}", "expected unsigned integer; found -1"),
        ("{{flag 1}}", "expected bool; found 1"),
        ("{{pair 1}}", "expected complex; found 1"),
        ("{{names 1}}", "expected string; found 1"),
        ("{{names nil}}", "cannot assign nil to string"),
        ("{{names .N}}", "wrong type for value; expected string; got interface {}"),
        ("{{$n := .N}}{{names $n}}", "invalid value; expected string"),
        ("{{names .V}}", "wrong type for value; expected string; got x.T"),
        ('{{list "a"}}', 'can\'t handle "a" for arg of type []string'),
        ("{{there .V}}", "wrong type for value; expected *x.T; got x.T"),
        ("{{flag}}", "wrong number of args for flag: want 1 got 0"),
        ("{{fail .S}}", "error calling fail: not today"),
        ("{{1 | .S}}", "S is not a method but has arguments"),
        ("{{$x := 1}}{{$x 2}}", "can't give argument to non-function $x"),
        ("{{(.S) 2}}", "can't give argument to non-function .S"),
    ],
)
def test_refused_arguments(source, message):
    template = parse(source, functions=FUNCTIONS)
    with pytest.raises(GoTemplateError) as caught:
        template.execute(ARGUMENTS)
    assert caught.value.message.endswith(message), caught.value.message


def test_a_function_that_is_gone():
    template = parse("{{names .S}}", functions=FUNCTIONS)
    with pytest.raises(GoTemplateError, match='"names" is not a defined function'):
        template.execute(ARGUMENTS, functions={})


def test_a_name_of_gos_own_can_be_given_another_function():
    template = parse(
        '{{len "abc"}}{{eq 1 2}}', functions={"len": Function(lambda _: "mine", (t.ANY,), t.STRING)}
    )
    assert template.execute(None) == "minefalse"
    assert template.execute(None, functions={}) == "3false"
