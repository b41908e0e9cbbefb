"""Chat templates that refuse system messages or user turns, on a real server."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelfile_kit.building.build import build
from modelfile_kit.publish.publish import publish
from modelfile_kit.runtime.ollama.client import OllamaServer
from tests.building.test_system_message import NO_USER, REFUSES, package
from tests.ollama_process import OllamaProcess

pytestmark = pytest.mark.server

QUESTION = [{"role": "user", "content": "Hi"}]


def test_llama_server_moves_a_refused_system_text(tmp_path: Path, ollama_server: OllamaServer) -> None:
    built = build(package(tmp_path, REFUSES, system="Be brief.", mode="native"))
    publish(built, "p", host=ollama_server.url, verify=False)
    assert ollama_server.render("p", QUESTION).prompt == built.expected(QUESTION)


def test_llama_server_leaves_the_text_of_such_a_user_turn_out(
    tmp_path: Path, ollama_process: OllamaProcess, ollama_server: OllamaServer
) -> None:
    """Why native mode is no way out: the request succeeds, and the question is not in the prompt."""
    package(tmp_path, NO_USER)
    (tmp_path / "Modelfile").write_text("FROM ./m.gguf\n")
    ollama_process.run("create", "nouser", "-f", "Modelfile", cwd=tmp_path)
    prompt = ollama_server.render("nouser", [{"role": "user", "content": "Qquestionq"}]).prompt
    assert prompt.startswith("<|user|>~~~")
