"""What the fuzzers share, and proof that each finds a fault that is put in its way and keeps the input."""

from __future__ import annotations

import os
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from modelfile_kit.compiler import compile_template
from modelfile_kit.core.diagnostics import Diagnostic, Severity
from modelfile_kit.gguf_file.header import read_header
from modelfile_kit.lint.fmt import format_modelfile
from modelfile_kit.ollama.parsers import read_reply
from modelfile_kit.package.lock_file import Locked, lock_text
from modelfile_kit.prover.reach import branches
from modelfile_kit.prover.reach.effects import effects
from modelfile_kit.sources.repository import RepositoryFile
from modelfile_kit.vision.prepare import prepare_image
from tests.compiler import fuzz as chat_templates
from tests.fuzzing import Fault, keep, run
from tests.gguf_file import against_ggml
from tests.gguf_file import fuzz as gguf_files
from tests.gotemplate import fuzz as go_templates
from tests.ollama import fuzz as modelfiles
from tests.ollama.parsers import compare
from tests.ollama.parsers import fuzz as replies
from tests.package import fuzz_lock as locks
from tests.prover import fuzz as branch_search
from tests.reference_tokenizer import fuzz as tokenizers
from tests.vision import fuzz as images
from tools import soak

Patch = pytest.MonkeyPatch
LOCKED = Locked("hf.co/o/r", "t", "1", (RepositoryFile("m.gguf"),))


def test_every_input_is_looked_at_and_faults_are_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def cases(count, seed, tally):
        for n in range(count):
            tally["odd" if n % 2 else "even"] += 1
            yield Fault("seven", b"7", ".txt") if n == 7 * seed else None

    assert run("numbers", cases, ["10", "2", "--keep", str(tmp_path)]) == 0
    assert list(tmp_path.iterdir()) == []
    assert run("numbers", cases, ["10", "1", "--keep", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert "input 8: seven" in said
    assert "odd: 5" in said
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"7"]


def test_an_input_has_one_file(tmp_path: Path) -> None:
    paths = {keep(Fault(what, data, ".x"), tmp_path) for what in "ab" for data in (b"1", b"2")}
    assert len(paths) == 2


@pytest.mark.skipif(find_spec("llama_cpp") is None, reason="needs llama-cpp-python (the extra align)")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="ggml answers in a forked process")
def test_a_gguf_that_is_taken_and_that_ggml_refuses(tmp_path: Path, monkeypatch: Patch) -> None:
    def faulty(path):
        taken = SimpleNamespace(byte_order="little")
        return taken if b"k0" in path.read_bytes() else read_header(path)

    monkeypatch.setattr(against_ggml, "read_header", faulty)
    assert run("files", gguf_files.cases, ["300", "1", "--keep", str(tmp_path)]) == 1
    assert list(tmp_path.glob("*.gguf"))


@pytest.mark.oracle
@pytest.mark.parametrize(
    "faulty",
    [
        lambda data: format_modelfile(data).replace("SYSTEM", "LICENSE"),
        lambda data: format_modelfile(data) + "# more\n",
        lambda data: format_modelfile(data.decode()),
    ],
    ids=["another meaning", "changed twice", "crash"],
)
def test_a_modelfile_that_is_badly_formatted(
    faulty: Callable[[Any], str], tmp_path: Path, monkeypatch: Patch
) -> None:
    monkeypatch.setattr(modelfiles, "format_modelfile", faulty)
    assert run("Modelfiles", modelfiles.cases, ["300", "1", "--keep", str(tmp_path)]) == 1
    assert list(tmp_path.glob("*.Modelfile"))


@pytest.mark.oracle
def test_modelfiles_without_a_fault(tmp_path: Path) -> None:
    assert run("Modelfiles", modelfiles.cases, ["500", "1", "--keep", str(tmp_path)]) == 0


@pytest.mark.oracle
def test_a_reply_that_is_read_in_another_way(tmp_path: Path, monkeypatch: Patch) -> None:
    monkeypatch.setattr(compare, "read_reply", lambda *a, **k: replace(read_reply(*a, **k), thinking=""))
    assert replies.main(["200", "1", "--only", "parsers", "--keep", str(tmp_path)]) == 1
    assert list(tmp_path.glob("*.txt"))


@pytest.mark.oracle
def test_a_go_template_that_is_executed_in_another_way(tmp_path: Path, monkeypatch: Patch) -> None:
    monkeypatch.setattr(go_templates, "ours", lambda *a, **k: {"ok": True, "output": ""})
    # in this process: a pool's children would not know of the fault
    monkeypatch.setattr(go_templates, "ProcessPoolExecutor", _Here)
    assert go_templates.main(["50", "1", "--keep", str(tmp_path)]) == 1
    assert list(tmp_path.glob("*.json"))


class _Here:
    def __init__(self, _jobs: int) -> None:
        self.map = map

    def __enter__(self) -> _Here:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def test_a_chat_template_with_a_claim_that_is_wrong(tmp_path: Path, monkeypatch: Patch) -> None:
    def faulty(source, **tokens):
        compiled = compile_template(source, **tokens)
        return replace(compiled, template=f"{compiled.template}!")

    monkeypatch.setattr(chat_templates, "compile_template", faulty)
    assert run("templates", chat_templates.cases, ["2", "1", "--keep", str(tmp_path)]) == 1
    assert list(tmp_path.glob("*.jinja"))


