"""Answers whose values are of other types than Ollama's and OpenAI's API say."""

from __future__ import annotations

import pytest

from modelfile_kit.core.errors import ServerError
from modelfile_kit.runtime.ollama.answer_shapes import checked

# As a server of Ollama 0.34 writes them, and as OpenAI's reference shows one.
RIGHT = [
    ("GET /api/version", {"version": "0.34.4"}),
    ("GET /api/tags", {"models": [{"name": "m:latest", "model": "m:latest", "size": 1, "digest": "0"}]}),
    ("GET /api/tags", {"models": None}),
    ("POST /api/show", {"license": "x", "capabilities": ["vision"], "model_info": {"a": 1}, "details": {}}),
    ("POST /api/chat", {"message": {"role": "assistant", "content": "x", "thinking": "y"}, "done": False}),
    ("POST /api/chat", {"message": {"tool_calls": [{"function": {"name": "f", "arguments": {"a": 1}}}]}}),
    ("POST /api/chat", {"_debug_info": {"rendered_template": "x", "image_count": 1}}),
    ("POST /v1/chat/completions", {"choices": [{"delta": {"content": None}, "finish_reason": None}]}),
    ("GET /another", {"models": 3}),
]
WRONG = [
    ("GET /api/version", {"version": 3}, "version", "a text"),
    ("GET /api/tags", {"models": {}}, "models", "a list"),
    ("GET /api/tags", {"models": [None]}, "models[0]", "an object"),
    ("GET /api/tags", {"models": [{}, {"name": []}]}, "models[1].name", "a text"),
    ("POST /api/show", {"model_info": [1]}, "model_info", "an object"),
    ("POST /api/show", {"capabilities": [True]}, "capabilities[0]", "a text"),
    ("POST /api/chat", {"message": {"tool_calls": 5}}, "message.tool_calls", "a list"),
    ("POST /api/chat", {"_debug_info": {"image_count": "NaN"}}, "_debug_info.image_count", "a whole number"),
    ("POST /api/generate", {"eval_count": 0.5}, "eval_count", "a whole number"),
    (
        "POST /v1/chat/completions",
        {"usage": {"prompt_tokens": True}},
        "usage.prompt_tokens",
        "a whole number",
    ),
]


@pytest.mark.parametrize(("asked", "found"), RIGHT)
def test_what_has_the_types_of_the_api(asked, found):
    assert checked("http://box:1", asked, found) is found


@pytest.mark.parametrize(("asked", "found", "place", "expected"), WRONG)
def test_what_has_not(asked, found, place, expected):
    with pytest.raises(ServerError) as e:
        checked("http://box:1", asked, found)
    assert e.value.code == "MK804"
    assert f"answered {asked} with " in e.value.message
    assert f" as `{place}`, where {expected} was expected" in e.value.message
