"""The face of the package."""

from __future__ import annotations

import pytest

from modelfile_kit.gotemplate import GoTemplateError, LimitError, parse
from modelfile_kit.gotemplate.parse import nodes as n
from modelfile_kit.gotemplate.template import MAX_SOURCE, signature_of
from modelfile_kit.gotemplate.values import gotypes as t


def _json(value):
    return f"<{value}>"


def _date(*args: str) -> str:
    return "today" + "".join(args)


def _repeat(text: str, count: int = 1) -> str:
    return text * count


def test_signatures_of_python_functions():
    assert signature_of(_json).params == (t.ANY,) and signature_of(_json).result is t.ANY
    date = signature_of(_date)
    assert (date.params, date.result, date.variadic) == ((t.STRING,), t.STRING, True)
    assert signature_of(_repeat).params == (t.STRING, t.INT)
    assert signature_of(print).variadic


def test_python_functions_are_called():
    template = parse('{{json .}}{{date}}{{date "!"}}', functions={"json": _json, "date": _date})
    assert template.execute("x") == "<x>todaytoday!"
    assert template.execute("x", functions={"json": str, "date": _date}) == "xtodaytoday!"
    with pytest.raises(GoTemplateError, match="expected string; found 1"):
        parse("{{date 1}}", functions={"date": _date}).execute(None)


def test_another_main_tree():
    template = parse("a{{.S.x}}b", name="t")
    assert template.with_root(n.ListNode((n.TextNode("c"),))).execute(None) == "c"
    with pytest.raises(GoTemplateError, match=r"^template: t:1:5: executing"):
        template.with_root(n.ListNode(template.root.nodes[1:])).execute({"S": "s"})


def test_many_executions_of_one_template():
    template = parse("{{range .}}{{.}}{{end}}")
    assert [template.execute(list(range(i))) for i in range(4)] == ["", "0", "01", "012"]


def test_strings_that_are_not_text():
    assert parse("{{slice . 0 1}}{{slice . 1}}").execute("é") == "é"  # the bytes meet again
    assert parse("{{slice . 0 1}}").execute("é") == "\udcc3"
    assert parse("\udcc3{{.}}").execute("\udca9") == "é"


def test_arguments_are_checked():
    with pytest.raises(ValueError, match="missingkey is 'nope'"):
        parse("").execute(None, missingkey="nope")
    with pytest.raises(LimitError, match="the limit is 1,000,000"):
        parse(" " * (MAX_SOURCE + 1))


def test_an_empty_template():
    assert parse("").execute(None) == ""
    assert str(parse("")) == ""
    assert parse('{{define "x"}}a{{end}}').execute(None) == ""
