"""The tensors of a text model, as llama.cpp itself wants them.

llama.cpp makes a model out of metadata alone (llama_model_init_from_user) and hands every tensor to a
callback; its name, type and shape are all that is kept. Optional tensors are among them, since nothing says
that they are missing. Runs in a child process: metadata that llama.cpp dislikes can end it.
"""

from __future__ import annotations

import ctypes
import json
import subprocess
import sys
from pathlib import Path

_DIMENSIONS_AT = 16  # struct ggml_tensor: int type, pointer buffer, int64 ne[4]


def shapes_of(metadata: Path) -> dict[str, tuple[int, ...]]:
    """Name to shape, rows first. metadata: a GGUF without tensors. Raises RuntimeError with its words."""
    done = subprocess.run(
        [sys.executable, "-m", __name__, str(metadata)], capture_output=True, text=True, timeout=60
    )
    if done.returncode:
        raise RuntimeError(f"{metadata}: {done.stderr[-1500:]}")
    return {name: tuple(shape) for name, shape in json.loads(done.stdout).items()}


class _Parameters(ctypes.Structure):
    _fields_ = (("no_alloc", ctypes.c_bool), ("ctx", ctypes.c_void_p))


def _ask(metadata: str) -> dict[str, list[int]]:
    import llama_cpp
    from llama_cpp import llama_cpp as low

    base = ctypes.CDLL(str(Path(llama_cpp.__file__).parent / "lib" / "libggml-base.so"))
    base.gguf_init_from_file.argtypes = [ctypes.c_char_p, _Parameters]
    base.gguf_init_from_file.restype = ctypes.c_void_p
    base.ggml_get_name.argtypes = [ctypes.c_void_p]
    base.ggml_get_name.restype = ctypes.c_char_p
    callback = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)
    make = low._lib.llama_model_init_from_user
    make.argtypes = [ctypes.c_void_p, callback, ctypes.c_void_p, low.llama_model_params]
    make.restype = ctypes.c_void_p
    found: dict[str, list[int]] = {}

    @callback
    def keep(tensor: int, _: int) -> None:
        shape = list((ctypes.c_int64 * 4).from_address(tensor + _DIMENSIONS_AT))
        while len(shape) > 1 and shape[-1] == 1:
            shape.pop()
        found[base.ggml_get_name(tensor).decode()] = shape[::-1]

    low.llama_backend_init()
    context = base.gguf_init_from_file(metadata.encode(), _Parameters(True, None))
    if not make(context, keep, None, low.llama_model_default_params()):
        raise SystemExit(1)
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_ask(sys.argv[1])))
