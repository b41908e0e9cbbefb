"""Sampler settings that a GGUF brings along (`general.sampling.*`), under the names of PARAMETER.

Ollama 0.33.3 and later take them where neither the request nor a PARAMETER says otherwise
(types/model/generation.go); earlier releases use their own defaults.
"""

from __future__ import annotations

import math

from .header import Header

_WHOLE = ("top_k", "penalty_last_n")
_KEYS = {
    "temp": "temperature",
    "top_k": "top_k",
    "top_p": "top_p",
    "min_p": "min_p",
    "typ_p": "typical_p",
    "penalty_last_n": "repeat_last_n",
    "penalty_repeat": "repeat_penalty",
    "penalty_present": "presence_penalty",
    "penalty_freq": "frequency_penalty",
}


def sampling_defaults(header: Header) -> dict[str, int | float]:
    """The settings by PARAMETER's names; numbers alone count, and a whole one is cut where Ollama cuts it."""
    found: dict[str, int | float] = {}
    for key, name in _KEYS.items():
        value = header.metadata.get(f"general.sampling.{key}")
        if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
            # llama.cpp writes float32; the shortest text of that number is what its author wrote.
            found[name] = int(value) if key in _WHOLE else float(f"{value:.6g}")
    return found
