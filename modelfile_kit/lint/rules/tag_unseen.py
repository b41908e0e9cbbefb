"""A tag that no reply contains on Ollama 0.30 and later."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...ollama.special_tokens import TOKEN_LIKE
from ..context import Context
from ..rule import Finding, Rule

# What Ollama takes for the token at the start of a tool-call tag (llm/llama_server.go).
_FIRST = re.compile(r"<[^>]*>|\[[^\]]*\]")


def check(context: Context) -> Iterator[Finding]:
    newer = context.newest.has("native_jinja")
    if context.files.vocabulary is None or not newer or not context.reads_by_tags:
        return
    told = set()
    for tag, what in context.reply_tags.items():
        kept = _FIRST.match(tag) if what == "tool calls" else None
        hidden = next(filter(context.is_control, TOKEN_LIKE.findall(tag[kept.end() if kept else 0 :])), None)
        if hidden is not None and what not in told:
            told.add(what)
            yield Finding(
                f"the tag of {what}, {tag!r}, contains the control token {hidden!r}, which Ollama 0.30 "
                "and later leaves out of replies: the tag never occurs there",
                context.template,
            )


RULE = Rule(
    "MK329",
    check,
    help="use a PARSER that knows the format, or a GGUF in which the token is user-defined",
    reads_files=True,
)
