import pytest

from tests.lint.helpers import rule_catches, rule_catches_not

CODE = "MK127"


@pytest.mark.parametrize(
    "text",
    [
        'TEMPLATE ""\n',
        'PARAMETER stop ""\n',
        'ADAPTER ""\n',
        'FROM ""\n',
    ],
)
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        'SYSTEM ""\n',
        'TEMPLATE "{{ .Prompt }}"\n',
        'PARAMETER seed ""\n',
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)


def test_an_empty_from_is_an_error():
    assert rule_catches(CODE, 'FROM ""\n').severity == "error"
