"""Where a renderer puts images: `[img-N]` (model/renderers/image_tags.go)."""

from __future__ import annotations

from .go_text import SPACE

# Go cannot tell this character from a broken one, and asks for no space before it.
_BROKEN = "\ufffd"


def with_tags(content: str, images: int, before: int) -> tuple[str, int]:
    """A text with the tags of its images, and the number of images up to its end.

    images: how many belong to it; before: how many there were. Tags take the places of `[img]`, the others
    stand in front, with a space where the text does not begin with one. A text that already has `[img-` is
    left as it is.
    """
    if not images or "[img-" in content:
        return content, before + images
    prefix = ""
    for number in range(before, before + images):
        tag = f"[img-{number}]"
        if "[img]" in content:
            content = content.replace("[img]", tag, 1)
        else:
            prefix += tag
    if prefix and content and content[0] != _BROKEN and content[0] not in SPACE:
        prefix += " "
    return prefix + content, before + images
