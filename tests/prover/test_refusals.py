"""The words of a refusal; the errors of Go are what an Ollama server sends (text/template, exec.go)."""

from __future__ import annotations

import pytest

from modelfile_kit.core.errors import GoTemplateError
from modelfile_kit.ollama.prompt import render_prompt
from modelfile_kit.prover.refusals import Refusal, in_words, refusal

GO = 'template: :1:12: executing "" at <{{template "%s" .}}>: template "%s" not defined'


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("no tools", Refusal("no tools")),
        ('no \\"tools\\"', Refusal('no "tools"')),
        ("chat template, line 2: the list x", Refusal("the list x", 2)),
        ("odd \\x00 escape", Refusal("odd \\x00 escape")),
    ],
)
def test_a_refusal(name: str, found: Refusal) -> None:
    assert refusal(GO % (name, name)) == found


def test_an_error_of_another_kind_is_none() -> None:
    other = 'template: :1:3: executing "" at <.Nothing>: can\'t evaluate field Nothing in type *template.T'
    assert refusal(other) is None
    assert in_words(other) == other


def test_in_words() -> None:
    assert in_words(GO % ("no", "no")) == "the TEMPLATE refuses it: no"
    text = in_words(GO % (("chat template, line 7: the list x",) * 2))
    assert text == "not supported in a Go template: the list x (line 7 of the chat template)"


def test_the_engine_s_own_error_is_understood() -> None:
    with pytest.raises(GoTemplateError) as e:
        render_prompt(
            '{{ range .Messages }}{{ end }}{{ template "a \\"b\\"" . }}', [{"role": "user", "content": "a"}]
        )
    assert refusal(str(e.value)) == Refusal('a "b"')