def _crash(_source: str, **_tokens: Any) -> Any:
    raise RecursionError


def _internal(source: str, **tokens: Any) -> Any:
    told = Diagnostic("MK657", Severity.ERROR, "internal compiler error", None)
    return replace(compile_template(source, **tokens), diagnostics=[told])


def _wrong(source: str, **tokens: Any) -> Any:
    return compile_template("x" + source, **tokens)


@pytest.mark.parametrize(
    ("faulty", "said"),
    [(_crash, "crash: "), (_internal, "internal compiler error"), (_wrong, "claimed exact and different")],
)
def test_a_generated_chat_template_that_shows_a_fault(
    faulty: Callable[..., Any], said: str, monkeypatch: Patch
) -> None:
    monkeypatch.setattr(chat_templates, "compile_template", faulty)
    found = [fault.what for fault in chat_templates.generated(6, 1, Counter()) if fault]
    assert any(said in what for what in found)


def test_generated_chat_templates_are_a_third(monkeypatch: Patch) -> None:
    monkeypatch.setattr(chat_templates, "compile_template", _crash)
    faults = [fault for fault in chat_templates.cases(6, 1, Counter()) if fault]
    assert ["generated from" in fault.what for fault in faults] == [False] * 4 + [True] * 2


@pytest.mark.parametrize("lost", ["unknown", "hidden", "streams"])
def test_a_branch_that_is_wrongly_thought_impossible(lost: str, tmp_path: Path, monkeypatch: Patch) -> None:
    nothing: dict[str, Any] = {"unknown": frozenset(), "hidden": defaultdict(frozenset), "streams": False}

    def faulty(tree):
        return replace(effects(tree), **{lost: nothing[lost]})

    monkeypatch.setattr(branches, "effects", faulty)
    assert run("templates", branch_search.cases, ["20", "1", "--keep", str(tmp_path)]) == 1
    assert list(tmp_path.glob("*.jinja"))


def test_branches_without_a_fault(tmp_path: Path) -> None:
    assert run("templates", branch_search.cases, ["20", "1", "--keep", str(tmp_path)]) == 0


def test_a_tokenizer_that_is_no_fault_of_its_file(tmp_path: Path, monkeypatch: Patch) -> None:
    for module in ("tokenizers", "sentencepiece", "tiktoken"):
        pytest.importorskip(module, reason="the extra tokenizers is not installed")
    monkeypatch.setattr(tokenizers, "check_vocabulary", lambda *_, **__: {}["nothing"])
    assert run("tokenizers", tokenizers.cases, ["20", "1", "--keep", str(tmp_path)]) == 1
    assert list(tmp_path.glob("*.json"))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="an image is prepared in a forked process")
@pytest.mark.parametrize(
    "faulty",
    [lambda *_: {}["nothing"], lambda *a: replace(prepare_image(*a), size=(7, 7)), lambda *_: os._exit(3)],
    ids=["crash", "another size", "the process ends"],
)
def test_an_image_that_is_badly_prepared(
    faulty: Callable[..., Any], tmp_path: Path, monkeypatch: Patch
) -> None:
    monkeypatch.setattr(images, "prepare_image", faulty)
    assert run("images", images.cases, ["60", "1", "--keep", str(tmp_path)]) == 1
    assert list(tmp_path.iterdir())


def test_a_lock_that_is_read_otherwise_than_it_was_written(tmp_path: Path, monkeypatch: Patch) -> None:
    monkeypatch.setattr(locks, "lock_text", lambda names, file: lock_text({**names, "x": LOCKED}, file))
    assert run("lock files", locks.cases, ["100", "1", "--keep", str(tmp_path)]) == 1
    assert list(tmp_path.glob("*.lock"))


def test_lock_files_without_a_fault(tmp_path: Path) -> None:
    assert run("lock files", locks.cases, ["100", "1", "--keep", str(tmp_path)]) == 0


def test_a_round_of_the_soak_says_what_it_found(
    monkeypatch: Patch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Quick(soak.Part):
        def command(self, seed):
            return [sys.executable, "-c", f"print('{seed} looked at'); raise SystemExit({self.count})"]

    monkeypatch.setattr(soak, "PARTS", (Quick("a", "tests.a.fuzz", 0), Quick("b", "tests.b.fuzz", 1)))
    assert soak.main(["--rounds", "2", "--seed", "5"]) == 1
    said = capsys.readouterr().out
    assert "seed 5, a: 5 looked at" in said
    assert "2 faults\n  python -m tests.b.fuzz 1 5\n  python -m tests.b.fuzz 1 6" in said
    monkeypatch.setattr(soak, "PARTS", soak.PARTS[:1])
    assert soak.main(["--rounds", "1"]) == 0


def test_every_fuzzer_is_in_the_makefile_and_in_the_soak() -> None:
    root = Path(__file__).parents[1]
    made = (root / "Makefile").read_text(encoding="utf-8")
    modules = {
        ".".join(path.relative_to(root).with_suffix("").parts) for path in root.glob("tests/**/fuzz*.py")
    }
    modules.remove("tests.fuzzing")
    assert modules == {part.module for part in soak.PARTS}
    assert [module for module in modules if f"-m {module} " not in made] == []
