"""Conversations that the features are held to the reference with."""

from __future__ import annotations

from typing import Any

TOOL: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Says how it is",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "description": "Where"}},
            "required": ["city"],
        },
    },
}
_CALL = {"function": {"name": "get_weather", "arguments": {"city": "Köln", "days": 2}}}
_TEXTS = (
    "a",
    "b",
    "",
    "ab,c,,da",
    " \n 12 x\n",
    "a</think>b Ünï <&> 你好 abc\tde",
    "-a-",
    "1234567890 a",
    "aaaa",
)


def _user(text: str, **more: Any) -> dict[str, Any]:
    return {"role": "user", "content": text, **more}


def _dialogue(*texts: str) -> list[dict[str, Any]]:
    roles = ("user", "assistant")
    return [{"role": roles[n % 2], "content": text} for n, text in enumerate(texts)]


# per kind: messages, and what the request has beside them
CONVERSATIONS: dict[str, list[tuple[list[dict[str, Any]], dict[str, Any]]]] = {
    "chat": [
        *(([_user(text)], {}) for text in _TEXTS),
        (_dialogue(*_TEXTS), {}),
        ([{"role": "system", "content": "Be brief."}, *_dialogue("a", "b", "c")], {}),
    ],
    "tools": [
        ([_user("a")], {"tools": [TOOL]}),
        ([_user("a"), {"role": "assistant", "content": "", "tool_calls": [_CALL]}], {"tools": [TOOL]}),
        (
            [
                _user("a"),
                {"role": "assistant", "content": "b", "tool_calls": [{"id": "call_1", **_CALL}, _CALL]},
                {"role": "tool", "content": "7", "tool_name": "get_weather", "tool_call_id": "call_1"},
                {"role": "assistant", "content": "c"},
            ],
            {"tools": [TOOL, TOOL]},
        ),
    ],
    "thinking": [([_user("a")], {"think": think}) for think in (True, False)]
    + [([_user("a"), {"role": "assistant", "content": "b", "thinking": "t"}, _user("c")], {"think": True})],
    "images": [
        ([_user("a", images=1)], {}),
        ([_user("", images=2), {"role": "assistant", "content": "b"}, _user("c")], {}),
    ],
}
