"""Turns of the model as the reference writes them: what a reply looks like, and how it ends.

Nothing states how a model marks its thoughts, its calls and its end; the chat template shows it, because it
writes earlier turns the way the model was trained to write them. So a few conversations that end in such
a turn are rendered, and the turn is cut out.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from ..core.common_start import common_length
from ..core.errors import KitError
from ..core.step_account import remembered
from ..huggingface import Reference, TemplateLimitError
from ..ollama.special_tokens import TOKEN_LIKE

T = TypeVar("T")

# Words that occur in no template, so that they can be found again in a rendering.
QUESTION, ANSWER, AGAIN, RESULT, THOUGHT = "first-q1", "answer-q2", "again-q3", "result-q4", "thought-q5"
NAMES = ("tool_q7", "tool_r8")
_NUMBER = 73519
# No special token is longer.
TOKEN_MAX = 80
# Steps of the reference for all turns; real templates take up to 150,000, and a million are half a second.
# What is not known by then stays unknown.
STEPS_MAX = 500_000
# How much of a prompt's end a former turn may begin without: an opened thought, a token. A prompt that
# differs in more is no conversation that the model goes on with, but a question about one.
ASIDE_MAX = 60
# A text, a truth in an object and a number: what JSON, XML and Python write differently.
ARGUMENTS: tuple[dict[str, Any], ...] = (
    {"x": "value-v1", "y": {"deep": [True]}, "z": _NUMBER},
    {"x": "value-v2"},
)


def _tool(name: str) -> dict[str, Any]:
    kinds = {"x": "string", "y": "object", "z": "integer"}
    properties = {key: {"type": kind, "description": "d"} for key, kind in kinds.items()}
    parameters = {"type": "object", "properties": properties, "required": ["x"]}
    return {"type": "function", "function": {"name": name, "description": "d", "parameters": parameters}}


TOOLS = tuple(map(_tool, NAMES))
USER = {"role": "user", "content": QUESTION}
_CALLS = tuple(
    {"id": f"call{i:05}", "function": {"name": name, "arguments": arguments}}
    for i, (name, arguments) in enumerate(zip(NAMES, ARGUMENTS, strict=True))
)
_RESULT = {"role": "tool", "content": RESULT, "tool_name": NAMES[0], "tool_call_id": "call00000"}


@dataclass(frozen=True)
class Turn:
    """A turn of the model, cut out of what the reference renders.

    think: what the request says; tools: whether it offers any. thinks, content, calls: what the turn
    holds (calls: how many). prompt: what the model is asked to go on from. before: the rendering up to
    where it parts from the prompt (the whole prompt, or less where the template writes a former turn's
    beginning otherwise). text: what comes then, the turn's end included where the template writes one.
    last: where the turn's last own word ends in `text`. following: what stands between that word and
    the words of the next message; None where no message can follow.
    """

    think: bool | None
    tools: bool
    thinks: bool
    content: str
    calls: int
    prompt: str
    before: str
    text: str
    last: int
    following: str | None

    @property
    def inside(self) -> str:
        """What the model writes before the turn may end."""
        return self.text[: self.last]

    @property
    def tail(self) -> str:
        """What is written behind the turn's last word when nothing follows."""
        return self.text[self.last :]

    @property
    def goes_on(self) -> bool:
        """Whether the turn begins where the prompt ends."""
        return self.before == self.prompt


def look_remembered(function: Callable[..., T]) -> Callable[..., T]:
    """`remembered` for a look at a reference, its first argument.

    A limit that ended the look before has ended it for whoever is given the remembered answer.
    """

    @remembered
    def known(reference: Reference, *args: Hashable) -> tuple[T, str]:
        found = function(reference, *args)
        return found, reference.look_ended

    @functools.wraps(function)
    def asked(reference: Reference, *args: Hashable) -> T:
        found, ended = known(reference, *args)
        reference.look_ended = reference.look_ended or ended
        return found

    return asked


@look_remembered
def turns_of(reference: Reference) -> tuple[Turn, ...]:
    """The turns that the reference can render, plain answers first; kept, as several steps ask for them."""
    prompts = _Prompts(reference)
    found: list[Turn] = []
    before = reference.steps
    for asked in _ASKED:
        turn = _turn(prompts, *asked)
        if turn is not None:
            found.append(turn)
        used = reference.steps - before
        if used > STEPS_MAX:
            reference.look_ended = (
                f"the limit of {STEPS_MAX:,} steps of the chat template was reached ({used:,} used)"
            )
            break
    return tuple(found)


# think, whether it thinks, content, number of calls
_ASKED: tuple[tuple[bool | None, bool, str, int], ...] = (
    *((think, False, ANSWER, 0) for think in (None, False, True)),
    (True, True, ANSWER, 0),
    *((think, False, "", calls) for think in (None, True) for calls in (1, 2)),
    (False, False, "", 2),
    *((True, True, "", calls) for calls in (1, 2)),
    *((think, False, ANSWER, 1) for think in (None, True)),
)


