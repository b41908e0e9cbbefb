"""Which renderer a name means.

Sources: model/renderers/renderer.go (rendererForName), server/renderer_resolution.go. Held against Ollama's
own packages at 0.30.4, 0.33.0 and 0.34.4; the folder model/renderers of the releases between was compared
with them file by file.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from functools import partial

from ...core.errors import UsageError
from ..builtin import RENDERERS
from ..versions import Target, Version, version_text
from .cogito import Cogito
from .cohere import Cohere
from .deepseek3 import DeepSeek31
from .functiongemma import FunctionGemma
from .gemma4 import Gemma4
from .glimmer import Glimmer
from .glm import GLM47, GLMOCR
from .laguna import Laguna, PoolsideV1
from .lfm2 import LFM2
from .nemotron import Nemotron3, Nemotron35
from .olmo3 import Olmo3, Olmo3Think
from .protocol import Renderer
from .qwen3_coder import Qwen3Coder
from .qwen3_vl import Qwen3VL
from .qwen35 import Ornith, Qwen35, Qwen38

OLDEST: Version = (0, 30, 0)
"""The oldest release whose renderers are known here."""

MAKERS: dict[str, Callable[..., Renderer]] = {
    "qwen3-coder": Qwen3Coder,
    "qwen3-vl-instruct": partial(Qwen3VL, thinking=False),
    "qwen3-vl-thinking": partial(Qwen3VL, thinking=True),
    "qwen3.5": Qwen35,
    "qwen3.8": Qwen38,
    "ornith": Ornith,
    "cogito": Cogito,
    "deepseek3.1": DeepSeek31,
    "olmo3": Olmo3,
    "olmo3.1": Olmo3,
    "olmo3-think": Olmo3Think,
    "olmo3-32b-think": Olmo3Think,
    "nemotron-3-nano": Nemotron3,
    "nemotron-3.5-nano": Nemotron35,
    "gemma4": partial(Gemma4, large=False),
    "gemma4-small": partial(Gemma4, large=False),
    "gemma4-large": partial(Gemma4, large=True),
    "functiongemma": FunctionGemma,
    "glm-4.7": GLM47,
    "glm-ocr": GLMOCR,
    "lfm2": partial(LFM2, thinking=False),
    "lfm2-thinking": partial(LFM2, thinking=True),
    "laguna": Laguna,
    "poolside-v1": PoolsideV1,
    "cohere": Cohere,
    "glimmer": Glimmer,
}
"""The renderer of each name that RENDERER takes."""

# Parts of a model's name by which gemma4 becomes the small or the large one; else its parameters count.
_SMALL, _LARGE = ("e2b", "e4b"), ("12b", "26b", "31b")
_LARGE_FROM = 12  # milliards


def make_renderer(
    name: str, target: Target, today: Callable[[], datetime.date] = datetime.date.today
) -> Renderer:
    """The renderer of a name at a release (of several the oldest counts).

    today: the day that the server has. Raises UsageError for a name that the release does not know, and for
    releases that were not read.
    """
    if name not in RENDERERS:
        known = ", ".join(sorted(RENDERERS))
        raise UsageError(f"no renderer of Ollama has the name {name!r}", help=f"take one of {known}")
    if target.version < OLDEST:
        raise UsageError(
            f"which prompts Ollama {target.name} makes with RENDERER {name} is not known",
            help=f"the renderers are known for {version_text(OLDEST)} and later",
        )
    if target.version < RENDERERS[name]:
        since = version_text(RENDERERS[name])
        raise UsageError(
            f"the renderer {name!r} came with Ollama {since}, and {target.name} does not know it",
            help=f"raise the target to {since}, or take another renderer",
        )
    return MAKERS[name](name, target, today)


def resolve_name(renderer: str, model: str = "", parameters: int = 0) -> str:
    """The renderer that the server takes for a RENDERER: gemma4 is the small or the large one.

    model: the name under which the model is published; parameters: how many it has, 0 for not known.
    """
    if renderer != "gemma4":
        return renderer
    lowered = model.lower()
    if any(part in lowered for part in _SMALL):
        return "gemma4-small"
    # `create` writes the number down with one digit after the point.
    large = float(f"{parameters / 10**9:.1f}") >= _LARGE_FROM
    return "gemma4-large" if large or any(part in lowered for part in _LARGE) else "gemma4-small"
