"""What says that a model was made for images or sound, when its projector is not there.

Text models share vocabularies with their relatives that see: Qwen2.5's has `<|vision_start|>`, Gemma 3 1B's
chat template writes images. Only what no text model has counts as a sign.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .arrays import StringArray
from .header import Header
from .identity import identify
from .inputs import AUDIO, IMAGE

_TOKENS = {
    "<IMG_CONTEXT>": "InternVL's",
    "<fake_token_around_image>": "Idefics' and SmolVLM's",
    "<slice>": "MiniCPM-V's",
    "<image_placeholder>": "Janus'",
    "<|imgpad|>": "dots.ocr's",
    "<|AUDIO|>": "Qwen2-Audio's",
}
"""Tokens of vision and audio models that their text relatives lack, with whose they are."""

_AUDIO_TOKENS = frozenset({"<|AUDIO|>"})
_IMAGE_NAMES = re.compile(
    r"(?:^|-)(?:vlm?|(?:bak|nano|tiny)?llava\w*|moondream\w*|internvl\w*|pixtral|smolvlm\w*|idefics\w*|cogvlm\w*"
    r"|vision|janus|paligemma\w*|\w*ocr|mobilevlm|minicpm-[vo]|glm-4(?:-\d+)?v|omni)(?:-|$)"
)
_AUDIO_NAMES = re.compile(r"(?:^|-)(?:ultravox|voxtral|meralion|audio|speech|asr)(?:-|$)")
# The small Gemma 3 models share the chat template of the larger ones and have no vision (config.json of
# gemma-3-1b-it and gemma-3-270m-it: Gemma3ForCausalLM).
_BLIND_NAMES = re.compile(r"(?:^|-)gemma-3-(?:1b|270m)(?:-|$)")
_BLIND_WIDTHS = {"gemma3": (640, 1152)}


@dataclass(frozen=True)
class Sign:
    """Why a model is taken for one with images or sound: sense is "image" or "audio", why is in words."""

    sense: str
    why: str


def text_only(header: Header) -> bool:
    """Whether a model is known to have no vision, whatever its chat template says."""
    width = header.metadata.integer(header.own("embedding_length"))
    return width in _BLIND_WIDTHS.get(header.architecture, ()) or any(
        _BLIND_NAMES.search(name) for name in _names(header)
    )


def signs(header: Header) -> tuple[Sign, ...]:
    """What a model's vocabulary and names say; its metadata and chat template are asked elsewhere."""
    if text_only(header):
        return ()
    found = []
    tokens = header.metadata.get("tokenizer.ggml.tokens")
    if isinstance(tokens, StringArray):
        for token in sorted(t for t in _TOKENS if tokens.index_of(t) is not None):
            sense = AUDIO if token in _AUDIO_TOKENS else IMAGE
            found.append(Sign(sense, f"its vocabulary has {_TOKENS[token]} {token}"))
    shown = identify(header).shown
    for sense, pattern in ((IMAGE, _IMAGE_NAMES), (AUDIO, _AUDIO_NAMES)):
        if any(pattern.search(name) for name in _names(header)):
            found.append(Sign(sense, f"its name is {shown}"))
    return tuple(found)


def _names(header: Header) -> list[str]:
    """Its names with one hyphen between words, in lower case."""
    file = re.split(r"[\\/]", header.source)[-1]
    base = f"{header.metadata.text('general.basename')} {header.metadata.text('general.size_label')}"
    return [
        "-".join(re.findall(r"[a-z0-9]+", n.lower()))
        for n in (file, header.metadata.text("general.name"), base)
    ]
