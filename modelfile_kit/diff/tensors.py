"""The tensors of two GGUF files: names, types and shapes; their data only where that is asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..core.diagnostics import Span
from ..core.errors import UsageError
from ..core.files import open_file
from ..core.listed import some
from ..core.sizes import size_text
from ..gguf_file.header import Header, read_header
from ..gguf_file.split import split_of
from ..gguf_file.tensors import TensorInfo
from .part import Part, counted, part_of

NAME, DATA = "tensors", "tensor data"
SHOWN = 6
"""Tensors of one kind of difference that are named; the rest are counted."""

BLOCK_BYTES = 4 << 20

Placed = tuple[TensorInfo, Header]
"""A tensor and the file that holds it."""


def compare_tensors(before: Header, after: Header) -> Part:
    """Names, types and shapes; the order in the file does not count, nor that a model is split over several.

    Raises GGUFError for a part that is missing or unsound.
    """
    one, other = ({t.name: t for t, _ in _all_parts(h)} for h in (before, after))
    both = [name for name in one if name in other]
    types = Counter((one[n].type, other[n].type) for n in both if one[n].type != other[n].type)
    lines = [
        *_named("- removed", [_shape(one[n]) for n in one if n not in other]),
        *_named("+ added", [_shape(other[n]) for n in other if n not in one]),
        *_named(
            "~ shape changed",
            [f"{n} ({_size(one[n])} -> {_size(other[n])})" for n in both if one[n].shape != other[n].shape],
        ),
        *(f"~ type changed: {a} -> {b} in {counted(n, 'tensor')}" for (a, b), n in types.most_common()),
    ]
    sizes = [sum(t.size or 0 for t in tensors.values()) for tensors in (one, other)]
    count = f"{len(one):,} -> {counted(len(other), 'tensor')}" if len(one) != len(other) else ""
    told = count or counted(len(one), "tensor")
    return part_of(
        NAME,
        lines,
        f"{counted(len(one), 'tensor')}: names, types and shapes are the same; their data was not compared",
        f"{told}, {size_text(sizes[0])} -> {size_text(sizes[1])}",
        differences=list(lines),
    )


def compare_data(before: Header, after: Header) -> Part:
    """The bytes of every tensor that has the same name, type and shape on both sides.

    Raises UsageError for files that are not on this machine.
    """
    for header in (before, after):
        if not Path(header.source).is_file():
            raise UsageError(
                "--data compares files on this machine; this one is elsewhere",
                span=Span(header.source),
                help="download the file, or leave --data out",
            )
    other = {t.name: (t, h) for t, h in _all_parts(after)}
    pairs = [
        ((t, h), other[t.name])
        for t, h in _all_parts(before)
        if t.name in other and (t.type, t.shape) == (other[t.name][0].type, other[t.name][0].shape)
    ]
    found = [one[0].name for one, two in pairs if not _same_bytes(one, two)]
    lines = _named("~ other bytes", found)
    size = size_text(sum(t.size or 0 for (t, _), _ in pairs))
    return part_of(
        DATA,
        lines,
        f"{counted(len(pairs), 'tensor')} of the same type and shape, {size}: every byte is the same",
        f"{len(found):,} of {counted(len(pairs), 'tensor')} of the same type and shape have other bytes",
        tensors=found,
    )


def _all_parts(header: Header) -> Iterator[Placed]:
    """The tensors of a file, and of the other files of a split model where they can be found."""
    yield from ((tensor, header) for tensor in header.tensors)
    split = split_of(header)
    for part in split.parts if split else ():
        if part.name != Path(header.source).name:
            other = read_header(part)
            yield from ((tensor, other) for tensor in other.tensors)


def _same_bytes(one: Placed, other: Placed) -> bool:
    left = one[0].size or 0
    with open_file(Path(one[1].source)) as a, open_file(Path(other[1].source)) as b:
        for file, (tensor, header) in ((a, one), (b, other)):
            file.seek(header.data_offset + tensor.offset)
        while left:
            count = min(left, BLOCK_BYTES)
            if a.read(count) != b.read(count):
                return False
            left -= count
    return True


def _shape(tensor: TensorInfo) -> str:
    return f"{tensor.name} ({tensor.type}, {_size(tensor)})"


def _size(tensor: TensorInfo) -> str:
    return " × ".join(map(str, tensor.shape))


def _named(what: str, found: Sequence[str]) -> list[str]:
    if not found:
        return []
    return [f"{what}: {len(found):,}: {some(found, SHOWN)}"]
