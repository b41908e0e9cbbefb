"""`diff` with models on a real server: its own prompts against a package's, a GGUF's and another model's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from modelfile_kit import build
from modelfile_kit.cli.main import run
from modelfile_kit.gguf_file import read_header
from modelfile_kit.huggingface import render_reference
from modelfile_kit.micro import MicroPair
from modelfile_kit.runtime.ollama.client import OllamaServer
from tests.ollama_process import OllamaProcess

pytestmark = pytest.mark.server

# A newline too much behind the assistant's role.
WRONG = "{{ range .Messages }}<|{{ .Role }}|>\n{{ .Content }}{{ end }}<|assistant|>\n\n"


@pytest.fixture(scope="module")
def package(micro_pair: MicroPair, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("diff")
    text = f"name: tiny\nmodel: {json.dumps(str(micro_pair.model))}\nparameters: {{num_ctx: 4096}}\n"
    (folder / "mkmodelfile.yaml").write_text(text)
    build(folder)
    return folder


@pytest.fixture(scope="module")
def created(ollama_process: OllamaProcess, package: Path, micro_pair: MicroPair) -> Iterator[str]:
    """Creates the models with the real client: one as built, one by hand, one without a TEMPLATE."""
    ollama_process.run("create", "right", "-f", str(package / "build" / "tiny" / "Modelfile"))
    lines = {
        "wrong": f'TEMPLATE """{WRONG}"""\nPARAMETER temperature 0.5\nSYSTEM You are wrong.\n',
        "native": "",
    }
    for name, text in lines.items():
        path = package / f"Modelfile.{name}"
        path.write_text(f"FROM {micro_pair.model}\n{text}")
        ollama_process.run("create", name, "-f", str(path))
    yield ollama_process.host
    with OllamaServer(ollama_process.host) as server:  # which other tests share
        for name in ("right", *lines):
            server.delete(name)


@pytest.fixture
def diff(created: str, capsys: Any) -> Callable[..., tuple[int, dict[str, Any]]]:
    def call(*names: object) -> tuple[int, dict[str, Any]]:
        capsys.readouterr()
        code = run(["diff", *map(str, names), "--host", created, "--format", "json"])
        return code, json.loads(capsys.readouterr().out)

    return call


def cases(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {case["name"]: case for case in report["cases"]}


def test_a_package_and_what_was_created_from_it_are_equal(diff: Any, package: Path) -> None:
    code, report = diff(package, "right")
    found = cases(report)
    assert code == 0, [c for c in report["cases"] if c["status"] == "failed"]
    assert {c["name"] for c in found.values() if c["status"] == "skipped"} == set()
    for kind in ("chat", "images"):
        assert found[f"prompts: {kind}"]["data"]["conversations"] > 30
    assert "mean the same" in found["instructions"]["summary"]


def test_a_model_made_by_hand_differs_and_the_smallest_conversation_shows_it(
    diff: Any, package: Path, ollama_server: Any, micro_pair: MicroPair
) -> None:
    code, report = diff(package, "ollama://wrong")
    found = cases(report)
    assert code == 1
    lines = found["instructions"]["details"].splitlines()
    assert "~ PARAMETER temperature: not set (0.8) -> 0.5" in lines
    assert "~ SYSTEM: not set -> 'You are wrong.'" in lines
    assert found["TEMPLATE"]["status"] == "failed"
    example = found["prompts: chat"]["data"]["examples"][0]
    messages = example["conversation"]["messages"]
    assert len(messages) == 1
    # what both sides say is true: Hugging Face's rendering, and the server's own
    jinja = read_header(micro_pair.model).metadata.text("tokenizer.chat_template")
    right = render_reference(jinja, messages)
    assert example["before"]["prompt"] == right
    assert example["after"]["prompt"] == ollama_server.render("wrong", messages).prompt
    assert example["after"]["prompt"].endswith("<|assistant|>\n\n")


def test_one_model_under_two_names_is_asked_nothing(diff: Any, ollama_server: Any) -> None:
    ollama_server.copy("wrong", "copy")
    code, report = diff("ollama://wrong", "ollama://copy")
    assert code == 0
    assert "made of the same" in cases(report)["prompts"]["summary"]


def test_a_gguf_and_the_model_that_renders_with_its_chat_template(
    diff: Any, micro_pair: MicroPair, ollama_server: Any
) -> None:
    for name in ("right", "wrong"):
        ollama_server.unload(name)  # an engine of the same file would be used again
    report = diff(micro_pair.model, "ollama://native")[1]
    found = cases(report)
    assert found["chat template"]["status"] == "passed"
    assert found["prompts: chat"]["status"] == "passed", found["prompts: chat"]


def test_no_such_model_and_no_server_are_no_difference(created: str, package: Path, capsys: Any) -> None:
    assert run(["diff", str(package), "ollama://none", "--host", created]) == 2
    assert "none" in capsys.readouterr().err
    assert run(["diff", str(package), "ollama://right", "--host", "127.0.0.1:1"]) == 2
    assert "127.0.0.1:1" in capsys.readouterr().err
