"""Reads the header of a GGUF file: what it says about itself, without touching the tensors.

Layout (github.com/ggml-org/ggml, docs/gguf.md): magic, version, tensor count, key count, keys and
values, tensor list, padding, tensor data. What llama.cpp's ggml/src/gguf.cpp refuses is refused here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path

from ..core.diagnostics import Span
from ..core.errors import GGUFError
from ..core.file_kinds import GGUF_MAGIC
from ..sources.byte_source import Source
from ..sources.resolve import open_source
from .arrays import ARRAY, SCALARS, STRING, readable
from .cursor import OVER_LIMIT, TRUNCATED, UNSOUND, Cursor
from .limits import (
    MAX_ARRAY_LENGTH,
    MAX_DIMENSIONS,
    MAX_KEY_BYTES,
    MAX_KEYS,
    MAX_STRING_BYTES,
    MAX_TENSOR_ELEMENTS,
    MAX_TENSOR_NAME_BYTES,
    MAX_TENSORS,
)
from .metadata import Entry, Metadata
from .other_formats import not_a_gguf
from .tensors import BLOCKS, REMOVED, TensorInfo, size_in_bytes, type_name

NEWEST_VERSION = 3
DEFAULT_ALIGNMENT = 32


@dataclass(frozen=True)
class Header:
    """What a GGUF file says about itself.

    source: path, URL or another name; size: of the whole file in bytes (None if a server does not say);
    version: 2 or 3; byte_order: "little" or "big"; metadata: keys and values, lazily;
    tensors: in the order of the file; data_offset: where the tensor data begins. place: where the file lies
    on this machine, or will lie once it is fetched; None for a URL.
    """

    source: str
    size: int | None
    version: int
    byte_order: str
    metadata: Metadata
    tensors: tuple[TensorInfo, ...]
    alignment: int
    data_offset: int
    place: Path | None = None

    @property
    def path(self) -> Path:
        """Its place; of a URL only the last part means something."""
        return self.place or Path(self.source)

    @cached_property
    def architecture(self) -> str:
        """`general.architecture`, "" if there is none."""
        return self.metadata.text("general.architecture")

    def own(self, key: str) -> str:
        """A key of the architecture's own: `own("block_count")` is `glm4.block_count`."""
        return f"{self.architecture}.{key}"

    @cached_property
    def parameter_count(self) -> int:
        """How many numbers all tensors of this file hold."""
        return sum(t.elements for t in self.tensors)

    @cached_property
    def tensor_names(self) -> frozenset[str]:
        """For asking whether a tensor is there."""
        return frozenset(t.name for t in self.tensors)


def read_header(path_or_url: str | PathLike[str], *, check_data: bool = True) -> Header:
    """Reads the header of a GGUF file, given by its path, its http(s) URL or another name (`sources.name`).

    Reads no further than the header (a few MB with a big vocabulary) and builds no array.
    check_data: also hold the tensor list against the file's size and llama.cpp's layout; False lets a
    file through whose data is cut short.

    Raises GGUFError: MK401 unsound, MK402 cannot be read, MK403 another kind of file, MK404 cut short,
    MK405 beyond a limit, MK406 a version that is not supported. It names the byte, what was found and
    what was expected. SourceError (one too) where a name leads to no file, MissingDependencyError for one of
    Hugging Face's hub without the extra `hub`.

    With the built-in micro model:

        >>> from pathlib import Path
        >>> from modelfile_kit import read_header
        >>> from modelfile_kit.micro import build_pair
        >>> header = read_header(build_pair(Path("pair")).model)
        >>> header.architecture, header.metadata["general.name"]
        ('glm4', 'micro GLM-4.1V')
    """
    return header_of(open_source(path_or_url), check_data=check_data)


def header_of(source: Source, *, check_data: bool = True) -> Header:
    """The same from an opened source, which is closed afterwards."""
    try:
        cursor = Cursor(source)
        version = _read_version(cursor)
        tensor_count = _count(cursor, "tensors", MAX_TENSORS)
        key_count = _count(cursor, "keys", MAX_KEYS)
        entries = _read_entries(cursor, key_count)
        alignment = _alignment(cursor, entries)
        tensors = tuple(_read_tensors(cursor, tensor_count))
    finally:
        source.close()
    data_offset = _padded(cursor.at, alignment)
    if check_data:
        _check_layout(cursor, tensors, alignment, data_offset)
    order = cursor.order
    return Header(
        source=source.name,
        size=source.size,
        version=version,
        byte_order="little" if order == "<" else "big",
        metadata=Metadata(entries, cursor.taken(), order),
        tensors=tensors,
        alignment=alignment,
        data_offset=data_offset,
        place=source.place,
    )


