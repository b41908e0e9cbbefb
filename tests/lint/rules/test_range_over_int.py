import pytest

from tests.lint.helpers import rule_catches, rule_catches_not

CODE = "MK247"


@pytest.mark.parametrize(
    "text",
    [
        'TEMPLATE "{{ range 3 }}.{{ end }}{{ .Prompt }}"\n',
        'TEMPLATE "{{ range len .Prompt }}.{{ end }}{{ .Prompt }}"\n',
    ],
)
def test_catches(text):
    rule_catches(CODE, text, target=">=0.5")


@pytest.mark.parametrize(
    "text",
    [
        'TEMPLATE "{{ .Prompt }}"\n',
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text, target=">=0.5")


def test_the_target_decides():
    rule_catches_not(CODE, "TEMPLATE {{ range 3 }}.{{ end }}{{ .Prompt }}\n", target="0.5.13")
