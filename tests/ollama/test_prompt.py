"""From requests to prompts: the rules one by one. Bulk comparisons are in test_recorded.py."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from modelfile_kit import parse_modelfile, render_prompt
from modelfile_kit.core.errors import GoTemplateError, PromptError, UsageError
from modelfile_kit.ollama.prompt import PromptTemplate, render_generate

CHAT = "{{ range .Messages }}<{{ .Role }}>{{ .Content }}{{ end }}"
THINKS = (
    "{{ range .Messages }}{{ if .Thinking }}<think>{{ .Thinking }}</think>{{ end }}{{ .Content }}{{ end }}"
    "{{ .Think }} {{ .ThinkLevel }} {{ .IsThinkSet }}"
)
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "description": "Tells <it>",
            "parameters": {
                "type": "object",
                "required": ["city"],
                "properties": {
                    "unit": {"type": ["string", "null"], "enum": ["C", 1.0], "default": "C"},
                    "city": {"type": "string", "description": "Where", "format": "name"},
                },
                "additionalProperties": False,
            },
        },
    }
]


def user(content, **more):
    return {"role": "user", "content": content, **more}


def assistant(content, **more):
    return {"role": "assistant", "content": content, **more}


def refused(status, template, messages, **options):
    with pytest.raises(PromptError) as caught:
        render_prompt(template, messages, **options)
    assert caught.value.status == status
    return caught.value


def test_neighbours_are_merged_but_tool_messages():
    messages = [user("a"), user("b"), {"role": "tool", "content": "1"}, {"role": "tool", "content": "2"}]
    assert render_prompt(CHAT, messages) == "<user>a\n\nb<tool>1<tool>2"
    assert render_prompt(CHAT, messages, target="0.9.3") == "<user>a\n\nb<tool>1\n\n2"


def test_merging_keeps_the_first_ones_calls_and_pictures():
    call = {"function": {"name": "f", "arguments": {}}}
    messages = [assistant("a", tool_calls=[call]), assistant("b", tool_calls=[call, call], thinking="x")]
    template = "{{ range .Messages }}{{ len .ToolCalls }}{{ .Thinking }}{{ .Content }}{{ end }}"
    assert render_prompt(template, messages) == "1a\n\nb"


def test_system_texts_are_joined_and_stay():
    messages = [{"role": "system", "content": "1"}, user("a"), {"role": "system", "content": "2"}, user("b")]
    assert render_prompt("{{ .System }}|" + CHAT, messages) == "1\n\n2|<system>1<user>a<system>2<user>b"


def test_the_models_own_system_and_messages():
    modelfile = parse_modelfile("FROM x\nSYSTEM S\nMESSAGE user q\nMESSAGE assistant a\nTEMPLATE " + CHAT)
    template = PromptTemplate.from_modelfile(modelfile)
    assert template.render([user("hi")]) == "<system>S<user>q<assistant>a<user>hi"
    own = [{"role": "system", "content": "T"}, user("hi")]
    assert template.render(own) == "<user>q<assistant>a<system>T<user>hi"
    assert PromptTemplate.from_modelfile(parse_modelfile("FROM x")).render([user("hi")]) == "hi"


def test_pictures():
    assert render_prompt(CHAT, [user("look", images=2), user("and", images=["cGljdHVyZQ=="])]) == (
        "<user>[img-0][img-1]look\n\n[img-2]and"
    )
    assert render_prompt(CHAT, [user("a [img] b [img] c", images=3)]) == "<user>[img-2]a [img-0] b [img-1] c"


def test_tools_are_refused_without_a_place_for_them():
    assert "tools" in refused(400, CHAT, [user("x")], tools=TOOLS).message
    assert ".Tools" in refused(400, CHAT, [user("x")], tools=TOOLS).help
    assert render_prompt(CHAT, [user("x")], tools=[]) == "<user>x"


def test_tools_print_sorted_and_pruned():
    assert render_prompt("{{ if .Messages }}{{ .Tools }}{{ end }}", [user("x")], tools=TOOLS) == (
        '[{"type":"function","function":{"name":"weather","description":"Tells \\u003cit\\u003e",'
        '"parameters":{"type":"object","required":["city"],"properties":{'
        '"city":{"type":"string","description":"Where"},'
        '"unit":{"type":["string","null"],"enum":["C",1]}}}}}]'
    )
    assert render_prompt("{{ if .Messages }}{{ .Tools }}{{ end }}", [user("x")]) == "null"


def test_calls_print_sorted():
    arguments = {"b": 1.0, "a": {"y": [1, None], "x": 10**17}, "c": 1000000}
    messages = [assistant("", tool_calls=[{"id": "1", "function": {"name": "f", "arguments": arguments}}])]
    template = (
        "{{ range .Messages }}{{ range .ToolCalls }}{{ .ID }}{{ .Function.Name }}{{ .Function.Arguments }}"
        "{{ range $k, $v := .Function.Arguments }} {{ $k }}={{ $v }}{{ end }}{{ end }}{{ end }}"
    )
    assert render_prompt(template, messages) == (
        '1f{"a":{"x":100000000000000000,"y":[1,null]},"b":1,"c":1000000}'
        " a=map[x:1e+17 y:[1 <nil>]] b=1 c=1e+06"
    )


def test_functions():
    now = datetime.date(2026, 3, 1)
    template = '{{ if .Messages }}{{ currentDate "x" }} {{ yesterdayDate }}{{ end }}'
    assert render_prompt(template, [user("x")], now=now) == "2026-03-01 2026-02-28"
    types = (
        "{{ if .Messages }}{{ range .Tools }}{{ range .Function.Parameters.Properties }}"
        "{{ toTypeScriptType . }};{{ end }}{{ end }}{{ end }}"
    )
    assert render_prompt(types, [user("x")], tools=TOOLS) == "string;string | null;"
    for function, release in (("currentDate", "0.11.0"), ("yesterdayDate", "0.13.2")):
        with pytest.raises(GoTemplateError, match=f'function "{function}" not defined'):
            PromptTemplate(f"{{{{ {function} }}}}", target=release)


def test_thinking_is_on_by_default_where_it_can_be():
    messages = [user("q"), assistant("a", thinking="t"), user("r")]
    assert render_prompt(THINKS, messages).endswith("r" + "true medium true")
    assert render_prompt(THINKS, messages, think=False).endswith("rfalse  true")
    assert render_prompt(THINKS, messages, think="high").endswith("rtrue high true")
    assert "<think>t</think>a" in render_prompt(THINKS, messages)
    assert render_prompt(THINKS, messages, target="0.12.3").endswith("rfalse  false")
    assert render_prompt(THINKS, messages, target="0.9.6", think=True).endswith("rtrue <no value> true")


def test_thinking_refusals():
    assert "thinking" in refused(400, CHAT, [user("x")], think=True).message
    refused(400, CHAT, [user("x")], think="low")
    refused(400, CHAT, [user("x")], think="extreme")
    refused(400, CHAT, [user("x")], think="max", target="0.20.0")
    refused(400, CHAT, [user("x")], think=False, target="0.12.4")
    assert render_prompt(CHAT, [user("x")], think=False) == "<user>x"
    assert render_prompt(CHAT, [user("x")], think=True, target="0.8.0") == "<user>x"


def test_old_thinking_is_filtered_for_two_models():
    messages = [user("q"), assistant("<think>t</think>\n\na"), user("r"), assistant("<think>u</think>b")]
    plain = render_prompt(CHAT, messages)
    assert "<think>t" in plain
    every: list[dict[str, Any]] = [{"family": "qwen3"}, {"name": "x/deepseek-r1:8b"}]
    for options in every:
        assert (
            render_prompt(CHAT, messages, **options)
            == "<user>q<assistant>a<user>r<assistant><think>u</think>b"
        )


LEGACY = "{{ if .System }}[{{ .System }}]{{ end }}{{ if .Prompt }}<{{ .Prompt }}>{{ end }}{{ .Response }};"


def test_legacy_templates_run_turn_by_turn_and_are_cut():
    messages = [{"role": "system", "content": "s"}, user("a"), assistant("b"), user("c")]
    assert render_prompt(LEGACY, messages) == "[s]<a>b;<c>"
    assert render_prompt(LEGACY, [*messages, assistant("part")]) == "[s]<a>b;<c>part"
    assert render_prompt("{{ .Prompt }}", messages) == "abc"
    assert render_prompt("{{ .Prompt }}!", [user("a"), {"role": "x", "content": "y"}, user("b")]) == "b!"


def test_legacy_cut_loses_functions_and_crashes_at_else():
    with pytest.raises(GoTemplateError, match='"json" is not a defined function'):
        render_prompt("{{ json .Prompt }}{{ .Response }}", [user("a")])
    refused(500, "{{ if true }}{{ .Response }}{{ else }}x{{ end }}", [user("a")])


def test_a_conversation_that_is_too_long_loses_its_oldest():
    messages = [{"role": "system", "content": "S"}, user("one"), assistant("two"), user("three")]
    whole = "<system>S<user>one<assistant>two<user>three"

    def render(num_ctx, **options):
        return render_prompt(CHAT, messages, num_ctx=num_ctx, count_tokens=len, **options)

    assert render(len(whole)) == whole
    assert render(len(whole) - 1) == "<system>S<assistant>two<user>three"
    assert render(1) == "<system>S<user>three"
    assert render(1, truncate=False) == whole
    assert render(1, target="0.12.6") == "<system>S<user>three"
    pictured = [user("a"), user("b", images=1)]
    kept = render_prompt(CHAT, pictured, num_ctx=700, count_tokens=len, projector=True)
    assert kept == "<user>[img-0]b"


def test_before_0_15_5_shorter_conversations_are_rendered_too():
    """An error in one of them is the server's answer although the whole conversation would do."""
    template = "{{ if .Messages }}{{ (index .Messages 1).Content }}{{ end }}"
    messages = [user("a"), assistant("b"), user("c")]
    assert render_prompt(template, messages, target="0.15.5") == "b"
    assert render_prompt(template, messages[:2], target="0.15.5") == "b"
    with pytest.raises(GoTemplateError, match="index out of range"):
        render_prompt(template, [user("a"), user("b")], target="0.15.5")
    with pytest.raises(GoTemplateError, match="index out of range"):
        render_prompt(
            "{{ if .Messages }}{{ (index .Messages 2).Content }}{{ end }}", messages, target="0.15.4"
        )