class _Prompts:
    """What the reference renders for the question alone, once for each kind of request."""

    def __init__(self, reference: Reference) -> None:
        self.reference = reference
        self._known: dict[tuple[bool, bool | None], str | None] = {}

    def __call__(self, tools: bool, think: bool | None) -> str | None:
        if (tools, think) not in self._known:
            text = render(self.reference, [USER], TOOLS if tools else None, think)
            self._known[tools, think] = text
        return self._known[tools, think]


def _turn(prompts: _Prompts, think: bool | None, thinks: bool, content: str, calls: int) -> Turn | None:
    message: dict[str, Any] = {"role": "assistant", "content": content}
    if thinks:
        message["thinking"] = THOUGHT
    if calls:
        message["tool_calls"] = list(_CALLS[:calls])
    # some templates are for requests with tools alone
    offered = calls > 0 or prompts(False, think) is None
    prompt = prompts(offered, think)
    if prompt is None:
        return None
    after = _RESULT if calls else {"role": "user", "content": AGAIN}
    word = RESULT if calls else AGAIN
    tools = TOOLS if offered else None
    longer = render(prompts.reference, [USER, message, after], tools, think)
    whole = render(prompts.reference, [USER, message], tools, think, add_generation_prompt=False)
    at = _parting(prompt, whole or "")
    last = _last_word(whole[at:], content, calls) if whole else None
    if whole is None or last is None:
        # A last turn of the model is left out by some; one in the middle then has to do.
        whole = longer[: longer.find(word)] if longer and word in longer else ""
        at = _parting(prompt, whole)
        last = _last_word(whole[at:], content, calls)
        whole = whole[: at + last] if last is not None else ""
    if last is None or len(prompt) - at > ASIDE_MAX:
        return None
    following = _following(longer, whole[: at + last], word)
    ends = [TOKEN_LIKE.findall(text)[-1:] for text in (prompt, whole[at + last :])]
    if following is not None and ends[0] and ends[0] == ends[1]:
        # The next prompt stands there without being asked for; what the two share is the end.
        whole = whole[: at + last] + _shared(whole[at + last :], following)
    return Turn(think, offered, thinks, content, calls, prompt, whole[:at], whole[at:], last, following)


def common(*texts: str) -> int:
    """How many characters all texts begin with alike."""
    # what these two share, those between share too
    return common_length(min(texts), max(texts))


def _parting(prompt: str, whole: str) -> int:
    """Where a rendering parts from the prompt, before a token that only one of them has."""
    same = common(prompt, whole)
    return min(_before_token(text, same) for text in (prompt, whole))


def _shared(tail: str, following: str) -> str:
    """The common beginning, without a token that is cut in two."""
    return tail[: _before_token(tail, common(tail, following))]


def _before_token(text: str, at: int) -> int:
    """The place itself, or the beginning of the token that it is in."""
    start = max(0, at - TOKEN_MAX)
    return next(
        (
            start + t.start()
            for t in TOKEN_LIKE.finditer(text[start:])
            if start + t.start() < at < start + t.end()
        ),
        at,
    )


def _last_word(text: str, content: str, calls: int) -> int | None:
    """Where the last of a turn's words ends; None where the reference leaves some of them out."""
    words = [content] if content else []
    for name, arguments in zip(NAMES[:calls], ARGUMENTS, strict=False):
        words += [name, str(arguments["x"])]
    if any(word not in text for word in words):
        return None
    words += [str(_NUMBER)] if calls else []
    words.append(THOUGHT)
    return max(text.rfind(word) + len(word) for word in words if word in text)


def _following(longer: str | None, same: str, word: str) -> str | None:
    """What stands between a turn and the next message, whose rendering may shorten the turn."""
    if longer is None:
        return None
    start = len(same)
    if not longer.startswith(same):
        end = same[-12:]
        start = longer.rfind(end, 0, longer.rfind(word)) + len(end)
        if not longer[:start].endswith(end):
            return None
    stop = longer.find(word, start)
    return longer[start:stop] if stop >= 0 else None


def render(
    reference: Reference,
    messages: Sequence[Mapping[str, Any]],
    tools: Sequence[Mapping[str, Any]] | None,
    think: bool | None,
    **more: Any,
) -> str | None:
    """A conversation's rendering; None where the reference refuses it, or a limit ends it (`look_ended`)."""
    try:
        return reference.look(messages, tools=tools, think=think, **more)
    except TemplateLimitError as error:
        reference.look_ended = reference.look_ended or error.message
        return None
    except KitError:
        return None
