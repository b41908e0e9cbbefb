"""The checks of what every server with OpenAI's API has: answers, streams, usage, stops."""

from __future__ import annotations

from collections.abc import Iterator

from ..publish.subject import Check, error, short
from ..runtime.ollama.messages import Answer
from .asked import GREETING, WRONG, Asked, said

_LOG = "look at the server's log; is it the newest version?"


def check_answer(asked: Asked) -> Iterator[Check]:
    """A text answer, whole: not empty, with the reason for its end."""
    answer = asked.greeting()
    if not said(answer).strip():
        finding = error(WRONG, f"the answer to {GREETING!r} is empty ({answer.finish})", _LOG)
        yield Check("answer", "fail", "empty", (finding,))
    elif answer.finish == "length":
        cut = f"cut after {answer.tokens} tokens: {short(said(answer))}"
        finding = error(
            "MK840",
            f"the answer does not end by itself: {cut}",
            "check the stops of the package, and send them with the request (`stop`)",
        )
        yield Check("answer", "fail", "does not end", (finding,))
    else:
        yield Check("answer", "ok", f"{short(said(answer))} ({answer.finish})")


def check_stream(asked: Asked) -> Iterator[Check]:
    """The same question streamed: the same answer, in pieces."""
    whole = asked.greeting()
    answer = asked.ask(GREETING, streamed=True)
    if not said(answer).strip() and said(whole).strip():
        finding = error(WRONG, f"the streamed answer is empty, the whole one is {short(said(whole))}", _LOG)
        yield Check("stream", "fail", "empty", (finding,))
        return
    same = "as the whole answer" if answer.content == whole.content else "another text than the whole answer"
    yield Check("stream", "ok", f"{answer.pieces} parts, {same}")
    yield _usage("usage, streamed", answer)
    yield _usage("usage", whole)


def check_stop(asked: Asked) -> Iterator[Check]:
    """`stop` of a request: the answer ends before that text."""
    whole = asked.greeting()
    text = whole.content
    # a text from its middle, so that there is something before it
    word = text[len(text) // 2 :].strip()[:4]
    before = text[: text.find(word)] if word else ""
    if not word or whole.finish == "length":
        yield Check("stop", "skip", "there is no answer that could be stopped")
        return
    answer = asked.ask(GREETING, stop=[word])
    if word in answer.content:
        finding = error(
            WRONG,
            f"`stop` is ignored: with stop {word!r} the answer is {short(answer.content)}",
            "without stops some models do not end their answers; use another server",
        )
        yield Check("stop", "fail", "ignored", (finding,))
    elif answer.content.strip() == before.strip():
        yield Check("stop", "ok", f"ends before {word!r}")
    else:
        yield Check("stop", "ok", f"no {word!r} in {short(answer.content)}")


def _usage(name: str, answer: Answer) -> Check:
    if answer.prompt_tokens and answer.tokens is not None:
        return Check(name, "ok", f"{answer.prompt_tokens} tokens of prompt, {answer.tokens} of answer")
    return Check(name, "skip", "not offered: the answer does not say how many tokens it cost")
