"""Messages that Ollama joins into one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    messages = [i for i in context.modelfile.all("message") if i.key]
    for earlier, later in pairwise(messages):
        if earlier.key == later.key:
            yield Finding(
                f"this MESSAGE and the one in line {earlier.line} are both of role {later.key}: Ollama joins "
                "them into one",
                later,
            )
    if messages and messages[-1].key == "user":
        yield Finding(
            "the last MESSAGE is the user's: Ollama joins it with the first question of every chat",
            messages[-1],
            "end with a MESSAGE assistant",
        )
    if messages and messages[0].key == "system" and context.modelfile.last("system"):
        yield Finding(
            "this MESSAGE of role system follows a SYSTEM: Ollama joins them into one",
            messages[0],
            "keep one of them",
        )


RULE = Rule("MK132", check, help="put the other role's MESSAGE between them, or write them as one")
