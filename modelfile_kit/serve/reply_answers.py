"""The checks of what only some models have: tool calls and thoughts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..core.errors import ServerError
from ..publish.subject import Check, error, short
from .asked import Asked, bear, missing, named, words_of

TOOL = "get_weather"
TOOLS: list[dict[str, Any]] = [
    {
        "type": "function",
        "function": {
            "name": TOOL,
            "description": "The weather of a city, today.",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string", "description": "Name of the city."}},
                "required": ["city"],
            },
        },
    }
]
TOOL_QUESTION = "What is the weather in Paris today? Call the tool."
THINKING_QUESTION = "How many legs do three cats have? Think, then answer with a number."
_TOOLS_HELP = "start llama-server with --jinja and the model's own chat template, or name a PARSER on Ollama"
_MARKS = ("<think>", "</think>", "<thinking>", "[THINK]")


def check_tools(asked: Asked) -> Iterator[Check]:
    """A tool that is offered and has to be called: whole and streamed, the same call."""
    promised = asked.promise.tools
    seen = []
    for streamed in (False, True):
        try:
            answer = asked.ask(TOOL_QUESTION, streamed=streamed, tools=TOOLS, tool_choice="required")
        except ServerError as e:
            bear(e)
            yield missing("tools", words_of(e), promised, _TOOLS_HELP, named(e))
            return
        seen.append(answer)
    calls = seen[0].calls
    if not calls:
        what = f"the answer is {short(seen[0].content)} and no call"
        yield missing("tools", what, promised, _TOOLS_HELP)
        return
    name, arguments = calls[0]
    problem = ""
    if name != TOOL:
        problem = f"the call is of {name!r}, which was not offered"
    elif not isinstance(arguments, dict):
        problem = f"the arguments are {short(str(arguments))}, expected a JSON object"
    elif not seen[1].calls:
        problem = f"streamed, the answer is {short(seen[1].content)} and no call"
    if problem:
        yield Check("tools", "fail", "not as offered", (error("MK870", problem, _TOOLS_HELP),))
        return
    shown = ", ".join(f"{k}={v!r}" for k, v in arguments.items())
    yield Check("tools", "ok", f"{name}({shown}), whole and streamed, finish {seen[0].finish!r}")


def check_thinking(asked: Asked) -> Iterator[Check]:
    """`reasoning_content`, and `chat_template_kwargs.enable_thinking` that switches it on and off."""
    promised = asked.promise.thinking
    seen = {}
    for wanted in (True, False):
        try:
            seen[wanted] = asked.ask(
                THINKING_QUESTION,
                chat_template_kwargs={"enable_thinking": wanted},
                max_tokens=asked.max_tokens * 2,
            )
        except ServerError as e:
            bear(e)
            yield missing("thinking", words_of(e), promised, "update the server", named(e))
            return
    on, off = seen[True], seen[False]
    if on.thinking:
        yield Check("thinking", "ok", f"reasoning_content: {short(on.thinking)}")
    elif mark := next((m for m in _MARKS if m in on.content), ""):
        finding = error(
            "MK871",
            f"the thought stays in the content, from {mark} on: {short(on.content)}",
            "start llama-server with --jinja and --reasoning-format auto; on Ollama a PARSER splits it off",
        )
        status = "fail" if promised else "skip"
        detail = "stays in the content" if promised else f"not offered: {finding.message}"
        yield Check("thinking", status, detail, (finding,) if promised else ())
    else:
        yield missing(
            "thinking", f"the answer is {short(on.content)} and no thought", promised, "nothing to do"
        )
        return
    if not off.thinking and not any(m in off.content for m in _MARKS):
        yield Check("enable_thinking", "ok", "false switches thoughts off")
    else:
        yield Check("enable_thinking", "skip", "not offered: with false the model thinks all the same")
