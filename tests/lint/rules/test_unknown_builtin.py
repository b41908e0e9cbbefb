import pytest

from modelfile_kit.core.diagnostics import Severity
from tests.lint.helpers import findings, rule_catches, rule_catches_not

CODE = "MK129"


@pytest.mark.parametrize(
    ("text", "severity", "hint"),
    [
        ("RENDERER qwen3-codr\n", Severity.ERROR, "qwen3-coder"),
        ("PARSER harmoni\n", Severity.WARNING, "harmony"),
        ("PARSER zzz\n", Severity.WARNING, "known ones are"),
        # names are taken as they stand
        ("RENDERER Qwen3-Coder\n", Severity.ERROR, "qwen3-coder"),
    ],
)
def test_catches(text, severity, hint):
    found = rule_catches(CODE, text)
    assert found.severity is severity
    assert hint in found.help


@pytest.mark.parametrize(
    "text", ["RENDERER qwen3-coder\nPARSER qwen3-coder\n", "PARSER harmony\n", "SYSTEM x\n"]
)
def test_catches_not(text):
    rule_catches_not(CODE, text)


def test_the_target_decides():
    found = rule_catches(CODE, "RENDERER glimmer\n", target=">=0.30")
    assert "0.33.0" in found.help
    rule_catches_not(CODE, "RENDERER glimmer\n", target="0.33.0")
    # where the instruction itself is unknown, that is said alone
    assert findings(CODE, "RENDERER glimmer\n", target="0.11.10") == []