def test_generate():
    assert render_generate(CHAT, "hi", system="S", images=2) == "<system>S<user>[img-0][img-1]hi"
    assert render_generate(CHAT, "hi", images=2, target="0.12.5") == "<user>[img-0]\n\n[img-1]\n\nhi"
    assert render_generate(CHAT, "hi", history=[user("q"), assistant("a")]) == "<user>q<assistant>a<user>hi"
    assert render_generate(CHAT, "hi", history=[user("q")], context="before ") == "before <user>hi"
    assert render_generate(CHAT, "hi", raw=True) == "hi"
    assert render_generate(CHAT, "hi", template="[{{ .Prompt }}]") == "[hi]"
    assert render_generate("<{{ .Prompt }}|{{ .Suffix }}>", "a", suffix="b") == "<a|b>"
    for options in ({"suffix": "b"}, {"raw": True, "system": "x"}, {"think": True}):
        with pytest.raises(PromptError) as caught:
            render_generate(CHAT, "hi", **options)
        assert caught.value.status == 400


def test_requests_that_the_decoder_refuses():
    for message in (
        {"role": "user", "content": ["part"]},
        {"role": 1, "content": ""},
        {"role": "user", "images": {}},
        assistant("", tool_calls=[{"function": {"name": "f", "arguments": "{}"}}]),
        assistant("", tool_calls=[{"function": {"arguments": {"a": float("nan")}}}]),
    ):
        refused(400, CHAT, [message])
    refused(400, "{{ .Messages }}{{ .Tools }}", [user("x")], tools=[{"function": {"parameters": "x"}}])
    refused(200, CHAT, [])


