"""llama-quantize as a program: found, run, its errors explained; a stand-in prints what the real one does."""

from __future__ import annotations

import importlib.util
import os
import stat
import sys
from pathlib import Path

import gguf
import pytest

from modelfile_kit.core.errors import EngineError, MissingDependencyError, UsageError
from modelfile_kit.runtime import llama_quantize
from modelfile_kit.runtime.llama_quantize import TYPES, Quantizer, Run, find_llama_quantize

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows starts no script by its #! line")

# Of llama-quantize of 2026-08 (b10488), on the micro model.
SAYS = """llama_quantize: quantizing 'm.gguf' to 'o.gguf' as Q4_K_M
[   1/  29] output.weight                        - [   128,    407,      1,      1], type =    f32, size = 0.2
[  29/  29] blk.1.post_ffw_norm.weight           - [   128,      1,      1,      1], type =    f32, size = 0.0
llama_model_quantize_impl: model size  =     1.00 MiB (32.00 BPW)
llama_model_quantize_impl: quant size  =     0.20 MiB (6.53 BPW)
llama_model_quantize_impl: WARNING: 13 of 29 tensor(s) required fallback quantization

llama_quantize:    total time =     2.56 ms
"""
REQUANTIZED = """[   3/  29] token_embd.weight - [ 128, 407, 1, 1], type = q5_0,
llama_model_quantize: failed to quantize: requantizing from type q5_0 is disabled
llama_quantize: failed to quantize model from 'o.gguf'
"""
MODEL = Path("m.gguf")


@pytest.fixture
def stand_in(tmp_path):
    def write(text: str = "", code: int = 0, then: str = "") -> Quantizer:
        path = tmp_path / "llama-quantize"
        path.write_text(
            f"#!{sys.executable}\nimport os, sys\n"
            f"print(sys.argv[1:], file=open({str(tmp_path / 'called')!r}, 'a'))\n"
            f"sys.stdout.write({text!r})\nsys.stdout.flush()\n{then}\nsys.exit({code})\n",
            encoding="utf-8",
        )
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return find_llama_quantize(str(path))

    return write


def test_the_numbers_of_types_are_those_of_ggufs_own_table():
    known = {f.name.removeprefix("MOSTLY_").removeprefix("ALL_"): int(f) for f in gguf.LlamaFileType}
    assert {name: number for name, number in TYPES.items() if known.get(name) != number} == {}


def test_a_run_tells_how_far_it_is_and_what_came_of_it(stand_in, tmp_path):
    told = []
    run = stand_in(SAYS).run(MODEL, Path("o.gguf"), "Q4_K_M", told=lambda *step: told.append(step))
    assert run == Run(size=int(0.20 * 2**20), fallback=13, tensors=29)
    assert told == [(1, 29, "output.weight"), (29, 29, "blk.1.post_ffw_norm.weight")]
    assert (tmp_path / "called").read_text() == f"{['m.gguf', 'o.gguf', 'Q4_K_M']!r}\n"


def test_its_options(stand_in, tmp_path):
    program = stand_in(SAYS)
    program.run(MODEL, Path("o"), "Q2_K", again=True, imatrix=Path("i.gguf"), threads=3)
    program.rehearse(MODEL, "Q2_K", imatrix=Path("i.gguf"))
    assert (tmp_path / "called").read_text().splitlines() == [
        repr(["--allow-requantize", "--imatrix", "i.gguf", "m.gguf", "o", "Q2_K", "3"]),
        repr(["--dry-run", "--imatrix", "i.gguf", "m.gguf", "Q2_K"]),
    ]


def test_one_too_old_to_rehearse_says_nothing(stand_in):
    assert stand_in("usage: llama-quantize [--help] model\n", 1).rehearse(MODEL, "Q8_0") is None


@pytest.mark.parametrize(
    ("said", "code", "words"),
    [
        (REQUANTIZED, "MK462", "type q5_0"),
        (
            "llama_model_quantize: failed to quantize: this quantization requires an imatrix!\n",
            "MK465",
            "needs",
        ),
        ("load_imatrix: failed to load imatrix from 'nope.gguf'\n", "MK465", "cannot be read"),
        ("llama_quantize: invalid ftype 'TQ9'\n", "MK463", "TQ9"),
        (
            "llama_model_quantize: failed to quantize: no reason anyone knows\nbye\n",
            "MK463",
            "no reason anyone",
        ),
        ("", "MK463", "failed on m.gguf as Q4_K_M: it ended with code 1 and said nothing"),
    ],
)
def test_an_error_is_explained(said, code, words, stand_in):
    with pytest.raises(EngineError, match=words) as e:
        stand_in(said, 1).run(MODEL, Path("o.gguf"), "Q4_K_M")
    assert e.value.code == code
    assert e.value.help
    assert "m.gguf" in e.value.message


def test_a_killed_one_is_named_so(stand_in):
    with pytest.raises(EngineError, match="killed by signal 9"):
        stand_in("[   1/  29] a\n", then="os.kill(os.getpid(), 9)").run(MODEL, Path("o"), "Q8_0")


def test_it_is_found_beside_ollama_then_on_path_then_in_the_library(tmp_path, monkeypatch, stand_in):
    given = stand_in().command
    (tmp_path / "bin").mkdir()
    (tmp_path / "lib" / "ollama").mkdir(parents=True)
    ollama, beside = tmp_path / "bin" / "ollama", tmp_path / "lib" / "ollama" / "llama-quantize"
    ollama.touch()
    monkeypatch.setattr(llama_quantize, "find_ollama_command", lambda url: (str(ollama),))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_llama_quantize().command == given
    beside.touch()
    assert find_llama_quantize().command == (str(beside),)

    def none(url):
        raise MissingDependencyError("no ollama")

    monkeypatch.setattr(llama_quantize, "find_ollama_command", none)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    assert find_llama_quantize().imatrix is False
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match="llama-quantize was not found"):
        find_llama_quantize()


def test_one_that_is_given_has_to_exist():
    with pytest.raises(UsageError, match="no program"):
        find_llama_quantize("/nowhere/llama-quantize")
