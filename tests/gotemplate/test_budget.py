"""Hostile templates end in a clear error; ordinary ones do not notice the limits."""

from __future__ import annotations

import pytest

from modelfile_kit.gotemplate import GoTemplateError, LimitError, Limits, Spent, parse
from modelfile_kit.gotemplate.budget import Budget

_ENDLESS = 1 << 60
_FEW = Limits(steps=2_000_000)
_WIDE = '(printf "%1000000d" 1)'


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (f"{{{{range {_ENDLESS}}}}}{{{{end}}}}", "2,000,000 steps"),
        (f"{{{{range {_ENDLESS}}}}}{{{{range 0}}}}{{{{end}}}}{{{{end}}}}", "2,000,000 steps"),
        ("{{range 9999}}{{range 9999}}{{end}}{{end}}", "2,000,000 steps"),
        ('{{$s := "ab"}}{{range 60}}{{$s = printf "%s%s" $s $s}}{{end}}', "string of more than"),
        ('{{$s := "é"}}{{range 60}}{{$s = print $s $s}}{{end}}', "string of more than"),
        ("{{print" + f" {_WIDE}" * 200 + "}}", "bytes of text at once"),
        (f"{{{{with {_WIDE}}}}}" * 100 + "{{end}}" * 100, "bytes of text at once"),
        ("".join(f"{{{{$v{i} := {_WIDE}}}}}" for i in range(100)), "bytes of text at once"),
        (f"{{{{range 100}}}}{{{{{_WIDE}}}}}{{{{end}}}}", "writes more than"),
        ('{{define "a"}}{{template "a" (print . "x")}}{{end}}{{template "a" ""}}', "4,000 levels deep"),
        (
            f'{{{{define "a"}}}}{{{{$x := {_WIDE}}}}}{{{{template "a" (print . "x")}}}}{{{{end}}}}'
            '{{template "a" ""}}',
            "bytes of text at once",
        ),
        (f"{{{{$s := print {_WIDE} {_WIDE}}}}}{{{{js $s}}}}", "escapes or quotes a text"),
    ],
)
def test_hostile_templates(source, message):
    with pytest.raises(LimitError, match=message) as caught:
        parse(source).execute(None, limits=_FEW)
    assert "stopped" in caught.value.message and caught.value.help
    fewer = Limits(steps=20_000) if "steps" in message else _FEW
    with pytest.raises(LimitError):
        parse(source).execute_exactly(None, limits=fewer)


@pytest.mark.parametrize(
    "loop",
    [
        "{{if eq $s $t}}{{end}}",
        "{{if lt $s $t}}{{end}}",
        "{{if slice $s 2}}{{end}}",
        '{{if print $s "a"}}{{end}}',
        '{{if printf "%q" $q}}{{end}}',
        "{{if js $q}}{{end}}",
        "{{if urlquery $q}}{{end}}",
        "{{if and" + " 1" * 500 + "}}{{end}}",
        '{{if printf "' + "%d" * 500 + '" 1}}{{end}}',
    ],
)
def test_a_step_counts_for_as_much_as_it_takes(loop):
    """Ten thousand turns with an operation on something large are more than so many steps."""
    texts = '{{$s := printf "é%2000000d" 1}}{{$t := printf "é%2000000d" 1}}{{$q := printf "%200000d" 1}}'
    source = texts + "{{range 10000}}" + loop + "{{end}}"
    with pytest.raises(LimitError, match="2,000,000 steps"):
        parse(source).execute(None, limits=_FEW)
    with pytest.raises(LimitError, match="2,000,000 steps"):
        parse(source).execute_exactly(None, limits=_FEW)


def test_what_executions_use_up_is_added():
    spent = Spent()
    template = parse("{{range 1000}}{{end}}")
    template.execute(None, spent=spent)
    once = spent.steps
    assert 1000 <= once <= 2000
    template.execute(None, spent=spent)
    assert spent.steps == 2 * once


def test_a_call_without_end_is_gos_own_error():
    source = '{{define "a"}}{{template "a" .}}{{end}}{{template "a" 1}}'
    with pytest.raises(GoTemplateError, match=r"exceeded maximum template depth \(100000\)"):
        parse(source).execute(None)


def test_what_is_given_up_does_not_count():
    source = f"{{{{range 100}}}}{{{{$x := {_WIDE}}}}}{{{{with print $x}}}}{{{{len .}}}}{{{{end}}}}{{{{end}}}}"
    assert parse(source).execute(None) == "1000000" * 100
    assert parse(source).execute_exactly(None) == "1000000" * 100
    called = (
        f'{{{{define "a"}}}}{{{{$x := {_WIDE}}}}}{{{{len .}}}}{{{{end}}}}'
        f'{{{{range 100}}}}{{{{template "a" {_WIDE}}}}}{{{{end}}}}'
    )
    assert parse(called).execute(None) == parse(called).execute_exactly(None) == "1000000" * 100


def test_bytes_are_remembered_for_the_same_text():
    budget = Budget(Limits())
    text = "é" * 100
    assert budget.bytes_of(text) is budget.bytes_of(text) == text.encode()