def test_roles_are_lower_case_and_broken_text_is_mended():
    assert render_prompt(CHAT, [{"role": "USER", "content": "\ud800"}]) == "<user>\ufffd"
    assert render_prompt("{{ range .Messages }}{{ slice .Content 1 }}{{ end }}", [user("é")]) == "\ufffd"


def test_template_errors():
    with pytest.raises(GoTemplateError, match="can't evaluate field Nope"):
        render_prompt("{{ range .Messages }}{{ .Nope }}{{ end }}", [user("x")])
    with pytest.raises(GoTemplateError, match="pipeline"):
        PromptTemplate('{{ define "t" }}x{{ end }}{{ template "t" }}')
    assert render_prompt("{{ if .Messages }}{{ .Nope }}{{ end }}", [user("x")]) == "<no value>"


def test_replies_are_split_by_what_the_template_shows():
    template = PromptTemplate(
        "{{ range .Messages }}{{ if .Thinking }}<think>{{ .Thinking }}</think>{{ end }}"
        "{{ if .ToolCalls }}<call>{{ end }}{{ end }}{{ .Tools }}"
    )
    text = '<think>hm</think><call>{"name": "weather", "arguments": {"city": "Bonn"}}'
    reply = template.split_reply(text, tools=TOOLS)
    assert reply.thinking == "hm"
    assert [(c.name, c.arguments) for c in reply.tool_calls] == [("weather", {"city": "Bonn"})]
    assert template.split_reply(text, think=False).content == text


def test_replies_are_split_by_the_parser_where_one_is_set():
    text = 'hm</think>Fine.<tool_call>{"name": "weather", "arguments": {"city": "Bonn"}}</tool_call>'
    template = PromptTemplate(CHAT, parser="qwen3-thinking")
    reply = template.split_reply(text, tools=TOOLS)
    assert (reply.thinking, reply.content) == ("hm", "Fine.")
    assert [(c.name, c.arguments) for c in reply.tool_calls] == [("weather", {"city": "Bonn"})]
    assert template.split_reply(text, think=False).content.startswith("hm</think>Fine.")
    thinks_on = {"role": "assistant", "content": "", "thinking": "so"}
    gpt_oss = PromptTemplate(CHAT + "<|start|><|end|>", family="gptoss")
    assert gpt_oss.split_reply(" far<|end|>", last_message=thinks_on, think="max").thinking == " far"
    with pytest.raises(UsageError, match="is not known"):
        PromptTemplate(CHAT, parser="qwen3", target="0.24.0").split_reply("x")
