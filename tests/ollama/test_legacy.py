"""The cut at `.Response`, node by node."""

from __future__ import annotations

import pytest

from modelfile_kit.core.errors import PromptError
from modelfile_kit.gotemplate import parse
from modelfile_kit.ollama.legacy import cut_at_response, with_response


@pytest.mark.parametrize(
    ("source", "left"),
    [
        ("a{{.Prompt}}{{.Response}}b{{.X}}", "a{{.Prompt}}{{.Response}}"),
        ("{{if .Response}}x{{end}}{{.Response}}y", "{{if .Response}}x{{end}}{{.Response}}"),
        ("{{if .A}}{{.Response}}x{{end}}y", "{{if .A}}{{.Response}}{{end}}"),
        ('{{printf "%s" .Response .X}}y', '{{printf "%s" .Response}}'),
        ("{{.Response | print}}y", ""),
        ("{{with .A}}{{.B.Response.C}}{{end}}z", "{{with .A}}{{.B.Response.C}}{{end}}"),
        ("{{$.Response}}y", "{{$.Response}}y"),
        ("{{range .A}}x{{else}}{{.Response}}y{{end}}z", "{{range .A}}x{{else}}{{.Response}}{{end}}"),
        ('{{template "t" .Response}}y', '{{template "t" .Response}}y'),
        ("{{(.Response)}}y", "{{(.Response)}}"),
    ],
)
def test_cut(source, left):
    assert str(cut_at_response(parse(source).root)) == left


def test_an_else_behind_the_cut_crashes_the_server():
    with pytest.raises(PromptError) as caught:
        cut_at_response(parse("{{if .A}}{{.Response}}{{else}}x{{end}}").root)
    assert caught.value.status == 500
    assert "{{ end }}" in caught.value.help


def test_a_response_is_added():
    assert str(with_response(parse("{{.Prompt}}").root)) == "{{.Prompt}}{{.Response}}"
