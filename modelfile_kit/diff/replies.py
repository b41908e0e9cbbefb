"""How replies are written and read on two sides: what the model was taught to write, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..core.errors import KitError
from ..huggingface import Reference
from ..ollama.prompt import PromptTemplate
from ..ollama.reply_tokens import ReplyTokens
from ..replies.returned import message_text, plain_message, reader, returned
from ..replies.round_trip import Prompts, Trip
from ..replies.spoken import KINDS, TOOLS, spoken_replies
from .part import Outcome, Part, counted, not_compared
from .rendering import ByJinja
from .values import difference

NAME = "replies"
SHOWN = 200
"""Characters of a reply that are shown."""

_NOTHING = "(nothing: the chat template shows no such reply)"
_REFUSED = "(nothing: such a request is refused)"


@dataclass(frozen=True)
class Reads:
    """What is known of a side's replies.

    chat_template: what the model was taught by, None where that is not known. prompts: the TEMPLATE or
    RENDERER with its PARSER, which say how Ollama reads replies; None where llama-server does.
    """

    chat_template: ByJinja | None = None
    prompts: Prompts | None = None
    tokens: ReplyTokens | None = None


def compare_replies(before: Reads, after: Reads) -> Part:
    """Every kind of reply that the chat templates show, as it is written and as it comes back.

    A side whose chat template is not known is asked about the other's replies.
    """
    known = before.chat_template or after.chat_template
    if known is None:
        return _by_tags(before.prompts, after.prompts)
    try:
        told = [_replies(side, side.chat_template or known) for side in (before, after)]
    except KitError as error:
        return not_compared(NAME, error.message)
    if ended := next((t.ended for t in told if t.ended), ""):
        return not_compared(NAME, ended)
    own = before.chat_template is not None and after.chat_template is not None
    read = before.prompts is not None and after.prompts is not None
    if not own and not read:
        return not_compared(NAME, "one side has no chat template, the other no reader of its own")
    lines: list[str] = []
    kinds = 0
    for kind in (kind.name for kind in KINDS if kind.form is None):
        writes = [t.writes.get(kind) for t in told]
        kinds += any(text is not None for text in writes)
        if own and writes[0] != writes[1]:
            lines += _differ(f"~ {kind}: the model writes", [w or _NOTHING for w in writes])
        gets = [t.gets.get(kind) for t in told]
        if read and gets[0] != gets[1]:
            lines += _differ(f"~ {kind}: comes back as", [g or _REFUSED for g in gets])
    readers = [t.reader for t in told]
    if read and readers[0] != readers[1]:
        lines.insert(0, f"~ read by {readers[0]} -> {readers[1]}")
    what = " and ".join(w for w, has in (("written", own), ("read", read)) if has)
    data = {"readers": readers if read else [], "differences": list(lines)}
    if lines:
        many = f"{counted(kinds, 'kind')} of replies, not all are {what} alike"
        return Part(NAME, Outcome.DIFFERENT, many, tuple(lines), data)
    by = f" by {readers[0]}" if read else ""
    return Part(NAME, Outcome.EQUAL, f"{counted(kinds, 'kind')} of replies are {what} alike{by}", (), data)


@dataclass(frozen=True)
class _Told:
    """What a side's model writes and what the user gets of it, by kind of reply.

    ended: which limit hid replies, "" where none did.
    """

    reader: str
    writes: Mapping[str, str]
    gets: Mapping[str, str]
    ended: str = ""


def _replies(side: Reads, taught: ByJinja) -> _Told:
    reference = Reference(taught.text, bos_token=taught.bos_token, eos_token=taught.eos_token)
    spoken = spoken_replies(reference, taught.eos_token)
    writes = {one.kind.name: one.text for one in spoken}
    if side.prompts is None:
        return _Told("", writes, {}, reference.look_ended)
    trip = Trip(spoken, side.prompts, side.tokens, ended=reference.look_ended).own()
    gets = {one.kind: one.text() for one in returned(trip) if one.reply is not None}
    return _Told(reader(trip), writes, gets, next(iter(trip.unseen.values()), ""))


def _differ(what: str, words: Sequence[str]) -> list[str]:
    return [what, *(f"    {line}" for line in _texts(words))]


def _texts(words: Sequence[str]) -> list[str]:
    """Both in a line each; of long ones the place where they part."""
    odd = {_NOTHING, _REFUSED}
    if max(map(len, words)) > SHOWN and not odd & set(words):
        return difference(words[0], words[1])
    cut = [text if len(text) <= SHOWN else text[: SHOWN - 1] + "…" for text in words]
    return [f"{sign} {text if text in odd else repr(text)}" for sign, text in zip("-+", cut, strict=True)]


def _by_tags(before: Prompts | None, after: Prompts | None) -> Part:
    """Two TEMPLATEs without a chat template: their tags, and what each makes of replies in both forms."""
    if not isinstance(before, PromptTemplate) or not isinstance(after, PromptTemplate):
        return not_compared(NAME, "no side says how the model writes replies")
    lines = []
    for name, one, other in (
        ("PARSER", before.parser or "none", after.parser or "none"),
        ("tags of thoughts", _tags(before), _tags(after)),
        ("tag of tool calls", before.tool_tag.tag or "none", after.tool_tag.tag or "none"),
    ):
        if one != other:
            lines.append(f"~ {name}: {one} -> {other}")
    samples = list(dict.fromkeys(_samples(before) + _samples(after)))
    for text in samples:
        read = [
            message_text(plain_message(side.split_reply(text, think=_can(side), tools=TOOLS)))
            for side in (before, after)
        ]
        if read[0] != read[1]:
            lines += [f"~ the reply {text!r} comes back as", *(f"    {line}" for line in _texts(read))]
    if lines:
        return Part(
            NAME, Outcome.DIFFERENT, f"{counted(len(samples), 'reply', 'replies')} tried", tuple(lines)
        )
    many = counted(len(samples), "reply", "replies")
    return Part(NAME, Outcome.EQUAL, f"{many} in the form of the tags are read alike")


def _can(side: PromptTemplate) -> bool | None:
    return True if "thinking" in side.capabilities else None


def _tags(side: PromptTemplate) -> str:
    tags = side.thinking_tags
    return f"{tags.opening!r} and {tags.closing!r}" if tags else "none"


def _samples(side: PromptTemplate) -> list[str]:
    """An answer, a thought and a call, in the form of a side's own tags."""
    tags, call = side.thinking_tags, side.tool_tag.tag
    name = TOOLS[0]["function"]["name"]
    asked = f'{{"name": "{name}", "arguments": {{"text": "x"}}}}'
    thought = [f"{tags.opening}A thought.{tags.closing}An answer."] if tags else []
    return ["An answer.", *thought, f"{call}{asked}" if call and call != "{" else asked]
