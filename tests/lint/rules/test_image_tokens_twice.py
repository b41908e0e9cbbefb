import pytest

from tests.lint.helpers import rule_catches, rule_catches_not, write_model, write_projector

CODE = "MK250"


@pytest.mark.parametrize(
    "text",
    [
        (
            "FROM ./model.gguf\n# PROJECTOR ./mmproj-model.gguf\nFROM ./mmproj-model.gguf\n"
            'TEMPLATE """{{ range .Messages }}<|begin_of_image|>{{ .Content }}{{ end }}"""\n'
        ),
        (
            "FROM ./model.gguf\n# PROJECTOR ./mmproj-model.gguf\nFROM ./mmproj-model.gguf\n"
            'TEMPLATE """a\n<|vision_start|>{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}'
            '{{ end }}<|assistant|>"""\n'
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
        'TEMPLATE """{{ range .Messages }}<|begin_of_image|>{{ .Content }}{{ end }}"""\n',
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)


def test_only_those_of_this_projector(tmp_path):
    write_model(tmp_path)
    write_projector(tmp_path, kind="glm4v")
    text = (
        "FROM ./model.gguf\nFROM ./mmproj-model.gguf\nTEMPLATE {0}{{"
        "{{ range .Messages }}}}{{{{ .Content }}}}{{{{ end }}}}\n"
    )
    rule_catches(CODE, text.format("<|begin_of_image|>"), base=tmp_path)
    rule_catches_not(CODE, text.format("<|vision_start|>"), base=tmp_path)
