"""Generated chat requests for renderers: every role, tools, calls, thoughts, images and odd texts."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from modelfile_kit.building.renderer_way import PARSER_OF
from modelfile_kit.ollama.builtin import RENDERERS
from tests.ollama.generate_requests import request

NAMES = tuple(RENDERERS)
# Texts that some renderer looks into.
_WORDS = (
    *("t</think>answer", "<think>t</think>\n\nanswer", "<think>\nt\n", "</think>", "a</think>b</think>c"),
    *("<tool_response>r</tool_response>", " <tool_response>r</tool_response>\n", "/think", "/no_think now"),
    *("say it /nothink", "</think> /think", "<|channel>thought\nt<channel|>Hi", "a<|channel>b", "\ufffdx"),
    *("Reasoning effort: low", "REASONING STRENGTH: 1", "<|tool_call_start|>[f()]<|tool_call_end|>"),
    *(
        "<|tool_response_start|>r<|tool_response_end|>",
        "[img] and [img-7]",
        "[img]",
        "\n\nlines\n\n",
        "\u2003x\u2003",
    ),
    "You can do function calling with the following functions:",
)
_THINK = (None, None, True, False, "low", "medium", "high", "max", "xhigh", "some")
_MODELS = ("m", "m", "gemma-4-e4b", "library/gemma4:26b", "deepseek-r1")
_SIZES = (0, 4_000_000_000, 11_940_000_000, 11_960_000_000, 31_000_000_000)


class Case(NamedTuple):
    """A request to a model with a RENDERER. num_ctx: in characters, 0 for no cutting."""

    renderer: str
    parser: str
    messages: list[dict[str, Any]]
    tools: list[dict[str, Any]] | None
    think: Any
    system: str = ""
    own: list[dict[str, Any]] | None = None
    name: str = "m"
    family: str = ""
    parameters: int = 0
    num_ctx: int = 0
    projector: bool = False


def cases(seed: int, count: int, names: Sequence[str] = NAMES) -> Iterator[Case]:
    """As many cases as asked for; the names take turns."""
    r = random.Random(seed)
    for i in range(count):
        name = names[i % len(names)]
        asked = request(r)
        for message in asked["messages"]:
            if r.random() < 0.25:
                message["content"] = r.choice(_WORDS)
            if r.random() < 0.05:
                message["role"] = r.choice(["model", "chatbot", "developer"])
            if message["role"] == "assistant" and r.random() < 0.3:
                message["thinking"] = r.choice(("hm", " hm\n", *_WORDS))
            if r.random() < 0.05:
                message["tool_call_id"] = r.choice(["call_1", "x"])
        parser = r.choice(("", "passthrough", "qwen3")) if r.random() < 0.05 else PARSER_OF.get(name, name)
        own = [
            {"role": "user", "content": "Before."},
            {"role": "assistant", "content": "<think>a</think>Yes."},
        ]
        yield Case(
            name,
            parser,
            asked["messages"],
            asked["tools"] if parser or r.random() < 0.2 else None,
            r.choice(_THINK),
            system="Own." if r.random() < 0.2 else "",
            own=own if r.random() < 0.1 else None,
            name=r.choice(_MODELS),
            family="qwen3" if r.random() < 0.05 else "",
            parameters=r.choice(_SIZES),
            num_ctx=r.choice((50, 300, 900)) if r.random() < 0.1 else 0,
            projector=r.random() < 0.2,
        )
