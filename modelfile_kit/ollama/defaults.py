"""What Ollama takes for a PARAMETER that nobody sets (api/types.go, DefaultOptions).

Only what every release since 0.5.13 takes alike: `repeat_penalty` is 1.1 before 0.33 and 1.0 since, and
`num_ctx` hangs on the server's memory.
"""

from __future__ import annotations

from collections.abc import Mapping

DEFAULTS: Mapping[str, int | float] = {
    "num_predict": -1,
    "num_keep": 4,
    "temperature": 0.8,
    "top_k": 40,
    "top_p": 0.9,
    "min_p": 0.0,
    "typical_p": 1.0,
    "repeat_last_n": 64,
    "presence_penalty": 0.0,
    "frequency_penalty": 0.0,
    "seed": -1,
    "num_batch": 512,
    "num_gpu": -1,
    "num_thread": 0,
    "draft_num_predict": 4,
}
