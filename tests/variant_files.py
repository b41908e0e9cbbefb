"""Packages with variants: the micro pair under several names, each with a quantization in its header.

The weights are the same; for a server and for everything that the kit reads they are different files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from modelfile_kit.gguf_file.patch import patch
from modelfile_kit.micro import MicroPair, build_pair

TYPES = {
    "F16": 1, "Q8_0": 7, "Q4_K_S": 14, "Q4_K_M": 15, "Q5_K_M": 17, "Q6_K": 18, "IQ4_XS": 30, "BF16": 32,
}  # fmt: skip
"""Eight of llama.h's enum llama_ftype."""


def write_variants(
    folder: Path, kinds: Sequence[str], changes: Mapping[str, Mapping[str, Any]] | None = None, head: str = ""
) -> MicroPair:
    """Writes a package `m` whose variants are `M-KIND.gguf`, tags as the kinds in small letters.

    changes: further metadata by kind; head: more lines of the package file.
    """
    pair = build_pair(folder)
    assert pair.projector is not None
    lines = [f"name: m\nprojector: {pair.projector.name}\n{head}variants:"]
    for kind in kinds:
        path = folder / f"M-{kind}.gguf"
        patch(pair.model, path, {"general.file_type": TYPES[kind], **(changes or {}).get(kind, {})})
        lines.append(f"  {kind.lower()}: {path.name}")
    (folder / "mkmodelfile.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return pair
