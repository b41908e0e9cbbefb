import pytest

from modelfile_kit.lint.rules import stop_shadowed
from modelfile_kit.lint.runner import lint_modelfile
from tests.lint.helpers import rule_catches, rule_catches_not

CODE = "MK326"


@pytest.mark.parametrize(
    "text",
    [
        'PARAMETER stop User:\nPARAMETER stop "### User:"\n',
    ],
)
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        "PARAMETER stop User:\nPARAMETER stop Bot:\n",
        "PARAMETER stop a\nPARAMETER stop a\n",
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)


def test_of_very_many_stops_the_first_are_compared(monkeypatch):
    monkeypatch.setattr(stop_shadowed, "MAX_STOPS", 2)
    lines = ["a", "ba", "ca", "a", "ba"]
    text = "".join(f"PARAMETER stop {value}\n" for value in lines)
    found = [d.span.line for d in lint_modelfile(f"FROM ./m.gguf\n{text}") if d.code == CODE]
    assert found == [3]
    monkeypatch.setattr(stop_shadowed, "MAX_STOPS", 500)
    found = [d.span.line for d in lint_modelfile(f"FROM ./m.gguf\n{text}") if d.code == CODE]
    assert found == [3, 4, 6]
