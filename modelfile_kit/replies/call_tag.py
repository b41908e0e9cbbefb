"""The tag before tool calls that a TEMPLATE should show to Ollama: found by reading the calls back."""

from __future__ import annotations

from collections.abc import Sequence

from ..huggingface import Reference
from ..ollama.replies import split_reply
from .round_trip import same_calls
from .spoken import PIECE, REPLY_MAX, TOOLS, Spoken, best_thinking_tags, spoken_replies
from .tags import Tags, tool_tags
from .turns import look_remembered

NO_CALLS = "∅ calls stay in the text"
"""A tag that no reply holds, so that nothing is taken for a call; what it says is for the reader."""

# Calls of the plainest kinds: what else a call can hold says nothing about what stands before it.
_KINDS = ("call", "two calls", "thought and call", "thought and two calls")
# Single characters put every boundary everywhere.
_PIECES = (1, PIECE)


@look_remembered
def best_tool_tag(reference: Reference) -> str:
    """The first tag by which most calls are found and none is misread.

    "{" where calls are not shown: Ollama then takes a reply that is JSON for a call. NO_CALLS where
    every other tag lets it lose calls or take something else for one: calls then stay readable text.
    """
    candidates = list(dict.fromkeys(tool_tags(reference)))
    calling = [s for s in spoken_replies(reference) if s.kind.name in _KINDS and len(s.text) <= REPLY_MAX]
    if not calling:
        return candidates[0]
    tags = best_thinking_tags(reference)
    whole = len(calling) * len(_PIECES)
    found = []
    for i, tag in enumerate(candidates):
        right, harm = _found(calling, tags, tag)
        if right == whole:
            return tag
        if not harm:
            found.append((right, -i, tag))
    return max(found)[-1] if found else NO_CALLS


def _found(calling: Sequence[Spoken], tags: Tags | None, tag: str) -> tuple[int, int]:
    """How many calls come out as they are, and how many replies give other calls or lose them all."""
    opening, closing = tags or ("", "")
    right = harm = 0
    for spoken in calling:
        wanted = spoken.kind.calls
        for size in _PIECES:
            reply = split_reply(
                [spoken.text[i : i + size] for i in range(0, len(spoken.text), size)],
                opening=opening,
                closing=closing,
                tool_tag=tag,
                prompt=spoken.prompt,
                think=spoken.think is not False,
                tools=TOOLS,
            )
            found = [(call.name, call.arguments) for call in reply.tool_calls]
            if same_calls(found, wanted):
                right += 1
            else:
                others = not same_calls(found, wanted[: len(found)])
                lost = not found and any(call.name not in reply.content for call in wanted)
                harm += others or lost
    return right, harm
