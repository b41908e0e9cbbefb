"""What a file is that was given in place of a GGUF, and what to do about it."""

from __future__ import annotations

from ..core.diagnostics import Span
from ..core.errors import GGUFError
from ..core.file_kinds import GGUF_MAGIC, kind_of
from ..sources.folder import CONVERT

_DOWNLOAD = "download the file itself (on a model hub: the /resolve/ address, not the /blob/ page)"

_KINDS: tuple[tuple[bytes, str, str], ...] = (
    (b"version https://git-lfs", "a Git LFS pointer", "run `git lfs pull` in that repository"),
    (b"\x89PNG\r\n", "a PNG image", "give the model's .gguf file"),
    (b"\xff\xd8\xff", "a JPEG image", "give the model's .gguf file"),
    (b"GIF8", "a GIF image", "give the model's .gguf file"),
    (b"%PDF", "a PDF document", "give the model's .gguf file"),
    (b"PK\x03\x04", "a zip archive (such as PyTorch's .bin and .pt)", f"unpack it, or {CONVERT}"),
    (b"\x1f\x8b", "a gzip archive", "unpack it first"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive", "unpack it first"),
    (b"\xfd7zXZ", "an xz archive", "unpack it first"),
    (b"7z\xbc\xaf", "a 7-Zip archive", "unpack it first"),
    (b"Rar!", "a RAR archive", "unpack it first"),
    (b"lmgg", "a GGML file from before GGUF", CONVERT),
    (b"tjgg", "a GGJT file from before GGUF", CONVERT),
    (b"fmgg", "a GGMF file from before GGUF", CONVERT),
    (b"algg", "a GGLA adapter from before GGUF", "convert it with llama.cpp's convert_lora_to_gguf.py"),
    (b"\x80\x02", "a Python pickle", CONVERT),
    (b"\x7fELF", "a program", "give the model's .gguf file"),
)


def not_a_gguf(name: str, start: bytes) -> GGUFError:
    """The error for a file whose first bytes (some thousand of them) are not a GGUF's."""
    what, advice = describe(start, name)
    return GGUFError(f"is {what}, expected a GGUF file", span=Span(name), help=advice, code="MK403")


def describe(start: bytes, name: str = "") -> tuple[str, str]:
    """(what begins with these bytes, what to do). name: of the file, where they do not tell."""
    if not start:
        return "empty", "the download failed; download it again"
    for magic, what, advice in _KINDS:
        if start.startswith(magic):
            return what, advice
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "a WebP image", "give the model's .gguf file"
    if start[8:9] == b"{" and int.from_bytes(start[:8], "little") < 2**32:
        return "a safetensors file", CONVERT
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return "an HTML page", _DOWNLOAD
    if text.startswith(b"<?xml"):
        return "an XML answer of a server", _DOWNLOAD
    if kind := kind_of(start, name):
        return kind.what, f"{kind.taken_by}; here, give the model's .gguf file"
    if text.startswith((b'{"', b"[{", b"{\n")):
        return "JSON (perhaps a server's error message)", _DOWNLOAD
    if not start.strip(b"\0"):
        return "all zeros so far: an unfinished download", "download it again"
    if GGUF_MAGIC in start[:64]:
        return f"cut at the front or shifted: GGUF is at byte {start.index(GGUF_MAGIC)}", "download it again"
    if all(32 <= b < 127 or b in b"\t\r\n" for b in start):
        return f"text that begins {start[:24].decode()!r}", "give the model's .gguf file"
    return f"something that begins {start[:8].hex(' ')}", "give the model's .gguf file"
