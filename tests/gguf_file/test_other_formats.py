from __future__ import annotations

import io
import json
import struct
import zipfile

import pytest

from modelfile_kit.core.errors import GGUFError
from modelfile_kit.gguf_file import read_header
from modelfile_kit.gguf_file.other_formats import describe


def picture(kind: str) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (2, 2)).save(out, kind)
    return out.getvalue()


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        z.writestr("a", "b")
    return out.getvalue()


def safetensors() -> bytes:
    head = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    return struct.pack("<Q", len(head)) + head + bytes(4)


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 1234\n"
FILES = {
    "png": (picture("PNG"), "a PNG image"),
    "jpeg": (picture("JPEG"), "a JPEG image"),
    "webp": (picture("WEBP"), "a WebP image"),
    "gif": (picture("GIF"), "a GIF image"),
    "zip": (zipped(), "a zip archive"),
    "lfs": (POINTER, "a Git LFS pointer"),
    "html": (b"\r\n<!DOCTYPE html><html><head>", "an HTML page"),
    "html in capitals": (b"<HTML><BODY>Sign in", "an HTML page"),
    "xml": (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code>', "an XML answer"),
    "json": (b'{"error":"Repository not found"}', "JSON"),
    "safetensors": (safetensors(), "a safetensors file"),
    "safetensors without a tensor": (struct.pack("<Q", 2) + b"{}", "a safetensors file"),
    "gzip": (b"\x1f\x8b\x08" + bytes(20), "a gzip archive"),
    "pickle": (b"\x80\x02}q\x00", "a Python pickle"),
    "old ggml": (b"tjgg" + bytes(20), "a GGJT file from before GGUF"),
    "empty": (b"", "empty"),
    "zeros": (bytes(600), "all zeros"),
    "shifted": (b"\n\nGGUF\3\0\0\0", "GGUF is at byte 2"),
    "text": (b"model.gguf is in the other folder\n", "text that begins 'model.gguf is in"),
    "modelfile": (b"FROM ./model.gguf\n", "is a Modelfile"),
    "noise": (b"\xfe\xed\xfa\xce\x00\x01", "something that begins fe ed fa ce"),
}


@pytest.mark.parametrize("name", FILES)
def test_another_file_is_named_with_what_to_do(tmp_path, name):
    data, words = FILES[name]
    path = tmp_path / "m.gguf"
    path.write_bytes(data)
    with pytest.raises(GGUFError) as e:
        read_header(path)
    assert words in e.value.message
    assert "expected a GGUF file" in e.value.message
    assert e.value.help
    assert e.value.code == "MK403"
    assert e.value.span.file == str(path)


def test_the_advice_is_for_that_file():
    assert "git lfs pull" in describe(POINTER)[1]
    assert "/resolve/" in describe(b"<!doctype html>")[1]
    assert "convert_hf_to_gguf.py" in describe(safetensors())[1]
