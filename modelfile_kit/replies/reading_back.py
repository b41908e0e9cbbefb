"""The model's replies as the reference shows them, and the tags by which Ollama understands most of them.

A reply is a turn as the reference writes it, cut off at its end. Where the reference leaves the thoughts
of former turns out, a thought is put where the prompt opens one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ..huggingface import Reference
from ..ollama.replies import split_reply
from ..ollama.reply_types import Reply, ToolCall
from ..ollama.special_tokens import TOKEN_LIKE
from ..ollama.versions import Target
from .tags import Tags, thinking_tags, tool_tags
from .turns import ARGUMENTS, NAMES, THOUGHT, TOOLS, Turn, turns_of

# The engine's answer comes in pieces: single characters put every boundary everywhere.
PIECES = (1, 7)
# Longer replies are not tried, in characters: ordinary ones have some hundreds, and splitting takes the
# square of the length.
REPLY_MAX = 2_000
# A tag that no reply holds, so that nothing is taken for a call; what it says is for the reader.
NO_CALLS = "∅ calls stay in the text"


@dataclass(frozen=True)
class Written:
    """A reply as the model would write it, and what Ollama should find in it.

    turn: where it comes from; text: the reply without the end of the turn.
    """

    turn: Turn
    text: str
    thinking: str
    calls: tuple[ToolCall, ...]

    def pieces(self, size: int) -> Iterator[str]:
        """The text as it streams. size: characters in a piece."""
        return (self.text[i : i + size] for i in range(0, len(self.text), size))


def written_replies(reference: Reference, tags: Tags | None) -> tuple[Written, ...]:
    """The replies that the reference's turns show, each text once. tags: those around thoughts.

    With tags Ollama thinks unless it is told not to, so that requests always say; without, none do.
    """
    every = turns_of(reference)
    ended = any(TOKEN_LIKE.search(turn.tail) for turn in every if not turn.calls)
    turns = [turn for turn in every if (turn.think is None) == (tags is None)]
    found = {(w.text, w.turn.think): w for turn in turns if (w := _written(turn, tags, ended)) is not None}
    return tuple(found.values())


def _written(turn: Turn, tags: Tags | None, ended: bool) -> Written | None:
    if len(turn.text) > REPLY_MAX:
        return None
    calls = tuple(ToolCall(n, a) for n, a in zip(NAMES[: turn.calls], ARGUMENTS, strict=False))
    text = turn.inside + _closing_of_calls(turn, ended)
    if THOUGHT in text or tags is None:
        return Written(turn, text, THOUGHT if THOUGHT in text else "", calls) if turn.goes_on else None
    opening, closing = tags
    prompt = turn.prompt.rstrip()
    if turn.think and prompt.endswith(opening):
        rest = text.lstrip()
        rest = rest if rest.startswith(closing) else f"{closing}\n\n{rest}"
        return Written(turn, f"{THOUGHT}\n{rest}", THOUGHT, calls)
    if not turn.goes_on:
        # The prompt has closed what a former turn closes itself.
        text = text.lstrip().removeprefix(closing)
    return Written(turn, text, "", calls) if turn.goes_on or prompt.endswith(closing) else None


def _closing_of_calls(turn: Turn, ended: bool) -> str:
    """What the model writes behind its last word and before the end of its turn: what closes a call.

    ended: whether the template writes an end after its turns; where it writes none, all closes the call.
    """
    if not turn.calls:
        return ""
    if not ended:
        return turn.tail
    ends = [m.start() for m in TOKEN_LIKE.finditer(turn.tail) if m.group() not in turn.inside]
    return turn.tail[: ends[-1]] if ends else turn.tail


def answered(
    written: Written,
    tags: Tags | None,
    tag: str,
    size: int,
    prompt: str | None = None,
    target: str | Target = "latest",
) -> Reply:
    """What Ollama makes of a reply that comes in pieces.

    tags, tag: what Ollama knows from the TEMPLATE; size: characters in a piece; prompt: the rendered one.
    """
    opening, closing = tags or ("", "")
    return split_reply(
        written.pieces(size),
        opening=opening,
        closing=closing,
        tool_tag=tag,
        prompt=written.turn.prompt if prompt is None else prompt,
        think=written.turn.think is not False,
        tools=TOOLS if written.turn.tools else None,
        target=target,
    )


def same_calls(found: Sequence[ToolCall], wanted: Sequence[ToolCall]) -> bool:
    """Whether names and arguments agree, in order."""
    return _plain(found) == _plain(wanted)


def _plain(calls: Sequence[ToolCall]) -> list[tuple[str, Mapping[str, Any] | None]]:
    return [(call.name, None if call.arguments is None else dict(call.arguments)) for call in calls]


@lru_cache(maxsize=4)
def best_thinking_tags(reference: Reference) -> Tags | None:
    """The first pair that splits most replies that think; None where the reference shows none."""
    candidates = list(dict.fromkeys(thinking_tags(reference)))
    if len(candidates) < 2:
        return candidates[0] if candidates else None
    scored = [(*_split(reference, tags), -i, tags) for i, tags in enumerate(candidates)]
    return max(scored)[-1]


def _split(reference: Reference, tags: Tags) -> tuple[int, int]:
    """How many thoughts come out, and how many answers without anything around them."""
    right = clean = 0
    for written in written_replies(reference, tags):
        if written.thinking:
            reply = answered(written, tags, NO_CALLS, PIECES[-1])
            right += reply.thinking.strip() == written.thinking
            clean += not written.calls and reply.content.strip() == written.turn.content
    return right, clean


@lru_cache(maxsize=4)
def best_tool_tag(reference: Reference) -> str:
    """The first tag by which most calls are found and none is misread.

    "{" where calls are not shown: Ollama then takes a reply that is JSON for a call. NO_CALLS where
    every other tag lets it lose calls or take something else for one: calls then stay readable text.
    """
    tags = best_thinking_tags(reference)
    candidates = list(dict.fromkeys(tool_tags(reference)))
    written = [w for w in written_replies(reference, tags) if w.calls and not w.turn.content]
    if not written:
        return candidates[0]
    whole = len(written) * len(PIECES)
    found = []
    for i, tag in enumerate(candidates):
        right, harm = _found(written, tags, tag)
        if right == whole:
            return tag
        if not harm:
            found.append((right, -i, tag))
    return max(found)[-1] if found else NO_CALLS


def _found(written: Sequence[Written], tags: Tags | None, tag: str) -> tuple[int, int]:
    """How many calls come out as they are, and how many replies give other calls or lose them all."""
    right = harm = 0
    for w in written:
        for size in PIECES:
            reply = answered(w, tags, tag, size)
            found = reply.tool_calls
            if same_calls(found, w.calls):
                right += 1
            else:
                others = not same_calls(found, w.calls[: len(found)])
                lost = not found and any(call.name not in reply.content for call in w.calls)
                harm += others or lost
    return right, harm
