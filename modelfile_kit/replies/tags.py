"""The tags around thoughts and before calls, as Ollama has to infer them from the TEMPLATE.

Ollama splits a reply at two texts and looks for calls behind a third; all are fixed texts. Which ones do
it is found out by trying: the turns that the reference writes are split as Ollama would.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ..huggingface import Reference
from ..ollama.special_tokens import TOKEN_LIKE
from .turns import ANSWER, NAMES, THOUGHT, TOOLS, USER, Turn, common, render, turns_of

Tags = tuple[str, str]
# Tokens that announce a call in the instructions of templates that show no call.
_ANNOUNCED = re.compile(r"<\|?tool_?calls?\|?>", re.IGNORECASE)


def thinking_tags(reference: Reference) -> Iterator[Tags]:
    """Pairs of tags around thoughts, the likeliest first: as rendered, then as written in the source."""
    shown = [turn for turn in turns_of(reference) if turn.thinks and THOUGHT in turn.text]
    for turn in shown:
        opening = _opening(turn)
        if not opening:
            continue
        for closing in dict.fromkeys((_closing(turn), _all_after(shown))):
            if closing:
                yield opening, closing
    written = _written_tags(reference.source) or _opened_tags(reference)
    if written:
        yield written


def _opening(turn: Turn) -> str:
    """What the model writes before a thought, else what its prompt ends with."""
    before = turn.text[: turn.text.find(THOUGHT)].strip()
    if before and turn.goes_on and ANSWER not in before:
        return before
    text = (turn.before + turn.text[: turn.text.find(THOUGHT)]).rstrip()
    found = list(TOKEN_LIKE.finditer(text))
    if not found or found[-1].end() != len(text):
        return ""
    if len(found) > 1 and text[found[-2].end() : found[-1].start()].isalnum():
        return text[found[-2].start() :]  # a name between two tokens belongs to them
    return found[-1].group()


def _closing(turn: Turn) -> str:
    after = turn.text.partition(THOUGHT)[2].lstrip()
    token = TOKEN_LIKE.match(after)
    return token.group() if token else ""


def _all_after(shown: Iterable[Turn]) -> str:
    """What stands behind the thought in every turn, where turns of both kinds tell."""
    after = [turn.text.partition(THOUGHT)[2][: turn.last] for turn in shown]
    kinds = {turn.calls > 0 for turn in shown}
    return after[0][: common(*after)].strip() if len(kinds) > 1 else ""


def _written_tags(source: str) -> Tags | None:
    for name in re.findall(r"</([\w:]{0,20}(?:think|reason)[\w:]{0,20})>", source):
        if f"<{name}>" in source:
            return f"<{name}>", f"</{name}>"
    if "</think>" in source:
        return "<think>", "</think>"
    for opening, closing in (("[THINK]", "[/THINK]"), ("<|START_THINKING|>", "<|END_THINKING|>")):
        if opening in source and closing in source:
            return opening, closing
    return None


def _opened_tags(reference: Reference) -> Tags | None:
    """Those of a prompt that opens a thought and leaves it to the model to close it."""
    for turn in turns_of(reference):
        opened = re.search(r"<([\w:]{0,20}(?:think|reason)[\w:]{0,20})>\s*$", turn.prompt)
        if opened:
            return f"<{opened[1]}>", f"</{opened[1]}>"
    return None


def tool_tags(reference: Reference) -> Iterator[str]:
    """Texts before a call's JSON, the best first; "{" stands for none.

    Of several tokens the first alone is best: Ollama asks its engine (since 0.30) to leave that one in
    the text, and the others are gone where they are control tokens.
    """
    shown = [turn for turn in turns_of(reference) if turn.calls and not turn.content and not turn.thinks]
    shown.sort(key=lambda turn: not turn.goes_on)
    for turn in shown:
        whole = turn.text[: turn.text.find(NAMES[0])].partition("{")[0].strip()
        for tags in thinking_tags(reference):
            whole = whole.rpartition(tags[1])[2].strip()
        token = TOKEN_LIKE.match(whole)
        yield from dict.fromkeys(([token.group()] if token else []) + ([whole] if whole else []))
    if not shown:
        yield from _announced(reference)
    yield "{"


def _announced(reference: Reference) -> Iterator[str]:
    """The token that the instructions of a request with tools name for a call."""
    without, told = (render(reference, [USER], tools, None) or "" for tools in (None, TOOLS))
    for token in _ANNOUNCED.findall(told):
        if token not in without:
            yield token