def _read_version(cursor: Cursor) -> int:
    start = cursor.first_bytes()
    if start[:4] != GGUF_MAGIC:
        raise not_a_gguf(cursor.source.name, start)
    cursor.at = 4
    version = cursor.u32("the version")
    if version & 0xFFFF == 0:  # a small number in the other byte order
        cursor.set_order(">")
        cursor.at = 4
        version = cursor.u32("the version")
    if not 2 <= version <= NEWEST_VERSION:
        advice = "update modelfile-kit, or convert the model with a llama.cpp that writes version 3"
        if version < 2:
            advice = "llama.cpp no longer reads version 1: convert the model again with a current llama.cpp"
        raise cursor.error(f"GGUF version {version}, expected 2 or 3", at=4, code="MK406", help=advice)
    return version


def _count(cursor: Cursor, what: str, limit: int) -> int:
    start = cursor.at
    count = cursor.u64(f"the number of {what}")
    if count > limit:
        raise cursor.error(f"{count:,} {what} claimed, the limit is {limit:,}", at=start, code=OVER_LIMIT)
    return count


def _read_entries(cursor: Cursor, count: int) -> dict[str, Entry]:
    entries: dict[str, Entry] = {}
    for n in range(count):
        start = cursor.at
        offset, length = cursor.string(f"key {n}", MAX_KEY_BYTES)
        try:
            key = bytes(cursor.data[offset : offset + length]).decode()
        except UnicodeDecodeError:
            raise cursor.error(f"the name of key {n} is not UTF-8", at=start) from None
        if "\0" in key:
            raise cursor.error(f"key {key!r} holds a zero byte, where llama.cpp ends it", at=start)
        if not key or key in entries:
            what = f"key {key!r} occurs twice" if key else f"key {n} has no name"
            raise cursor.error(what, at=start)
        entries[key] = _read_entry(cursor, key)
    return entries


def _read_entry(cursor: Cursor, key: str) -> Entry:
    start = cursor.at
    kind = cursor.u32(f"the type of {key}")
    if kind == STRING:
        offset, length = cursor.string(key, MAX_STRING_BYTES)
        return Entry(kind, offset, length)
    if kind == ARRAY:
        return _read_array(cursor, key)
    if kind not in SCALARS:
        raise cursor.error(f"{key} has value type {kind}, known are 0 to 12", at=start)
    width = _width(kind)
    cursor.need(width, key)
    cursor.at += width
    return Entry(kind, cursor.at - width)


def _read_array(cursor: Cursor, key: str) -> Entry:
    start = cursor.at
    element = cursor.u32(f"the element type of {key}")
    count = cursor.u64(f"the length of {key}")
    if element == ARRAY:
        raise cursor.error(
            f"{key} is an array of arrays, which llama.cpp and Ollama refuse",
            at=start,
            help="convert the model with a current llama.cpp",
        )
    if element != STRING and element not in SCALARS:
        raise cursor.error(f"{key} has element type {element}, known are 0 to 12", at=start)
    if count > MAX_ARRAY_LENGTH:
        raise cursor.error(
            f"{key} claims {count:,} elements, the limit is {MAX_ARRAY_LENGTH:,}", at=start, code=OVER_LIMIT
        )
    offset = cursor.at
    width = 8 if element == STRING else _width(element)
    cursor.need(count * width if cursor.source.size is not None else 0, key)
    if element == STRING:
        marks = cursor.skip_strings(count, key)
        return Entry(ARRAY, offset, count, element, cursor.at, marks)
    cursor.need(count * width, key)
    cursor.at += count * width
    return Entry(ARRAY, offset, count, element, cursor.at)


def _width(kind: int) -> int:
    return {"B": 1, "b": 1, "?": 1, "H": 2, "h": 2, "I": 4, "i": 4, "f": 4}.get(SCALARS[kind][1], 8)


