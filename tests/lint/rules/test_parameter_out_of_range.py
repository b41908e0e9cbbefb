import pytest

from tests.lint.helpers import rule_catches, rule_catches_not

CODE = "MK125"


@pytest.mark.parametrize(
    "text",
    [
        "PARAMETER top_p 90\n",
        "PARAMETER temperature -1\n",
        "PARAMETER num_ctx 0\n",
        "PARAMETER repeat_penalty 0\n",
        "PARAMETER num_predict -3\n",
        "PARAMETER min_p 1.01\n",
    ],
)
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        "PARAMETER top_p 1\n",
        "PARAMETER temperature 0\n",
        "PARAMETER num_predict -2\n",
        "PARAMETER seed -5\n",
        "PARAMETER top_p wide\n",
        "PARAMETER num_gpu -1\n",
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)
