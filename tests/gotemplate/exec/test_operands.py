"""Arguments of user functions: Go's conversions and refusals."""

from __future__ import annotations

import pytest

from modelfile_kit.gotemplate import Function, GoFunctionError, GoTemplateError, parse
from modelfile_kit.gotemplate.values import gotypes as t
from modelfile_kit.gotemplate.values.gotypes import Field, GoType, Kind
from modelfile_kit.gotemplate.values.values import Pointer, Struct

_TYPE = GoType("x.T", Kind.STRUCT, fields=(Field("A", t.INT),))


def _fail(_value: object) -> str:
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
    "fail": Function(_fail, (t.ANY,), t.STRING),
    "any": Function(lambda: 3, (), t.ANY),
}
DATA = {"S": "s", "N": None, "V": Struct(_TYPE, {"A": 1}), "P": Pointer(Struct(_TYPE, {"A": 2}))}


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
        ("{{any}}{{slice `abcd` any | len}}" if False else "{{any}}", "3"),
    ],
)
def test_arguments(source, output):
    template = parse(source, functions=FUNCTIONS)
    assert template.execute(DATA) == template.execute_exactly(DATA) == output


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
def test_refusals(source, message):
    template = parse(source, functions=FUNCTIONS)
    with pytest.raises(GoTemplateError) as caught:
        template.execute(DATA)
    assert caught.value.message.endswith(message), caught.value.message


def test_a_function_that_is_gone():
    template = parse("{{names .S}}", functions=FUNCTIONS)
    with pytest.raises(GoTemplateError, match='"names" is not a defined function'):
        template.execute(DATA, functions={})


def test_a_name_of_gos_own_can_be_given_another_function():
    template = parse(
        '{{len "abc"}}{{eq 1 2}}', functions={"len": Function(lambda _: "mine", (t.ANY,), t.STRING)}
    )
    assert template.execute(None) == "minefalse"
    assert template.execute(None, functions={}) == "3false"
