import pytest

from tests.lint.helpers import rule_catches, rule_catches_not, write_model

CODE = "MK322"


@pytest.mark.parametrize(
    "text",
    [
        (
            'TEMPLATE """{{ range .Messages }}{{ if eq .Role "user" }}USER: {{ else }}ASSISTANT: '
            '{{ end }}{{ .Content }}\n{{ end }}ASSISTANT:"""\n'
        ),
    ],
)
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        (
            'TEMPLATE """{{ range .Messages }}{{ if eq .Role "user" }}USER: {{ else }}ASSISTANT: '
            '{{ end }}{{ .Content }}\n{{ end }}ASSISTANT:"""\nPARAMETER stop USER:\n'
        ),
        'TEMPLATE """{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}<|assistant|>"""\n',
        'TEMPLATE "{{ .Prompt }}"\n',
        (
            'TEMPLATE """{{ range .Messages }}{{ if eq .Role "user" }}USER: {{ else }}ASSISTANT: '
            '{{ end }}{{ .Content }}</s>\n{{ end }}ASSISTANT:"""\n'
        ),
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)


def test_the_vocabulary_decides(tmp_path):
    write_model(tmp_path, control=["<|user|>", "<|assistant|>", "<|stop|>"], eos="<|stop|>")
    rule_catches(
        CODE,
        'TEMPLATE """{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}<|assistant|>"""\n',
        base=tmp_path,
    )
    rule_catches_not(
        CODE,
        'TEMPLATE """{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}<|assistant|>"""\n'
        + "PARAMETER stop <|user|>\n",
        base=tmp_path,
    )
    write_model(tmp_path, control=["<|user|>", "<|assistant|>"], eos="<|user|>")
    rule_catches_not(
        CODE,
        'TEMPLATE """{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}<|assistant|>"""\n',
        base=tmp_path,
    )


def test_what_stands_in_a_tag_is_no_stop(tmp_path):
    """Former turns may end otherwise than a reply does: here `<|end|>` ends a thought as well."""
    text = (
        'TEMPLATE """{{ range .Messages }}{{ if .Thinking }}<|thought|>{{ .Thinking }}<|end|>{{ end }}'
        '<|{{ .Role }}|>{{ .Content }}<|end|>{{ end }}<|assistant|>"""\n'
    )
    write_model(tmp_path, control=["<|end|>", "<|return|>", "<|user|>"], eos="<|return|>")
    rule_catches_not(CODE, text, base=tmp_path)
    rule_catches(CODE, text.replace("<|end|>{{ end }}<|", "<|over|>{{ end }}<|"), base=tmp_path)
