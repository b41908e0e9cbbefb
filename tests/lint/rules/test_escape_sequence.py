import pytest

from tests.lint.helpers import rule_catches, rule_catches_not, rule_does_not_fix, rule_fixes

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


TEMPLATE = r'TEMPLATE "{{ if .System }}<|system|>\n{{ .System }}{{ end }}<|user|>\n{{ .Prompt }}{{ "\n" }}"'


def test_a_template_is_written_with_the_line_ends_themselves():
    found = rule_catches(CODE, f"FROM ./m.gguf\n{TEMPLATE}\n")
    assert (found.severity, found.span.line, found.span.column) == ("warning", 2, TEMPLATE.index("\\") + 1)
    fixed = TEMPLATE.replace(r"|>\n", "|>\n").replace('TEMPLATE "', 'TEMPLATE """') + '""'
    rule_fixes(CODE, f"{TEMPLATE}\n", f"{fixed}\n")


def test_a_template_that_does_not_parse_is_found_and_left():
    rule_does_not_fix(CODE, r'TEMPLATE """{{ if eq .Role \"user\" }}\n{{ .Prompt"""' + "\n")
