"""What is no chat template is told apart from what is."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelfile_kit.compiler.compile import compile_template
from modelfile_kit.core.errors import TemplateReferenceError
from modelfile_kit.huggingface.other_texts import describe

OTHERS = {
    "a Git LFS pointer": ["version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 3\n"],
    "an HTML or XML page": [
        "<!DOCTYPE html>\n<html>{{ x }}</html>",
        "\n<html lang='en'>",
        "<?xml version='1.0'?>",
    ],
    "a Modelfile": [
        'FROM ./x.gguf\nTEMPLATE """{{ .Prompt }}"""\n',
        "# mine\n\nfrom llama3\nPARAMETER stop a\n",
    ],
    "a Go template": [
        "{{ range .Messages }}{{ .Content }}{{ end }}",
        "{{- if .System }}<|system|>{{ .System }}{{- end }}",
        "<s>{{ .Prompt }}",
        "{{ $last := len .Messages }}",
        "{{- /* a comment */ -}}x",
        '{{ eq .Role "user" }}',
        "{{ len (slice .Messages 1) }}",
        '{{ define "x" }}a{{ end }}',
    ],
    "JSON without a chat template": ['{"a": 1}', '[{"role": "user", "content": "{{ x }}"}]', "[]"],
    "YAML": [
        "name: x\nfrom: y.gguf\n",
        "---\n# a comment\na: 1\nlist:\n- 1\n  - 2\nb: {c: d}\n",
        "name: x\nchat_template: |\n  {% for m in messages %}\n  {{ m.content }}\n  {% endfor %}\n",
    ],
    "plain text without any Jinja": [
        "chatml",
        "[INST] {prompt} [/INST]",
        "Question: why?",
        "### User:\n{system}\n",
    ],
}
TEMPLATES = [
    "{{ messages[0]['content'] }}",
    "{{ range(3) | list }}",
    "{{ if_true }}{{ ended }}{{ x.Content }}{{ '.Messages' }}",
    "{% for m in messages %}{{ '{{ .Role }}' }}{% endfor %}",
    "User: {{ messages[0].content }}\nAssistant:",
    "system:\n{{ messages[0].content }}\nassistant:\n",
    "{# FROM here #}\n{{ messages[0].content }}",
    "{{- '' -}}{% raw %}{{ end }}{% endraw %}",
    "[{{ messages[0].content }}]",
    '{"role": "{{ messages[0].role }}"}{% if tools %}x{% endif %}',
]


@pytest.mark.parametrize(("what", "text"), [(what, text) for what in OTHERS for text in OTHERS[what]])
def test_others(what: str, text: str) -> None:
    found, instead = describe(text)
    assert found == what
    assert instead
    with pytest.raises(TemplateReferenceError, match=f"this is {what}"):
        compile_template(text)


@pytest.mark.parametrize("text", TEMPLATES)
def test_templates(text: str) -> None:
    assert describe(text) == ("", "")


def test_families_and_the_corpus_are_chat_templates() -> None:
    root = Path(__file__).parents[2]
    found = [*root.glob("templates/*/chat_template.jinja"), *root.glob("examples/**/*.jinja")]
    found += (root.parent / "shared" / "corpus" / "templates").glob("*.jinja")
    assert len(found) >= 3
    for path in found:
        assert describe(path.read_text(encoding="utf-8")) == ("", ""), path
