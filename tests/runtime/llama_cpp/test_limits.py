from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from modelfile_kit.core.errors import EngineError
from modelfile_kit.runtime.llama_cpp import limits
from modelfile_kit.runtime.llama_cpp.child import Child
from modelfile_kit.runtime.llama_cpp.engine import EmbeddedEngine
from tests.gguf_file.handmade import Typed, gguf, model

engine = pytest.mark.engine
linux = pytest.mark.skipif(sys.platform != "linux", reason="limits of a process as Linux has them")


def limit_of(pid: int, name: str) -> str:
    """The soft limit, as the kernel says it."""
    lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
    return next(line[len(name) :].split()[0] for line in lines if line.startswith(name))


def test_a_vocabulary_beyond_the_limit_is_refused_before_llama_cpp_sees_it(tmp_path, monkeypatch):
    monkeypatch.setattr(Child, "prepare", lambda *_: pytest.fail("llama.cpp was asked"))
    monkeypatch.setattr("modelfile_kit.runtime.llama_cpp.child.require_llama_cpp", lambda: None)
    path = tmp_path / "many.gguf"
    path.write_bytes(gguf(model(tokens=[""] * (limits.MAX_VOCABULARY + 1))))
    with pytest.raises(EngineError, match=r"many.gguf: the vocabulary has 2,000,001 tokens") as e:
        Child(path, timeout=5)
    assert e.value.code == "MK405"
    assert "2,000,000" in e.value.message
    assert e.value.help


def test_a_large_vocabulary_is_not_refused(tmp_path):
    path = tmp_path / "m.gguf"
    path.write_bytes(gguf(model(tokens=[""] * 300_000)))
    limits.check_vocabulary(path)


def test_of_a_file_that_is_none_llama_cpp_speaks(tmp_path):
    path = tmp_path / "m.gguf"
    path.write_bytes(b"GGUF")
    limits.check_vocabulary(path)


@linux
@engine
def test_a_vocabulary_has_its_memory_and_its_time(llama_cpp, pair):
    with Child(pair.model, timeout=60) as child:
        assert limit_of(child.pid, "Max data size") == str(limits.VOCABULARY_BYTES)
        assert limit_of(child.pid, "Max cpu time") == str(limits.VOCABULARY_SECONDS)


@linux
@engine
def test_a_model_has_twice_its_files_and_its_context(llama_cpp, pair):
    size = pair.model.stat().st_size + pair.projector.stat().st_size
    with EmbeddedEngine(pair.model, pair.projector, n_ctx=1024) as found:
        expected = 2 * size + limits.MODEL_BYTES + 1024 * limits.TOKEN_BYTES
        assert limit_of(found.pid, "Max data size") == str(expected)
        assert limit_of(found.pid, "Max cpu time") == "unlimited"


@linux
def test_memory_ends():
    limits_of = "from modelfile_kit.runtime.llama_cpp.limits import bound"
    lines = (limits_of, "bound(1 << 28, None)", "bytearray(1 << 29)")
    program = "\n".join(lines)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stderr.rstrip().endswith("MemoryError")


@linux
def test_processor_time_ends():
    program = (
        "from modelfile_kit.runtime.llama_cpp.limits import bound\nbound(None, 1)\nwhile True:\n    pass"
    )
    done = subprocess.run([sys.executable, "-c", program], timeout=120, check=False)
    assert done.returncode < 0


def test_parts_of_a_split_model_count_together(tmp_path):
    parts = [tmp_path / f"m-{n:05d}-of-00003.gguf" for n in (1, 2, 3)]
    values = {"split.count": Typed("uint16", 3), "split.no": Typed("uint16", 0)}
    for part in parts[:2]:  # the third is missing
        part.write_bytes(gguf(values))
    size = sum(part.stat().st_size for part in parts[:2])
    assert limits.memory_for(parts[0], None, 0) == 2 * size + limits.MODEL_BYTES
