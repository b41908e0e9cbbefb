"""Writes a copy of a GGUF file with other metadata: keys changed, added or removed.

The tensors stay as they are; their offsets count from where the data begins (ggml, docs/gguf.md), so only the
padding before it changes with the header's length. Where the file system can share blocks between files, the
copy shares the tensors' with its source. For that the data has to begin at the same place within a block, and
the only way to move it is a longer header: the copy gets the key `mkmodelfile.padding`, which no program
reads.
"""

from __future__ import annotations

import os
import struct
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from ..core.beside import file_beside
from ..core.diagnostics import Severity, Span
from ..core.errors import UsageError
from ..core.file_kinds import GGUF_MAGIC
from ..core.os_errors import cannot_write
from .encode import Scalar, Value, encode_entry, is_list, type_of_new
from .header import Header, read_header
from .limits import MAX_ARRAY_LENGTH, MAX_KEY_BYTES, MAX_STRING_BYTES
from .soundness import check_soundness
from .tensor_copy import SHARED_FROM, block_size, copy, share

__all__ = ["PADDING", "Patch", "Patched", "Scalar", "Value", "patch", "plan_patch", "write_patch"]

PADDING = "mkmodelfile.padding"
"""An array of zeros that makes a header longer, so that its data can be shared."""

# Name, type, element type and count of such an array take this much beside the name.
_ARRAY_HEAD = 8 + 4 + 4 + 8


# llama.cpp's src/llama-vocab.cpp and src/llama-model.cpp (load_hparams) ask for these without a default.
_NEEDED = ("tokenizer.ggml.model", "tokenizer.ggml.tokens")
_NEEDED_OF_ARCHITECTURE = ("context_length", "embedding_length", "block_count")


@dataclass(frozen=True)
class Patch:
    """A change of metadata that is planned and checked, and not written.

    before: the source's header; after: what the copy's header says, without the padding that it may get.
    pieces: its keys and values as bytes, in order.
    """

    before: Header
    after: Header
    pieces: tuple[bytes, ...]

    def head(self, *extra: bytes) -> bytes:
        """Everything before the tensors' data, with more keys at the end if there are any."""
        header = self.before
        head = _assembled(header, (*self.pieces, *extra))
        return head + b"\0" * (-len(head) % header.alignment)

    def padded_head(self, block: int) -> bytes:
        """A head after which the data stands at the same place within a block as in the source."""
        bare, wanted = len(_assembled(self.before, self.pieces)), self.before.data_offset % block
        fixed = bare + _ARRAY_HEAD + len(PADDING)
        count = (wanted - fixed) % block
        order = "<" if self.before.byte_order == "little" else ">"
        return self.head(encode_entry(PADDING, "uint8[]", [0] * count, order))


@dataclass(frozen=True)
class Patched:
    """A copy that was written. header: its own; shared: how many of its bytes are the source's own blocks."""

    header: Header
    shared: int


def patch(
    source: Path,
    destination: Path,
    changes: Mapping[str, Value | None],
    *,
    types: Mapping[str, str] | None = None,
) -> Header:
    """Copies a GGUF file with changed metadata; returns the header of the copy.

    source: a GGUF file; destination: where the copy goes, may be the source itself, and appears whole
    or not at all. changes, types: as for `plan_patch`. Raises as `plan_patch` and `write_patch` do; the copy
    is not held to what engines refuse.
    """
    return write_patch(plan_patch(source, changes, types=types), destination).header


def plan_patch(
    source: Path,
    changes: Mapping[str, Value | None],
    *,
    types: Mapping[str, str] | None = None,
    sound: bool = False,
) -> Patch:
    """What the metadata of a file is to become.

    source: a GGUF file. changes: keys to values; a key that is there keeps its type, a new one is a uint32,
    float32, bool or string, or an array of int32, float32, bool or string; None removes the key. types:
    GGUF's names of the types of some keys, in place of that. sound: whether a change is refused after which
    engines do not take the file any more.

    Raises GGUFError where the source is not sound, UsageError for a value that does not fit and for keys
    that decide about the file's own layout.
    """
    header = read_header(Path(source))
    types = types or {}
    order = "<" if header.byte_order == "little" else ">"
    for key, value in changes.items():
        _check(header, key, value, types.get(key))
    pieces: list[bytes] = []
    for key, piece in header.metadata.pieces():
        value = changes.get(key)
        if value is not None:
            kind = types.get(key) or header.metadata.type_of(key)
            pieces.append(_entry(header, key, kind, value, order))
        elif key not in changes and key != PADDING:
            pieces.append(bytes(piece))
    for key, value in changes.items():
        if key not in header.metadata and value is not None:
            pieces.append(_entry(header, key, types.get(key) or _new_type(header, key, value), value, order))
    after = _read_again(header, tuple(pieces))
    if sound:
        _must_stay_sound(header, after)
    return Patch(header, after, tuple(pieces))


