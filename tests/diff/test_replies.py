from __future__ import annotations

import pytest

from modelfile_kit.diff.part import Outcome
from modelfile_kit.diff.rendering import ByJinja
from modelfile_kit.diff.replies import Reads, compare_replies
from modelfile_kit.ollama.prompt import PromptTemplate

JINJA = ByJinja(
    "{% if tools %}{{ tools | tojson }}{% endif %}{% for m in messages %}<|im_start|>{{ m.role }}\n"
    "{% if m.reasoning_content %}<think>\n{{ m.reasoning_content }}\n</think>\n\n{% endif %}{{ m.content }}"
    "{% for c in m.tool_calls or [] %}<tool_call>\n{{ c.function | tojson }}\n</tool_call>{% endfor %}"
    "<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
GO = (
    "{{ .Tools }}{{ range .Messages }}<|im_start|>{{ .Role }}\n"
    "{{ if .Thinking }}<think>\n{{ .Thinking }}\n</think>\n\n{{ end }}"
    "{{ .Content }}{{ range .ToolCalls }}<tool_call>\n"
    '{"name": "{{ .Function.Name }}", "arguments": {{ .Function.Arguments }}}\n</tool_call>{{ end }}'
    "<|im_end|>\n{{ end }}<|im_start|>assistant\n"
)
NO_THOUGHTS = GO.replace("{{ if .Thinking }}<think>\n{{ .Thinking }}\n</think>\n\n{{ end }}", "")


def test_what_the_model_was_taught_to_write():
    other = ByJinja(JINJA.text.replace("<think>", "<thought>"))
    part = compare_replies(Reads(JINJA), Reads(other))
    assert part.outcome is Outcome.DIFFERENT
    at = part.lines.index("~ thought and answer: the model writes")
    assert part.lines[at + 1].startswith("    - '<think>\\n")
    assert part.lines[at + 2].startswith("    + '<thought>\\n")
    assert not any(line.startswith("~ answer:") for line in part.lines)
    assert compare_replies(Reads(JINJA), Reads(JINJA)).outcome is Outcome.EQUAL


def test_what_comes_back_of_it():
    reads = [Reads(JINJA, PromptTemplate(text)) for text in (GO, NO_THOUGHTS)]
    part = compare_replies(*reads)
    at = part.lines.index("~ thought and answer: comes back as")
    assert "thinking: I compare 2 < 3 first." in part.lines[at + 1]
    assert part.lines[at + 2] == "    + 'error: the server refuses such a request'"
    assert not any("writes" in line for line in part.lines)
    same = compare_replies(reads[0], reads[0])
    assert same.outcome is Outcome.EQUAL
    assert "written and read alike by the TEMPLATE's tags" in same.summary


def test_another_parser_is_told_and_tried():
    reads = [Reads(JINJA, PromptTemplate(GO, parser=name)) for name in ("", "qwen3-coder")]
    part = compare_replies(*reads)
    assert part.lines[0] == "~ read by the TEMPLATE's tags -> PARSER qwen3-coder"
    assert any(line.startswith("~ call: comes back as") for line in part.lines)


def test_a_side_without_a_chat_template_reads_the_others_replies():
    part = compare_replies(Reads(JINJA, PromptTemplate(GO)), Reads(None, PromptTemplate(NO_THOUGHTS)))
    assert "~ thought and answer: comes back as" in part.lines
    assert not any("writes" in line for line in part.lines)


def test_templates_alone_are_compared_by_their_tags():
    part = compare_replies(Reads(None, PromptTemplate(GO)), Reads(None, PromptTemplate(NO_THOUGHTS)))
    assert part.lines[0] == "~ tags of thoughts: '<think>' and '</think>' -> none"
    assert any(line.startswith("~ the reply '<think>A thought.</think>An answer.'") for line in part.lines)
    same = compare_replies(Reads(None, PromptTemplate(GO)), Reads(None, PromptTemplate(GO + " ")))
    assert same.outcome is Outcome.EQUAL


@pytest.mark.parametrize("sides", [(Reads(), Reads()), (Reads(JINJA), Reads(None, PromptTemplate(GO)))])
def test_where_nothing_can_be_compared_it_is_said(sides):
    assert compare_replies(*sides).outcome is Outcome.NOT_COMPARED
