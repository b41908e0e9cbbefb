"""What `doctor` says of models on a real server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.cli.main import run
from modelfile_kit.micro import build_model
from modelfile_kit.runtime.ollama.client import OllamaServer
from tests.ollama_process import OllamaProcess

pytestmark = pytest.mark.server

JINJA = (
    "[gMASK]<sop>{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
RIGHT = "[gMASK]<sop>{{ range .Messages }}<|{{ .Role }}|>\n{{ .Content }}{{ end }}<|assistant|>\n"


@pytest.fixture
def codes(ollama_process: OllamaProcess, ollama_server: OllamaServer, tmp_path: Path, capsys: Any) -> Any:
    """Creates a model with the real `ollama create` and asks the doctor: codes, and the exit code."""

    def ask(name: str, *lines: str, jinja: str | None = JINJA) -> tuple[set[str], int]:
        model = build_model(tmp_path / "m.gguf", chat_template=jinja)
        (tmp_path / "Modelfile").write_text("\n".join([f"FROM {model}", *lines]) + "\n", encoding="utf-8")
        ollama_process.run("create", name, "-f", str(tmp_path / "Modelfile"))
        exit_code = run(["doctor", f"ollama://{name}", "--host", ollama_server.url, "--format", "json"])
        return {d["code"] for d in json.loads(capsys.readouterr().out)["diagnostics"]}, exit_code

    return ask


def test_what_a_repair_would_change_until_it_is_done(
    codes: Any, ollama_server: OllamaServer, capsys: Any
) -> None:
    wrong = RIGHT.replace("|>\n{{ .Content", "|>{{ .Content")
    # The micro model is made for images, and here it has no projector.
    assert codes("unlike", f'TEMPLATE """{wrong}"""', "PARAMETER stop <|user|>") == ({"MK877", "MK436"}, 1)
    asked = ["doctor", "ollama://unlike", "--host", ollama_server.url]
    assert run(asked) == 1
    assert "TEMPLATE of unlike" in capsys.readouterr().out
    assert run(["repair", "unlike", "--yes", "--host", ollama_server.url]) == 0
    capsys.readouterr()
    assert run([*asked, "--format", "json"]) == 1
    assert [d["code"] for d in json.loads(capsys.readouterr().out)["diagnostics"]] == ["MK436"]


def test_a_model_without_any_format(codes: Any) -> None:
    found, exit_code = codes("bare", jinja="")
    assert "MK876" in found
    assert exit_code == 1


def test_a_model_that_is_not_there(ollama_server: OllamaServer, capsys: Any) -> None:
    assert run(["doctor", "ollama://no-such-model", "--host", ollama_server.url]) == 1
    assert "no-such-model" in capsys.readouterr().err


def test_a_name_that_is_none(capsys: Any) -> None:
    assert run(["doctor", "ollama://a:b:c"]) == 2
    assert "MK508" in capsys.readouterr().err
