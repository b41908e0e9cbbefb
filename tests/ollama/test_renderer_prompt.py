"""Prompts of models with a RENDERER: some written by hand, and what the server does around them."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from modelfile_kit import parse_modelfile
from modelfile_kit.core.errors import PromptError
from modelfile_kit.ollama.renderer_prompt import RendererPrompts
from modelfile_kit.ollama.reply_types import ToolCall

HI = [{"role": "user", "content": "Hi"}]

# The prompts of models' own chat templates for one word of a user.
WRITTEN = {
    "qwen3-coder": "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n",
    "qwen3.5": "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n<think>\n",
    "glm-4.7": "[gMASK]<sop><|user|>Hi<|assistant|><think>",
    "gemma4": "<bos><|turn>system\n<|think|>\n<turn|>\n<|turn>user\nHi<turn|>\n<|turn>model\n",
    "deepseek3.1": "<\uff5cbegin\u2581of\u2581sentence\uff5c><\uff5cUser\uff5c>Hi"
    "<\uff5cAssistant\uff5c><think>",
    "lfm2": "<|startoftext|><|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n",
}


@pytest.mark.parametrize("name", WRITTEN)
def test_one_word(name: str) -> None:
    parser = {"deepseek3.1": "deepseek3"}.get(name, name)
    assert RendererPrompts(name, parser=parser).render(HI) == WRITTEN[name]


def test_a_renderer_without_a_parser_takes_no_tools() -> None:
    tools = [{"type": "function", "function": {"name": "f"}}]
    with pytest.raises(PromptError, match="does not support tools") as caught:
        RendererPrompts("qwen3-coder").render(HI, tools=tools)
    assert caught.value.status == 400
    with pytest.raises(PromptError, match="does not support thinking"):
        RendererPrompts("glm-4.7").render(HI, think=True)


def test_the_day_of_the_request() -> None:
    prompt = RendererPrompts("glimmer", parser="glimmer", now=datetime.date(2026, 3, 9)).render(HI)
    assert "\nCurrent date: 2026-03-09." in prompt


def test_names_of_levels() -> None:
    prompts = RendererPrompts("qwen3.8", parser="qwen3.5")
    assert [prompts.resolved_think(t) for t in (None, True, False, "low", "some")] == [
        "medium",
        True,
        False,
        "low",
        "medium",
    ]
    with pytest.raises(PromptError):
        RendererPrompts("qwen3.8", parser="qwen3.5", target="0.34.2").resolved_think("some")


def test_an_order_of_chance_is_said() -> None:
    schema = {"type": "string", "enum": ["a"], "required": ["b"]}
    parameters = {"type": "object", "properties": {"p": schema}}
    tools = [{"type": "function", "function": {"name": "f", "parameters": parameters}}]
    prompts = RendererPrompts("qwen3-coder", parser="qwen3-coder")
    prompts.render(HI, tools=tools)
    assert prompts.varies == "the order of enum, required in the schema of a tool"
    prompts.render(HI)
    assert prompts.varies == ""


def test_a_modelfile_with_a_renderer() -> None:
    text = (
        "FROM m.gguf\nRENDERER qwen3-coder\nPARSER qwen3-coder\nSYSTEM Be kind.\nMESSAGE user A\n"
        "MESSAGE assistant B\n"
    )
    prompts = RendererPrompts.from_modelfile(parse_modelfile(text))
    turns = ("system\nBe kind.", "user\nA", "assistant\nB", "user\nHi")
    expected = "".join(f"<|im_start|>{t}<|im_end|>\n" for t in turns)
    assert prompts.render(HI) == expected + "<|im_start|>assistant\n"
    assert prompts.capabilities == ("tools",)


def test_replies_are_read_by_the_parser() -> None:
    written = "<tool_call>\n<function=f>\n<parameter=a>\n1\n</parameter>\n</function>\n</tool_call>"
    reply = RendererPrompts("qwen3-coder", parser="qwen3-coder").split_reply(f"Well{written}")
    assert (reply.content, reply.tool_calls) == ("Well", (ToolCall("f", {"a": "1"}),))
    assert RendererPrompts("qwen3-coder").split_reply(["We", "ll"]).content == "Well"


def test_what_is_too_long_loses_its_oldest_messages() -> None:
    long = [{"role": "system", "content": "S"}, {"role": "user", "content": "x" * 500}, *HI]
    prompt = RendererPrompts("lfm2", parser="lfm2").render(long, num_ctx=200, count_tokens=len)
    turns = "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
    assert prompt == f"<|startoftext|>{turns}"


def test_generate_is_a_chat_of_one_question() -> None:
    """Hand-written from WRITTEN; a real server agrees in tests/integration/test_generate_real.py."""
    model = RendererPrompts(
        "qwen3-coder", parser="qwen3-coder", system="Be brief.", template="{{ .Suffix }}|{{ .Prompt }}"
    )
    system = "<|im_start|>system\n{}<|im_end|>\n"
    assert model.render_generate("Hi") == system.format("Be brief.") + WRITTEN["qwen3-coder"]
    assert model.render_generate("Hi", system="Go.") == system.format("Go.") + WRITTEN["qwen3-coder"]
    assert model.render_generate("Hi", context="old") == "old" + model.render_generate("Hi")
    assert model.render_generate("Hi", raw=True) == "Hi"
    # These two are the TEMPLATE's, the model's own or the request's.
    assert model.render_generate("Hi", suffix="end") == "end|Hi"
    assert model.render_generate("Hi", template="[{{ .System }}]{{ .Prompt }}") == "[Be brief.]Hi"


def test_what_generate_refuses() -> None:
    plain = RendererPrompts("qwen3-coder", parser="qwen3-coder")
    requests: tuple[tuple[dict[str, Any], int], ...] = (
        ({"suffix": "end"}, 400),
        ({"raw": True, "system": "Go."}, 400),
        ({"think": True}, 400),
        ({"prompt": ""}, 200),
    )
    for request, status in requests:
        with pytest.raises(PromptError) as caught:
            plain.render_generate(**{"prompt": "Hi", **request})
        assert caught.value.status == status
