"""Texts that end a turn, read off what the reference renders."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..huggingface import Reference
from ..ollama.special_tokens import TOKEN_LIKE
from .turns import QUESTION, Turn, turns_of


def stops(reference: Reference, eos_token: str | None) -> list[str]:
    """The texts at which a reply ends, and which never stand inside one.

    A template that writes an end after its last turn shows it there; one that does not shows by what
    comes next that the turn was over. What also stands inside a turn (between a thought and the answer,
    around calls) ends nothing: a stop there would cut the reply.
    """
    turns = turns_of(reference)
    inside = [turn.inside for turn in turns]
    answers = [turn for turn in turns if not turn.calls]
    found = [end for turn in answers for end in _ends(turn, eos_token, inside)]
    closed = any(end in turn.tail for turn in answers for end in found)
    for turn in turns:
        if turn.calls and not any(end in turn.tail for end in found):
            found += _ends_of_calls(turn, inside, closed)
    return list(dict.fromkeys(found))


def _ends(turn: Turn, eos_token: str | None, inside: Sequence[str]) -> list[str]:
    """What ends an answer: the EOS, the first token that stands in no reply, or the next turn's words."""
    after = turn.tail if TOKEN_LIKE.search(turn.tail) or turn.following is None else turn.following
    ends = _outside(TOKEN_LIKE.findall(after), inside)
    if eos_token and eos_token in (turn.following or "") + turn.tail:
        # A text that ends the user's turns too ends this one, before the EOS does.
        asked = _behind_question(turn)
        earlier = ends[: ends.index(eos_token)] if eos_token in ends else []
        earlier = [end for end in earlier if end in asked]
        only_last = earlier and turn.following is not None and eos_token not in turn.following
        return earlier if only_last else [*earlier, eos_token]
    if ends:
        return ends[:1]
    words = after.strip().partition("\n")[0].strip()
    return _outside([words], inside) if any(c.isalnum() for c in words) else []


def _ends_of_calls(turn: Turn, inside: Sequence[str], closed: bool) -> list[str]:
    """What ends a turn of calls where answers end otherwise.

    Where turns have ends: one that the user's turns have too, else the turn's last token. Where they have
    none: the next role's first token.
    """
    if closed:
        ends = _outside(TOKEN_LIKE.findall(turn.tail), inside)
        asked = _behind_question(turn)
        return [end for end in ends if end in asked][:1] or ends[-1:]
    following = turn.following or ""
    if not following.startswith(turn.tail):
        return []
    return _outside(TOKEN_LIKE.findall(following[len(turn.tail) :]), inside)[:1]


def _behind_question(turn: Turn) -> str:
    """What stands between the user's words and the model's."""
    return turn.prompt[turn.prompt.rfind(QUESTION) :]


def _outside(texts: Iterable[str], inside: Sequence[str]) -> list[str]:
    """Those that no reply holds before its end."""
    return [text for text in texts if not any(text in reply for reply in inside)]
