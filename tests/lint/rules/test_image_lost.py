import pytest

from tests.lint.helpers import rule_catches, rule_catches_not

CODE = "MK249"


@pytest.mark.parametrize(
    "text",
    [
        (
            "FROM ./model.gguf\n# PROJECTOR ./mmproj-model.gguf\nFROM ./mmproj-model.gguf\n"
            'TEMPLATE """{{ range .Messages }}<|{{ .Role }}|>{{ if .Images }}(picture)'
            '{{ else }}{{ .Content }}{{ end }}{{ end }}<|assistant|>"""\n'
        ),
        (
            "FROM ./model.gguf\n# PROJECTOR ./mmproj-model.gguf\nFROM ./mmproj-model.gguf\n"
            'TEMPLATE """{{ range .Messages }}{{ .Content }}{{ .Content }}{{ end }}"""\n'
        ),
    ],
)
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        (
            "FROM ./model.gguf\n# PROJECTOR ./mmproj-model.gguf\nFROM ./mmproj-model.gguf\n"
            'TEMPLATE """{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}'
            '{{ end }}<|assistant|>"""\n'
        ),
        'TEMPLATE """{{ range .Messages }}{{ .Role }}{{ end }}"""\n',
        (
            "FROM ./model.gguf\n# PROJECTOR ./mmproj-model.gguf\nFROM ./mmproj-model.gguf\n"
            'TEMPLATE "{{ .Prompt }}"\n'
        ),
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)
