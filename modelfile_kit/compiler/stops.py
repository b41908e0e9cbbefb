"""Texts that end a turn, and the tags around reasoning, read off what the reference renders."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import KitError
from ..jinja_reference import Reference

# What special tokens look like in current vocabularies.
_TOKEN = re.compile(
    r"<\|[^|<>\s]{1,60}\|>|<\|[^<>\s|]{1,40}>|<[^<>\s|]{1,40}\|>|<｜[^｜<>]{1,60}｜>|\[\|[^|\[\]\s]{1,40}\|\]|\[e~\[|</?[\w:.-]{1,40}>|\[/?[A-Z_]{2,40}\]|<[^<>\s]{1,40}>"
)
_CALL = {"id": "call00001", "function": {"name": "tool_q7", "arguments": {"x": "1"}}}
_TOOL = {
    "type": "function",
    "function": {
        "name": "tool_q7",
        "description": "d",
        "parameters": {
            "type": "object",
            "properties": {"x": {"type": "string", "description": "d"}},
            "required": ["x"],
        },
    },
}
_USER, _ANSWER, _AGAIN, _RESULT, _THOUGHT = "first-q1", "answer-q2", "again-q3", "result-q4", "thought-q5"


def stops(reference: Reference, eos_token: str | None) -> list[str]:
    """The texts at which a reply ends: what follows an answer before the next turn's words."""
    user, answer = {"role": "user", "content": _USER}, {"role": "assistant", "content": _ANSWER}
    found: list[str] = []
    after = _between(reference, [user, answer, {"role": "user", "content": _AGAIN}], _ANSWER, _AGAIN)
    if after is not None:
        found += [eos_token] if eos_token and eos_token in after else _ends(after)
    calling = {"role": "assistant", "content": "", "tool_calls": [_CALL]}
    result = {"role": "tool", "content": _RESULT, "tool_name": "tool_q7", "tool_call_id": "call00001"}
    if after is not None and not _ends_with_own_token(after):
        # Turns without an end: every role that can come next ends them.
        called = _between(reference, [user, calling, result], "tool_q7", _RESULT, tools=[_TOOL])
        if called is not None:
            found += _role_tokens(called, after)
    return list(dict.fromkeys(found))


def _between(
    reference: Reference, messages: Sequence[Mapping[str, Any]], start: str, end: str, **more: Any
) -> str | None:
    try:
        text = reference.render(messages, **more)
    except KitError:
        return None
    a, b = text.rfind(start), text.rfind(end)
    return text[a + len(start) : b] if 0 <= a < b else None


def _ends(after: str) -> list[str]:
    """The first special token after an answer, or the words that begin the next turn."""
    token = _TOKEN.search(after)
    if token:
        return [token.group()]
    words = after.strip().partition("\n")[0].strip()
    return [words] if any(c.isalnum() for c in words) else []


def _ends_with_own_token(after: str) -> bool:
    """Whether an answer has an end of its own before the next turn's own token."""
    tokens = _TOKEN.findall(after)
    return len(tokens) > 1


def _role_tokens(called: str, after: str) -> list[str]:
    known = set(_TOKEN.findall(after))
    return [t for t in _TOKEN.findall(called) if t.startswith("<|") and t not in known][-1:]


def thinking_tags(reference: Reference) -> tuple[str, str] | None:
    """The tags around reasoning: as rendered around an earlier thought, else as written in the source."""
    user = {"role": "user", "content": _USER}
    answer = {"role": "assistant", "content": _ANSWER, "thinking": _THOUGHT}
    calling = {"role": "assistant", "content": "", "thinking": _THOUGHT, "tool_calls": [_CALL]}
    result = {"role": "tool", "content": _RESULT, "tool_name": "tool_q7", "tool_call_id": "call00001"}
    again = {"role": "user", "content": _AGAIN}
    probes: list[tuple[list[dict[str, Any]], list[dict[str, Any]] | None]] = [
        ([user, answer], None),
        ([user, answer, again], None),
        ([user, calling, result], [_TOOL]),
    ]
    for messages, tools in probes:
        try:
            text = reference.render(messages, tools=tools, think=True)
        except KitError:
            continue
        before, thought, after = text.partition(_THOUGHT)
        tokens = _TOKEN.findall(before[-80:])
        closing = _TOKEN.match(after.lstrip())
        if thought and tokens and closing and before.rstrip().endswith(tokens[-1]):
            return tokens[-1], closing.group()
    return _written_tags(reference.source)


def _written_tags(source: str) -> tuple[str, str] | None:
    for name in re.findall(r"</([\w:]{0,20}(?:think|reason)[\w:]{0,20})>", source):
        if f"<{name}>" in source:
            return f"<{name}>", f"</{name}>"
    if "</think>" in source:
        return "<think>", "</think>"
    for opening, closing in (("[THINK]", "[/THINK]"), ("<|START_THINKING|>", "<|END_THINKING|>")):
        if opening in source and closing in source:
            return opening, closing
    return None


def tool_tag(reference: Reference) -> str | None:
    """The text before a call's JSON in a reply, as Ollama wants it: cut at the brace, "{" for none."""
    user = {"role": "user", "content": _USER}
    calling = {"role": "assistant", "content": "", "tool_calls": [_CALL]}
    try:
        prompt = reference.render([user], tools=[_TOOL])
        called = reference.render([user, calling], tools=[_TOOL])
    except KitError:
        return None
    before = called[called.rfind(_USER) + len(_USER) : called.rfind("tool_q7")]
    opening = prompt[prompt.rfind(_USER) + len(_USER) :]
    same = 0
    while same < min(len(before), len(opening)) and before[same] == opening[same]:
        same += 1
    if called.rfind("tool_q7") < called.rfind(_USER):
        return None
    for token in _TOKEN.finditer(before):
        if token.start() < same < token.end():
            same = token.start()
    tag = before[same:]
    thinking = thinking_tags(reference)
    if thinking:
        tag = tag.rpartition(thinking[1])[2]
    return tag.partition("{")[0].strip() or "{"