def _alignment(cursor: Cursor, entries: dict[str, Entry]) -> int:
    entry = entries.get("general.alignment")
    if entry is None:
        return DEFAULT_ALIGNMENT
    value = int.from_bytes(
        cursor.data[entry.offset : entry.offset + 4], "little" if cursor.order == "<" else "big"
    )
    if SCALARS.get(entry.kind, ("",))[0] != "uint32" or value == 0 or value & (value - 1):
        raise cursor.error("general.alignment must be a uint32 and a power of two", at=entry.offset)
    return value


def _read_tensors(cursor: Cursor, count: int) -> list[TensorInfo]:
    tensors: list[TensorInfo] = []
    seen: set[bytes] = set()
    for n in range(count):
        start = cursor.at
        offset, length = cursor.string(f"the name of tensor {n}", MAX_TENSOR_NAME_BYTES)
        raw = bytes(cursor.data[offset : offset + length])
        name = readable(raw)
        if raw in seen:
            raise cursor.error(f"tensor {name!r} occurs twice", at=start)
        if b"\0" in raw:
            raise cursor.error(f"tensor name {name!r} holds a zero byte, where llama.cpp ends it", at=start)
        seen.add(raw)
        tensors.append(_read_tensor(cursor, name, start))
    return tensors


def _read_tensor(cursor: Cursor, name: str, start: int) -> TensorInfo:
    """What stands behind a tensor's name. start: where its entry begins, for messages."""
    dimensions = cursor.u32(f"the dimensions of {name}")
    if dimensions > MAX_DIMENSIONS:
        raise cursor.error(
            f"tensor {name!r} has {dimensions:,} dimensions, the limit is {MAX_DIMENSIONS}", at=start
        )
    shape = tuple(cursor.u64(f"the shape of {name}") for _ in range(dimensions))
    kind = cursor.u32(f"the type of {name}")
    at = cursor.u64(f"the offset of {name}")
    if kind not in BLOCKS:
        raise _unknown_type(cursor, name, kind, start)
    try:
        size = size_in_bytes(kind, shape)
    except ValueError as e:
        raise cursor.error(f"tensor {name!r}: {e}", at=start) from None
    tensor = TensorInfo(name, shape, type_name(kind), at, size)
    if not _countable(shape) or (size or 0) > MAX_TENSOR_ELEMENTS:
        raise cursor.error(f"tensor {name!r} claims the shape {shape}, more than ggml can count", at=start)
    return tensor


def _countable(shape: tuple[int, ...]) -> bool:
    """Whether ggml can count the elements: it divides, and allows one less than its largest number.

    A zero among the dimensions excuses no other, as in ggml of the summer of 2026; newer ones let some pass.
    """
    before = 1
    for n in filter(None, shape):
        if n > MAX_TENSOR_ELEMENTS or MAX_TENSOR_ELEMENTS // n <= before:
            return False
        before *= n
    return True


def _unknown_type(cursor: Cursor, name: str, kind: int, start: int) -> GGUFError:
    if kind in REMOVED:
        what = f"has the type {REMOVED[kind]} ({kind}), which ggml has removed; llama.cpp refuses such a file"
        advice = "convert the model again with a current llama.cpp, or use another file of it"
    else:
        what = f"has type {kind}; the types that ggml (August 2026) knows end at {max(BLOCKS)}"
        advice = "the file is damaged, or newer than modelfile-kit: update it, or use another file"
    return cursor.error(f"tensor {name!r} {what}", at=start, help=advice)


def _check_layout(cursor: Cursor, tensors: tuple[TensorInfo, ...], alignment: int, data_offset: int) -> None:
    """Tensors follow one another, padded to the alignment, and end within the file."""
    name, size = cursor.source.name, cursor.source.size
    expected: int | None = 0
    for tensor in tensors:
        if expected is not None and tensor.offset != expected:
            raise GGUFError(
                f"tensor {tensor.name!r} begins at byte {tensor.offset:,} of the data, expected "
                f"{expected:,}; llama.cpp refuses such a file",
                span=Span(name),
                help="download or convert it again",
                code=UNSOUND,
            )
        end = data_offset + tensor.offset + (tensor.size or 0)
        if size is not None and end > size:
            raise GGUFError(
                f"the file ends at byte {size:,}, tensor {tensor.name!r} needs bytes up to {end:,}",
                span=Span(name),
                help="the file is cut short, as after a broken download; download it again",
                code=TRUNCATED,
            )
        expected = None if tensor.size is None else _padded(tensor.offset + tensor.size, alignment)


def _padded(offset: int, alignment: int) -> int:
    return (offset + alignment - 1) // alignment * alignment
