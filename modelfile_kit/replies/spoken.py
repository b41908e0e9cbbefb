"""Replies of every kind, as the model would write them: what is put to a parser or to a real server.

The chat template writes earlier turns the way the model was trained to write them. So a turn that thinks,
answers and calls is rendered, and what stands between the prompt and the turn's end is the reply. Where the
template leaves a thought out, and the prompt opens one, the thought is put there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..huggingface import Reference
from ..ollama.replies import split_reply
from ..ollama.reply_types import ToolCall
from ..ollama.special_tokens import TOKEN_LIKE
from .stops import stops
from .tags import Tags, thinking_tags
from .turns import ASIDE_MAX, TOKEN_MAX, common, look_remembered, render, turns_of

TOOL_NAMES = ("tool_q7", "tool_r8")
QUESTION = "first-q1"
THOUGHT = "I compare 2 < 3 first.\n\nThen I decide: yes."
ANSWER = 'Yes.\n\n1. **one** & <b>two</b>\n2. `{"three": 4}` – 五 🙂'

FORM = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "array", "items": {"type": "integer"}}},
    "required": ["city", "days"],
}
FORMED = '{"city": "Rome", "days": [1, 2]}'

_SCHEMA = {
    "text": "string",
    "count": "integer",
    "ratio": "number",
    "flag": "boolean",
    "list": "array",
    "object": "object",
}
_SIMPLE: tuple[Mapping[str, Any], ...] = ({"text": "value-v1", "count": 73519}, {"text": "value-v2"})
_TEXTS = {"text": 'Line 1\nsays "two" & <b>\'three\'</b>\n\n\t{"four": [5]} \\n – 日本 🙂'}
_TYPES = {
    "text": "x",
    "count": -7,
    "ratio": 2.5,
    "flag": True,
    "list": [1, "two", {"three": None}],
    "object": {"deep": {"er": []}},
}


def _tool(name: str) -> dict[str, Any]:
    properties: dict[str, Any] = {key: {"type": kind, "description": "d"} for key, kind in _SCHEMA.items()}
    properties["list"]["items"] = {}
    parameters = {"type": "object", "properties": properties, "required": []}
    return {"type": "function", "function": {"name": name, "description": "d", "parameters": parameters}}


TOOLS = tuple(map(_tool, TOOL_NAMES))

# Replies are split in pieces of so many characters to find out about tags; longer ones are not tried, in
# characters: ordinary ones have some hundreds, and splitting takes the square of the length.
PIECE = 7
REPLY_MAX = 2_000

# Values that no form of a call writes otherwise.
_PLAIN = re.compile(r"[a-z0-9-]{2,}\Z")


@dataclass(frozen=True)
class Kind:
    """A kind of reply: what the turn holds.

    name: for people. offered: whether the request offers tools. form: a JSON schema that the request asks
    the answer to satisfy.
    """

    name: str
    offered: bool = False
    thinking: str = ""
    content: str = ""
    arguments: tuple[Mapping[str, Any], ...] = ()
    form: Mapping[str, Any] | None = None

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """The tool calls of the turn."""
        return tuple(ToolCall(n, a) for n, a in zip(TOOL_NAMES, self.arguments, strict=False))

    def message(self) -> dict[str, Any]:
        """The turn in Ollama's shape."""
        message: dict[str, Any] = {"role": "assistant", "content": self.content}
        if self.thinking:
            message["thinking"] = self.thinking
        if self.arguments:
            message["tool_calls"] = [
                {
                    "id": f"call{n:05}",
                    "function": {"name": call.name, "arguments": dict(call.arguments or {})},
                }
                for n, call in enumerate(self.calls)
            ]
        return message


KINDS = (
    Kind("answer", content=ANSWER),
    Kind("answer beside tools", True, content=ANSWER),
    Kind("thought and answer", thinking=THOUGHT, content=ANSWER),
    Kind("call", True, arguments=_SIMPLE[:1]),
    Kind("two calls", True, arguments=_SIMPLE),
    Kind("thought and call", True, thinking=THOUGHT, arguments=_SIMPLE[:1]),
    Kind("thought and two calls", True, thinking=THOUGHT, arguments=_SIMPLE),
    Kind("text and call", True, content="I look it up.", arguments=_SIMPLE[:1]),
    Kind("call with markup", True, arguments=(_TEXTS,)),
    Kind("call with all types", True, arguments=(_TYPES,)),
    Kind("call without arguments", True, arguments=({},)),
    Kind("answer by a schema", content=FORMED, form=FORM),
    Kind("thought and answer by a schema", thinking=THOUGHT, content=FORMED, form=FORM),
)
"""The kinds, in the order in which they are shown."""


@dataclass(frozen=True)
class Spoken:
    """A reply of a kind.

    text: what the model writes, without the end of the turn; think: what the request says; prompt: what the
    model goes on from, by the chat template.
    """

    kind: Kind
    text: str
    think: bool | None
    prompt: str


@look_remembered
def spoken_replies(reference: Reference, eos_token: str | None = None) -> tuple[Spoken, ...]:
    """A reply of each kind that the chat template shows; the others are absent.

    Where the template knows thoughts, requests say whether they want one.
    """
    return replies_with(reference, best_thinking_tags(reference), eos_token)


