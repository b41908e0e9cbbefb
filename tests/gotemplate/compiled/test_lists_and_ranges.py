"""Ranges of compiled templates over every kind of value."""

from __future__ import annotations

import pytest

from modelfile_kit.gotemplate import GoTemplateError, parse
from modelfile_kit.gotemplate.compiled.lists_and_ranges import cost_of
from modelfile_kit.gotemplate.values import gotypes as t
from modelfile_kit.gotemplate.values.representation import Func, Iterator, Map, Pointer, Slice
from tests.gotemplate.compiled.test_compile import same

DATA = {
    "L": ["a", None],
    "Tuple": (1, 2),
    "Slice": Slice(t.slice_of(t.STRING), ["x", "y", "z"], 1),
    "Map": {"b": 1, "a": 2},
    "Ints": Map(t.map_of(t.INT, t.STRING), {10: "x", 9: "y"}),
    "Nil": Map(t.ANY_MAP, None),
    "Seq": Iterator(t.seq_of(t.INT), lambda: iter([5, 6])),
    "Seq2": Iterator(t.seq2_of(t.STRING, t.INT), lambda: iter([("k", 1)])),
    "P": Pointer(Slice(t.slice_of(t.INT), [7])),
    "Many": 600,
}


@pytest.mark.parametrize(
    ("over", "output"),
    [
        (".L", "0=a,1=<no value>,"),
        (".Tuple", "0=1,1=2,"),
        (".Slice", "0=y,1=z,"),
        (".Map", "a=2,b=1,"),
        (".Ints", "9=y,10=x,"),
        (".Nil", "none"),
        (".Seq2", "k=1,"),
        (".P", "0=7,"),
    ],
)
def test_index_and_element(over, output):
    assert (
        same(f"{{{{range $i, $x := {over}}}}}{{{{$i}}}}={{{{$x}}}},{{{{else}}}}none{{{{end}}}}", DATA)
        == output
    )


def test_elements():
    if_seq = "{{range .Seq2}}{{.}}{{end}}"
    assert same(if_seq, DATA) == "k"
    assert same("{{range $x := .Seq2}}{{$x}}{{end}}", DATA) == "k"
    assert parse("{{range .Seq}}{{.}}{{end}}").execute(DATA) == "56"


@pytest.mark.parametrize(
    "value", [Pointer(None, t.pointer_to(t.INT)), Func(t.func_of(()), None), False, "", 0.0]
)
def test_what_is_nothing_but_no_empty_list(value):
    with pytest.raises(GoTemplateError, match="range can't iterate over"):
        parse("{{range .}}{{else}}a{{end}}").execute(value)


def test_long_counts():
    assert same("{{range .Many}}{{if eq . 299}}{{break}}{{end}}x{{end}}", DATA) == "x" * 299
    assert same("{{range .Many}}{{if lt . 590}}{{continue}}{{end}}{{.}},{{end}}", DATA) == "".join(
        f"{i}," for i in range(590, 600)
    )


def test_the_dot_comes_back():
    assert same("{{with .Map}}{{range 2}}{{end}}{{range $.L}}{{break}}{{end}}{{.a}}{{end}}", DATA) == "2"


def test_cost():
    root = parse("a{{if .A}}{{.B}}{{else}}{{.C}}{{.D}}{{end}}{{range .L}}{{.}}{{end}}").root
    assert cost_of(root) == 1 + 1 + (1 + 2 + 7) + (1 + 2)
