"""Compiled templates are the exact evaluator's equals, and are what is used."""

from __future__ import annotations

from typing import Any

import pytest

from modelfile_kit.gotemplate import GoTemplateError, Limits, parse
from modelfile_kit.gotemplate.compiled.compile import UndefinedTemplateError, run_code
from modelfile_kit.gotemplate.compiled.frame import Bail, Runtime
from tests.gotemplate.fuzz import FUNCTIONS
from tests.gotemplate.generate import Generator
from tests.gotemplate.wire import decode


def fast(source: str, data: Any) -> str:
    """The output of the compiled template alone; Bail is not caught."""
    template = parse(source, functions=FUNCTIONS)
    codes = template._compiled("zero", frozenset())
    assert codes is not None
    return run_code(codes[""], data, Runtime(Limits(), template.functions))


def same(source: str, data: Any) -> str:
    """The output, which both ways have to give without handing over."""
    output = fast(source, data)
    assert output == parse(source, functions=FUNCTIONS).execute_exactly(data)
    return output


def test_generated_templates_agree_and_mostly_run_compiled():
    generator = Generator(77)
    compiled = 0
    succeeded = 0
    for _ in range(1500):
        source, data = generator.pair()
        values = decode(data)
        try:
            expected = parse(source, functions=FUNCTIONS).execute_exactly(values)
        except GoTemplateError:
            continue
        succeeded += 1
        assert parse(source, functions=FUNCTIONS).execute(values) == expected
        try:
            fast(source, values)
            compiled += 1
        except Exception:
            pass
    assert succeeded > 400
    assert compiled > 0.9 * succeeded


@pytest.mark.parametrize(
    ("source", "output"),
    [
        ("a{{.S}}{{.N}}{{.I}}{{.F}}{{.T}}", "astring<no value>31.5true"),
        ("{{if .T}}a{{else}}b{{end}}{{if .N}}a{{else if .S}}c{{end}}", "ac"),
        ("{{with .M}}{{.a}}{{$.S}}{{else}}x{{end}}{{with .N}}{{else}}y{{end}}", "1stringy"),
        ("{{with $x := .M.a}}{{$x}}{{.}}{{end}}", "11"),
        ("{{range $i, $x := .L}}{{$i}}{{$x}}{{else}}-{{end}}{{range .N}}{{else}}-{{end}}", "0x1y-"),
        ("{{range $k, $v := .M}}{{$k}}{{$v}}{{end}}", "a1b2"),
        ("{{range 3}}{{.}}{{if eq . 1}}{{break}}{{end}}{{end}}", "01"),
        ("{{range $i := 4}}{{if eq $i 1}}{{continue}}{{end}}{{$i}}{{end}}", "023"),
        ("{{range .L}}{{range 2}}{{break}}{{end}}{{.}}{{end}}", "xy"),
        ("{{$x := 1}}{{range .L}}{{$x = .}}{{$y := $x}}{{$y}}{{end}}{{$x}}", "xyy"),
        ("{{$x := 1}}{{if .T}}{{$x := 2}}{{end}}{{$x}}", "1"),
        ('{{define "t"}}<{{.}}{{$.a}}>{{end}}{{template "t" .M}}', "<map[a:1 b:2]1>"),
        ('{{template "b" 3}}{{define "b"}}{{$x := .}}{{$x}}{{end}}', "3"),
        ("{{.M.a}}{{(.M).b}}{{$.M.a}}{{.M.nope}}", "121<no value>"),
        ("{{1 | print 2 | len}}", "3"),
        ("{{range $x := .E}}{{else}}{{len $x}}{{end}}", "0"),
        ("{{/* c */}}a{{/* d */}}b", "ab"),
        ("{{$n := len .S}}{{range $i := $n}}{{slice $.S $i}};{{end}}", "string;tring;ring;ing;ng;g;"),
        ("{{if .T}}{{$n := len .L}}{{range $i := $n}}{{slice $.S $i 2}}{{end}}{{end}}", "stt"),
    ],
)
def test_every_kind_of_node(source, output):
    data = {
        "S": "string",
        "N": None,
        "I": 3,
        "F": 1.5,
        "T": True,
        "L": ["x", "y"],
        "M": {"a": 1, "b": 2},
        "E": [],
    }
    assert same(source, data) == output


@pytest.mark.parametrize(
    "source",
    [
        "{{.S.x}}",
        "{{nil}}",
        "{{slice .S 9}}",
        "{{index .L 9}}",
        "{{.S 1}}",
        "{{template `x`}}",
        "{{range .S}}{{end}}",
        "{{9223372036854775808}}",
        "{{.N.x}}",
        "{{slice .S .I}}",
        "{{lt 1 `a`}}",
        "{{range $i, $x := 3}}{{end}}",
    ],
)
def test_what_is_in_doubt_is_handed_over(source):
    with pytest.raises((Bail, Exception)):
        fast(source, {"S": "s", "L": [], "N": None, "I": 1})
    with pytest.raises(GoTemplateError, match=r"^template: "):
        parse(source).execute({"S": "s", "L": [], "N": None, "I": 1})


@pytest.mark.parametrize(
    "source",
    [
        "{{template `x`}}",
        "a{{range .L}}{{if .}}\n {{template `no such name` .}}{{end}}{{end}}",
        "{{define `t`}}{{with .}}{{template `x`}}{{end}}{{end}}{{template `t` .L}}",
    ],
)
def test_a_template_that_is_not_defined_ends_both_ways_alike(source: str) -> None:
    data = {"L": ["a"]}
    with pytest.raises(UndefinedTemplateError):
        fast(source, data)
    with pytest.raises(GoTemplateError) as exact:
        parse(source).execute_exactly(data)
    with pytest.raises(GoTemplateError) as compiled:
        parse(source).execute(data)
    assert str(compiled.value) == str(exact.value)
    assert "not defined" in str(exact.value)
    assert (compiled.value.line, compiled.value.column) == (exact.value.line, exact.value.column)


@pytest.mark.parametrize(
    ("source", "output"),
    [
        ("{{print ($x := 3) $x}}", "3 3"),
        ("{{$x := 0}}{{range $x = .L}}{{end}}{{$x}}", "y"),
        ('{{define "t"}}{{.}}{{end}}{{template "t" $x := 3}}{{$x}}', "33"),
        ("{{$y := 5}}{{if .N}}{{$y := 1}}{{else}}{{$y}}{{end}}", "5"),
        ("{{$n := len .L}}{{$n = .L}}{{range $i := $n}}{{slice $i 1}}{{end}}", ""),
    ],
)
def test_what_is_not_compiled(source, output):
    assert parse(source).execute({"L": ["x", "y"], "N": None}) == output


def test_the_rest_of_what_go_does_not_slice_is_refused():
    # Go 1.26's answer; the pointer is followed first
    values = decode({"S": {"$*map[string]string": {"A": "x"}}})
    with pytest.raises(GoTemplateError, match=r"can't slice item of type map\[string\]string"):
        parse("{{len (slice .S 0)}}", functions=FUNCTIONS).execute(values)
