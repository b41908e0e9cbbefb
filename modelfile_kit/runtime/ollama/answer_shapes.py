"""The types of what servers answer: whatever reads an answer finds there what the API says, or null.

Ollama's are those of its api/types.go (0.34), OpenAI's those of its API reference. Of a key that nothing here
reads nothing is asked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ...core.errors import ServerError

Shape = Any
"""A type, a list with the shape of its items, or a mapping with those of its keys."""

_CALL = {"function": {"name": str}}
_MESSAGE = {"role": str, "content": str, "thinking": str, "tool_calls": [_CALL]}
_COUNTS = {"done_reason": str, "eval_count": int, "prompt_eval_count": int}
_DEBUG = {"_debug_info": {"rendered_template": str, "image_count": int}}
_TOLD = {**_MESSAGE, "reasoning": str, "reasoning_content": str, "tool_calls": [{"index": int, **_CALL}]}

_SHAPES: dict[str, Shape] = {
    "/api/version": {"version": str},
    "/api/tags": {"models": [{"model": str, "name": str, "digest": str, "details": Mapping}]},
    "/api/show": {
        **dict.fromkeys(("template", "system", "parameters", "license", "modelfile"), str),
        **dict.fromkeys(("renderer", "parser", "requires"), str),
        "messages": [_MESSAGE],
        "capabilities": [str],
        "model_info": Mapping,
        "projector_info": Mapping,
        "details": {"family": str, "families": [str], "parameter_size": str, "quantization_level": str},
    },
    "/api/chat": {"message": _MESSAGE, **_COUNTS, **_DEBUG},
    "/api/generate": {"response": str, "thinking": str, **_COUNTS, **_DEBUG},
    "/api/create": {"status": str},
    "/api/push": {"status": str},
    "/v1/models": {"data": [{"id": str, "owned_by": str, "max_model_len": int}]},
    "/v1/chat/completions": {
        "choices": [{"message": _TOLD, "delta": _TOLD, "finish_reason": str}],
        "usage": {"prompt_tokens": int, "completion_tokens": int},
    },
}
_WORDS = {str: "a text", int: "a whole number", list: "a list", Mapping: "an object"}


def checked(url: str, asked: str, found: dict[str, Any]) -> dict[str, Any]:
    """The answer, which has the types of its API. Raises ServerError (MK804) for another one.

    asked: method and path.
    """
    shape = _SHAPES.get(asked.rpartition(" ")[2])
    if shape is not None:
        _check(url, asked, "", found, shape)
    return found


def _check(url: str, asked: str, name: str, value: Any, shape: Shape) -> None:
    kind = list if isinstance(shape, list) else Mapping if isinstance(shape, Mapping) else shape
    if not isinstance(value, kind) or isinstance(value, bool):
        found = json.dumps(value)[:80]
        raise ServerError(
            f"{url} answered {asked} with {found} as `{name}`, where {_WORDS[kind]} was expected",
            help="is there a proxy or another program at this address?",
            code="MK804",
        )
    if kind is list:
        for n, item in enumerate(value):
            _check(url, asked, f"{name}[{n}]", item, shape[0])
    elif isinstance(shape, Mapping) and isinstance(value, Mapping):
        for key, inner in shape.items():
            if value.get(key) is not None:
                _check(url, asked, f"{name}.{key}" if name else key, value[key], inner)
