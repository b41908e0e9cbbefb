import pytest

from tests.lint.helpers import rule_catches, rule_catches_not

CODE = "MK121"


@pytest.mark.parametrize(
    "text",
    [
        "PARAMETER stop '<|im_end|>'\n",
        "PARAMETER stop “x”\n",
        "SYSTEM ‘Be brief.’\n",
        'PARAMETER stop ""<|im_end|>""\n',
    ],
)
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        'PARAMETER stop "<|im_end|>"\n',
        'PARAMETER stop """<|im_end|>"""\n',
        "SYSTEM It's fine, isn't it\n",
        'SYSTEM """"Hi" she said "no"."""\n',
        "LICENSE “MIT”\n",
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)
