"""What a folder is that was given in place of a GGUF, and what to do about it."""

from __future__ import annotations

from pathlib import Path

from ..core.os_errors import os_reason

CONVERT = "convert the model with llama.cpp's convert_hf_to_gguf.py"


def describe_folder(folder: Path) -> tuple[str, str]:
    """(what a folder in place of a GGUF is, what to do)."""
    try:
        names = sorted(p.name for p in folder.iterdir())
    except OSError as error:
        return f"is a folder that cannot be read: {os_reason(error)}", "give the path of a GGUF file"
    models = [n for n in names if n.lower().endswith(".gguf")]
    if models:
        listed = ", ".join(models[:4]) + (", …" if len(models) > 4 else "")
        return "is a folder, expected a GGUF file", f"give the path of a file in it: {listed}"
    if any(n.lower().endswith((".safetensors", ".bin", ".pth")) for n in names):
        return "is a folder of an unconverted model, without a GGUF file", f"{CONVERT} and give the GGUF"
    return "is a folder without a GGUF file", "give the path of a GGUF file"
