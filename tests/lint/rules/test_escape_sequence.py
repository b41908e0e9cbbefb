import pytest

from tests.lint.helpers import rule_catches, rule_catches_not

CODE = "MK122"


@pytest.mark.parametrize(
    "text",
    [
        'PARAMETER stop "\\nUser:"\n',
        "PARAMETER stop \\u003c|end|>\n",
        'SYSTEM "One.\\nTwo."\n',
    ],
)
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        'PARAMETER stop """\nUser:"""\n',
        'PARAMETER stop "<|im_end|>"\n',
        'TEMPLATE """{{ printf "%s\\n" .Prompt }}"""\n',
        "SYSTEM C:\\Users\\me is a path\n",
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)


def test_in_a_system_it_may_be_meant():
    assert rule_catches(CODE, 'PARAMETER stop "\\n"\n').severity == "warning"
    assert rule_catches(CODE, 'SYSTEM "a\\nb"\n').severity == "info"
