"""Writes a copy of a GGUF file with other metadata: numbers, booleans and strings changed, added or removed.

The tensors are copied as they are, in blocks; their offsets count from where the data begins (ggml,
docs/gguf.md), so only the padding before it changes with the header's length.
"""

from __future__ import annotations

import contextlib
import os
import struct
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from ..core.diagnostics import Span
from ..core.errors import UsageError
from ..core.os_errors import cannot_write
from .arrays import SCALARS, STRING
from .header import Header, read_header
from .limits import MAX_KEY_BYTES, MAX_STRING_BYTES

COPY_BYTES = 4 * 1024**2
"""One read while the tensors are copied: large enough for full speed, small beside any model."""

_KINDS = {name: number for number, (name, _) in SCALARS.items()} | {"string": STRING}
# What a new key gets: the types that llama.cpp's own converter writes.
_NEW = ((bool, "bool"), (int, "uint32"), (float, "float32"), (str, "string"))

Scalar = int | float | bool | str


def patch(
    source: Path,
    destination: Path,
    changes: Mapping[str, Scalar | None],
    *,
    types: Mapping[str, str] | None = None,
) -> Header:
    """Copies a GGUF file with changed metadata; returns the header of the copy.

    source: a GGUF file; destination: where the copy goes, may be the source itself, and appears whole
    or not at all. changes: keys to values; a key that is there keeps its type, a new one is a uint32,
    float32, bool or string; None removes the key. types: GGUF's names of the types of some keys, in
    place of that.

    Raises GGUFError where the source is not sound, UsageError for a value that does not fit, for an
    array, and for keys that decide about the file's own layout. An OSError names the destination.
    """
    source, destination = Path(source), Path(destination)
    header = read_header(source)
    head = _patched_head(header, changes, types or {})
    mode = source.stat().st_mode & 0o777
    try:
        with _beside(destination) as (part, out), source.open("rb") as file:
            out.write(head)
            out.write(b"\0" * (-len(head) % header.alignment))
            file.seek(header.data_offset)
            while block := file.read(COPY_BYTES):
                out.write(block)
            out.flush()
            os.fsync(out.fileno())
            out.close()
            read_header(part)
            part.chmod(mode)
            part.replace(destination)
    except OSError as error:
        raise type(error)(error.errno, error.strerror, str(destination)) from error
    return read_header(destination)


def _patched_head(header: Header, changes: Mapping[str, Scalar | None], types: Mapping[str, str]) -> bytes:
    """Everything before the padding: magic, version, counts, keys and values, tensor list."""
    metadata, order = header.metadata, "<" if header.byte_order == "little" else ">"
    for key, value in changes.items():
        _check(header, key, value)
    pieces: list[bytes] = []
    for key, piece in metadata.pieces():
        value = changes.get(key)
        if value is not None:
            kind = types.get(key) or metadata.type_of(key)
            pieces.append(_entry(header, key, kind, value, order))
        elif key not in changes:
            pieces.append(bytes(piece))
    for key, value in changes.items():
        if key not in metadata and value is not None:
            pieces.append(_entry(header, key, types.get(key) or _type_of_new(value), value, order))
    counts = struct.pack(order + "IQQ", header.version, len(header.tensors), len(pieces))
    return b"".join((b"GGUF", counts, *pieces, metadata.behind))


def _check(header: Header, key: str, value: Scalar | None) -> None:
    if key in ("general.alignment", "general.architecture") or key.startswith("split."):
        raise _error(header, f"{key} cannot be changed: it decides how the file is read")
    if not key or len(key.encode()) > MAX_KEY_BYTES:
        raise _error(header, f"a key has 1 to {MAX_KEY_BYTES} bytes, this one {len(key.encode())}")
    if key in header.metadata and header.metadata.type_of(key).endswith("[]"):
        raise _error(header, f"{key} is an array; only numbers, booleans and strings can be changed")
    if isinstance(value, str) and len(value.encode("utf-8", "surrogatepass")) > MAX_STRING_BYTES:
        raise _error(header, f"the string for {key} is longer than {MAX_STRING_BYTES:,} bytes")


def _type_of_new(value: Scalar) -> str:
    return next(name for kind, name in _NEW if isinstance(value, kind))


def _entry(header: Header, key: str, kind: str, value: Scalar, order: str) -> bytes:
    try:
        head = _text(key, order) + struct.pack(order + "I", _KINDS[kind])
        if kind == "string":
            if not isinstance(value, str):
                raise ValueError
            return head + _text(value, order)
        fits = (bool,) if kind == "bool" else (int, float) if kind.startswith("float") else (int,)
        if not isinstance(value, fits) or (isinstance(value, bool) and kind != "bool"):
            raise ValueError
        return head + struct.pack(order + SCALARS[_KINDS[kind]][1], value)
    except (ValueError, OverflowError, struct.error):
        raise _error(header, f"{value!r} does not fit {key}, which is of type {kind}") from None


def _text(text: str, order: str) -> bytes:
    raw = text.encode()
    return struct.pack(order + "Q", len(raw)) + raw


def _error(header: Header, message: str) -> UsageError:
    return UsageError(message, span=Span(header.source))


@contextlib.contextmanager
def _beside(destination: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """A file in the destination's folder that is removed unless it was given its name."""
    try:
        handle, name = tempfile.mkstemp(
            prefix=f".{destination.name}.", suffix=".part", dir=destination.parent
        )
    except OSError as error:
        raise cannot_write(error, destination) from error
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            yield part, out
    finally:
        part.unlink(missing_ok=True)
