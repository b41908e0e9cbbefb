"""What `init` asks, on a terminal of its own (a pseudo terminal), with the answers that a user types."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from modelfile_kit.package.package import load_package
from modelfile_kit.sources import places

pytest.importorskip("pty", reason="this system has no pseudo terminals")
from tests.pseudo_terminal import OnTerminal


def answered(folder: Path, *arguments: str, answers: dict[str, str]) -> tuple[int, str]:
    """Runs `init` on a terminal; each answer is typed once its question is shown. (exit code, all text)."""
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "300"}
    process = OnTerminal(["-m", "modelfile_kit", "init", *arguments], environment, cwd=folder)
    seen, read, left = b"", 0, dict(answers)
    for part in process.pieces():
        seen += part
        for question, answer in list(left.items()):
            at = seen.find(question.encode(), read)
            if at >= 0 and seen.rstrip(b" ").endswith(b":"):
                process.type(answer)
                read = len(seen)
                del left[question]
                break
    assert left == {}, (left, seen.decode())
    return process.wait(), seen.decode().replace("\r\n", "\n")


@pytest.fixture
def folder(pair, tmp_path) -> Path:
    places._REMOTE.clear()
    (tmp_path / pair.model.name).write_bytes(pair.model.read_bytes())
    for name in ("mmproj-a.gguf", "mmproj-b.gguf"):
        (tmp_path / name).write_bytes(pair.projector.read_bytes())
    return tmp_path


def test_without_a_model_everything_is_asked(folder) -> None:
    answers = {
        "Model (": "micro-glm4v.gguf",
        "Projector [": "mmproj-b.gguf",
        "Name [": "mine",
        "Oldest Ollama [": ">=0.32",
    }
    code, text = answered(folder, answers=answers)
    assert code == 0, text
    package = load_package(folder)
    assert (package.name, package.target) == ("mine", ">=0.32")
    assert package.projector == folder / "mmproj-b.gguf"


def test_a_bad_answer_is_asked_again(folder) -> None:
    answers = {"Projector [": "mmproj-c.gguf", "none of mmproj-a.gguf, mmproj-b.gguf, none": "NONE"}
    code, text = answered(folder, "micro-glm4v.gguf", answers=answers)
    assert code == 0, text
    assert load_package(folder).projector == "none"


def test_a_model_that_is_named_asks_only_what_is_open(folder) -> None:
    code, text = answered(folder, "micro-glm4v.gguf", answers={"Projector [": ""})
    assert code == 0, text
    assert "Name [" not in text and "mmproj-a.gguf" in text
    assert load_package(folder).projector == folder / "mmproj-a.gguf"


def test_the_quantization_of_a_hub(hub, pair, tmp_path) -> None:
    data = pair.model.read_bytes()
    files = {"m-Q4_K_M.gguf": data, "m-Q8_0.gguf": data, "mmproj-m.gguf": pair.projector.read_bytes()}
    hub.add("org/m-GGUF", files)
    code, text = answered(tmp_path, "hf.co/org/m-GGUF", answers={"Quantization [Q4_K_M]": "q8_0"})
    assert code == 0, text
    assert load_package(tmp_path).model.name == "m-Q8_0.gguf"
