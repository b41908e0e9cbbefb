import pytest

from tests.lint.helpers import rule_catches, rule_catches_not

CODE = "MK118"


@pytest.mark.parametrize(
    "text",
    [
        "SYSTEM 你好\u3000世界\n",
        "SYSTEM a\xa0b\n",
        "MESSAGE user 👨\u200d👩\n",
        "PARAMETER stop a\x07\n",
    ],
)
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        "SYSTEM 你好 世界\n",
        'TEMPLATE """{{ "\\u3000" }}{{ .Prompt }}"""\n',
        "SYSTEM a\tb\n",
        'SYSTEM """a\r\nb"""\n',
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)


def test_says_where():
    found = rule_catches(CODE, 'SYSTEM """one\ntwo\u3000three"""\n')
    assert (found.span.line, found.span.column) == (3, 4)
    assert "U+3000" in found.message
