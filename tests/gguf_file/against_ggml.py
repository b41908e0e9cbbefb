"""Mutated GGUF files, given to our reader and to ggml's own (gguf_init_from_file of llama-cpp-python).

ggml answers in a child process, which a crash ends: that counts as a refusal, and the next child goes on
behind it. Needs a system with `fork`.
"""

from __future__ import annotations

import ctypes
import os
import random
import resource
import signal
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from modelfile_kit.core.errors import GGUFError
from modelfile_kit.gguf_file import read_header
from tests.gguf_file.handmade import CODES, Typed, entry, gguf, tensor, text

TAKEN, REFUSED, CRASHED = "taken", "refused", "crashed"
AT_ONCE = 250
SECONDS = 60  # ggml needs microseconds for each file
MEMORY = 4 << 30

STRICTER = (
    "the limit is",  # our bounds are below ggml's
    "is not UTF-8",  # keys
    "holds a zero byte",
    "the file ends at byte",  # ggml's reader does not look whether the tensors' data is all there
    "more than ggml can count",  # ggml multiplies before it checks, and its product may have wrapped around
)
"""Words of refusals for which ggml need not refuse a file."""

NUMBERS = (0, 1, 2, 7, 8, 9, 12, 13, 31, 32, 33, 63, 64, 255, 256, 2**16, 2**31 - 1, 2**31, 2**32 - 1)
LARGE = (*NUMBERS, 2**32, 2**61, 2**62, 2**63 - 1, 2**63, 2**64 - 32, 2**64 - 1)


@dataclass(frozen=True)
class Verdict:
    """What both say of one file. ours: TAKEN or the message; ggml: TAKEN, REFUSED or CRASHED."""

    data: bytes
    ours: str
    ggml: str

    @property
    def wrong(self) -> str:
        """What is wrong with our answer, "" if nothing is."""
        if self.ours == TAKEN and self.ggml != TAKEN:
            return f"taken, and ggml {self.ggml} it"
        if self.ours != TAKEN and self.ggml == TAKEN and not any(words in self.ours for words in STRICTER):
            return "refused, and ggml takes it"
        return ""


def mutations(seed: int) -> Iterator[bytes]:
    """Files without end; the same for the same seed."""
    chance = random.Random(seed)
    while True:
        data = bytearray(_base(chance))
        for _ in range(chance.choice((0, 1, 1, 1, 2, 3))):
            _mutate(chance, data)
        yield bytes(data)


