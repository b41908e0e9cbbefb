"""# What it does

Finds tags of thinking or tool calls with control tokens that Ollama leaves out of replies.

# Why is this bad

From 0.30 on llama-server makes the text of a reply, and control tokens are not part of it. Of a tool-call tag
Ollama asks it to keep the first token, of thinking tags none (read in the source of 0.33.0). So the tag never
occurs in a reply: calls or thoughts are not found, and stand in the answer without their marks.

# Example

    FROM ./model.gguf
    TEMPLATE \"\"\"{{ range .Messages }}<|{{ .Role }}|>
    {{- if .Thinking }}<|think|>{{ .Thinking }}<|/think|>{{ end }}{{ .Content }}
    {{- end }}<|assistant|>\"\"\"

where `<|think|>` is a control token of the model.

# Use instead

A PARSER that knows the format, which keeps its tokens in the text; or a GGUF in which these tokens are
user-defined ones. A tool-call tag may be the first of its tokens alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...core.diagnostics import Severity
from ..context import Context
from ..rule import Finding, Rule

# What Ollama takes for the token at the start of a tool-call tag (llm/llama_server.go).
_FIRST = re.compile(r"<[^>]*>|\[[^\]]*\]")
# Whatever may be a token of its own.
_TOKEN = re.compile(r"<[^<>\s]{1,80}>|\[[^\[\]\s]{1,80}\]")


def check(context: Context) -> Iterator[Finding]:
    newer = context.newest.has("native_jinja")
    if context.files.vocabulary is None or not newer or not context.reads_by_tags:
        return
    told = set()
    for tag, what in context.reply_tags.items():
        kept = _FIRST.match(tag) if what == "tool calls" else None
        hidden = next(filter(context.is_control, _TOKEN.findall(tag[kept.end() if kept else 0 :])), None)
        if hidden is not None and what not in told:
            told.add(what)
            yield Finding(
                f"the tag of {what}, {tag!r}, holds the control token {hidden!r}, which Ollama from 0.30 on "
                "leaves out of replies: the tag never occurs there",
                context.template,
            )


RULE = Rule(
    "MK329",
    "tag-unseen",
    Severity.WARNING,
    "A tag that no reply shows from Ollama 0.30 on",
    check,
    __doc__,
    help="use a PARSER that knows the format, or a GGUF in which the token is user-defined",
    reads_files=True,
)
