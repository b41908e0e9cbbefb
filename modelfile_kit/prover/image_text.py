"""What a chat template writes for an image, measured by rendering messages with none, one and two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from ..core.common_start import common_length
from ..core.conversation import Message
from ..core.errors import TemplateReferenceError
from ..huggingface import TemplateLimitError

# Beside an image where its marker is measured: letters that no marker begins with.
WORDS = "Qz"
OPENING, CLOSING = "<[({|", ">])}|"


class Renders(Protocol):
    """What renders a chat template (`huggingface.Reference`)."""

    def render(self, messages: Sequence[Message]) -> Any: ...


def has_images(reference: Renders) -> bool:
    """Whether a chat template has a place for images.

    False where an image changes nothing in the prompt, and where the list of a message's parts is printed as
    Python or JSON does; True where it refuses the messages that would tell. Raises TemplateLimitError.
    """
    rendered = _with_images(reference)
    if None in rendered:
        return True
    return len(set(rendered)) > 1 and not prints_parts(_added(rendered) or "")


def image_text(reference: Renders) -> str | None:
    """What one more image in a message adds to the prompt; None where that is no single piece.

    Raises TemplateLimitError.
    """
    return _added(_with_images(reference))


def _added(rendered: Sequence[str | None]) -> str | None:
    for fewer, more in ((rendered[1], rendered[2]), (rendered[0], rendered[1])):
        if fewer is not None and more is not None and (text := inserted(fewer, more)):
            return text
    return None


def _with_images(reference: Renders) -> list[str | None]:
    """The prompts with no image, one and two; None for one that is refused."""
    rendered: list[str | None] = []
    for images in range(3):
        parts = [{"type": "image"}] * images + [{"type": "text", "text": WORDS}]
        try:
            rendered.append(reference.render([{"role": "user", "content": parts}]))
        except TemplateLimitError:
            raise
        except TemplateReferenceError:
            rendered.append(None)
    return rendered


def inserted(fewer: str, more: str) -> str | None:
    """The text that has been put into `fewer` to make `more`; None if it is no single piece.

    Directly before `WORDS` there is one way to see it; elsewhere its brackets tell where it begins.
    """
    size = len(more) - len(fewer)
    if size <= 0:
        return None
    at = common_length(fewer, more)
    if more.startswith(WORDS, at + size) and fewer.startswith(WORDS, at):
        return more[at : at + size]
    # The same insertion can be seen a little to the left: there it may begin with its own bracket.
    for start in range(at, -1, -1):
        piece = more[start : start + size]
        if more[:start] + more[start + size :] != fewer:
            break
        if piece.strip()[:1] in tuple(OPENING) and piece.strip()[-1:] in tuple(CLOSING):
            return piece
    piece = more[at : at + size]
    return piece if more[:at] + more[at + size :] == fewer else None


def prints_parts(text: str) -> bool:
    """Whether it is Python's or JSON's print of a content part."""
    return "'type'" in text or '"type"' in text
