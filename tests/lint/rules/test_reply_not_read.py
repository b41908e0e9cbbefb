import pytest

from modelfile_kit.compiler.compile import translate
from modelfile_kit.ollama.grammar import Instruction, write_instruction
from modelfile_kit.ollama.template_text import encode_template
from tests.lint.helpers import Typed, rule_catches, rule_catches_not, write_model
from tests.replies import formats

CODE = "MK251"
HAND_WRITTEN = (
    "{{ if .Tools }}{{ json .Tools }}{{ end }}{{ range .Messages }}<|im_start|>{{ .Role }}\n"
    '{{ if eq .Role "tool" }}tool_response {{ end }}{{ if .Thinking }}<think>{{ .Thinking }}</think>{{ end }}'
    "{{ .Content }}{{ if .ToolCalls }}TAG{{ range .ToolCalls }}{{ json .Function }}{{ end }}{{ end }}"
    "<|im_end|>\n{{ end }}<|im_start|>assistant\n"
)


def modelfile(template):
    return write_instruction(Instruction("template", "", encode_template(template))) + "\n"


def model(folder, jinja):
    write_model(folder, tokenizer__chat_template=Typed("string", jinja))


@pytest.mark.parametrize(
    ("template", "jinja", "words"),
    [
        (HAND_WRITTEN.replace("TAG", "<call>"), formats.JSON_CALLS, "stay in the answer as text"),
        (HAND_WRITTEN.replace("TAG", "<call>"), formats.XML_CALLS.replace("<call>", "<call>\n"), "lost"),
        (HAND_WRITTEN.replace("TAG", ""), formats.BARE_CALLS, "only the first"),
        (HAND_WRITTEN.replace("TAG", ""), formats.ODD_JSON_CALLS, "reads other arguments"),
        (
            HAND_WRITTEN.replace("TAG", "<tool_call>").replace("think>", "thought>"),
            formats.chatml(""),
            "Ollama expects thoughts between '<thought>'",
        ),
    ],
)
def test_catches(tmp_path, template, jinja, words):
    model(tmp_path, jinja)
    assert words in rule_catches(CODE, modelfile(template), base=tmp_path, target="0.24.0").message


@pytest.mark.parametrize(
    "jinja", [formats.JSON_CALLS, formats.MARKED_CALLS, formats.OPENED, formats.NO_CALLS]
)
def test_catches_not_what_the_compiler_writes(tmp_path, jinja):
    model(tmp_path, jinja)
    rule_catches_not(CODE, modelfile(translate(jinja).template), base=tmp_path)


def test_says_which_parser_helps(tmp_path):
    coder = "<tool_call>\n<function={{ c.function.name }}>\n{% for k, v in c.function.arguments | items %}"
    coder += "<parameter={{ k }}>\n{{ v if v is string else v | tojson }}\n</parameter>\n{% endfor %}"
    coder += "</function>\n</tool_call>"
    model(tmp_path, formats.chatml(coder, think=""))
    text = modelfile(
        HAND_WRITTEN.replace("TAG", "<tool_call>").replace("<think>", "").replace("</think>", "")
    )
    assert "PARSER qwen3-coder" in rule_catches(CODE, text, base=tmp_path).help
    rule_catches_not(CODE, text + "PARSER qwen3-coder\n", base=tmp_path)


def test_a_parser_for_other_calls_is_caught(tmp_path):
    model(tmp_path, formats.JSON_CALLS)
    text = modelfile(HAND_WRITTEN.replace("TAG", "<tool_call>")) + "PARSER glm-4.7\n"
    found = rule_catches(CODE, text, base=tmp_path)
    assert "PARSER glm-4.7 expects another form" in found.message


def test_without_the_file_nothing_is_known():
    rule_catches_not(CODE, modelfile(HAND_WRITTEN))


def test_a_parser_that_the_oldest_server_does_not_know(tmp_path):
    """It has no effect there (MK129), and the tags read the replies; lint goes on."""
    model(tmp_path, formats.JSON_CALLS)
    text = modelfile(translate(formats.JSON_CALLS, eos_token="<|im_end|>").template) + "PARSER glimmer\n"
    assert "do not come back" in rule_catches(CODE, text, base=tmp_path, target=">=0.30").message
