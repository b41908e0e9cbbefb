import pytest

from tests.lint.helpers import rule_catches, rule_catches_not

CODE = "MK111"


@pytest.mark.parametrize(
    "text",
    [
        "PARAMETER num_ctx 4k\n",
        "PARAMETER num_ctx 4096.0\n",
        "PARAMETER temperature warm\n",
        "PARAMETER use_mmap yes\n",
        "PARAMETER temperature NaN\n",
        'PARAMETER seed ""\n',
    ],
)
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        "PARAMETER num_ctx 4096\n",
        "PARAMETER temperature 5e-1\n",
        "PARAMETER use_mmap T\n",
        "PARAMETER stop 4k\n",
        "PARAMETER num_ctx 4096 # many\n",
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)
