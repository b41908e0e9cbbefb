"""What a parrot says for a kind of reply, and how it is asked for it."""

from __future__ import annotations

from ..parrot import Reply, marker

QUESTION = "What does it say?"
UNCALLED = "No marker reached this parrot."
SIZE = 3  # characters in a token of the parrot's text; real ones have four on average
MORE = 8  # tokens that an answer may have beyond the reply's own; a parrot that goes astray ends there
END_OF_PROMPT = 200  # characters
CONTEXT = 16384
"""Tokens that a parrot's prompt and reply may have: its prompts are tokens of single bytes."""


def said(text: str, prompt: str, size: int = SIZE) -> Reply:
    """A reply to a prompt."""
    return Reply(text, (prompt[-END_OF_PROMPT:],), size=size)


def asking(number: int) -> dict[str, str]:
    """The message that calls for the reply of that number."""
    return {"role": "user", "content": f"{QUESTION} {marker(number)}"}