def write_patch(planned: Patch, destination: Path) -> Patched:
    """Writes the copy; it appears whole or not at all. An OSError names the destination."""
    source, destination = Path(planned.before.source), Path(destination)
    mode = source.stat().st_mode & 0o777
    try:
        with file_beside(destination) as (part, out), source.open("rb") as file:
            shared = _write(planned, file, out)
            out.flush()
            os.fsync(out.fileno())
            out.close()
            read_header(part)
            part.chmod(mode)
            part.replace(destination)
    except OSError as error:
        raise cannot_write(error, destination) from error
    return Patched(read_header(destination), shared)


def _write(planned: Patch, file: BinaryIO, out: BinaryIO) -> int:
    """Head and data; returns how many bytes are shared."""
    start = planned.before.data_offset
    end = os.fstat(file.fileno()).st_size
    block = block_size(out)
    if block and end - start >= SHARED_FROM:
        head = planned.padded_head(block)
        # The first block of the data holds the end of the head too.
        first = -start % block
        if share(file, start + first, out, len(head) + first, block):
            out.seek(0)
            out.write(head)
            copy(file, start, out, len(head), first)
            return end - start - first
    head = planned.head()
    out.write(head)
    copy(file, start, out, len(head))
    return 0


def _assembled(header: Header, pieces: tuple[bytes, ...]) -> bytes:
    """Magic, version, counts, keys and values, tensor list."""
    order = "<" if header.byte_order == "little" else ">"
    counts = struct.pack(order + "IQQ", header.version, len(header.tensors), len(pieces))
    return b"".join((GGUF_MAGIC, counts, *pieces, header.metadata.behind))


def _read_again(header: Header, pieces: tuple[bytes, ...]) -> Header:
    """What our own reader makes of the new head, under the name of the source."""
    with tempfile.TemporaryDirectory(prefix="modelfile-kit-") as folder:
        path = Path(folder) / "head.gguf"
        path.write_bytes(_assembled(header, pieces))
        read = read_header(path, check_data=False)
        return replace(read, source=header.source, size=header.size, place=header.place)


def _must_stay_sound(before: Header, after: Header) -> None:
    """Refuses a change that makes a file of no use."""
    for key in (*_NEEDED, *map(before.own, _NEEDED_OF_ARCHITECTURE)):
        if key in before.metadata and key not in after.metadata:
            raise _error(before, f"{key} cannot be deleted: llama.cpp does not load a model without it")
    known = {d.message for d in check_soundness(before, sample=False)}
    for found in check_soundness(after, sample=False):
        if found.severity is Severity.ERROR and found.message not in known:
            raise UsageError(
                f"after this change no engine would take the file: {found.message}",
                span=Span(before.source),
                help="change the keys that belong together in one call, or leave this one as it is",
            )


def _check(header: Header, key: str, value: Value | None, kind: str | None) -> None:
    if key in ("general.alignment", "general.architecture") or key.startswith("split."):
        raise _error(header, f"{key} cannot be changed: it decides how the file is read")
    if key == PADDING:
        raise _error(header, f"{key} cannot be changed: each patch writes it anew, or leaves it out")
    if not key or len(key.encode()) > MAX_KEY_BYTES:
        raise _error(header, f"a key has 1 to {MAX_KEY_BYTES} bytes, this one {len(key.encode())}")
    if value is None:
        return
    kind = kind or (header.metadata.type_of(key) if key in header.metadata else "")
    if kind.endswith("[]") and not is_list(value):
        raise _error(header, f"{key} is an array ({kind}), and one value was given; expected a list")
    texts = (value,) if isinstance(value, (str, int, float)) else tuple(value)
    if len(texts) > MAX_ARRAY_LENGTH:
        raise _error(header, f"the list for {key} is longer than {MAX_ARRAY_LENGTH:,} values")
    size = sum(len(text.encode("utf-8", "surrogatepass")) for text in texts if isinstance(text, str))
    if size > MAX_STRING_BYTES:
        raise _error(header, f"the text for {key} is longer than {MAX_STRING_BYTES:,} bytes")


def _new_type(header: Header, key: str, value: Value) -> str:
    try:
        return type_of_new(value)
    except ValueError:
        raise _error(header, f"the list for the new key {key} does not say the type of its values") from None


def _entry(header: Header, key: str, kind: str, value: Value, order: str) -> bytes:
    try:
        return encode_entry(key, kind, value, order)
    except ValueError as error:
        said = f"{value!r}" if not is_list(value) else f"{_shortened(value)}: {error}"
        raise _error(header, f"{said} does not fit {key}, which is of type {kind}") from None


def _shortened(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:59] + "…"


def _error(header: Header, message: str) -> UsageError:
    return UsageError(message, span=Span(header.source))
