"""What was changed in a prompt, apart from the words that both prompts have.

Of a changed template nearly every conversation differs, and mostly by the same few pieces. A conversation
shows something new if it has a piece that none of those before had.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from ..core.conversation import Conversation
from .rendering import Seen

Edit = tuple[str, str]
"""The text before and after."""

MAX_TOKENS = 600
"""Pieces of text that are compared one by one; of longer ones all between both ends is one edit."""

LONG = 200
"""Characters of a message from which on it is taken out of the prompts before they are compared."""

_PIECES = re.compile(r"<\|?[\w/ -]*\|?>|\[/?[A-Z_]+\]|\w+|\s|[^\w\s]")


def edits(changed: Seen, conversation: Conversation) -> frozenset[Edit]:
    """The pieces in which two prompts differ, without the conversation's words; a refusal by its reason."""
    before, after = changed.before.text, changed.after.text
    if before is None or after is None:
        why = f"refused: {changed.before.why if before is None else changed.after.why}"[:60]
        return frozenset({(why, "") if before is None else ("", why)})
    said = {str(m.get(key) or "") for m in conversation.messages for key in ("content", "thinking")} - {""}
    ordered = sorted(said, key=len, reverse=True)
    for words in ordered:
        # Else it would fill the pieces that are compared, and only long conversations would show something.
        if len(words) >= LONG and words in before and words in after:
            before, after = before.replace(words, "·"), after.replace(words, "·")
    return frozenset(
        (_without(one, ordered), _without(other, ordered)) for one, other in _edits(before, after)
    )


def _without(text: str, said: list[str]) -> str:
    """A piece with a dot in the place of what the conversation says."""
    for words in said:
        text = re.sub(rf"(?<!\w){re.escape(words)}(?!\w)", "·", text)
    return re.sub("·+", "·", text)


def _edits(before: str, after: str) -> frozenset[Edit]:
    one, other = _PIECES.findall(before), _PIECES.findall(after)
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    end = 0
    while end < min(len(one), len(other)) - start and one[-1 - end] == other[-1 - end]:
        end += 1
    one, other = one[start : len(one) - end], other[start : len(other) - end]
    if max(len(one), len(other)) > MAX_TOKENS:
        return frozenset({("".join(one[:MAX_TOKENS]), "".join(other[:MAX_TOKENS]))})
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return frozenset(
        ("".join(one[i1:i2]), "".join(other[j1:j2]))
        for tag, i1, i2, j1, j2 in matcher.get_opcodes()
        if tag != "equal"
    )
