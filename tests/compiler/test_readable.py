"""Small chat templates come out as somebody would have written them: the expected texts are by hand."""

from __future__ import annotations

import pytest

from modelfile_kit.compiler.compile import translate

ROWS = {
    "chatml": (
        "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
        """\
{{ range .Messages }}<|im_start|>{{ .Role }}
{{ .Content }}<|im_end|>
{{ end }}<|im_start|>assistant
""",
    ),
    "a default system text": (
        "{% for m in messages %}{% if loop.first and m.role != 'system' %}"
        "{{ '<|im_start|>system\nYou help.<|im_end|>\n' }}{% endif %}"
        "{{ '<|im_start|>' ~ m['role'] ~ '\n' ~ m['content'] ~ '<|im_end|>\n' }}{% endfor %}"
        "{{ '<|im_start|>assistant\n' }}",
        """\
{{ range $i, $_ := .Messages }}
{{- if and (eq $i 0) (ne .Role "system") }}<|im_start|>system
You help.<|im_end|>
{{ end }}<|im_start|>{{ .Role }}
{{ .Content }}<|im_end|>
{{ end }}<|im_start|>assistant
""",
    ),
    "the system text aside": (
        "{% if messages[0].role == 'system' %}{% set rest = messages[1:] %}"
        "{{ '<sys>' + messages[0].content + '</sys>' }}{% else %}{% set rest = messages %}{% endif %}"
        "{% for m in rest %}{{ '<' + m.role + '>' + m.content }}{% endfor %}<assistant>",
        """\
{{ $rest := .Messages }}
{{- if eq (index .Messages 0).Role "system" }}<sys>{{ (index .Messages 0).Content }}</sys>
{{- $rest = slice .Messages 1 }}
{{- end }}
{{- range $rest }}<{{ .Role }}>{{ .Content }}
{{- end }}<assistant>""",
    ),
    "roles by name": (
        "{% for m in messages %}{% if m.role == 'user' %}{{ '<s>[INST] ' + m.content + ' [/INST]' }}"
        "{% elif m.role == 'assistant' %}{{ ' ' + m.content + ' </s>' }}{% endif %}{% endfor %}",
        """\
{{ range .Messages }}
{{- if eq .Role "user" }}<s>[INST] {{ .Content }} [/INST]
{{- else if eq .Role "assistant" }} {{ .Content }} </s>
{{- end }}
{{- end }}""",
    ),
    "what branches share": (
        "{% for m in messages %}{% if loop.first %}{{ '<s><turn>' + m.role }}"
        "{% else %}{{ '<turn>' + m.role }}{% endif %}{{ ': ' + m.content + '\n' }}{% endfor %}",
        """\
{{ range $i, $_ := .Messages }}
{{- if eq $i 0 }}<s>
{{- end }}<turn>{{ .Role }}: {{ .Content }}
{{ end }}""",
    ),
    "what cannot be": (
        "{% for m in messages %}{% if m.role is not string %}{{ raise_exception('no') }}{% endif %}"
        "{% if documents %}{{ documents }}{% endif %}{% set text = m.content if m.content else '' %}"
        "{{ '[' + m.role + '] ' + text + '\n' }}{% endfor %}",
        """\
{{ range .Messages }}[{{ .Role }}] {{ .Content }}
{{ end }}""",
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_as_by_hand(name: str) -> None:
    source, expected = ROWS[name]
    assert translate(source, bos_token="<s>", eos_token="</s>").template == expected
