"""Who makes the prompt, and why. Bulk comparisons are in test_recorded.py and test_server.py."""

from __future__ import annotations

import pytest

from modelfile_kit.ollama.selection import jinja_evidence, select

PLAIN = "{{ range .Messages }}{{ .Content }}{{ end }}"
TOOLS = PLAIN + "{{ .Tools }}"
ROUND_TRIP = '{{ range .Messages }}{{ .ToolCalls }}{{ if eq .Role "tool" }}{{ end }}{{ end }}{{ .Tools }}'


@pytest.mark.parametrize(
    ("given", "source", "words"),
    [
        ({"template": PLAIN, "renderer": "qwen3-coder"}, "renderer", "RENDERER qwen3-coder"),
        ({"template": PLAIN, "architecture": "gemma4"}, "renderer", "architecture gemma4"),
        ({"template": PLAIN, "jinja": "x", "parser": "qwen3"}, "template", "PARSER qwen3"),
        ({"template": PLAIN, "jinja": "x"}, "template", "not more"),
        ({"template": PLAIN, "jinja": "{% if tools %}"}, "jinja", "tools by `tools`"),
        ({"template": TOOLS, "jinja": "{% if tools %}"}, "template", "not more"),
        (
            {"template": TOOLS, "jinja": "tool_calls tool_response"},
            "jinja",
            "`tool_calls` and `tool_response`",
        ),
        ({"template": ROUND_TRIP, "jinja": "tool_calls tool_response"}, "template", "not more"),
        ({"template": ROUND_TRIP, "jinja": "tools <think></think>"}, "template", "only the TEMPLATE"),
        (
            {"template": TOOLS, "jinja": "<think></think> tools"},
            "jinja",
            "thinking by `<think>` and `</think>`",
        ),
        ({"template": PLAIN, "jinja": "tools", "go_template": True}, "template", "OLLAMA_GO_TEMPLATE=1"),
        ({"template": PLAIN, "jinja": "x", "go_template": False}, "jinja", "OLLAMA_GO_TEMPLATE=0"),
        ({"template": PLAIN}, "template", "no Jinja"),
        ({"jinja": "tools"}, "jinja", "no TEMPLATE"),
        ({}, "built-in", "no Jinja"),
        (
            {"template": PLAIN + "<|start|><|end|>", "jinja": "tools", "architecture": "gptoss"},
            "template",
            "harmony",
        ),
        ({"template": PLAIN, "jinja": "tools", "target": "0.24.0"}, "template", "Go templates only"),
        ({"jinja": "tools", "target": "0.24.0"}, "template", "{{ .Prompt }}"),
        ({"template": TOOLS, "jinja": "tool_calls ipython", "target": "0.30.4"}, "template", "not more"),
    ],
)
def test_cases(given, source, words):
    chosen = select(**given)
    assert chosen.source == source
    assert words in chosen.why


def test_what_would_change_it():
    assert ".Tools" in select(template=PLAIN, jinja="tools").change
    assert "thinking tags" in select(template=TOOLS, jinja="tools <think></think>").change
    assert "tool_response" in select(template=TOOLS, jinja="tool_calls ipython").change
    assert "TEMPLATE" in select().change


def test_what_comes_along():
    chosen = select(template=PLAIN, architecture="gemma4")
    assert (chosen.renderer, chosen.parser, chosen.stops) == ("gemma4", "gemma4", ("<turn|>",))
    assert select(template=PLAIN, architecture="gemma4", target="0.19.0").source == "template"


def test_thinking_words():
    assert jinja_evidence("{% if content.split('</think>') %}").capabilities == ("thinking",)
    assert jinja_evidence("content.split('</think>') reasoning_content").capabilities == ()
    assert jinja_evidence("<think>").capabilities == ()
    assert jinja_evidence("tool_call").words == {"tools": ("tool_call",)}