def replies_with(reference: Reference, tags: Tags | None, eos_token: str | None = None) -> tuple[Spoken, ...]:
    """The replies that think between these tags; `spoken_replies` with the tags given."""
    ends = tuple(stops(reference, eos_token))
    return tuple(s for kind in KINDS if (s := _spoken(reference, kind, tags, ends)) is not None)


@look_remembered
def best_thinking_tags(reference: Reference) -> Tags | None:
    """The first pair that splits most replies that think; None where the reference shows none."""
    candidates = list(dict.fromkeys(thinking_tags(reference)))
    if len(candidates) < 2:
        return candidates[0] if candidates else None
    scored = [(*_split(reference, tags), -i, tags) for i, tags in enumerate(candidates)]
    return max(scored)[-1]


def _split(reference: Reference, tags: Tags) -> tuple[int, int]:
    """How many thoughts come out, and how many answers with nothing between them and their thought."""
    right = clean = 0
    for spoken in replies_with(reference, tags):
        kind = spoken.kind
        if not kind.thinking or kind.form is not None or len(spoken.text) > REPLY_MAX:
            continue
        opening, closing = tags
        pieces = [spoken.text[i : i + PIECE] for i in range(0, len(spoken.text), PIECE)]
        reply = split_reply(pieces, opening=opening, closing=closing, prompt=spoken.prompt, think=True)
        right += reply.thinking.strip() == kind.thinking.strip()
        clean += not kind.arguments and reply.content.strip().startswith(kind.content.strip())
    return right, clean


def absent_kinds(spoken: Sequence[Spoken]) -> tuple[Kind, ...]:
    """The kinds of which there is no reply."""
    shown = {one.kind.name for one in spoken}
    return tuple(kind for kind in KINDS if kind.name not in shown)


def _spoken(reference: Reference, kind: Kind, tags: Tags | None, ends: Sequence[str]) -> Spoken | None:
    if kind.thinking and tags is None:
        return None
    think = None if tags is None else bool(kind.thinking)
    tools = TOOLS if kind.offered else None
    user = {"role": "user", "content": QUESTION}
    prompt = render(reference, [user], tools, think)
    whole = render(reference, [user, kind.message()], tools, think, add_generation_prompt=False)
    if prompt is None or whole is None:
        return None
    at = _parting(prompt, whole)
    if len(prompt) - at > ASIDE_MAX:
        return None
    written = _before_end(whole[at:], prompt, reference, kind, ends)
    text = _with_thought(written, prompt[at:], prompt, kind, tags)
    return Spoken(kind, text, think, prompt) if text is not None and _holds(text, kind) else None


def _with_thought(text: str, aside: str, prompt: str, kind: Kind, tags: Tags | None) -> str | None:
    """The reply with its thought, and without what the prompt has written already; None where that fails.

    aside: what the prompt has and a former turn has not, or has otherwise.
    """
    opening, closing = tags or ("", "")
    opened = bool(opening) and prompt.rstrip().endswith(opening)
    if kind.thinking and kind.thinking.strip() not in text:
        if not opened:
            return None
        rest = text.lstrip()
        rest = rest if rest.startswith(closing) else f"{closing}\n\n{rest}"
        return f"{kind.thinking}\n{rest}"
    if not aside:
        # The model thinks first because its prompt says so; a reply without a thought is none of that prompt.
        return None if opened and not kind.thinking else text
    if kind.thinking:
        return text.lstrip().removeprefix(opening) if opened else None
    return text.lstrip().removeprefix(closing) if closing and prompt.rstrip().endswith(closing) else None


def _holds(text: str, kind: Kind) -> bool:
    """Whether the thought, the answer and the calls are in the reply."""
    wanted = [kind.thinking.strip(), kind.content.strip(), *(call.name for call in kind.calls)]
    for call in kind.calls:
        arguments = call.arguments or {}
        wanted += [*arguments, *(str(v) for v in arguments.values() if _PLAIN.match(str(v)))]
    return all(word in text for word in wanted)


def _before_end(written: str, prompt: str, reference: Reference, kind: Kind, ends: Sequence[str]) -> str:
    """The turn up to where it ends: the last of the texts that end turns, else the tail of such turns."""
    places = [at for end in ends if (at := written.rfind(end)) >= 0]
    behind = max((written.rfind(word) for word in (kind.content[-8:], *_last_words(kind)) if word), default=0)
    places = [at for at in places if at >= behind]
    if places:
        return written[: min(places)]
    # The next prompt may stand there without being asked for.
    for start in (m.start() for m in TOKEN_LIKE.finditer(written) if m.start() >= behind):
        if prompt.endswith(written[start:]):
            return written[:start]
    tails = [turn.tail for turn in turns_of(reference) if not turn.calls] if not kind.arguments else []
    tail = next((tail for tail in tails if tail and written.endswith(tail)), "")
    return written.removesuffix(tail)


def _last_words(kind: Kind) -> tuple[str, ...]:
    return (kind.calls[-1].name,) if kind.arguments else ()


def _parting(prompt: str, whole: str) -> int:
    """Where a rendering parts from the prompt, before a token that only one of them has."""
    same = common(prompt, whole)
    return min(_before_token(text, same) for text in (prompt, whole))


def _before_token(text: str, at: int) -> int:
    start = max(0, at - TOKEN_MAX)
    inside = (
        start + m.start()
        for m in TOKEN_LIKE.finditer(text[start:])
        if start + m.start() < at < start + m.end()
    )
    return next(inside, at)
