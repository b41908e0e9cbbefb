import pytest

from tests.lint.helpers import Typed, findings, rule_catches, rule_catches_not, write_model

CODE = "MK329"
THINKING = (
    'TEMPLATE """{{ range .Messages }}<|{{ .Role }}|>{{ if .Thinking }}<|think|>{{ .Thinking }}<|/think|>'
    '{{ end }}{{ .Content }}{{ end }}<|assistant|>"""\n'
)
CALLS = (
    'TEMPLATE """{{ .Tools }}{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ if .ToolCalls }}TAG'
    '{{ range .ToolCalls }}{{ json .Function }}{{ end }}{{ end }}{{ end }}<|assistant|>"""\n'
)


@pytest.mark.parametrize(
    ("text", "control"),
    [
        (THINKING, ["<|think|>"]),
        (THINKING, ["<|/think|>"]),
        (CALLS.replace("TAG", "<|calls|><|call|>"), ["<|calls|>", "<|call|>"]),
        (CALLS.replace("TAG", "call: <|call|>"), ["<|call|>"]),
    ],
)
def test_catches(tmp_path, text, control):
    write_model(tmp_path, control=control)
    found = rule_catches(CODE, text, base=tmp_path)
    assert control[-1] in found.message
    rule_catches_not(CODE, text, base=tmp_path, target="0.24.0")
    rule_catches(CODE, text, base=tmp_path, target=">=0.24")
    rule_catches_not(CODE, text + "PARSER harmony\n", base=tmp_path)


@pytest.mark.parametrize(
    ("text", "control"),
    [
        (THINKING, ["<|other|>"]),
        # The first token of a tool-call tag is kept in the text.
        (CALLS.replace("TAG", "<|calls|>"), ["<|calls|>"]),
        (CALLS.replace("TAG", "[CALLS][{"), ["[CALLS]"]),
    ],
)
def test_catches_not(tmp_path, text, control):
    write_model(tmp_path, control=control)
    rule_catches_not(CODE, text, base=tmp_path)


def test_harmony_is_read_by_a_parser_of_its_own(tmp_path):
    text = THINKING.replace("<|think|>", "<|start|>").replace("<|/think|>", "<|end|>")
    write_model(tmp_path, control=["<|end|>"])
    rule_catches(CODE, text, base=tmp_path)
    write_model(tmp_path, control=["<|end|>"], general__architecture=Typed("string", "gptoss"))
    rule_catches_not(CODE, text, base=tmp_path)


def test_both_tags_are_told_once(tmp_path):
    write_model(tmp_path, control=["<|think|>", "<|/think|>"])
    assert len(findings(CODE, THINKING, base=tmp_path)) == 1


def test_without_the_file_nothing_is_known():
    rule_catches_not(CODE, THINKING)
