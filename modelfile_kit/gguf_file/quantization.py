"""The quantization of a GGUF by its name and its header, and the tag that people give such a file."""

from __future__ import annotations

import re
from pathlib import Path

from .description import FILE_TYPES, file_type
from .header import Header

# "-Q4_K_M", ".IQ3_XXS", "-F16", "-UD-Q4_K_XL": how quantizations are written at the end of file names.
AT_END = re.compile(
    r"[-._]((?:UD[-_])?(?:I?Q\d\w*|TQ\d\w*|MXFP4\w*|NVFP4\w*|B?F16|F32|FP16|FP32))\Z", re.IGNORECASE
)
_SPLIT = re.compile(r"-\d{5}-of-\d{5}\Z")
_SAME = {"FP16": "F16", "FP32": "F32", "MXFP4": "MXFP4_MOE", "Q4_K": "Q4_K_M", "Q5_K": "Q5_K_M"}


def stem_of(name: str) -> str:
    """A file's name without `.gguf` and without the number of a part of a split model."""
    return _SPLIT.sub("", name.removesuffix(".gguf"))


def quantization_in_name(name: str) -> str:
    """What a file's name says of its quantization, as it is written there; "" where it says nothing."""
    found = AT_END.search(stem_of(re.split(r"[\\/]", name)[-1]))
    return found[1] if found else ""


def quantization_of(header: Header) -> str:
    """The quantization of a file: its name's, which is finer (UD-Q4_K_XL), else `general.file_type`'s."""
    return quantization_in_name(Path(header.source).name) or file_type(header)


def file_type_in_name(name: str) -> int | None:
    """The number (`general.file_type`) of the quantization in a file's name, None where it names none."""
    named = quantization_in_name(name).upper()
    wanted = _SAME.get(named, named)
    return next((number for number, text in FILE_TYPES.items() if text.upper() == wanted), None)


def tag_of(quantization: str) -> str:
    """The tag for a quantization as Ollama's library writes it: `q4_K_M`, `q8_0`, `iq4_XS`, `f16`."""
    head = re.match(r"\D*\d?", quantization.replace(" ", "-"))
    assert head is not None
    return head[0].lower() + quantization.replace(" ", "-")[head.end() :]


def contradiction(header: Header, tag: str) -> str:
    """The quantization that the header says where the tag names another one, else "".

    Only tags that are the names of types in llama.cpp are held to the header.
    """
    known = {name.casefold() for name in FILE_TYPES.values()}
    named = _SAME.get(tag.upper(), tag.upper())
    says = file_type(header)
    if named.casefold() not in known or says.casefold() not in known:
        return ""
    return says if says.casefold() != named.casefold() else ""
