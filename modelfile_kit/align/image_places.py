"""Where images stand in a prompt: at `[img-N]` for Ollama, at the template's own mark for Hugging Face.

libmtmd writes the texts around an image by itself, so an image and its wrapper count as one unit on
both sides, and what is compared is the text between the units.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..core.errors import TemplateReferenceError
from ..huggingface import Reference, TemplateLimitError

_PROBE = "zqxv"
NO_IMAGES = "not compared: the chat template has no images (MK662)"
"""Why the prompt of a conversation with images is held to nothing."""


@dataclass(frozen=True)
class Wrapper:
    """What libmtmd writes before and after an image's own tokens; both may be empty."""

    begin: str = ""
    end: str = ""


_GLM = Wrapper("<|begin_of_image|>", "<|end_of_image|>")
_QWEN = Wrapper("<|vision_start|>", "<|vision_end|>")
_STARTED = Wrapper("<|image_start|>", "<|image_end|>")

# By clip.projector_type (llama.cpp b10488, tools/mtmd/mtmd.cpp, init_vision). Used where the projector
# cannot be asked; `EmbeddedEngine.image_wrapper` asks it.
WRAPPERS: Mapping[str, Wrapper] = {
    "glm4v": _GLM,
    "glm5v": _GLM,
    "qwen2vl_merger": _QWEN,
    "qwen2.5vl_merger": _QWEN,
    "qwen2.5o": _QWEN,
    "qwen3vl_merger": _QWEN,
    "youtuvl": _QWEN,
    "gemma3": Wrapper("<start_of_image>", "<end_of_image>"),
    "gemma3nv": Wrapper("<start_of_image>", "<end_of_image>"),
    "gemma4v": Wrapper("<|image>", "<image|>"),
    "gemma4uv": Wrapper("<|image>", "<image|>"),
    "pixtral": Wrapper("", "[IMG_END]"),
    "llama4": _STARTED,
    "lfm2": _STARTED,
    "internvl": Wrapper("<img>", "</img>"),
    "kimivl": Wrapper("<|media_start|>", "<|media_end|>"),
    "lightonocr": Wrapper("<|im_start|>", "<|im_end|>"),
    "dots_ocr": Wrapper("<|img|>", "<|endofimg|>"),
    "paddleocr": Wrapper("<|IMAGE_START|>", "<|IMAGE_END|>"),
    "exaone4_5": Wrapper("<vision>", "</vision>"),
}


@dataclass(frozen=True)
class Placed:
    """A prompt cut at its images.

    text: the prompt with every image as `[img-N]`; segments: the texts around the images, one more
    than there are images; problem: why it could not be cut, "" if it could.
    """

    text: str
    segments: tuple[str, ...]
    problem: str = ""


def reference_mark(reference: Reference) -> str | None:
    """What a chat template writes for one image, found by rendering one and two images.

    None where it writes nothing, something else for each image, or refuses such a message. Raises
    TemplateLimitError.
    """
    try:
        one, two = (_before_the_text(reference, count) for count in (1, 2))
    except TemplateLimitError:
        raise
    except TemplateReferenceError:
        return None
    mark = two[len(one) :] if two.startswith(one) else ""
    return mark if mark and one.endswith(mark) else None


def _before_the_text(reference: Reference, images: int) -> str:
    parts = [*[{"type": "image"}] * images, {"type": "text", "text": _PROBE}]
    return reference.render([{"role": "user", "content": parts}]).partition(_PROBE)[0]


def unit_of(mark: str, wrapper: Wrapper) -> str:
    """The part of a template's mark that is the image with its wrapper.

    What the template writes beyond that (a newline, a word) is text like any other.
    """
    if wrapper.begin and wrapper.end and wrapper.begin in mark:
        start = mark.index(wrapper.begin)
        end = mark.find(wrapper.end, start)
        if end >= 0:
            return mark[start : end + len(wrapper.end)]
    return mark.strip()


def place_prompt(prompt: str, images: int) -> Placed:
    """A prompt as Ollama sends it, cut at its image tags (the first `[img-N]` of each N counts)."""
    found = []
    for n in range(images):
        tag = f"[img-{n}]"
        at = prompt.find(tag)
        if at < 0:
            return Placed(prompt, (prompt,), f"image {n + 1} of {images} has no {tag} in the prompt")
        found.append((at, at + len(tag)))
    if found != sorted(found):
        return Placed(prompt, (prompt,), "the images are in another order than they were given")
    return Placed(prompt, _segments(prompt, found))


def place_reference(text: str, unit: str | None, images: int) -> Placed:
    """A reference text, cut at the template's marks and shown with `[img-N]` in their place."""
    if not images:
        return Placed(text, (text,))
    if not unit:
        return Placed(text, (text,), "it could not be determined what the chat template writes for an image")
    segments = text.split(unit)
    if len(segments) != images + 1:
        found = len(segments) - 1
        return Placed(text, (text,), f"the chat template writes {found} of {images} image marks ({unit})")
    return Placed(join(segments), tuple(segments))


def join(segments: Sequence[str]) -> str:
    """Texts with `[img-N]` between them."""
    shown = segments[0]
    for n, segment in enumerate(segments[1:]):
        shown += f"[img-{n}]" + segment
    return shown


def _segments(prompt: str, found: Sequence[tuple[int, int]]) -> tuple[str, ...]:
    ends = [0, *(end for _, end in found)]
    starts = [*(start for start, _ in found), len(prompt)]
    return tuple(prompt[a:b] for a, b in zip(ends, starts, strict=True))
