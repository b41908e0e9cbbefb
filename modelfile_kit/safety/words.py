"""What is a word to people, and what a marker that chat templates and models speak in."""

from __future__ import annotations

import re

# Signs that only markup has; a text with one of them is a marker as a whole.
_TAG = re.compile(
    r"<[/|!\w｜].{0,200}?>|[<［\[(][|｜/]|[|｜][>\])]|</|</?[\w|｜-]+$|^[\w|｜-]+>|<$|>$"
    r"|\[/?[A-Z][A-Z_ ]{2,}\]|<<|>>|\{\{|\}\}|\[\[|\]\]|^\s*[A-Z]+(_[A-Z]+)+\s*$",
    re.DOTALL,
)
# A switch that users write into a message: /think, /no_think, /system_override.
_SWITCH = re.compile(r"\s*[/\\@#]\w+\s*")
_LETTERS = r"[^\W\d_]"
# Scripts that write words without spaces between.
_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\u0e00-\u0e7f\uac00-\ud7af"
_SENTENCE = re.compile(
    rf"(?<!{_LETTERS}){_LETTERS}{{2,}}(?:[ \n,;:'’\"“”(-]+{_LETTERS}+){{2,}}|[{_UNSPACED}]{{5,}}",
    re.IGNORECASE,
)
_ANY_TAG = re.compile(r"<[^<>\n]{1,80}>|\[/?[A-Z_]{3,}\]|\[\|[^|\n]{1,60}\|\]")


def is_words(text: str) -> bool:
    """Whether a constant is something that people write: letters or digits, and no markup.

    >>> [is_words(t) for t in ("invoice", "2026", "</think>", "<|im_end|>", "/no_think", "\\n\\n", "{")]
    [True, True, False, False, False, False, False]
    """
    return any(c.isalnum() for c in text) and not _TAG.search(text) and not _SWITCH.fullmatch(text)


def without_tags(text: str) -> str:
    """A text without its markers."""
    return _ANY_TAG.sub("\n", text)


def sentences(text: str) -> list[str]:
    """The lines of a text that say something: three words in a row, or five signs of an unspaced script.

    >>> sentences("<|im_start|>system\\nYou are a helpful assistant.<|im_end|>")
    ['You are a helpful assistant.']
    """
    lines = (line.strip() for line in without_tags(text).split("\n"))
    return [line for line in lines if _SENTENCE.search(line)]
