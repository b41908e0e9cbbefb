"""llama-quantize by the library inside llama-cpp-python: the same arguments, and the same lines of output."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from ..llama_quantize import TYPES


def main(arguments: Sequence[str]) -> None:
    """Arguments: [--dry-run] [--allow-requantize] MODEL [OUTPUT] TYPE [THREADS]; ends the process."""
    import llama_cpp

    flags = {a for a in arguments if a.startswith("--")}
    model, *rest = (a for a in arguments if a not in flags)
    threads = int(rest.pop()) if len(rest) > 2 else 0
    *output, kind = rest
    params = llama_cpp.llama_model_quantize_default_params()
    params.nthread = threads
    params.ftype = TYPES[kind]
    params.allow_requantize = "--allow-requantize" in flags
    params.dry_run = "--dry-run" in flags
    target = (output or [model])[0].encode()
    sys.exit(1 if llama_cpp.llama_model_quantize(model.encode(), target, params) else 0)
