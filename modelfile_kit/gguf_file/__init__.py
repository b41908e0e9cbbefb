"""Reads GGUF headers: metadata, vocabulary, and whether model and projector fit.

`read_header` is the way in; `gguf_file.projector`, `.choose`, `.split` and `.describe` ask questions of
what it returns.
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
