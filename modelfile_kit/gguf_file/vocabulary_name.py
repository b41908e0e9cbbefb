"""A name for a vocabulary, by which files that share one are known."""

from __future__ import annotations

import hashlib

from .arrays import NumberArray, StringArray
from .header import Header


def vocabulary_name(header: Header) -> str:
    """A name that is the same for the same vocabulary, whatever the file: its kind and a digest.

    The digest is over everything that decides how a text becomes tokens.
    """
    metadata = header.metadata
    digest = hashlib.sha256()
    for key in sorted(
        k for k in metadata if k.startswith("tokenizer.ggml.") and k != "tokenizer.ggml.scores"
    ):
        digest.update(key.encode())
        value = metadata[key]
        if isinstance(value, StringArray):
            for text in value.iter_raw():
                digest.update(b"\0" + text)
        else:
            digest.update(f"={list(value) if isinstance(value, NumberArray) else value}".encode())
    kind = metadata.text("tokenizer.ggml.pre") or metadata.text("tokenizer.ggml.model") or "unknown"
    return f"{kind}-{digest.hexdigest()[:12]}"
