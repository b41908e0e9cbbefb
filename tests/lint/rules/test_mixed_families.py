import pytest

from tests.lint.helpers import rule_catches, rule_catches_not

CODE = "MK324"


@pytest.mark.parametrize(
    "text",
    [
        'TEMPLATE """[gMASK]<sop>{{ range .Messages }}{{ .Content }}<|im_end|>{{ end }}"""\n',
        (
            'TEMPLATE """[gMASK]<sop>{{ range .Messages }}{{ .Content }}{{ end }}"""\n'
            "PARAMETER stop <|im_end|>\n"
        ),
        (
            'TEMPLATE """{{ range .Messages }}[INST]{{ .Content }}[/INST]{{ end }}"""\n'
            "PARAMETER stop <|im_start|>\n"
        ),
    ],
)
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        (
            'TEMPLATE """[gMASK]<sop>{{ range .Messages }}{{ .Content }}{{ end }}"""\n'
            "PARAMETER stop <|observation|>\n"
        ),
        'TEMPLATE """{{ range .Messages }}<|im_start|>{{ .Content }}<|im_end|>{{ end }}"""\n',
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)
