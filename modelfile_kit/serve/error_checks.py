"""The checks of errors: what cannot be answered is refused, with words that help."""

from __future__ import annotations

from collections.abc import Iterator

from ..core.diagnostics import Diagnostic, Severity
from ..core.errors import ServerError
from ..publish.subject import Check, error, short
from .asked import WRONG, Asked, bear, words_of

CUT = "MK889"
_BROKEN_URL = "data:image/png;base64,bm8gaW1hZ2U="  # "no image"
_WORDS = 1.2  # times the context, in words; the shortest token of a word is one
MOST_CONTEXT = 65536  # tokens; more would only test the patience


def check_broken_image(asked: Asked) -> Iterator[Check]:
    """Bytes that are no image: an error, not an answer."""
    name = "broken image"
    parts = [
        {"type": "image_url", "image_url": {"url": _BROKEN_URL}},
        {"type": "text", "text": "What is this?"},
    ]
    try:
        answer = asked.server.chat(
            {"model": asked.model, "messages": [{"role": "user", "content": parts}], "max_tokens": 16}
        )
    except ServerError as e:
        bear(e)
        yield Check(name, "ok", f"HTTP {e.status}: {words_of(e)}")
        return
    finding = error(
        WRONG,
        f"bytes that are no image are answered with {short(answer.content)}, not with an error",
        "the server ignores images that it cannot read: look at them before you send them",
    )
    yield Check(name, "fail", "answered", (finding,))


def check_overflow(asked: Asked) -> Iterator[Check]:
    """A prompt that is longer than the context: an error that says so, or a prompt that is cut in silence."""
    name = "context overflow"
    context = asked.about.context or asked.promise.context
    if context is None:
        yield Check(name, "skip", "it is not known how long the context is")
        return
    if context > MOST_CONTEXT:
        yield Check(name, "skip", f"the context of {context} tokens is too long to be tried")
        return
    try:
        answer = asked.ask("word " * int(context * _WORDS + 64), max_tokens=8)
    except ServerError as e:
        bear(e)
        yield Check(name, "ok", f"HTTP {e.status}: {words_of(e)}")
        return
    kept = f"to {answer.prompt_tokens} tokens " if answer.prompt_tokens else ""
    finding = Diagnostic(
        CUT,
        Severity.WARNING,
        f"a prompt that is longer than the context of {context} tokens is cut {kept}without an error",
        help="count the tokens (`usage.prompt_tokens`), or raise the context (num_ctx on Ollama)",
    )
    yield Check(name, "ok", "cut without an error", (finding,))
