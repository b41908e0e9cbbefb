"""What llama.cpp says that models take, without loading them: `no_alloc`, by which it fits models itself.

Runs in a child process, since its log has to be read: `python -m tests.fit.engine_sizes FILE…` prints a JSON
line for each file and each of `WAYS`: MiB of cache, states and compute buffer, or null where it refuses the
way.
"""

from __future__ import annotations

import ctypes
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

CONTEXT = 4096
WAYS = ((True, 1, False), (False, 1, False), (True, 4, False), (True, 1, True))
"""Flash attention, conversations at once, all tokens of layers with a window."""

_PARTS = (
    r"llama_kv_cache: size =\s+([\d.]+) MiB",
    r"RS buffer size =\s+([\d.]+)",
    r"compute buffer size =\s+([\d.]+)",
)


def sizes_of(files: list[Path]) -> list[list[list[float] | None]]:
    """Of each file, of each way. Raises RuntimeError with the program's own words."""
    command = [sys.executable, "-m", __name__, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    lines = done.stdout.splitlines()
    if len(lines) != len(files):
        raise RuntimeError(f"{files[len(lines)]}: {done.stderr[-1000:]}")
    return [json.loads(line) for line in lines]


def main(files: list[str]) -> None:
    from llama_cpp import llama_cpp as low

    log: list[str] = []

    def write(_level: int, text: bytes, _data: Any) -> None:
        log.append(text.decode("utf-8", "replace"))

    callback = low.llama_log_callback(write)
    low.llama_log_set(callback, ctypes.c_void_p(0))
    low.llama_backend_init()
    for file in files:
        parameters = low.llama_model_default_params()
        parameters.no_alloc, parameters.load_mode = True, 0
        model = low.llama_model_load_from_file(file.encode(), parameters)
        if not model:
            raise SystemExit("".join(log[-20:]))
        found: list[list[float] | None] = []
        for flash, slots, full in WAYS:
            asked = low.llama_context_default_params()
            asked.n_ctx, asked.n_seq_max, asked.n_outputs_max = CONTEXT * slots, slots, slots
            asked.n_batch = asked.n_ubatch = 512
            asked.flash_attn_type, asked.swa_full = int(flash), full
            log.clear()
            context = low.llama_init_from_model(model, asked)
            text = "".join(log)
            if context:
                found.append([sum(map(float, re.findall(part, text))) for part in _PARTS])
                low.llama_free(context)
            else:
                found.append(None)
        low.llama_model_free(model)
        sys.stdout.write(f"{json.dumps(found)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
