import pytest

from tests.lint.helpers import rule_catches, rule_catches_not

CODE = "MK128"


@pytest.mark.parametrize(
    "text",
    [
        'SYSTEM "Hello" you say.\nPARAMETER seed 1\nPARAMETER stop "x"\n',
        'FROM a\nSYSTEM """You are brief.\nFROM ./b.gguf\n"""\n',
    ],
)
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        'FROM a\nSYSTEM """Say:\nFROM here to there\n"""\n',
        'LICENSE """\nPARAMETER seed 1\n"""\n',
        'SYSTEM """"Hello" you say."""\nPARAMETER seed 1\n',
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)


def test_says_both_lines():
    found = rule_catches(CODE, 'SYSTEM "Hello" you say.\nPARAMETER seed 1\nPARAMETER stop "x"\n')
    assert "line 3" in found.message
    assert "line 2" in found.message
