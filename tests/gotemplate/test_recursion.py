"""Templates that call each other."""

from __future__ import annotations

import pytest

from modelfile_kit.gotemplate import GoTemplateError, LimitError, parse
from modelfile_kit.gotemplate.recursion import MAX_CALLS

_COUNT = (
    '{{define "a"}}{{if lt (len .) %d}}{{template "a" (print . "x")}}{{else}}{{len .}}{{end}}{{end}}'
    '{{template "a" ""}}'
)


@pytest.mark.parametrize("depth", [5, 150, 1500])
def test_calls_that_end(depth):
    assert parse(_COUNT % depth).execute(None) == str(depth)


def test_the_engines_own_bound():
    with pytest.raises(LimitError, match=f"more than {MAX_CALLS:,} levels deep"):
        parse(_COUNT % (MAX_CALLS + 10)).execute(None)


# The places are where Go 1.26 reported the error.
@pytest.mark.parametrize(
    ("source", "place"),
    [
        (
            '{{define "a"}}{{template "a"}}{{end}}{{template "a" 1}}',
            ':1:25: executing "a" at <{{template "a"}}>',
        ),
        (
            '{{define "a"}}{{template "b" .}}{{end}}'
            '{{define "b"}}{{template "a" .}}{{end}}{{template "a" 1}}',
            ':1:64: executing "b" at <{{template "a" .}}>',
        ),
        (
            '{{define "a"}}{{template "c"}}{{template "a" .}}{{end}}{{define "c"}}{{end}}{{template "a" 1}}',
            ':1:25: executing "a" at <{{template "c"}}>',
        ),
        ('{{template "" .}}', ':1:11: executing "" at <{{template "" .}}>'),
    ],
)
def test_calls_without_end(source, place):
    with pytest.raises(GoTemplateError) as caught:
        parse(source).execute({"a": 1})
    assert caught.value.message == f"template: {place}: exceeded maximum template depth (100000)"


@pytest.mark.oracle
def test_go_agrees_on_the_place(oracle):
    for source, place in test_calls_without_end.pytestmark[0].args[1]:
        assert place in oracle.execute(source, {"a": 1})["error"]
