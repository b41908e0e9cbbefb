"""Messages between the kit and the processes that hold strangers' files: a JSON head and a block of bytes.

A frame is two big-endian 32-bit lengths, the head (a JSON object) and the block (texts, images or
token ids laid end to end; the head says where each ends). No pickles: what comes out of a process
that has loaded a stranger's file is data, never code.
"""

from __future__ import annotations

import json
import struct
from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, BinaryIO

from ..core.errors import EngineError

_LENGTHS = struct.Struct(">II")

# Far above any prompt, far below what would exhaust a machine (CWE-770).
MAX_HEAD = 64 * 1024 * 1024
MAX_BLOCK = 1024 * 1024 * 1024


class Refused(Exception):  # noqa: N818 -- not an error of this process
    """What the child answers instead of a result; the parent raises it as an error.

    kind: "import" (the library is missing), "failure" (the library said no; there may be more on stderr) or
    "request" (what was asked cannot be done, and the message says why); code: for "request", its code.
    """

    def __init__(self, message: str, *, kind: str = "failure", code: str = "") -> None:
        super().__init__(message)
        self.kind = kind
        self.code = code


def encode_frame(head: Mapping[str, Any], block: bytes = b"") -> tuple[bytes, ...]:
    """A frame's bytes in two parts, so that a large block is not copied. EngineError above the limits."""
    data = json.dumps(head, ensure_ascii=True).encode("ascii")
    if len(data) > MAX_HEAD or len(block) > MAX_BLOCK:
        raise EngineError(
            f"a request of {len(data) + len(block)} bytes is larger than the engine's process accepts",
            help="shorten the text, or use smaller images",
        )
    return _LENGTHS.pack(len(data), len(block)) + data, block


def write_frame(stream: BinaryIO, head: Mapping[str, Any], block: bytes = b"") -> None:
    """Writes one frame and flushes it."""
    for part in encode_frame(head, block):
        stream.write(part)
    stream.flush()


def read_frame(stream: BinaryIO) -> tuple[dict[str, Any], bytes] | None:
    """Reads one frame; None at the end of the stream. Raises ValueError for what is not a frame."""
    lengths = _read_exactly(stream, _LENGTHS.size)
    if lengths is None:
        return None
    head_length, block_length = _LENGTHS.unpack(lengths)
    if head_length > MAX_HEAD or block_length > MAX_BLOCK:
        raise ValueError(f"frame of {head_length} and {block_length} bytes exceeds the limits")
    data = _read_exactly(stream, head_length)
    block = _read_exactly(stream, block_length)
    if data is None or block is None:
        return None
    head = json.loads(data)
    if not isinstance(head, dict):
        raise ValueError("frame head is not an object")
    return head, block


def _read_exactly(stream: BinaryIO, count: int) -> bytes | None:
    parts = []
    while count:
        part = stream.read(count)
        if not part:
            return None
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def pack_ids(lists: Iterable[Sequence[int]]) -> tuple[list[int], bytes]:
    """Token lists as their lengths and one block of 32-bit numbers in the machine's byte order."""
    lengths, numbers = [], array("i")
    for ids in lists:
        lengths.append(len(ids))
        numbers.extend(ids)
    return lengths, numbers.tobytes()


def unpack_ids(lengths: Sequence[int], block: bytes) -> list[list[int]]:
    """The inverse of `pack_ids`."""
    numbers = array("i")
    numbers.frombytes(block)
    values, lists, start = numbers.tolist(), [], 0
    for length in lengths:
        lists.append(values[start : start + length])
        start += length
    return lists


def cut(lengths: Sequence[int], block: bytes) -> list[bytes]:
    """A block cut into pieces of the given lengths."""
    pieces, start = [], 0
    for length in lengths:
        pieces.append(block[start : start + length])
        start += length
    return pieces
