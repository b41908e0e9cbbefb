"""Reads GGUF headers: metadata, vocabulary, and whether model and projector fit.

`read_header` is the way in. What it returns is asked by `pairing` (what a file is, do model and projector
fit), `projector_choice` (which file beside a model is its projector), `split` (models in several files)
and `description` (facts for people).

byte_source and cursor read; arrays, metadata, tensors and header hold what was read; vocabulary answers
questions about tokens; limits bounds all of it; other_formats recognises what is not a GGUF; patch writes
a copy with other metadata, and new_file a small file from nothing, of float_tensor's numbers.
"""

from .arrays import NumberArray, StringArray
from .header import Header, read_header
from .metadata import Metadata
from .tensors import TensorInfo
from .vocabulary import Vocabulary

__all__ = [
    "Header",
    "Metadata",
    "NumberArray",
    "StringArray",
    "TensorInfo",
    "Vocabulary",
    "read_header",
]
