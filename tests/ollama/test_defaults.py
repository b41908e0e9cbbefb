"""The defaults, held against Ollama's own source at every release that is in Go's module cache."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from modelfile_kit.ollama.defaults import DEFAULTS
from modelfile_kit.ollama.parameters import PARAMETERS

FIELDS = {"typical_p": "TypicalP", "num_gpu": "NumGPU"}


def field_of(name: str) -> str:
    return FIELDS.get(name) or "".join(word.capitalize() for word in name.split("_"))


def test_every_default_is_a_parameter():
    assert DEFAULTS.keys() <= PARAMETERS.keys()


@pytest.mark.oracle
def test_every_release_takes_these():
    go = shutil.which("go")
    if go is None:
        pytest.skip("needs Go, and Ollama's source in its module cache")
    cache = subprocess.run([go, "env", "GOMODCACHE"], capture_output=True, text=True, check=True).stdout
    sources = sorted(Path(cache.strip()).glob("github.com/ollama/ollama@v*/api/types.go"))
    if not sources:
        pytest.skip("Ollama's source is not in Go's module cache")
    for source in sources:
        text = source.read_text(encoding="utf-8")
        body = text[text.index("func DefaultOptions()") :]
        body = body[: body.index("\n}")]
        for name, value in DEFAULTS.items():
            field = field_of(name)
            said = re.search(rf"\b{field}:\s*(-?[\d.]+)", body)
            if re.search(rf"^\s+{field}\s", text, re.MULTILINE) is None:
                continue  # this release has no such parameter
            assert float(said[1] if said else 0) == value, f"{name} in {source}"
