"""Texts that are written the way special tokens are."""

from __future__ import annotations

import re

from ..gguf_file.vocabulary import KNOWN_ENDS as _KNOWN_ENDS

# Texts at which llama.cpp ends wherever they are tokens.
KNOWN_ENDS = _KNOWN_ENDS

# What no vocabulary spells otherwise: <|name|> and DeepSeek's full-width bars.
_CONTROL = re.compile(r"<\|[^<>|\s]{1,60}\|>|<\uff5c[^<>\uff5c\s]{1,60}\uff5c>")
# [INST] or <start_of_turn> are tokens in some vocabularies and plain text in others.
_SPECIAL = re.compile(rf"{_CONTROL.pattern}|</?[a-z_]{{1,40}}>|\[/?[A-Z_]{{2,40}}\]")


def looks_control(text: str) -> bool:
    """Whether a text can only be meant as a control token."""
    return _CONTROL.fullmatch(text) is not None


def control_texts(text: str) -> list[str]:
    """The parts of a text that can only be meant as control tokens, in order."""
    return _CONTROL.findall(text)


def special_texts(text: str) -> list[str]:
    """The parts of a text that may be meant as special tokens, in order."""
    return _SPECIAL.findall(text)
