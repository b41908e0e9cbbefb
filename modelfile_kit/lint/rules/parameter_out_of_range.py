"""A parameter value out of range."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from ...ollama.parameters import PARAMETERS, parse_value
from ..context import Context
from ..rule import Finding, Rule

# Least and greatest sensible value. Sources: llama.cpp's samplers (August 2026); api/types.go for -1 and -2
# of num_predict, num_keep and repeat_last_n; server/sched.go, which raises a num_ctx below 4.
RANGES: Mapping[str, tuple[float, float]] = {
    "temperature": (0, 5),
    "top_p": (0, 1),
    "min_p": (0, 1),
    "typical_p": (0, 1),
    "top_k": (0, 1_000_000),
    "repeat_penalty": (0.01, 10),
    "presence_penalty": (-10, 10),
    "frequency_penalty": (-10, 10),
    "num_ctx": (4, 2**31 - 1),
    "num_predict": (-2, 2**31 - 1),
    "num_keep": (-1, 2**31 - 1),
    "repeat_last_n": (-1, 2**31 - 1),
    "num_batch": (1, 2**31 - 1),
    "num_gpu": (-1, 2**31 - 1),
    "num_thread": (0, 4096),
}


def check(context: Context) -> Iterator[Finding]:
    for instruction in context.modelfile.all("parameter"):
        bounds = RANGES.get(instruction.key)
        value = parse_value(PARAMETERS[instruction.key].kind, instruction.value) if bounds else None
        if bounds is None or not isinstance(value, (int, float)) or not math.isfinite(value):
            continue
        low, high = bounds
        if not low <= value <= high:
            expected = f"from {low:g} to {high:g}" if high < 2**31 - 1 else f"of at least {low:g}"
            yield Finding(
                f"PARAMETER {instruction.key} is {instruction.value}, expected a value {expected}",
                instruction,
            )


RULE = Rule(
    "MK125", check, help="write a value in the range, or remove the parameter to use Ollama's default"
)