def _base(chance: random.Random) -> bytes:
    """A file of random keys and tensors that is right, or whose tensor list lies in one place."""
    entries = [_entry(chance, n) for n in range(chance.randrange(5))]
    alignment = chance.choice((8, 32, 32, 32, 64))
    if alignment != 32:
        entries.insert(0, entry("general.alignment", Typed("uint32", alignment)))
    elif chance.random() < 0.05:
        odd = Typed(chance.choice(("uint32", "int32", "uint64")), chance.choice((0, 1, 3, 32, 2**30)))
        entries.append(entry("general.alignment", odd))
    tensors, at = [], 0
    for n in range(chance.randrange(5)):
        kind = chance.choice((0, 1, 8, 12, 24, chance.randrange(-1, 50)))
        block, width = _sizes().get(kind, (0, 0))
        shape = [
            max(block, 1) * chance.randrange(3),
            *(chance.randrange(4) for _ in range(chance.randrange(4))),
        ]
        if chance.random() < 0.1:
            shape[chance.randrange(len(shape))] = chance.choice(LARGE)
        name = chance.choice(("", "a", f"blk.{n}.w", "x" * 62, "x" * 63, "x" * 64))
        tensors.append(tensor(name if chance.random() < 0.2 else f"t{n}", shape, kind % 2**32, at % 2**64))
        size = width
        for dimension in (shape[0] // block if block else 0, *shape[1:]):
            size *= dimension
        at += -(-size // alignment) * alignment
    return gguf(entries, tensors, bytes(min(at, 4096)), version=chance.choice((3, 3, 2)), alignment=alignment)


@cache
def _sizes() -> dict[int, tuple[int, int]]:
    """Elements and bytes of a block by type, as ggml has them; none for a type that it has removed."""
    base = _library()
    base.ggml_blck_size.restype, base.ggml_type_size.restype = ctypes.c_int64, ctypes.c_size_t
    return {kind: (base.ggml_blck_size(kind), base.ggml_type_size(kind)) for kind in _kinds()}


@cache
def _kinds() -> tuple[int, ...]:
    import llama_cpp

    return tuple(range(llama_cpp.GGML_TYPE_COUNT))


def _entry(chance: random.Random, n: int) -> bytes:
    kind = chance.choice([k for k in CODES if k != "array"])
    name = f"k{n}" if chance.random() < 0.95 else chance.choice(("", "k0", "é", b"\xff", b"a\0b"))
    if chance.random() < 0.4:
        return entry(name, Typed(f"{kind}[]", [_plain(chance, kind) for _ in range(chance.randrange(5))]))
    return entry(name, Typed(kind, _plain(chance, kind)))


def _plain(chance: random.Random, kind: str) -> int | float | str | bytes:
    if kind == "string":
        return chance.choice(("", "a", "tokens", b"\xff\0", "x" * 40))
    return 0.5 if kind.startswith("float") else chance.randrange(2)


def _mutate(chance: random.Random, data: bytearray) -> None:
    if not data:
        return
    at = chance.randrange(len(data))
    how = chance.randrange(9)
    if how == 0:
        data[at] ^= 1 << chance.randrange(8)
    elif how == 1:
        data[at] = chance.randrange(256)
    elif how == 2:
        data[at : at + 4] = struct.pack("<I", chance.choice(NUMBERS))
    elif how == 3:
        data[at : at + 8] = struct.pack("<Q", chance.choice(LARGE))
    elif how == 4:
        del data[at:]
    elif how == 5:
        del data[at : at + chance.randrange(1, 17)]
    elif how == 6:
        data[at:at] = data[at : at + chance.randrange(1, 33)]
    elif how == 7:  # a count of the header
        data[8:24] = struct.pack("<QQ", chance.randrange(6), chance.randrange(6))
    else:
        data[at:at] = chance.choice((bytes(chance.randrange(1, 17)), text("k0"), text("a" * 70)))


def ask(files: Iterator[bytes], count: int, folder: Path) -> Iterator[Verdict]:
    """What both readers say of the next `count` files. folder: where the files are written meanwhile."""
    for first in range(0, count, AT_ONCE):
        batch = [next(files) for _ in range(min(AT_ONCE, count - first))]
        paths = [folder / f"{n}.gguf" for n in range(len(batch))]
        for path, data in zip(paths, batch, strict=True):
            path.write_bytes(data)
        for path, data, theirs in zip(paths, batch, ask_ggml(paths), strict=True):
            yield Verdict(data, _ours(path), theirs)


def _ours(path: Path) -> str:
    try:
        header = read_header(path)
    except GGUFError as e:
        return f"{e.code} {e.message}"
    # the header of the other byte order is read so that MK423 can say what the file is
    return TAKEN if header.byte_order == "little" else "MK423"


def ask_ggml(paths: Sequence[Path]) -> list[str]:
    """What ggml says of each file."""
    answers: list[str] = []
    while len(answers) < len(paths):
        given = _in_a_child(paths[len(answers) :])
        answers += given
        if len(answers) < len(paths):
            answers.append(CRASHED)
    return answers


def _in_a_child(paths: Sequence[Path]) -> list[str]:
    """The answers that a child gives before it ends or dies."""
    library = _library()
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            _answer(library, paths, writing)
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return [TAKEN if byte == ord("+") else REFUSED for byte in said]


class _Params(ctypes.Structure):
    _fields_ = (("no_alloc", ctypes.c_bool), ("ctx", ctypes.c_void_p))


def _answer(library: ctypes.CDLL, paths: Sequence[Path], writing: int) -> None:
    signal.alarm(SECONDS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    for path in paths:
        found = library.gguf_init_from_file(os.fsencode(path), _Params(True, None))
        os.write(writing, b"+" if found else b"-")
        if found:
            library.gguf_free(found)


@cache
def _library() -> ctypes.CDLL:
    spec = find_spec("llama_cpp")
    assert spec is not None and spec.origin is not None
    os.environ["GGML_NO_BACKTRACE"] = "1"  # else an abort starts a debugger
    library = ctypes.CDLL(str(Path(spec.origin).parent / "lib" / "libggml-base.so"))
    library.gguf_init_from_file.restype = ctypes.c_void_p
    library.gguf_init_from_file.argtypes = [ctypes.c_char_p, _Params]
    library.gguf_free.argtypes = [ctypes.c_void_p]
    return library
